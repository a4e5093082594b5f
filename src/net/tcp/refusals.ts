/** What the layer refuses to do, and why a connection did not come about. */

import { ProtocolError } from "../../devices/errors.ts";
import type { Endpoint } from "../../devices/index.ts";
import type { ConnectionFailure } from "./connection.ts";

/** @throws {RangeError} if it is no port, or less than `least` */
export function checkPort(port: number, least: number): void {
  if (Number.isInteger(port) && port >= least && port <= 0xffff) return;
  throw new RangeError(`Cannot use port ${port}: ports are ${least} to 65535`);
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
