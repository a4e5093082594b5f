/**
 * ICMP messages of both versions (RFC 792; RFC 4443, 2.1), which differ in their numbers and in
 * that version 6 sums a pseudo-header along.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |     Type      |     Code      |           Checksum            |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |  Parameter: identifier and sequence number, MTU, pointer …    |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |  Body: what is echoed, or the packet that is reported …
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-
 */

import { add, finish } from "../checksum.ts";
import { long, setLong, setWord } from "../words.ts";

const offset = { type: 0, code: 1, checksum: 2, parameter: 4, body: 8 } as const;

/** Bytes before the body. */
export const headerBytes: number = offset.body;

/** A message's fields. */
export interface IcmpPacket {
  /** 0–255. */
  readonly type: number;
  /** 0–255. */
  readonly code: number;
  /** An unsigned 32-bit number; what it means depends on the type. */
  readonly parameter: number;
  /** Decoded, a view of the message. */
  readonly body: Uint8Array;
}

/** Reads a message without copying; `undefined` if it is cut off. The checksum is not looked at. */
export function decode(bytes: Uint8Array): IcmpPacket | undefined {
  if (bytes.length < headerBytes) return undefined;
  return {
    type: bytes[offset.type] ?? 0,
    code: bytes[offset.code] ?? 0,
    parameter: long(bytes, offset.parameter),
    body: bytes.subarray(offset.body),
  };
}

/** Whether a message has its right checksum; `sum` is that of the pseudo-header, if it has one. */
export function hasRightChecksum(bytes: Uint8Array, sum: number = 0): boolean {
  return finish(add(bytes, sum)) === 0;
}

/** Writes a message into `into` (*borrowed*) and returns its length. */
export function encode(packet: IcmpPacket, into: Uint8Array, sum: number = 0): number {
  const { parameter, body } = packet;
  into[offset.type] = packet.type;
  into[offset.code] = packet.code;
  setWord(into, offset.checksum, 0);
  setLong(into, offset.parameter, parameter);
  into.set(body, offset.body);
  const lengthBytes = headerBytes + body.length;
  setWord(into, offset.checksum, finish(add(into.subarray(0, lengthBytes), sum)));
  return lengthBytes;
}
