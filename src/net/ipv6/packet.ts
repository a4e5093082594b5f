/**
 * The IPv6 header (RFC 8200, 3).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |Version| Traffic Class |           Flow Label                  |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |         Payload Length        |  Next Header  |   Hop Limit   |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                                                               |
 *     +                    Source Address (16 bytes)                  +
 *     |                                                               |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                                                               |
 *     +                 Destination Address (16 bytes)                +
 *     |                                                               |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { setWord, word } from "../words.ts";

/** Where the fields are, in bytes. */
export const offset = {
  version: 0,
  flowLabel: 1,
  payloadLength: 4,
  nextHeader: 6,
  hopLimit: 7,
  source: 8,
  destination: 24,
  payload: 40,
} as const;

/** Bytes of the header. */
export const headerBytes: number = offset.payload;

/** What every link carries (RFC 8200, 5). */
export const minimumMtu = 1280;

/** Next headers that this layer itself knows (IANA: Assigned Internet Protocol Numbers). */
export const nextHeader = {
  hopByHop: 0,
  routing: 43,
  fragment: 44,
  icmp: 58,
  none: 59,
  destinationOptions: 60,
} as const;

/** What the header says beside lengths. */
export interface Ipv6Header {
  /** Differentiated services and ECN: 0–255. */
  readonly trafficClass: number;
  /** 20 bits. */
  readonly flowLabel: number;
  /** What follows the header: a protocol or an extension header, 0–255. */
  readonly nextHeader: number;
  /** 0–255. */
  readonly hopLimit: number;
  /** 16 bytes. */
  readonly source: Uint8Array;
  /** 16 bytes. */
  readonly destination: Uint8Array;
}

/** A packet's fields. The arrays are views of it. */
export interface Ipv6Packet extends Ipv6Header {
  /** Extension headers included. */
  readonly payload: Uint8Array;
}

/**
 * The length of the packet that `bytes` begin with, header included; 0 if there is none, or not all
 * of it. What follows is padding of the link.
 */
export function lengthOf(bytes: Uint8Array): number {
  if (bytes.length < headerBytes || (bytes[offset.version] ?? 0) >> 4 !== 6) return 0;
  const length = headerBytes + word(bytes, offset.payloadLength);
  return length > bytes.length ? 0 : length;
}

/** The traffic class of a packet. */
export function trafficClassOf(bytes: Uint8Array): number {
  return (word(bytes, offset.version) >> 4) & 0xff;
}

/** Reads a packet's fields without copying; `undefined` if it is no whole IPv6 packet. */
export function decode(bytes: Uint8Array): Ipv6Packet | undefined {
  const length = lengthOf(bytes);
  if (length === 0) return undefined;
  return {
    trafficClass: trafficClassOf(bytes),
    flowLabel: (((bytes[offset.flowLabel] ?? 0) & 0xf) << 16) | word(bytes, 2),
    nextHeader: bytes[offset.nextHeader] ?? 0,
    hopLimit: bytes[offset.hopLimit] ?? 0,
    source: bytes.subarray(offset.source, offset.destination),
    destination: bytes.subarray(offset.destination, offset.payload),
    payload: bytes.subarray(offset.payload, length),
  };
}

/** Writes a header of a payload of `payloadBytes` (at most 65,535) into `into`, *borrowed*. */
export function encodeHeader(header: Ipv6Header, payloadBytes: number, into: Uint8Array): void {
  const { trafficClass, flowLabel } = header;
  setWord(into, offset.version, 0x6000 | (trafficClass << 4) | (flowLabel >> 16));
  setWord(into, 2, flowLabel);
  setWord(into, offset.payloadLength, payloadBytes);
  into[offset.nextHeader] = header.nextHeader;
  into[offset.hopLimit] = header.hopLimit;
  into.set(header.source, offset.source);
  into.set(header.destination, offset.destination);
}

/** Writes a packet into `into` (*borrowed*), which has room for it, and returns its length. */
export function encode(packet: Ipv6Packet, into: Uint8Array): number {
  encodeHeader(packet, packet.payload.length, into);
  into.set(packet.payload, headerBytes);
  return headerBytes + packet.payload.length;
}
