/** How a connection takes the peer's SYN, which says what it can do. */

import type { Connection } from "./connection.ts";
import { flag, type TcpSegment } from "./packet.ts";
import { add } from "./sequence.ts";

/** The segment size of a peer that announces none (RFC 9293, 3.7.1). */
const defaultSegmentBytes: Readonly<Record<number, number>> = { 4: 536, 16: 1220 };

/** Less than that only makes work: 36 bytes of data are left beside timestamps. */
const minSegmentBytes = 48;

/** The largest shift of a window (RFC 7323, 2.3). */
const maxShift = 14;

/** Answers a SYN that arrived at a listener (RFC 9293, 3.10.7.2). */
export function answer(connection: Connection, segment: TcpSegment, nowMs: number): void {
  connection.state = "SYN-RECEIVED";
  synchronize(connection, segment, nowMs);
  keepText(connection, segment);
  connection.sender.open(nowMs);
  connection.layer.schedule(connection);
}

/**
 * Keeps what a SYN brings beside itself until the connection is established (RFC 9293, 3.10.7.2
 * and 3.10.7.3). It is one segment for each place in the backlog, and is not acknowledged before.
 */
export function keepText(connection: Connection, segment: TcpSegment): void {
  const { payload, flags } = segment;
  if (payload.length === 0 && (flags & flag.fin) === 0) return;
  connection.early = { ...segment, payload: payload.slice() };
}

/** Goes on from an ACK that answers a SYN cookie, as if the SYN had been remembered. */
export function resume(
  connection: Connection,
  segment: TcpSegment,
  segmentBytes: number,
  nowMs: number,
): void {
  const syn: TcpSegment = {
    ...segment,
    sequenceNumber: add(segment.sequenceNumber, -1),
    maximumSegmentSize: segmentBytes,
    windowScale: -1,
    sackPermitted: false,
    timestamps: false,
  };
  connection.state = "SYN-RECEIVED";
  synchronize(connection, syn, nowMs);
  connection.sender.nxt = add(connection.sender.iss, 1);
  connection.receive(segment, nowMs);
}

/** Takes the sequence number, window and options of a SYN (RFC 9293, 3.10.7.3; RFC 7323). */
export function synchronize(connection: Connection, segment: TcpSegment, nowMs: number): void {
  const { sender, receiver, recovery, remote } = connection;
  const { settings } = connection.layer;
  receiver.synchronize(segment.sequenceNumber);
  receiver.fullSegmentBytes = connection.layer.segmentBytes(connection).plain;
  sender.wl1 = segment.sequenceNumber;
  sender.wl2 = segment.acknowledgmentNumber;
  sender.wnd = sender.maxWnd = segment.windowField;
  connection.usesTimestamps = settings.timestamps && segment.timestamps;
  recovery.usesTimestamps = connection.usesTimestamps;
  if (connection.usesTimestamps) {
    receiver.tsRecent = segment.timestampValue;
    receiver.tsRecentMs = nowMs;
  }
  recovery.usesSack = settings.selectiveAcknowledgment && segment.sackPermitted;
  receiver.usesSack = recovery.usesSack;
  connection.usesWindowScale = segment.windowScale >= 0;
  if (!connection.usesWindowScale) receiver.shift = 0;
  else sender.shift = Math.min(segment.windowScale, maxShift);
  connection.peerSegmentBytes = Math.max(
    minSegmentBytes,
    segment.maximumSegmentSize || (defaultSegmentBytes[remote.length] ?? 536),
  );
  connection.learnSegmentBytes();
}
