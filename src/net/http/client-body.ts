/** Where the bytes of a response come from. */

import { HttpError } from "../../devices/errors.ts";
import type { BodyReader } from "./body.ts";

/** Bytes that are read one after the other, by one reader. */
export interface ByteSource {
  /**
   * Resolves to the next bytes, at least one, *fresh* but for what shares their buffer, or
   * `undefined` at the end.
   */
  read(): Promise<Uint8Array | undefined>;
  /** Nobody wants the rest. */
  cancel(): void;
}

/** Bytes that are there. */
export function sourceOf(bytes: Uint8Array): ByteSource {
  let rest: Uint8Array | undefined = bytes.length === 0 ? undefined : bytes;
  return {
    read() {
      const all = rest;
      rest = undefined;
      return Promise.resolve(all);
    },
    cancel: () => void (rest = undefined),
  };
}

/**
 * All of a body that has already arrived, if nothing of it is still to come; `undefined` otherwise,
 * and then what was read is in `early`.
 */
export function bodyAtHand(body: BodyReader, early: Uint8Array[]): Uint8Array | undefined {
  for (let bytes = body.readNow(); bytes !== undefined; bytes = body.readNow()) early.push(bytes);
  if (!body.isEnded) return undefined;
  const [first, second] = early;
  if (second === undefined) return first ?? new Uint8Array(0);
  return joined(early);
}

/** Bytes in one piece. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/**
 * Reads all that is left of a source.
 *
 * @throws {HttpError} `too-large` if that is more than `maxBytes`; the rest is not wanted then
 */
export async function collect(
  source: ByteSource,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let byteCount = 0;
  for (let bytes = await source.read(); bytes !== undefined; bytes = await source.read()) {
    chunks.push(bytes);
    byteCount += bytes.length;
    if (byteCount <= maxBytes) continue;
    source.cancel();
    throw new HttpError("too-large", `Cannot collect the body: it is more than ${maxBytes} bytes`);
  }
  return joined(chunks);
}

/**
 * A source as a web stream, which reads as it is read. Its chunks are the reader's with all of
 * their buffers, so that they can be transferred.
 */
export function streamOf(source: ByteSource): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const bytes = await source.read();
        if (bytes === undefined) controller.close();
        else controller.enqueue(withOwnBuffer(bytes));
      },
      cancel: () => source.cancel(),
    },
    { highWaterMark: 0 },
  );
}

function withOwnBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const isWhole = bytes.length === bytes.buffer.byteLength;
  return isWhole ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}
