/** What the layers of both versions of IP have beside their signature, for what stands on them. */

import type { Ip, ReceivedPacket } from "../devices/index.ts";
import type { PathMtuLearner } from "./path-mtu.ts";
import { isSameAddress } from "./prefix.ts";

/**
 * Why a packet was given up. One that came to us:
 *
 * - `protocol`: nobody listens to its protocol (in IPv6, its next header)
 * - `first-fragment`: not all of its headers are in the first of its fragments
 * - `header`, `option`: a field of its header, or an option, makes no sense
 * - `reassembly-timeout`: not all of its fragments came
 *
 * One that we wanted to send:
 *
 * - `neighbour`: the next hop did not answer
 */
export type UndeliverableReason =
  | "protocol"
  | "first-fragment"
  | "header"
  | "option"
  | "reassembly-timeout"
  | "neighbour";

/** A packet that was given up, *borrowed*. */
export interface Undeliverable {
  readonly reason: UndeliverableReason;
  /** From its IP header on; of fragments, the first. */
  readonly packet: Uint8Array;
  /** Where in the packet the reason is, in bytes; 0 if that means nothing. */
  readonly pointer: number;
}

/** A layer of one version of IP that ICMP can stand on. */
export interface InternetLayer extends Ip, PathMtuLearner {
  /**
   * Calls `listener` with each packet that is given up, so that its sender can be told. Returns the
   * function that stops it.
   */
  onUndeliverable(listener: (undeliverable: Undeliverable) => void): () => void;

  /**
   * The IPv4 options of an answer to a packet, *fresh*, if it has any: the way back, and for an
   * echo what was recorded, too (RFC 1122, 3.2.2.6).
   */
  replyOptions?(packet: ReceivedPacket, isEcho: boolean): Uint8Array | undefined;

  /**
   * The gateway `from` says that `to` is a better one for `destination`. All are *borrowed*, and
   * whether that can be is for the layer to check. In version 6 neighbour discovery does this.
   */
  redirect?(destination: Uint8Array, from: Uint8Array, to: Uint8Array): void;
}

/**
 * Whether an address (*borrowed*) is the layer's, loopback included, and no group's: what is sent to
 * it comes from itself.
 */
export function isOurs(ip: Ip | undefined, address: Uint8Array): boolean {
  const source = ip?.sourceFor(address);
  return source !== undefined && isSameAddress(source, address);
}

/**
 * Gives back a time to live or hop limit: nobody may send a packet with 0 (RFC 1122, 3.2.1.7).
 *
 * @throws {RangeError} if it is not 1 to 255
 */
export function checkedTimeToLive(timeToLive: number): number {
  if (timeToLive >= 1 && timeToLive <= 255) return timeToLive;
  throw new RangeError(`Cannot send: ${timeToLive} is no time to live`);
}
