/**
 * Neighbour discovery messages (RFC 4861, 4), from the type of ICMPv6 on. Each has a fixed part,
 * then options:
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |     Type      |     Code      |          Checksum             |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     | R|S|O flags of an advertisement, else reserved, except in a   |
 *     | router's: | Cur Hop Limit |M|O|H|Prf| Res |  Router Lifetime  |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     | Target Address (16 bytes) of 135, 136 and 137, or             |
 *     | Reachable Time and Retrans Timer (4 bytes each) of 134        |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     | Destination Address (16 bytes) of 137                         |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { long, setLong, setWord, word } from "../words.ts";
import { decodeOptions, encodeOptions, type NdpOption } from "./options.ts";

const offset = {
  type: 0,
  code: 1,
  hopLimit: 4,
  flags: 4,
  routerFlags: 5,
  routerLifetime: 6,
  reachableTime: 8,
  retransmitTimer: 12,
  target: 8,
  destination: 24,
} as const;

/** Types of ICMPv6 that are neighbour discovery. */
export const ndpType = {
  routerSolicitation: 133,
  routerAdvertisement: 134,
  neighbourSolicitation: 135,
  neighbourAdvertisement: 136,
  redirect: 137,
} as const;

const flag = { router: 0x80, solicited: 0x40, override: 0x20 } as const;

/** Bytes before the options, by type. */
const fixedBytes: Readonly<Record<NdpPacket["type"], number>> = {
  133: 8,
  134: 16,
  135: 24,
  136: 24,
  137: 40,
};

/** A message. Addresses are 16 bytes, and views of it. */
export type NdpPacket = { readonly options: readonly NdpOption[] } & (
  | { readonly type: 133 }
  | RouterAdvertisement
  | { readonly type: 135; readonly target: Uint8Array }
  | NeighbourAdvertisement
  | { readonly type: 137; readonly target: Uint8Array; readonly destination: Uint8Array }
);

/** What a router says of itself and the link; 0 leaves a parameter unspecified. */
export interface RouterAdvertisement {
  readonly type: 134;
  /** The hop limit to send with. */
  readonly hopLimit: number;
  /** M, O, H, and the preference in bits 3 and 4 (RFC 4191, 2.2). */
  readonly flags: number;
  /** How long it is a default router: 0–65,535 seconds. */
  readonly routerLifetimeS: number;
  /** How long a neighbour counts as reachable after it was. */
  readonly reachableMs: number;
  /** The time between solicitations. */
  readonly retransmitMs: number;
  readonly options: readonly NdpOption[];
}

/** What a neighbour says of its address. */
export interface NeighbourAdvertisement {
  readonly type: 136;
  readonly isRouter: boolean;
  /** Whether it answers a solicitation. */
  readonly isSolicited: boolean;
  /** Whether its MAC address replaces one that is known. */
  readonly isOverride: boolean;
  readonly target: Uint8Array;
  readonly options: readonly NdpOption[];
}

/**
 * Reads a message without copying; `undefined` if it is none, its code is not 0, it is too short,
 * or an option is malformed.
 */
export function decode(bytes: Uint8Array): NdpPacket | undefined {
  const type = bytes[offset.type] ?? 0;
  const fixed = isNdpType(type) ? fixedBytes[type] : Infinity;
  if (bytes.length < fixed || bytes[offset.code] !== 0 || !isNdpType(type)) return undefined;
  const options = decodeOptions(bytes, fixed);
  if (options === undefined) return undefined;
  const target = bytes.subarray(offset.target, offset.destination);
  switch (type) {
    case ndpType.routerSolicitation:
      return { type, options };
    case ndpType.routerAdvertisement:
      return {
        type,
        hopLimit: bytes[offset.hopLimit] ?? 0,
        flags: bytes[offset.routerFlags] ?? 0,
        routerLifetimeS: word(bytes, offset.routerLifetime),
        reachableMs: long(bytes, offset.reachableTime),
        retransmitMs: long(bytes, offset.retransmitTimer),
        options,
      };
    case ndpType.neighbourSolicitation:
      return { type, target, options };
    case ndpType.neighbourAdvertisement: {
      const flags = bytes[offset.flags] ?? 0;
      return {
        type,
        isRouter: (flags & flag.router) !== 0,
        isSolicited: (flags & flag.solicited) !== 0,
        isOverride: (flags & flag.override) !== 0,
        target,
        options,
      };
    }
    case ndpType.redirect:
      return { type, target, destination: bytes.subarray(offset.destination, fixed), options };
  }
}

/** Writes a message without its checksum into `into` (*borrowed*) and returns its length. */
export function encode(packet: NdpPacket, into: Uint8Array): number {
  const fixed = fixedBytes[packet.type];
  into.fill(0, 0, fixed);
  into[offset.type] = packet.type;
  if (packet.type === ndpType.routerAdvertisement) encodeRouterFields(packet, into);
  if ("target" in packet) into.set(packet.target, offset.target);
  if ("destination" in packet) into.set(packet.destination, offset.destination);
  if (packet.type === ndpType.neighbourAdvertisement) {
    into[offset.flags] =
      (packet.isRouter ? flag.router : 0) |
      (packet.isSolicited ? flag.solicited : 0) |
      (packet.isOverride ? flag.override : 0);
  }
  return encodeOptions(packet.options, into, fixed);
}

function encodeRouterFields(packet: RouterAdvertisement, into: Uint8Array): void {
  into[offset.hopLimit] = packet.hopLimit;
  into[offset.routerFlags] = packet.flags;
  setWord(into, offset.routerLifetime, packet.routerLifetimeS);
  setLong(into, offset.reachableTime, packet.reachableMs);
  setLong(into, offset.retransmitTimer, packet.retransmitMs);
}

function isNdpType(type: number): type is NdpPacket["type"] {
  return type >= ndpType.routerSolicitation && type <= ndpType.redirect;
}
