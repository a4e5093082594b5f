/** Redirects of version 6 (RFC 4861, 4.5 and 8.2). */

import { seal } from "../ipv6/icmp-message.ts";
import { encode, ndpType } from "../ndp/packet.ts";
import { packet6 } from "./icmp-errors.ts";
import type { RoutedPacket } from "./packet.ts";

/** The option that quotes the packet (RFC 4861, 4.6.3), and how much of it fits. */
const redirectedHeader = 4;
const maxQuotedBytes = 1184;

/** Makes a redirect for the sender of `packet`: through `target`, or straight to it; *fresh*. */
export function redirect6(
  source: Uint8Array,
  { source: sender, destination, bytes }: RoutedPacket,
  target: Uint8Array,
): Uint8Array {
  const quotedBytes = Math.min(maxQuotedBytes, bytes.length) & ~7;
  const body = new Uint8Array(6 + quotedBytes);
  body.set(bytes.subarray(0, quotedBytes), 6);
  const room = new Uint8Array(48 + quotedBytes);
  const options = [{ type: redirectedHeader, body }];
  encode({ type: ndpType.redirect, target, destination, options }, room);
  seal(room, source, sender);
  return packet6(source, sender, 58, room.length, (into) => into.set(room), 255);
}
