/** What is sent of a stored value: all of it, a range, or several with lines between them. */

import { KeyValueError, type Key, type KeyValueRead } from "../../devices/index.ts";
import { contentRange, type ByteRange } from "./ranges.ts";

/** The most that is read at once, and sent in one piece. */
const pieceBytes = 65_536;

/** Bytes as they are, or a range of the value. */
export type BodyPart = Uint8Array | ByteRange;

/** How many bytes parts make together. */
export function lengthOf(parts: readonly BodyPart[]): number {
  return parts.reduce((sum, part) => sum + bytesIn(part), 0);
}

/**
 * Ranges as `multipart/byteranges` (RFC 9110, 14.6). `boundary` must not be in the value: a digest
 * of the value is not.
 */
export function multipartOf(
  ranges: readonly ByteRange[],
  sizeBytes: number,
  contentType: string,
  boundary: string,
): readonly BodyPart[] {
  const encoder = new TextEncoder();
  const parts: BodyPart[] = ranges.flatMap((range, index) => [
    encoder.encode(
      `${index === 0 ? "" : "\r\n"}--${boundary}\r\ncontent-type: ${contentType}\r\n` +
        `content-range: ${contentRange(range, sizeBytes)}\r\n\r\n`,
    ),
    range,
  ]);
  return [...parts, encoder.encode(`\r\n--${boundary}--\r\n`)];
}

/**
 * The body of a response: bytes if they are few, else a stream that reads as it is read.
 *
 * @throws {KeyValueError} what the store throws, and `damaged` if the value got shorter; a stream
 *   fails so
 */
export async function bodyOf(
  store: KeyValueRead,
  key: Key,
  parts: readonly BodyPart[],
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>> {
  const pieces = piecesOf(parts);
  const [only] = pieces;
  if (pieces.length <= 1) return only === undefined ? new Uint8Array(0) : read(store, key, only);
  const lengthBytes = lengthOf(parts);
  if (lengthBytes <= pieceBytes) {
    const whole = new Uint8Array(lengthBytes);
    let at = 0;
    for (const piece of pieces) {
      whole.set(await read(store, key, piece), at);
      at += bytesIn(piece);
    }
    return whole;
  }
  const rest = pieces.values();
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const piece = rest.next().value;
        if (piece === undefined) controller.close();
        else controller.enqueue(await read(store, key, piece));
      },
    },
    { highWaterMark: 0 },
  );
}

function bytesIn(part: BodyPart): number {
  return "offset" in part ? part.lengthBytes : part.length;
}

/** Cuts ranges into what is read at once. */
function piecesOf(parts: readonly BodyPart[]): readonly BodyPart[] {
  const pieces: BodyPart[] = [];
  for (const part of parts) {
    if (!("offset" in part)) pieces.push(part);
    else {
      const end = part.offset + part.lengthBytes;
      for (let offset = part.offset; offset < end; offset += pieceBytes) {
        pieces.push({ offset, lengthBytes: Math.min(pieceBytes, end - offset) });
      }
    }
  }
  return pieces;
}

async function read(
  store: KeyValueRead,
  key: Key,
  piece: BodyPart,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!("offset" in piece)) return piece as Uint8Array<ArrayBuffer>;
  const { offset, lengthBytes } = piece;
  const bytes = await store.getPartial(key, offset, lengthBytes);
  if (bytes?.length === lengthBytes) return bytes as Uint8Array<ArrayBuffer>;
  throw new KeyValueError(
    "damaged",
    `Cannot send ${lengthBytes} bytes of /${key.join("/")} from ${offset}: it got shorter`,
  );
}
