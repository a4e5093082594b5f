/**
 * TCP segments (RFC 9293, section 3.1). The checksum is left to who knows the pseudo-header.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |          Source Port          |       Destination Port        |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                        Sequence Number                        |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                    Acknowledgment Number                      |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |  Data |       |C|E|U|A|P|R|S|F|                               |
 *     | Offset| Rsrvd |W|C|R|C|S|S|Y|I|            Window             |
 *     |       |       |R|E|G|K|H|T|N|N|                               |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |           Checksum            |         Urgent Pointer        |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                           [Options]                           |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                             Data …
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-
 */

import { long, setLong, setWord, word } from "../words.ts";

const offset = {
  sourcePort: 0,
  destinationPort: 2,
  sequenceNumber: 4,
  acknowledgmentNumber: 8,
  dataOffset: 12,
  flags: 13,
  window: 14,
  checksum: 16,
  urgentPointer: 18,
  options: 20,
} as const;

/** Kinds of options; their lengths are in {@link readOption}. */
const option = {
  end: 0,
  noOperation: 1,
  maximumSegmentSize: 2,
  windowScale: 3,
  sackPermitted: 4,
  sack: 5,
  timestamps: 8,
} as const;

/** Options as the 32-bit words that they begin with, kind and length, padded in front. */
const opening = {
  maximumSegmentSize: 0x0204_0000,
  windowScale: 0x0103_0300,
  sackPermitted: 0x0101_0402,
  sack: 0x0101_0502,
  timestamps: 0x0101_080a,
  sackPermittedAndTimestamps: 0x0402_080a,
} as const;

const maxHeaderBytes = 60;

/** The bits of {@link TcpHeader.flags}. */
export const flag = {
  fin: 1,
  syn: 2,
  rst: 4,
  psh: 8,
  ack: 16,
  urg: 32,
  ece: 64,
  cwr: 128,
} as const;

/** Data that was received beyond a gap: from `left` to before `right`, both sequence numbers. */
export interface SackBlock {
  readonly left: number;
  readonly right: number;
}

/** What stands before a segment's data. Ports, flags and window are as on the wire. */
export interface TcpHeader {
  sourcePort: number;
  destinationPort: number;
  sequenceNumber: number;
  acknowledgmentNumber: number;
  /** A sum of {@link flag}s. */
  flags: number;
  /** The window as the field has it, not scaled: 0–65,535. */
  windowField: number;
  urgentPointer: number;
  /** In bytes; 0 if the option is absent, or says so. */
  maximumSegmentSize: number;
  /** The shift count, 0–255 as received; −1 if the option is absent. */
  windowScale: number;
  /** Whether the option is there. */
  sackPermitted: boolean;
  /** Whether the option is there; without it the next two are 0. */
  timestamps: boolean;
  timestampValue: number;
  timestampEcho: number;
  sackBlocks: readonly SackBlock[];
}

/** A whole segment. */
export interface TcpSegment extends TcpHeader {
  /** A view of the bytes that were decoded. */
  payload: Uint8Array;
}

/** The blocks of a segment that has none. */
export const noSackBlocks: readonly SackBlock[] = [];

const noPayload = new Uint8Array(0);

/** A segment with nothing but its ports: to decode into, or a header to fill in. */
export function emptySegment(sourcePort: number = 0, destinationPort: number = 0): TcpSegment {
  return {
    sourcePort,
    destinationPort,
    sequenceNumber: 0,
    acknowledgmentNumber: 0,
    flags: 0,
    windowField: 0,
    urgentPointer: 0,
    maximumSegmentSize: 0,
    windowScale: -1,
    sackPermitted: false,
    timestamps: false,
    timestampValue: 0,
    timestampEcho: 0,
    sackBlocks: noSackBlocks,
    payload: noPayload,
  };
}

/**
 * Reads the segment that begins at `start` into `segment`, without copying, and returns that;
 * `undefined` if the header is cut short or its length is wrong.
 *
 * Unknown options are passed over, known ones of the wrong length too. An option that is shorter
 * than its own two bytes or reaches beyond the header ends the options and spares the segment, as
 * in Linux: to reset the connection, as RFC 9293 (MUST-7) suggests, would help who forges segments.
 */
export function decode(
  bytes: Uint8Array,
  start: number = 0,
  segment: TcpSegment = emptySegment(),
): TcpSegment | undefined {
  const options = start + offset.options;
  if (bytes.length < options) return undefined;
  const end = start + ((bytes[start + offset.dataOffset] ?? 0) >> 4) * 4;
  if (end < options || end > bytes.length) return undefined;
  segment.sourcePort = word(bytes, start + offset.sourcePort);
  segment.destinationPort = word(bytes, start + offset.destinationPort);
  segment.sequenceNumber = long(bytes, start + offset.sequenceNumber);
  segment.acknowledgmentNumber = long(bytes, start + offset.acknowledgmentNumber);
  segment.flags = bytes[start + offset.flags] ?? 0;
  segment.windowField = word(bytes, start + offset.window);
  segment.urgentPointer = word(bytes, start + offset.urgentPointer);
  segment.maximumSegmentSize = 0;
  segment.windowScale = -1;
  segment.sackPermitted = segment.timestamps = false;
  segment.timestampValue = segment.timestampEcho = 0;
  segment.sackBlocks = noSackBlocks;
  segment.payload = end === bytes.length ? noPayload : bytes.subarray(end);
  if (end === options + 12 && long(bytes, options) === opening.timestamps) {
    readTimestamps(bytes, options + 4, segment);
  } else {
    readOptions(bytes, options, end, segment);
  }
  return segment;
}

/** The bytes that {@link encode} will write: 20–60, a multiple of 4. */
export function headerBytes(header: TcpHeader): number {
  const bytes = bytesBeforeSack(header);
  const count = sackBlockCount(header, bytes);
  return count === 0 ? bytes : bytes + 4 + 8 * count;
}

/**
 * Writes header and options into `into` (*borrowed*) from `start` on, with a checksum of 0, and
 * returns their length. The last SACK blocks are left out if not all fit: 3 do with timestamps, 4
 * without.
 *
 * @throws {RangeError} if it does not fit
 */
export function encode(header: TcpHeader, into: Uint8Array, start: number = 0): number {
  const length = headerBytes(header);
  if (start + length > into.length) {
    throw new RangeError(`Cannot encode a header of ${length} bytes into ${into.length - start}`);
  }
  setWord(into, start + offset.sourcePort, header.sourcePort);
  setWord(into, start + offset.destinationPort, header.destinationPort);
  setLong(into, start + offset.sequenceNumber, header.sequenceNumber);
  setLong(into, start + offset.acknowledgmentNumber, header.acknowledgmentNumber);
  into[start + offset.dataOffset] = length << 2;
  into[start + offset.flags] = header.flags;
  setWord(into, start + offset.window, header.windowField);
  setWord(into, start + offset.checksum, 0);
  setWord(into, start + offset.urgentPointer, header.urgentPointer);
  if (length > offset.options) writeOptions(header, into, start + offset.options);
  return length;
}

/** The order is Linux's, which middleboxes know best. */
function writeOptions(header: TcpHeader, into: Uint8Array, start: number): void {
  const { maximumSegmentSize, sackPermitted, windowScale, sackBlocks } = header;
  let at = start;
  if (maximumSegmentSize > 0) {
    setLong(into, at, opening.maximumSegmentSize | maximumSegmentSize);
    at += 4;
  }
  if (header.timestamps) {
    setLong(into, at, sackPermitted ? opening.sackPermittedAndTimestamps : opening.timestamps);
    setLong(into, at + 4, header.timestampValue);
    setLong(into, at + 8, header.timestampEcho);
    at += 12;
  } else if (sackPermitted) {
    setLong(into, at, opening.sackPermitted);
    at += 4;
  }
  if (windowScale >= 0) {
    setLong(into, at, opening.windowScale | windowScale);
    at += 4;
  }
  const count = sackBlockCount(header, offset.options + at - start);
  if (count === 0) return;
  setLong(into, at, opening.sack + 8 * count);
  for (let index = 0; index < count; index += 1) {
    const block = sackBlocks[index];
    setLong(into, at + 4 + 8 * index, block?.left ?? 0);
    setLong(into, at + 8 + 8 * index, block?.right ?? 0);
  }
}

function bytesBeforeSack(header: TcpHeader): number {
  let bytes: number = offset.options;
  if (header.maximumSegmentSize > 0) bytes += 4;
  if (header.timestamps) bytes += 12;
  else if (header.sackPermitted) bytes += 4;
  if (header.windowScale >= 0) bytes += 4;
  return bytes;
}

function sackBlockCount(header: TcpHeader, bytesBefore: number): number {
  return Math.min(header.sackBlocks.length, (maxHeaderBytes - 4 - bytesBefore) >> 3);
}

function readOptions(bytes: Uint8Array, start: number, end: number, segment: TcpSegment): void {
  let at = start;
  while (at < end) {
    const kind = bytes[at];
    if (kind === option.end) return;
    if (kind === option.noOperation) {
      at += 1;
      continue;
    }
    const length = bytes[at + 1] ?? 0;
    if (length < 2 || at + length > end) return;
    readOption(bytes, at, length, segment);
    at += length;
  }
}

function readOption(bytes: Uint8Array, at: number, length: number, segment: TcpSegment): void {
  const kind = bytes[at];
  if (kind === option.maximumSegmentSize && length === 4) {
    segment.maximumSegmentSize = word(bytes, at + 2);
  } else if (kind === option.windowScale && length === 3) {
    segment.windowScale = bytes[at + 2] ?? 0;
  } else if (kind === option.sackPermitted && length === 2) {
    segment.sackPermitted = true;
  } else if (kind === option.timestamps && length === 10) {
    readTimestamps(bytes, at + 2, segment);
  } else if (kind === option.sack && length % 8 === 2) {
    segment.sackBlocks = readSackBlocks(bytes, at + 2, at + length);
  }
}

function readTimestamps(bytes: Uint8Array, at: number, segment: TcpSegment): void {
  segment.timestamps = true;
  segment.timestampValue = long(bytes, at);
  segment.timestampEcho = long(bytes, at + 4);
}

function readSackBlocks(bytes: Uint8Array, start: number, end: number): readonly SackBlock[] {
  const blocks: SackBlock[] = [];
  for (let at = start; at < end; at += 8) {
    blocks.push({ left: long(bytes, at), right: long(bytes, at + 4) });
  }
  return blocks;
}
