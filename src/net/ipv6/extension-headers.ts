/**
 * The chain of extension headers (RFC 8200, 4). Hop-by-hop and destination options, and routing and
 * fragment headers, are known; every other number is a protocol, whoever listens to it.
 */

import type { UndeliverableReason } from "../internet.ts";
import { headerBytes, nextHeader, offset } from "./packet.ts";

/** More headers than that are an attack (RFC 8504, 5.3). */
const maxHeaders = 8;

/** Where the chain leads. Offsets are in bytes of the packet. */
export type HeaderChain =
  /** To a protocol, whose number stands at `nextHeaderAt`. */
  | {
      readonly end: "protocol";
      readonly protocol: number;
      readonly at: number;
      readonly nextHeaderAt: number;
    }
  /** To a fragment header. */
  | { readonly end: "fragment"; readonly at: number; readonly nextHeaderAt: number }
  /** To something that the sender should be told of. */
  | { readonly end: "problem"; readonly reason: UndeliverableReason; readonly at: number }
  /** To nothing, or to what must be dropped in silence. */
  | { readonly end: "none" };

const none: HeaderChain = { end: "none" };

/** Options that say nothing to a host: Pad1, PadN and the router alert (RFC 2711). */
const ignored: ReadonlySet<number> = new Set([0, 1, 5]);

/** Follows the chain of a packet. `isToGroup` is whether it is for a group. */
export function follow(bytes: Uint8Array, isToGroup: boolean): HeaderChain {
  const first = bytes[offset.nextHeader] ?? nextHeader.none;
  return followFrom(bytes, isToGroup, first, headerBytes, offset.nextHeader);
}

/**
 * Follows the chain from `at` on, where a header begins of which the number before, at
 * `nextHeaderAt` (outside, if the bytes are a part of the packet), said that it is a `first`.
 */
export function followFrom(
  bytes: Uint8Array,
  isToGroup: boolean,
  first: number,
  at: number,
  nextHeaderAt: number,
): HeaderChain {
  let number = first;
  for (let count = 0; count <= maxHeaders; count += 1) {
    switch (number) {
      case nextHeader.none:
        return none;
      case nextHeader.fragment:
        return { end: "fragment", at, nextHeaderAt };
      case nextHeader.hopByHop:
      case nextHeader.routing:
      case nextHeader.destinationOptions:
        break;
      default:
        return { end: "protocol", protocol: number, at, nextHeaderAt };
    }
    // Hop-by-hop options come first or not at all.
    if (number === nextHeader.hopByHop && nextHeaderAt !== offset.nextHeader) {
      return { end: "problem", reason: "protocol", at: nextHeaderAt };
    }
    const end = at + 8 + 8 * (bytes[at + 1] ?? 0);
    if (end > bytes.length) return none;
    const problem =
      number === nextHeader.routing
        ? routingProblem(bytes, at)
        : optionProblem(bytes, at + 2, end, isToGroup);
    if (problem !== undefined) return problem;
    number = bytes[at] ?? nextHeader.none;
    nextHeaderAt = at;
    at = end;
  }
  return none;
}

/** A host is no way point: with segments left, no type of route is known (RFC 5095 for type 0). */
function routingProblem(bytes: Uint8Array, at: number): HeaderChain | undefined {
  const segmentsLeft = bytes[at + 3];
  return segmentsLeft === 0 ? undefined : { end: "problem", reason: "header", at: at + 2 };
}

/** The highest bits of an option's type say what an unknown one means (RFC 8200, 4.2). */
function optionProblem(
  bytes: Uint8Array,
  from: number,
  end: number,
  isToGroup: boolean,
): HeaderChain | undefined {
  let at = from;
  while (at < end) {
    const type = bytes[at] ?? 0;
    const next = type === 0 ? at + 1 : at + 2 + (bytes[at + 1] ?? 0);
    if (next > end || (type !== 0 && at + 1 === end)) return none;
    const action = ignored.has(type) ? 0 : type >> 6;
    if (action === 2 || (action === 3 && !isToGroup)) {
      return { end: "problem", reason: "option", at };
    }
    if (action !== 0) return none;
    at = next;
  }
  return undefined;
}
