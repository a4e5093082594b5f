/**
 * Chunked coding (RFC 9112, 7.1):
 *
 *     *( size-in-hex [ ";" extensions ] CRLF data CRLF )
 *     "0" [ ";" extensions ] CRLF *( trailer CRLF ) CRLF
 */

import { FieldLines, type FieldLimits } from "./fields.ts";
import type { Refusal } from "./refusal.ts";
import { byte, isValueByte } from "./syntax.ts";

/** The longest line of a chunk, with its extensions and without its end. */
const maxLineBytes = 256;

/** What all extensions of a body may come to: they are of no use, and cost the reader. */
const maxExtensionBytes = 16_384;

/** Digits of a size: as many as are exact in a number. */
const maxSizeDigits = 13;

/** Takes the coding off a body, without copying. Extensions and trailers are checked and dropped. */
export class ChunkedDecoder {
  /** Whether all of the body was read, its trailers too. */
  isEnded = false;
  /** What is wrong with it, if anything is. */
  refusal: Refusal | undefined;
  /** Where {@link ChunkedDecoder.decode} stopped. */
  at = 0;
  readonly #trailers: FieldLines;
  #state: "size" | "data" | "data-end" | "trailers" = "size";
  /** Bytes of the present chunk that are still to come. */
  #left = 0;
  #extensionBytes = 0;

  /** `limits` are those of the trailers. */
  constructor(limits: FieldLimits) {
    this.#trailers = new FieldLines(limits);
  }

  /**
   * Goes on at `at` of `bytes`, which have arrived up to `end`, and gives a view of the data that
   * comes next. `undefined` at the end, if something is wrong, or if there is more to come: what
   * lies from the place where it stopped is then to be given again, with more.
   */
  decode(bytes: Uint8Array, at: number, end: number): Uint8Array | undefined {
    this.at = at;
    while (this.refusal === undefined && !this.isEnded) {
      if (this.#state === "data") {
        const start = this.at;
        const count = Math.min(this.#left, end - start);
        if (count === 0) return undefined;
        this.#left -= count;
        this.at += count;
        if (this.#left === 0) this.#state = "data-end";
        return bytes.subarray(start, this.at);
      }
      if (!this.#step(bytes, end)) return undefined;
    }
    return undefined;
  }

  /** Reads what is no data; false if it is not whole yet. */
  #step(bytes: Uint8Array, end: number): boolean {
    if (this.#state === "size") return this.#readSize(bytes, end);
    if (this.#state === "trailers") return this.#readTrailers(bytes, end);
    if (end - this.at < 2) {
      if (end > this.at && bytes[this.at] !== byte.cr) return this.#refuse("bad-chunk");
      return false;
    }
    const isLineEnd = bytes[this.at] === byte.cr && bytes[this.at + 1] === byte.lf;
    if (!isLineEnd) return this.#refuse("bad-chunk");
    this.at += 2;
    this.#state = "size";
    return true;
  }

  #readSize(bytes: Uint8Array, end: number): boolean {
    const lineEnd = bytes.indexOf(byte.lf, this.at);
    const isThere = lineEnd !== -1 && lineEnd < end;
    if ((isThere ? lineEnd : end) - 1 - this.at > maxLineBytes) {
      return this.#refuse("chunk-line-too-long");
    }
    if (!isThere) return false;
    let at = this.at;
    let size = 0;
    for (let digit = hexDigit(bytes[at]); digit >= 0; digit = hexDigit(bytes[at])) {
      size = 16 * size + digit;
      at += 1;
    }
    const digits = at - this.at;
    if (digits === 0 || digits > maxSizeDigits) return this.#refuse("bad-chunk");
    if (!this.#isExtension(bytes, at, lineEnd)) return this.#refuse("bad-chunk");
    this.#extensionBytes += lineEnd - 1 - at;
    if (this.#extensionBytes > maxExtensionBytes) return this.#refuse("chunk-line-too-long");
    this.at = lineEnd + 1;
    this.#left = size;
    this.#state = size === 0 ? "trailers" : "data";
    return true;
  }

  /** Whether nothing, or extensions, stand from `at` up to a line's end. */
  #isExtension(bytes: Uint8Array, start: number, lineEnd: number): boolean {
    let at = start;
    if (bytes[at] === byte.semicolon) while (isValueByte[bytes[at] ?? 0] === 1) at += 1;
    return at === lineEnd - 1 && bytes[at] === byte.cr;
  }

  #readTrailers(bytes: Uint8Array, end: number): boolean {
    const stopped = this.#trailers.take(bytes, this.at, this.at, end);
    if (typeof stopped === "string") return this.#refuse(stopped);
    this.at = stopped;
    this.isEnded = this.#trailers.isWhole;
    return this.isEnded;
  }

  #refuse(refusal: Refusal): true {
    this.refusal = refusal;
    return true;
  }
}

/** The value of a digit, or -1. */
function hexDigit(code: number = 0): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** The chunk that ends a body, without trailers. */
export const lastChunk: Uint8Array = Uint8Array.of(0x30, 0x0d, 0x0a, 0x0d, 0x0a);

/** The line before the data of a chunk; `byteCount` is not 0, which would end the body. */
export function chunkLine(byteCount: number): string {
  return `${byteCount.toString(16)}\r\n`;
}
