/**
 * What a connection tells of its way to the peer: to IP, which may know a better one (RFC 1122,
 * 3.3.1.4), and to its user (RFC 9293, 3.9.1.8).
 */

import type { TcpReport } from "../../devices/index.ts";
import { formatAddress } from "../address.ts";
import type { Connection } from "./connection.ts";

/** R1 of RFC 9293, 3.8.3: retransmissions after which another way may be better. */
const suspiciousCount = 3;

/** IP is told no more often that the peer gets what we send. */
const intervalMs = 5000;

/** Tells the user what goes on. */
export function report({ options, remote, remotePort }: Connection, what: TcpReport): void {
  options.onReport?.(what, { address: formatAddress(remote), port: remotePort });
}

/** So many retransmissions in a row had no answer. */
export function unanswered(connection: Connection, count: number): void {
  if (count !== suspiciousCount) return;
  connection.adviceMs = 0;
  connection.layer.advise(connection, false);
  report(connection, "unanswered");
}

/** Something new has come of what we sent: its way is good (RFC 4861, 7.3.1). */
export function progressed(connection: Connection, nowMs: number): void {
  if (nowMs < connection.adviceMs) return;
  connection.adviceMs = nowMs + intervalMs;
  connection.layer.advise(connection, true);
}
