/**
 * ARP packets for IPv4 over Ethernet (RFC 826).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |       Hardware type (1)       |    Protocol type (0x0800)     |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     | Its length (6)| Its length (4)|           Operation           |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                      Sender's MAC address                     |
 *     +                               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                               |    Sender's IPv4 address      |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |  Sender's IPv4 address, rest  |                               |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               +
 *     |                      Target's MAC address                     |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                     Target's IPv4 address                     |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { setWord, word } from "../words.ts";

const offset = {
  operation: 6,
  senderMac: 8,
  senderAddress: 14,
  targetMac: 18,
  targetAddress: 24,
  end: 28,
} as const;

/** The hardware type, the protocol type and the lengths of their addresses. */
const kind: readonly number[] = [0, 1, 0x08, 0x00, 6, 4];

/** The EtherType of ARP. */
export const etherType = 0x0806;

/** Bytes of a packet. */
export const packetBytes: number = offset.end;

/** The operations that there are (RFC 826); others are none of ours. */
export const operation = { request: 1, reply: 2 } as const;

/** A packet's fields. Decoded, the arrays are views of it. */
export interface ArpPacket {
  /** 0–65,535; see {@link operation}. */
  readonly operation: number;
  /** 6 bytes. */
  readonly senderMac: Uint8Array;
  /** 4 bytes; all zero in a probe (RFC 5227, 2.1.1). */
  readonly senderAddress: Uint8Array;
  /** 6 bytes; means nothing in a request. */
  readonly targetMac: Uint8Array;
  /** 4 bytes. */
  readonly targetAddress: Uint8Array;
}

/** Reads a packet without copying; `undefined` if it is cut off, or not of IPv4 over Ethernet. */
export function decode(bytes: Uint8Array): ArpPacket | undefined {
  if (bytes.length < packetBytes || !kind.every((byte, at) => bytes[at] === byte)) return undefined;
  return {
    operation: word(bytes, offset.operation),
    senderMac: bytes.subarray(offset.senderMac, offset.senderAddress),
    senderAddress: bytes.subarray(offset.senderAddress, offset.targetMac),
    targetMac: bytes.subarray(offset.targetMac, offset.targetAddress),
    targetAddress: bytes.subarray(offset.targetAddress, offset.end),
  };
}

/** Writes a packet into `into` (*borrowed*, 28 bytes or more) and returns its length. */
export function encode(packet: ArpPacket, into: Uint8Array): number {
  into.set(kind);
  setWord(into, offset.operation, packet.operation);
  into.set(packet.senderMac, offset.senderMac);
  into.set(packet.senderAddress, offset.senderAddress);
  into.set(packet.targetMac, offset.targetMac);
  into.set(packet.targetAddress, offset.targetAddress);
  return packetBytes;
}
