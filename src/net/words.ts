/** Fields of 16 bits in network order, which begin anywhere. */

/** Reads the field at `at`; bytes that are not there count as 0. */
export function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/** Writes the lowest 16 bits of `value` at `at`. */
export function setWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}
