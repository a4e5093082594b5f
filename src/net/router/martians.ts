/** Addresses that no router forwards from or to (RFC 1812, 5.3.7; RFC 4291). */

import { isSameAddress } from "../prefix.ts";
import { isLinkLocal } from "../ipv6/address.ts";

/** Whether packets to an address never leave their link, or are for us as one of many. */
export function isOfLink(address: Uint8Array): boolean {
  if (address.length === 16) return address[0] === 0xff || isLinkLocal(address);
  const first = address[0] ?? 0;
  return (first >= 224 && first < 240) || isSameAddress(address, allOnes);
}

const allOnes = new Uint8Array(4).fill(0xff);

/** 0.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16 and all from 224.0.0.0 on. */
export function isMartian4(address: Uint8Array): boolean {
  const first = address[0] ?? 0;
  return first === 0 || first === 127 || first >= 224 || (first === 169 && address[1] === 254);
}

/** The unspecified address, loopback, and groups. */
export function isMartian6(address: Uint8Array): boolean {
  if (address[0] === 0xff) return true;
  return address.every((byte, index) => byte === 0 || (index === 15 && byte === 1));
}
