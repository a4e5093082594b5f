/** Buffers for batches, which travel between threads full one way and empty the other. */

/** Bytes of the longest batch of several frames. */
export const maxBatchBytes: number = 1024 * 1024;

/** This thread's empty buffers: fresh ones cost more than what is written into them. */
const spares: ArrayBuffer[] = [];
const maxSpares = 8;
const minSpareBytes = 16 * 1024;

/** Keeps an empty buffer, if it is of use; the one that nobody took for longest makes room. */
export function keepSpare(buffer: ArrayBuffer): void {
  if (buffer.byteLength < minSpareBytes || buffer.byteLength > maxBatchBytes) return;
  if (spares.push(buffer) > maxSpares) spares.shift();
}

/** Takes a buffer of just that size, if there is one. */
export function takeSpare(sizeBytes: number): ArrayBuffer | undefined {
  const index = spares.findIndex(({ byteLength }) => byteLength === sizeBytes);
  return index < 0 ? undefined : spares.splice(index, 1)[0];
}

/** The power of two that is as much, or the next one above. */
export function powerOfTwo(bytes: number): number {
  return 2 ** (32 - Math.clz32(bytes - 1));
}
