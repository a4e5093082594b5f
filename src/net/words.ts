/** Fields of 16 and of 32 bits in network order, which begin anywhere. */

/** Reads the 16 bits at `at`; bytes that are not there count as 0. */
export function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/** Writes the lowest 16 bits of `value` at `at`. */
export function setWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

/** Reads the 32 bits at `at`, as an unsigned number; bytes that are not there count as 0. */
export function long(bytes: Uint8Array, at: number): number {
  return word(bytes, at) * 0x1_0000 + word(bytes, at + 2);
}

/** Writes the lowest 32 bits of `value` at `at`. */
export function setLong(bytes: Uint8Array, at: number, value: number): void {
  setWord(bytes, at, value >>> 16);
  setWord(bytes, at + 2, value);
}
