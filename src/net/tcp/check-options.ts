/** What a user may ask of a connection. */

import type { TcpOptions } from "../../devices/index.ts";

type Options = TcpOptions & { readonly backlog?: number };

/** The numbers among the options: their names, the least and the most. */
const ranges = [
  ["keepAliveMs", 0, Infinity],
  ["userTimeoutMs", 0, Infinity],
  ["receiveBufferBytes", 1, Infinity],
  ["sendBufferBytes", 1, Infinity],
  ["timeToLive", 1, 255],
  ["trafficClass", 0, 255],
  ["backlog", 0, Infinity],
] as const satisfies readonly (readonly [keyof Options, least: number, most: number])[];

/**
 * Refuses now what would throw or wait for ever when a segment is sent, where nobody could catch it.
 *
 * @throws {RangeError} if a number is out of its range
 */
export function checkOptions(options: Options): void {
  for (const [name, least, most] of ranges) {
    const value = options[name] ?? least;
    if (value >= least && value <= most) continue;
    throw new RangeError(`Cannot use ${value} as ${name}: not from ${least} to ${most}`);
  }
}
