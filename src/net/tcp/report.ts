/**
 * What a connection does when it is told by ICMP that its segments do not arrive (RFC 1122,
 * 4.2.3.9; RFC 1191; RFC 8201), with the checks of RFC 5927 against reports that are made up.
 */

import type { IcmpReport } from "../../devices/index.ts";
import { read } from "../icmp/quoted.ts";
import { long, word } from "../words.ts";
import type { Connection, ConnectionFailure } from "./connection.ts";
import { protocol } from "./segment-writer.ts";
import { isAtOrBefore, isBefore } from "./sequence.ts";

/** Finds a connection by its ends. */
export type FindConnection = (
  local: Uint8Array,
  localPort: number,
  remote: Uint8Array,
  remotePort: number,
) => Connection | undefined;

/** What a report means: the path is narrower, or nobody is there, for now or for good. */
type Meaning = "too large" | { readonly failure: ConnectionFailure; readonly isHard: boolean };

const soft = { failure: "unreachable", isHard: false } as const;
const hard = { failure: "unreachable", isHard: true } as const;
const refused = { failure: "refused", isHard: true } as const;

/** Handles a report about a packet of ours. */
export function reportArrives(report: IcmpReport, find: FindConnection, nowMs: number): void {
  const { packet } = report;
  const quoted = read(packet);
  if (quoted?.protocol !== protocol || !quoted.isFirst) return;
  const { source, destination, payloadStart: at } = quoted;
  // Ports and sequence number are what must be quoted (RFC 792).
  if (packet.length < at + 8) return;
  const connection = find(source, word(packet, at), destination, word(packet, at + 2));
  const sequence = long(packet, at + 4);
  if (connection === undefined || !isOutstanding(connection, sequence)) return;
  const { type, code } = report;
  const meaning = source.length === 4 ? meaningOfV4(type, code) : meaningOfV6(type, code);
  if (meaning === undefined) return;
  if (meaning === "too large") connection.narrow(nowMs);
  else takeFailure(connection, meaning.failure, meaning.isHard, nowMs);
  connection.layer.schedule(connection);
}

/** A connection that is being opened believes that nobody is there; others wait (RFC 5927, 5). */
function takeFailure(
  connection: Connection,
  failure: ConnectionFailure,
  isHard: boolean,
  nowMs: number,
): void {
  if (isHard && connection.state === "SYN-SENT") connection.fail(failure, nowMs);
  else connection.noteUnreachable(nowMs);
}

function isOutstanding({ sender }: Connection, sequence: number): boolean {
  return isAtOrBefore(sender.una, sequence) && isBefore(sequence, sender.nxt);
}

function meaningOfV4(type: number, code: number): Meaning | undefined {
  if (type === 11 || type === 12) return soft;
  if (type !== 3) return undefined;
  if (code === 4) return "too large";
  if (code === 3) return refused;
  // No such protocol there, or a filter that says so.
  return code === 2 || code === 9 || code === 10 || code === 13 ? hard : soft;
}

function meaningOfV6(type: number, code: number): Meaning | undefined {
  if (type === 2) return "too large";
  if (type === 1 && code === 4) return refused;
  if ((type === 4 && code === 1) || (type === 1 && code === 1)) return hard;
  return type === 1 || type === 3 || type === 4 ? soft : undefined;
}
