/**
 * UDP datagrams (RFC 768).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |          Source port          |       Destination port        |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |            Length             |           Checksum            |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                          Payload …
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-
 */

import { addRange, finish, pseudoHeaderSum } from "../checksum.ts";
import { setWord, word } from "../words.ts";

const offset = { sourcePort: 0, destinationPort: 2, length: 4, checksum: 6, payload: 8 } as const;

/** UDP's number among the protocols of IP. */
export const protocolNumber = 17;

/** Bytes of the header. */
export const headerBytes: number = offset.payload;

/** A datagram's fields. */
export interface UdpPacket {
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** 0 if the sender made none. */
  readonly checksum: number;
  /** A view of the datagram. */
  readonly payload: Uint8Array;
}

/**
 * Reads a datagram's fields without copying; `undefined` if it is shorter than its header or than
 * it says. What follows its length is left out.
 */
export function decode(bytes: Uint8Array): UdpPacket | undefined {
  const lengthBytes = word(bytes, offset.length);
  if (lengthBytes < headerBytes || lengthBytes > bytes.length) return undefined;
  return {
    sourcePort: word(bytes, offset.sourcePort),
    destinationPort: word(bytes, offset.destinationPort),
    checksum: word(bytes, offset.checksum),
    payload: bytes.subarray(offset.payload, lengthBytes),
  };
}

/**
 * Writes a datagram into `into` (*borrowed*), with the checksum that `packet` gives, and returns
 * its length.
 */
export function encode(packet: UdpPacket, into: Uint8Array): number {
  const lengthBytes = headerBytes + packet.payload.length;
  setWord(into, offset.sourcePort, packet.sourcePort);
  setWord(into, offset.destinationPort, packet.destinationPort);
  setWord(into, offset.length, lengthBytes);
  setWord(into, offset.checksum, packet.checksum);
  into.set(packet.payload, offset.payload);
  return lengthBytes;
}

/** Fills in the checksum of a datagram that was encoded with 0; one that is 0 goes as 0xffff. */
export function setChecksum(
  datagram: Uint8Array,
  lengthBytes: number,
  source: Uint8Array,
  destination: Uint8Array,
): void {
  const checksum = checksumOf(datagram, lengthBytes, source, destination);
  setWord(datagram, offset.checksum, checksum === 0 ? 0xffff : checksum);
}

/**
 * The checksum of the first `lengthBytes` of a datagram, with the pseudo-header of its addresses: 0
 * if it holds its right one.
 */
export function checksumOf(
  datagram: Uint8Array,
  lengthBytes: number,
  source: Uint8Array,
  destination: Uint8Array,
): number {
  const sum = pseudoHeaderSum(source, destination, protocolNumber, lengthBytes);
  return finish(addRange(datagram, 0, lengthBytes, sum));
}
