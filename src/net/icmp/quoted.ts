/** What can be read of a packet of either version of IP that is quoted, or shall be. */

import { word } from "../words.ts";

/** The fields of a quoted packet that say whose it is. The arrays are views of it. */
export interface QuotedPacket {
  readonly version: 4 | 6;
  /** 4 or 16 bytes. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  /** The protocol above IP, behind the extension headers of IPv6 as far as they are quoted. */
  readonly protocol: number;
  /** Where what that protocol wrote begins. */
  readonly payloadStart: number;
  /** Whether it begins there: a fragment that is not the first has lost it. */
  readonly isFirst: boolean;
  /** How long the packet was. */
  readonly totalBytes: number;
}

const ipv6HeaderBytes = 40;

/** Next headers after which another one comes: hop-by-hop, routing, destination options. */
const extensions: ReadonlySet<number> = new Set([0, 43, 60]);

const fragmentHeader = 44;

/** Reads a packet without copying; `undefined` if not even its header is whole. */
export function read(packet: Uint8Array): QuotedPacket | undefined {
  const version = (packet[0] ?? 0) >> 4;
  if (version === 4) return readIpv4(packet);
  return version === 6 ? readIpv6(packet) : undefined;
}

function readIpv4(packet: Uint8Array): QuotedPacket | undefined {
  const payloadStart = ((packet[0] ?? 0) & 0x0f) * 4;
  if (payloadStart < 20 || packet.length < payloadStart) return undefined;
  return {
    version: 4,
    source: packet.subarray(12, 16),
    destination: packet.subarray(16, 20),
    protocol: packet[9] ?? 0,
    payloadStart,
    isFirst: (word(packet, 6) & 0x1fff) === 0,
    totalBytes: word(packet, 2),
  };
}

function readIpv6(packet: Uint8Array): QuotedPacket | undefined {
  if (packet.length < ipv6HeaderBytes) return undefined;
  let protocol = packet[6] ?? 0;
  let payloadStart = ipv6HeaderBytes;
  let isFirst = true;
  while (payloadStart + 8 <= packet.length) {
    if (protocol === fragmentHeader) isFirst = (word(packet, payloadStart + 2) & 0xfff8) === 0;
    else if (!extensions.has(protocol)) break;
    const lengthBytes = protocol === fragmentHeader ? 8 : ((packet[payloadStart + 1] ?? 0) + 1) * 8;
    protocol = packet[payloadStart] ?? 0;
    payloadStart += lengthBytes;
    if (!isFirst) break;
  }
  return {
    version: 6,
    source: packet.subarray(8, 24),
    destination: packet.subarray(24, 40),
    protocol,
    payloadStart,
    isFirst,
    totalBytes: ipv6HeaderBytes + word(packet, 4),
  };
}
