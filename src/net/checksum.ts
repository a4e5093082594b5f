/**
 * The Internet checksum (RFC 1071): the ones' complement of the ones' complement sum of 16-bit
 * words. Sums are partial until {@link finish}, and can be added up in any order.
 */

import { word } from "./words.ts";

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Words whose halves add up in 31 bits. */
const blockWords = 32_768;

/** Below so many bytes, a view of the buffer's words costs more than it saves. */
const leastBytes = 64;

/** The words of the buffer that was summed last: the frames of a batch share one. */
let lastBuffer: ArrayBufferLike = new ArrayBuffer(0);
let lastWords: Int32Array = new Int32Array(lastBuffer);

function wordsOf(buffer: ArrayBufferLike): Int32Array {
  if (buffer === lastBuffer) return lastWords;
  lastBuffer = buffer;
  lastWords = new Int32Array(buffer, 0, buffer.byteLength >> 2);
  return lastWords;
}

/**
 * Adds `bytes` (*borrowed*) to a partial sum, as big-endian words; an odd last byte is padded with
 * a zero. Bytes that begin 0 or 2 past a 4-byte boundary of their buffer go several times as fast.
 */
export function add(bytes: Uint8Array, sum: number = 0): number {
  return addRange(bytes, 0, bytes.length, sum);
}

/** Adds the bytes from `start` to `end` as {@link add} does, without making a view of them. */
export function addRange(bytes: Uint8Array, start: number, end: number, sum: number = 0): number {
  const first = bytes.byteOffset + start;
  if (end - start < leastBytes || (first & 1) !== 0) return addBytes(bytes, start, end, sum);
  let at = start;
  let total = sum;
  if ((first & 2) !== 0) {
    total += word(bytes, at);
    at += 2;
  }
  const count = (end - at) >> 2;
  const from = (bytes.byteOffset + at) >> 2;
  const native = addWords(wordsOf(bytes.buffer), from, from + count);
  total += isLittleEndian ? ((native & 0xff) << 8) | (native >> 8) : native;
  return addBytes(bytes, at + 4 * count, end, total);
}

/** Sums 32-bit words as pairs of 16 bits of the machine's own order, folded to 16 bits. */
function addWords(words: Int32Array, from: number, to: number): number {
  let total = 0;
  for (let start = from; start < to; start += blockWords) {
    total = fold(total + addBlock(words, start, Math.min(to, start + blockWords)));
  }
  return total;
}

/** Four words at a time take two thirds of the time of one at a time. */
function addBlock(words: Int32Array, from: number, to: number): number {
  let low = 0;
  let high = 0;
  let index = from;
  for (const end = to - 3; index < end; index += 4) {
    const a = words[index] ?? 0;
    const b = words[index + 1] ?? 0;
    const c = words[index + 2] ?? 0;
    const d = words[index + 3] ?? 0;
    low = (low + (a & 0xffff) + (b & 0xffff) + (c & 0xffff) + (d & 0xffff)) | 0;
    high = (high + (a >>> 16) + (b >>> 16) + (c >>> 16) + (d >>> 16)) | 0;
  }
  for (; index < to; index += 1) {
    const value = words[index] ?? 0;
    low = (low + (value & 0xffff)) | 0;
    high = (high + (value >>> 16)) | 0;
  }
  return (low >>> 0) + (high >>> 0);
}

function addBytes(bytes: Uint8Array, start: number, end: number, sum: number): number {
  let total = sum;
  let at = start;
  for (; at + 1 < end; at += 2) total += word(bytes, at);
  if (at < end) total += (bytes[at] ?? 0) << 8;
  return total;
}

/** Folds a partial sum of less than 2^48 to 16 bits. */
function fold(sum: number): number {
  let folded = sum % 0x10000_0000;
  folded = (folded & 0xffff) + (folded >>> 16) + Math.floor(sum / 0x10000_0000);
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return folded;
}

/**
 * The checksum of a partial sum: 0–65,535. Of data that holds its right checksum it is 0.
 */
export function finish(sum: number): number {
  return fold(sum) ^ 0xffff;
}

/**
 * The partial sum of the pseudo-header that TCP, UDP and ICMPv6 sum along (RFC 9293, 3.1; RFC 8200,
 * 8.1). Addresses are both of 4 or both of 16 bytes.
 */
export function pseudoHeaderSum(
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  lengthBytes: number,
): number {
  return add(destination, add(source, protocol + lengthBytes));
}

/**
 * The checksum of data in which a word that was `before` is now `after` (RFC 1624, 3): nothing else
 * of the data is looked at, so that a damage elsewhere stays detectable.
 */
export function update(checksum: number, before: number, after: number): number {
  return finish((checksum ^ 0xffff) + (before ^ 0xffff) + after);
}
