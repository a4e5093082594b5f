/** The checksum of ICMPv6 messages, which covers a pseudo-header (RFC 4443, 2.3). */

import { add, finish, pseudoHeaderSum } from "../checksum.ts";
import { setWord } from "../words.ts";
import { nextHeader } from "./packet.ts";

const checksumOffset = 2;

/** Whether a message, of at least 4 bytes, has its right checksum. */
export function isIntact(
  message: Uint8Array,
  source: Uint8Array,
  destination: Uint8Array,
): boolean {
  return sum(message, source, destination) === 0;
}

/** Fills in the checksum of a message. */
export function seal(message: Uint8Array, source: Uint8Array, destination: Uint8Array): void {
  setWord(message, checksumOffset, 0);
  setWord(message, checksumOffset, sum(message, source, destination));
}

function sum(message: Uint8Array, source: Uint8Array, destination: Uint8Array): number {
  const pseudo = pseudoHeaderSum(source, destination, nextHeader.icmp, message.length);
  return finish(add(message, pseudo));
}
