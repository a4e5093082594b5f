/** How a connection's segments are made: the header that goes with what the sender sends. */

import type { Connection } from "./connection.ts";
import { flag, noSackBlocks, type TcpHeader } from "./packet.ts";
import { add, difference, isAtOrBefore } from "./sequence.ts";

/** Sends sequence numbers of the stream: SYN, data and FIN, as their place says. */
export function departs(
  connection: Connection,
  sequence: number,
  length: number,
  nowMs: number,
): void {
  const { sender } = connection;
  const hasSyn = sequence === sender.iss;
  const { finSequence } = sender;
  const hasFin = finSequence !== undefined && add(sequence, length) === add(finSequence, 1);
  const dataBytes = length - (hasSyn ? 1 : 0) - (hasFin ? 1 : 0);
  let flags: number = connection.state === "SYN-SENT" ? 0 : flag.ack;
  if (hasSyn) flags |= flag.syn;
  if (hasFin) flags |= flag.fin;
  const offset = hasSyn ? 0 : sender.offsetOf(sequence);
  // Push where the user has written no more (RFC 9293, 3.9.1.2).
  if (dataBytes > 0 && offset + dataBytes === sender.queue.byteCount) flags |= flag.psh;
  send(connection, sequence, flags, offset, dataBytes, nowMs);
}

/** Sends a segment with `dataBytes` bytes of the sender's queue from `offset` on. */
export function send(
  connection: Connection,
  sequence: number,
  flags: number,
  offset: number,
  dataBytes: number,
  nowMs: number,
): void {
  const { receiver, sender, layer, header } = connection;
  const hasAck = (flags & flag.ack) !== 0;
  const hasSyn = (flags & flag.syn) !== 0;
  header.flags = flags;
  header.sequenceNumber = sequence;
  header.acknowledgmentNumber = hasAck ? receiver.nxt : 0;
  header.windowField = hasAck
    ? receiver.offerWindow(hasSyn ? 0 : receiver.shift)
    : receiver.firstWindow;
  header.timestamps = hasAck ? connection.usesTimestamps : layer.settings.timestamps;
  header.timestampValue = header.timestamps ? connection.timestampAt(nowMs) : 0;
  header.timestampEcho = header.timestamps && hasAck ? receiver.tsRecent : 0;
  if (hasSyn) addSynOptions(connection, hasAck);
  else if (receiver.hasBlocks) addBlocks(connection, dataBytes);
  if (sender.urgentEnd !== undefined) addUrgency(connection, sender.urgentEnd);
  layer.transmit(connection, header, dataBytes > 0 ? sender.queue : undefined, offset, dataBytes);
  header.sackBlocks = noSackBlocks;
  if (hasSyn) removeSynOptions(header);
}

/** A SYN offers everything, the answer to one what was offered. */
function addSynOptions(connection: Connection, isAnswer: boolean): void {
  const { header, layer, receiver, usesWindowScale } = connection;
  header.maximumSegmentSize = layer.segmentBytes(connection).plain;
  header.sackPermitted = isAnswer ? receiver.usesSack : layer.settings.selectiveAcknowledgment;
  header.windowScale = isAnswer && !usesWindowScale ? -1 : receiver.shift;
}

function removeSynOptions(header: TcpHeader): void {
  header.maximumSegmentSize = 0;
  header.sackPermitted = false;
  header.windowScale = -1;
}

/** What is urgent ends so far ahead, as far as the field can say (RFC 9293, 3.8.5). */
function addUrgency({ header, sender }: Connection, end: number): void {
  const aheadBytes = difference(end, header.sequenceNumber);
  header.urgentPointer = Math.max(0, Math.min(aheadBytes, 0xffff));
  if (aheadBytes > 0) header.flags |= flag.urg;
  if (isAtOrBefore(end, sender.una)) sender.urgentEnd = undefined;
}

/** Data comes first: blocks fill what it leaves of a full segment. */
function addBlocks(
  { header, receiver, sender, usesTimestamps }: Connection,
  dataBytes: number,
): void {
  const most = usesTimestamps ? 3 : 4;
  const room = dataBytes === 0 ? most : (sender.segmentBytes - dataBytes - 4) >> 3;
  if (room > 0) header.sackBlocks = receiver.takeBlocks(Math.min(room, most));
}
