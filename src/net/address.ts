/** Addresses of either version of IP, as text and as bytes in network order. */

import { format as formatIpv4, parse as parseIpv4 } from "./ipv4/address.ts";
import { format as formatIpv6, parse as parseIpv6 } from "./ipv6/address.ts";
import type { Prefix } from "./prefix.ts";

/** Reads an address; 4 or 16 bytes, *fresh*, or `undefined` if it is none. */
export function parseAddress(text: string): Uint8Array | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** Writes an address of 4 or 16 bytes. */
export function formatAddress(address: Uint8Array): string {
  return address.length === 4 ? formatIpv4(address) : formatIpv6(address);
}

/** Whether it is of a group, or in version 4 beyond those, as the broadcast address is. */
export function isOfMany(address: Uint8Array): boolean {
  return (address[0] ?? 0) >= (address.length === 4 ? 224 : 255);
}

/** Reads an address with a prefix length (`10.0.0.2/24`, `fd00::2/64`), or `undefined`. */
export function parsePrefix(text: string): Prefix | undefined {
  const [, addressText = "", lengthText = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = parseAddress(addressText);
  const length = Number(lengthText);
  return address === undefined || length > 8 * address.length ? undefined : { address, length };
}

/** Writes an address with its prefix length. */
export function formatPrefix({ address, length }: Prefix): string {
  return `${formatAddress(address)}/${length}`;
}
