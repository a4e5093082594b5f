/**
 * Ethernet II frames (IEEE 802.3, clause 3), as devices carry them: without preamble and FCS.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                      Destination address                      |
 *     +                               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                               |                               |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               +
 *     |                        Source address                         |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |           EtherType           |            Payload …
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-
 */

import { setWord, word } from "../words.ts";

/** Where the fields are. */
export const offset = { destination: 0, source: 6, etherType: 12, payload: 14 } as const;

/** Bytes of the header. */
export const headerBytes: number = offset.payload;

/** Bytes of an address. */
export const addressBytes = 6;

/** The address of every station. */
export const broadcast: Uint8Array = new Uint8Array(addressBytes).fill(0xff);

/** A frame's fields. The arrays are views of the frame. */
export interface EthernetPacket {
  /** 6 bytes. */
  readonly destination: Uint8Array;
  /** 6 bytes. */
  readonly source: Uint8Array;
  /** 0–65,535; below 0x0600 it is a length (IEEE 802.3, 3.2.6). A VLAN tag is 0x8100. */
  readonly etherType: number;
  readonly payload: Uint8Array;
}

/** Reads a frame's fields without copying; `undefined` if it is shorter than a header. */
export function decode(frame: Uint8Array): EthernetPacket | undefined {
  if (frame.length < headerBytes) return undefined;
  return {
    destination: frame.subarray(offset.destination, offset.source),
    source: frame.subarray(offset.source, offset.etherType),
    etherType: word(frame, offset.etherType),
    payload: frame.subarray(offset.payload),
  };
}

/**
 * Writes a frame into `into` (*borrowed*) and returns its length.
 *
 * @throws {RangeError} if it does not fit, or a field is no address or EtherType
 */
export function encode(packet: EthernetPacket, into: Uint8Array): number {
  const { destination, source, etherType, payload } = packet;
  const length = headerBytes + payload.length;
  if (length > into.length) {
    throw new RangeError(`Cannot encode a frame of ${length} bytes into ${into.length}`);
  }
  if (destination.length !== addressBytes || source.length !== addressBytes) {
    throw new RangeError("Cannot encode a frame: an Ethernet address has 6 bytes");
  }
  if (!Number.isInteger(etherType) || etherType < 0 || etherType > 0xffff) {
    throw new RangeError(`Cannot encode a frame: ${etherType} is no EtherType`);
  }
  into.set(destination, offset.destination);
  into.set(source, offset.source);
  setWord(into, offset.etherType, etherType);
  into.set(payload, offset.payload);
  return length;
}

/** Whether a frame is for a group (multicast or broadcast) rather than one station. */
export function isForGroup(frame: Uint8Array): boolean {
  return ((frame[offset.destination] ?? 0) & 1) === 1;
}

/** Whether a frame says that it comes from a group, which no station is. */
export function isFromGroup(frame: Uint8Array): boolean {
  return ((frame[offset.source] ?? 0) & 1) === 1;
}

/** The destination address as a number, to look it up by. */
export function destinationKey(frame: Uint8Array): number {
  return keyAt(frame, offset.destination);
}

/** The source address as a number, to look it up by. */
export function sourceKey(frame: Uint8Array): number {
  return keyAt(frame, offset.source);
}

/** Six bytes as an integer, which a `number` holds exactly. */
function keyAt(frame: Uint8Array, at: number): number {
  let key = 0;
  for (let index = at; index < at + addressBytes; index += 1) key = key * 256 + (frame[index] ?? 0);
  return key;
}
