/** IPv6 addresses as text (RFC 4291, 2.2; RFC 5952) and as 16 bytes in network order. */

import { parse as parseIpv4 } from "../ipv4/address.ts";
import { isSameAddress } from "../prefix.ts";
import { word } from "../words.ts";

/** `::`: no address yet. */
export const unspecified: Uint8Array = new Uint8Array(16);

/** `::1`: ourselves. */
export const loopback: Uint8Array = Uint8Array.of(...unspecified.subarray(1), 1);

/**
 * Reads an address, `::` and an IPv4 address at the end included; `undefined` for anything else, a
 * zone (`%eth0`) included.
 */
export function parse(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => parseGroups(half));
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 16 ? Uint8Array.from(head) : undefined;
  // "::" stands for at least one group of zeros.
  if (tail === undefined || head.length + tail.length > 14) return undefined;
  // An IPv4 address can only come last.
  if (halves[0]?.includes(".") === true) return undefined;
  const address = new Uint8Array(16);
  address.set(head);
  address.set(tail, 16 - tail.length);
  return address;
}

/** Reads groups between colons, the last perhaps an IPv4 address, to bytes. */
function parseGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
      continue;
    }
    const embedded = index === groups.length - 1 ? parseIpv4(group) : undefined;
    if (embedded === undefined) return undefined;
    bytes.push(...embedded);
  }
  return bytes.length > 16 ? undefined : bytes;
}

/** Writes 16 bytes as RFC 5952 says: lower case, the longest run of zeros as `::`. */
export function format(address: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => word(address, 2 * index).toString(16));
  const { start, length } = longestZeros(groups);
  if (length < 2) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}

/** The first of the longest runs of zero groups. */
function longestZeros(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [index, group] of groups.entries()) {
    if (group !== "0") start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  }
  return best;
}

/** Whether it is of ff00::/8. */
export function isGroup(address: Uint8Array): boolean {
  return address[0] === 0xff;
}

/** Whether it is of fe80::/10. */
export function isLinkLocal(address: Uint8Array): boolean {
  return address[0] === 0xfe && ((address[1] ?? 0) & 0xc0) === 0x80;
}

/** The address as a short string: a key for tables. */
export function keyOf(address: Uint8Array): string {
  let key = "";
  for (let at = 0; at < 16; at += 2) key += String.fromCharCode(word(address, at));
  return key;
}

/** How far it reaches, in the numbers of groups: 1 this interface, 2 this link, 14 everywhere. */
export function scopeOf(address: Uint8Array): number {
  if (isGroup(address)) return (address[1] ?? 0) & 0xf;
  return isLinkLocal(address) || isSameAddress(address, loopback) ? 2 : 14;
}
