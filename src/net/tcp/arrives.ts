/**
 * What a connection does with a segment: "SEGMENT ARRIVES" of RFC 9293, 3.10.7, with the checks
 * of RFC 7323 (old duplicates) and RFC 5961 (blind attacks).
 */

import type { Connection } from "./connection.ts";
import { keepText, synchronize } from "./opens.ts";
import { flag, type TcpSegment } from "./packet.ts";
import { progressed, report } from "./reports.ts";
import { add, difference, isAtOrBefore, isBefore } from "./sequence.ts";
import { isSynchronized } from "./states.ts";

/** After so long without a segment, the last timestamp says nothing (RFC 7323, 5.5). */
const timestampAgeMs = 24 * 24 * 3600 * 1000;

/** Handles a segment in every state but LISTEN and CLOSED. */
export function segmentArrives(connection: Connection, segment: TcpSegment, nowMs: number): void {
  if (connection.state === "CLOSED") return;
  if (connection.state === "SYN-SENT") arrivesInSynSent(connection, segment, nowMs);
  else arrivesElsewhere(connection, segment, nowMs);
}

/** RFC 9293, 3.10.7.3. */
function arrivesInSynSent(connection: Connection, segment: TcpSegment, nowMs: number): void {
  const { sender } = connection;
  const { flags, acknowledgmentNumber } = segment;
  const hasAck = (flags & flag.ack) !== 0;
  if (hasAck && acknowledgmentNumber !== add(sender.iss, 1)) {
    connection.layer.reject(connection, segment);
    return;
  }
  if ((flags & flag.rst) !== 0) {
    if (hasAck) connection.fail("refused", nowMs);
    return;
  }
  if ((flags & flag.syn) === 0) return;
  synchronize(connection, segment, nowMs);
  if (!hasAck) {
    // Both sides have opened at once.
    connection.follow("SYN arrives", nowMs);
    connection.sender.reopen(nowMs);
    keepText(connection, segment);
    return;
  }
  sender.acknowledged(segment, false, nowMs);
  connection.receiver.isAckDue = true;
  connection.establish("SYN and ACK of SYN arrive", nowMs);
  takeText(connection, segment, add(segment.sequenceNumber, 1), nowMs);
}

/** RFC 9293, 3.10.7.4. */
function arrivesElsewhere(connection: Connection, segment: TcpSegment, nowMs: number): void {
  const { receiver } = connection;
  const { flags, sequenceNumber, payload } = segment;
  const length = payload.length + (flags & flag.syn ? 1 : 0) + (flags & flag.fin ? 1 : 0);
  if (isOldDuplicate(connection, segment, nowMs)) {
    receiver.isAckDue = (flags & flag.rst) === 0 || receiver.isAckDue;
    return;
  }
  if (!receiver.isAcceptable(sequenceNumber, length)) {
    if ((flags & flag.rst) === 0) arrivesOutside(connection, segment, length, nowMs);
    return;
  }
  if ((flags & flag.rst) !== 0) {
    resetArrives(connection, segment, nowMs);
    return;
  }
  if ((flags & flag.syn) !== 0) {
    synArrives(connection, segment, nowMs);
    return;
  }
  // "If the ACK bit is off, drop the segment" (fifth step).
  if ((flags & flag.ack) === 0) return;
  if (!ackArrives(connection, segment, nowMs)) return;
  noteTimestamp(connection, segment, nowMs);
  if ((flags & flag.urg) !== 0 && receiver.urge(segment)) report(connection, "urgent");
  takeText(connection, segment, sequenceNumber, nowMs);
}

/** PAWS (RFC 7323, 5.3): a segment from before the sequence numbers came round. */
function isOldDuplicate(connection: Connection, segment: TcpSegment, nowMs: number): boolean {
  const { receiver, usesTimestamps } = connection;
  if (!usesTimestamps || !segment.timestamps || (segment.flags & flag.rst) !== 0) return false;
  if (!isBefore(segment.timestampValue, receiver.tsRecent)) return false;
  return nowMs - receiver.tsRecentMs < timestampAgeMs;
}

/** Outside the window: the peer is told where the window is, and an ACK may still count. */
function arrivesOutside(
  connection: Connection,
  segment: TcpSegment,
  length: number,
  nowMs: number,
): void {
  const { receiver, state } = connection;
  if ((segment.flags & flag.syn) !== 0 && state !== "SYN-RECEIVED") {
    connection.challenge(nowMs);
    return;
  }
  if ((segment.flags & flag.syn) !== 0 && segment.sequenceNumber === receiver.irs) {
    // The peer has not heard our SYN and ACK.
    connection.sender.reopen(nowMs);
    return;
  }
  // With the window closed, ACKs and windows of data that cannot be taken still count (MUST-66).
  const isAtEdge = isAtOrBefore(segment.sequenceNumber, receiver.nxt);
  if (receiver.wnd === 0 && isAtEdge && (segment.flags & flag.ack) !== 0) {
    ackArrives(connection, segment, nowMs);
  }
  if (connection.state === "CLOSED") return;
  if (length > 0) receiver.noteOutside(segment.sequenceNumber, segment.payload.length);
  receiver.isAckDue = true;
}

/** RFC 5961, 3.2: only a reset with the very next sequence number counts. */
function resetArrives(connection: Connection, segment: TcpSegment, nowMs: number): void {
  if (segment.sequenceNumber !== connection.receiver.nxt) {
    connection.challenge(nowMs);
    return;
  }
  connection.fail(connection.state === "SYN-RECEIVED" ? "refused" : "reset", nowMs);
}

/** A SYN in the window (RFC 5961, 4.2; RFC 9293, fourth step). */
function synArrives(connection: Connection, segment: TcpSegment, nowMs: number): void {
  const { state, sender } = connection;
  const isAnswer =
    state === "SYN-RECEIVED" &&
    (segment.flags & flag.ack) !== 0 &&
    segment.acknowledgmentNumber === add(sender.iss, 1);
  // The answer to a simultaneous open comes with the SYN that has arrived before.
  if (isAnswer) ackArrives(connection, segment, nowMs);
  else connection.challenge(nowMs);
}

/**
 * RFC 7323, 4.3: the timestamp of what covers the last acknowledgment is echoed. Only of a segment
 * whose own ACK is believed, since one from far ahead would shut out the peer's.
 */
function noteTimestamp(connection: Connection, segment: TcpSegment, nowMs: number): void {
  const { receiver } = connection;
  if (!connection.usesTimestamps || !segment.timestamps) return;
  if (isBefore(receiver.lastAcknowledged, segment.sequenceNumber)) return;
  receiver.tsRecent = segment.timestampValue;
  receiver.tsRecentMs = nowMs;
}

/** The fifth step: the ACK field. Says whether to go on with the text. */
function ackArrives(connection: Connection, segment: TcpSegment, nowMs: number): boolean {
  const { sender } = connection;
  const ack = segment.acknowledgmentNumber;
  if (connection.state === "SYN-RECEIVED") {
    if (!isBefore(sender.una, ack) || isBefore(sender.nxt, ack)) {
      connection.layer.reject(connection, segment);
      return false;
    }
    sender.acknowledged(segment, false, nowMs);
    sender.wl1 = segment.sequenceNumber;
    sender.wl2 = ack;
    sender.wnd = sender.maxWnd = segment.windowField * 2 ** sender.shift;
    connection.establish("ACK of SYN arrives", nowMs);
    takeEarlyText(connection, nowMs);
    return true;
  }
  const isTooNew = isBefore(sender.nxt, ack);
  if (isTooNew || isBefore(ack, add(sender.una, -sender.maxWnd))) {
    // RFC 5961, 5.2.
    connection.challenge(nowMs);
    return false;
  }
  if (isBefore(ack, sender.una)) return true;
  if (ack !== sender.una) progressed(connection, nowMs);
  const hadAll = sender.isFinAcknowledged;
  sender.acknowledged(segment, isDuplicateAck(connection, segment), nowMs);
  sender.updateWindow(segment, sender.shift);
  if (sender.isFinAcknowledged && !hadAll) connection.follow("ACK of FIN arrives", nowMs);
  if (connection.isWritable) connection.user?.hasRoom();
  return connection.state !== "CLOSED";
}

/** RFC 5681, 2. */
function isDuplicateAck({ sender }: Connection, segment: TcpSegment): boolean {
  return (
    segment.acknowledgmentNumber === sender.una &&
    !sender.isIdle &&
    segment.payload.length === 0 &&
    (segment.flags & (flag.syn | flag.fin)) === 0 &&
    segment.windowField * 2 ** sender.shift === sender.wnd
  );
}

/** What came with the SYN counts now that the peer is known to be there. */
function takeEarlyText(connection: Connection, nowMs: number): void {
  const { early } = connection;
  connection.early = undefined;
  if (early !== undefined) takeText(connection, early, add(early.sequenceNumber, 1), nowMs);
}

/** The seventh and eighth steps: text and FIN. */
function takeText(
  connection: Connection,
  segment: TcpSegment,
  sequence: number,
  nowMs: number,
): void {
  const { receiver } = connection;
  const hasFin = (segment.flags & flag.fin) !== 0;
  if (segment.payload.length === 0 && !hasFin) return;
  if (!isSynchronized(connection.state)) return;
  if (receiver.isFinReceived) {
    receiver.isAckDue = true;
    return;
  }
  const isNew = difference(add(sequence, segment.payload.length), receiver.nxt) > 0;
  if (connection.isOrphan && isNew && segment.payload.length > 0) {
    // Nobody will read it: the peer must know (RFC 9293, 3.6.1).
    connection.layer.reject(connection, segment);
    connection.fail("closed", nowMs);
    return;
  }
  if (!receiver.accept(segment, sequence, hasFin, nowMs)) {
    // Something is missing: the sender counts how often it is told (RFC 5681, 4.2).
    connection.acknowledge(nowMs);
    return;
  }
  progressed(connection, nowMs);
  if (receiver.isFinReceived) connection.follow("FIN arrives", nowMs);
  connection.user?.hasInput();
}
