/** What the layer refuses to do, and why a connection did not come about. */

import { ProtocolError } from "../../devices/errors.ts";
import type { Endpoint } from "../../devices/index.ts";
import { isOfMany, parsePrefix } from "../address.ts";
import { sharePrefix } from "../prefix.ts";
import type { ConnectionFailure } from "./connection.ts";

/** The last answer of {@link isForMany}: connections to one host come in rows. */
let lastAddress: Uint8Array = new Uint8Array();
let lastOurs: readonly string[] = [];
let lastIsForMany = false;

/**
 * Whether nobody alone has an address: a group's, or a broadcast on a link of `ours` (MUST-46).
 * Neither may change afterwards.
 */
export function isForMany(address: Uint8Array, ours: readonly string[]): boolean {
  if (lastAddress === address && lastOurs === ours) return lastIsForMany;
  const isOfLink = address.length === 4 && ours.some((text) => isBroadcastOf(text, address));
  lastAddress = address;
  lastOurs = ours;
  lastIsForMany = isOfMany(address) || isOfLink;
  return lastIsForMany;
}

function isBroadcastOf(text: string, address: Uint8Array): boolean {
  const prefix = parsePrefix(text);
  if (prefix === undefined || prefix.length > 30) return false;
  const last = prefix.address.map((byte, index) => {
    const bits = Math.min(8, Math.max(0, prefix.length - 8 * index));
    return byte | (0xff >> bits);
  });
  return sharePrefix(last, address, 32);
}

const reasons = {
  refused: "nobody listens there",
  reset: "the peer reset the connection",
  "timed-out": "nobody answers",
  unreachable: "it cannot be reached",
  "no-route": "there is no route to it",
  "no-buffer": "all ports are taken",
  closed: "the stack was disposed",
} as const;

/** The error of a connection that could not be opened. */
export function connectError(
  { address, port }: Endpoint,
  failure: ConnectionFailure | "no-route" | "no-buffer" | "closed",
): ProtocolError {
  const code = failure === "reset" ? "refused" : failure;
  return new ProtocolError(code, `Cannot connect to ${address}, port ${port}: ${reasons[failure]}`);
}
