/**
 * Arithmetic of sequence numbers, modulo 2^32. A sequence number is an unsigned 32-bit integer; two
 * of them compare only if less than 2^31 lies between them, as in any window that TCP can have.
 *
 * @see RFC 9293, section 3.4
 */

/** The sequence number `count` after `sequence`; before it, if `count` is negative. */
export function add(sequence: number, count: number): number {
  return (sequence + count) >>> 0;
}

/** How far `a` is after `b`, from −2^31 to 2^31 − 1; negative if it is before. */
export function difference(a: number, b: number): number {
  return (a - b) | 0;
}

/** Whether `a` is before `b`. */
export function isBefore(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

/** Whether `a` is before `b` or equal to it. */
export function isAtOrBefore(a: number, b: number): boolean {
  return ((a - b) | 0) <= 0;
}

/** The later of the two. */
export function later(a: number, b: number): number {
  return isBefore(a, b) ? b : a;
}
