/** Records that say which types a name has, and so that it has no others (RFC 6762, 6.1). */

import { wireBytes, writeName } from "../dns/domain.ts";

/** NSEC (RFC 4034, 4): the name, then bits by type in blocks of 256, of which there is one here. */
export const nsecType = 47;

/** The data for a name with these types, each below 256. */
export function encodeTypes(name: string, types: readonly number[]): Uint8Array {
  const bits = new Uint8Array(Math.floor(Math.max(...types) / 8) + 1);
  for (const type of types) bits[type >> 3] = (bits[type >> 3] ?? 0) | (0x80 >> (type & 7));
  const at = wireBytes(name);
  const data = new Uint8Array(at + 2 + bits.length);
  writeName(name, data, 0);
  data.set([0, bits.length], at);
  data.set(bits, at + 2);
  return data;
}

/** Whether data says that its name has no records of a type below 256. */
export function deniesType(data: Uint8Array, type: number): boolean {
  let at = 0;
  // The name may end in a pointer, whose message is gone; it is the record's own.
  for (let length = data[at] ?? 0; length > 0; length = data[at] ?? 0) {
    if (length >= 0xc0) {
      at += 1;
      break;
    }
    at += 1 + length;
  }
  at += 1;
  const [block, byteCount = 0] = data.subarray(at);
  const isWhole = block === 0 && byteCount > 0 && at + 2 + byteCount === data.length;
  if (!isWhole || type > 255) return false;
  const byte = type >> 3 < byteCount ? (data[at + 2 + (type >> 3)] ?? 0) : 0;
  return (byte & (0x80 >> (type & 7))) === 0;
}
