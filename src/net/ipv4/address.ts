/** IPv4 addresses as text and as 4 bytes in network order. */

import { long } from "../words.ts";

/** 0.0.0.0: no address yet. */
export const unspecified: Uint8Array = new Uint8Array(4);

/** 255.255.255.255: every host on the link. */
export const broadcast: Uint8Array = new Uint8Array(4).fill(0xff);

/**
 * Reads four decimal numbers (`10.0.0.2`); `undefined` for anything else, a leading zero included,
 * which some take for octal (RFC 6943, 3.1.1).
 */
export function parse(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))) {
    return undefined;
  }
  const numbers = parts.map(Number);
  return numbers.every((number) => number < 256) ? Uint8Array.from(numbers) : undefined;
}

/** Writes 4 bytes as text. */
export function format(address: Uint8Array): string {
  return `${address[0]}.${address[1]}.${address[2]}.${address[3]}`;
}

/** The address as an unsigned 32-bit number: a key for tables. */
export function toNumber(address: Uint8Array): number {
  return long(address, 0);
}

/** Whether it is of 224.0.0.0/4 (RFC 1112). */
export function isGroup(address: Uint8Array): boolean {
  return ((address[0] ?? 0) & 0xf0) === 0xe0;
}
