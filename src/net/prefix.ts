/** Addresses of either version of IP compared, whole or by their first bits. */

/** An address with the length of its network's prefix, as in `10.0.0.2/24`. */
export interface Prefix {
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  /** Bits: 0–32 or 0–128. */
  readonly length: number;
}

/** Whether two addresses of one version agree in their first `length` bits. */
export function sharePrefix(a: Uint8Array, b: Uint8Array, length: number): boolean {
  const whole = length >> 3;
  for (let index = 0; index < whole; index += 1) if (a[index] !== b[index]) return false;
  const rest = length & 7;
  return rest === 0 || (((a[whole] ?? 0) ^ (b[whole] ?? 0)) & (0xff << (8 - rest)) & 0xff) === 0;
}

/** Whether two addresses, also of Ethernet, are the same; those of one network differ at the end. */
export function isSameAddress(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = a.length - 1; index >= 0; index -= 1) if (a[index] !== b[index]) return false;
  return true;
}
