/** Takes the content coding off a body (RFC 9110, 8.4), with what the platform has. */

import { HttpError } from "../../devices/errors.ts";
import type { ByteSource } from "./client-body.ts";

/** What to ask for, where it can be taken off. */
export const acceptedEncoding = "gzip, deflate";

/** So much may come out for nothing. */
const freeBytes = 2 ** 20;

/** So many bytes may come out for each that goes in: less than the 1,032 of a bomb. */
const maxRatio = 256;

/** Bytes that go in at a time: what comes out is looked at before more goes in. */
const pieceBytes = 4096;

/** Whether the platform can decompress. */
export function canDecompress(): boolean {
  return typeof DecompressionStream === "function";
}

/** The coding that `Content-Encoding` names, if it is one that can be taken off. */
export function codingOf(field: string | undefined): "gzip" | "deflate" | undefined {
  const name = field?.trim().toLowerCase();
  if (name === "gzip" || name === "x-gzip") return "gzip";
  return name === "deflate" ? name : undefined;
}

/**
 * The bytes of `source` without their coding. What is not well formed is `malformed`, and what
 * grows beyond all measure `too-large`.
 */
export function decompressed(source: ByteSource, coding: "gzip" | "deflate"): ByteSource {
  return new Decompressor(source, coding);
}

class Decompressor implements ByteSource {
  readonly #source: ByteSource;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  #bytesIn = 0;
  #bytesOut = 0;
  #isFilling = false;
  /** What was wrong with the source itself. */
  #failure: { readonly error: unknown } | undefined;

  constructor(source: ByteSource, coding: "gzip" | "deflate") {
    this.#source = source;
    const { readable, writable } = new DecompressionStream(coding);
    this.#writer = writable.getWriter();
    this.#reader = readable.getReader();
    // Whoever reads is told.
    this.#writer.closed.catch(() => {});
  }

  async read(): Promise<Uint8Array | undefined> {
    if (!this.#isFilling) void this.#fill();
    try {
      const { value } = await this.#reader.read();
      this.#bytesOut += value?.length ?? 0;
      if (this.#bytesOut <= freeBytes + maxRatio * this.#bytesIn) return value;
    } catch (error) {
      this.#source.cancel();
      if (this.#failure !== undefined) throw this.#failure.error;
      const options = { cause: error };
      throw new HttpError("malformed", "Cannot read the body: it is not well compressed", options);
    }
    this.cancel();
    throw new HttpError(
      "too-large",
      `Cannot read the body: ${this.#bytesIn} compressed bytes are more than ${this.#bytesOut}`,
    );
  }

  cancel(): void {
    this.#source.cancel();
    this.#reader.cancel().catch(() => {});
    this.#writer.abort().catch(() => {});
  }

  /** Never rejects: a failure reaches the reader through the stream. */
  async #fill(): Promise<void> {
    this.#isFilling = true;
    try {
      for (let bytes = await this.#take(); bytes !== undefined; bytes = await this.#take()) {
        for (let at = 0; at < bytes.length; at += pieceBytes) {
          const piece = bytes.subarray(at, at + pieceBytes) as Uint8Array<ArrayBuffer>;
          this.#bytesIn += piece.length;
          await this.#writer.write(piece);
        }
      }
      await this.#writer.close();
    } catch (error) {
      this.#writer.abort(error).catch(() => {});
    }
  }

  async #take(): Promise<Uint8Array | undefined> {
    try {
      return await this.#source.read();
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }
}
