/** Reading values from the disk, where their parts are. */

import { KeyValueError } from "../../devices/index.ts";
import type { Reader } from "./disk.ts";
import { digestBytes, digestOf } from "./record.ts";
import { Sha256 } from "./sha-256.ts";
import { maxPieceBytes, type Part, type Value } from "./tree.ts";

/**
 * Reads at most `lengthBytes` of a value from `offset` on, *fresh*. A part that is read whole is
 * held against its digest. What the disk holds when it is called is what it reads.
 *
 * @throws {KeyValueError} `damaged`, and what the disk says
 */
export async function readValue(
  disk: Reader,
  value: Value,
  offset: number,
  lengthBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const end = Math.min(value.sizeBytes, offset + lengthBytes);
  if (end <= offset) return new Uint8Array();
  const seen = value.parts.filter(
    (part) => part.offset < end && part.offset + part.lengthBytes > offset,
  );
  const pieces = await Promise.all(seen.map((part) => readPiece(disk, part, offset, end)));
  const bytes = new Uint8Array(end - offset);
  for (const [index, piece] of pieces.entries()) {
    bytes.set(piece, Math.max(0, (seen[index]?.offset ?? 0) - offset));
  }
  return bytes;
}

/** Checks all bytes of a value; not more than a piece is in memory at once. */
export async function verifyValue(disk: Reader, value: Value): Promise<void> {
  for (const part of value.parts) await verifyPart(disk, part);
}

/** Checks a part of a value that is on the disk. */
export async function verifyPart(disk: Reader, part: Part): Promise<void> {
  const hash = new Sha256();
  const { source, lengthBytes } = part;
  for (let at = 0; at < lengthBytes; at += maxPieceBytes) {
    const pieceBytes = Math.min(maxPieceBytes, lengthBytes - at);
    hash.add(
      typeof source === "number"
        ? await disk.read(source + at, pieceBytes)
        : source.subarray(at, at + pieceBytes),
    );
  }
  checkDigest(part, hash.digest());
}

/** The digest of a value's bytes, *fresh*: from memory if it was written at once. */
export async function digestOfValue(disk: Reader, value: Value): Promise<Uint8Array> {
  const [first] = value.parts;
  if (value.parts.length === 1 && first?.lengthBytes === value.sizeBytes) {
    return first.digest.slice();
  }
  const hash = new Sha256();
  for (let at = 0; at < value.sizeBytes; at += maxPieceBytes) {
    hash.add(await readValue(disk, value, at, maxPieceBytes));
  }
  return hash.digest().slice(0, digestBytes);
}

/** The bytes of a part that lie between `start` and `end` of its value. */
async function readPiece(
  disk: Reader,
  part: Part,
  start: number,
  end: number,
): Promise<Uint8Array> {
  const from = Math.max(0, start - part.offset);
  const to = Math.min(part.lengthBytes, end - part.offset);
  const { source } = part;
  if (typeof source !== "number") return source.subarray(from, to);
  const bytes = await disk.read(source + from, to - from);
  if (to - from === part.lengthBytes) checkDigest(part, digestOf(bytes));
  return bytes;
}

function checkDigest(part: Part, digest: Uint8Array): void {
  if (part.digest.every((byte, index) => byte === digest[index])) return;
  const what = `${part.lengthBytes} bytes at byte ${String(part.source)} of the store's disk`;
  throw new KeyValueError("damaged", `Cannot read ${what}: they are not those that were written`);
}
