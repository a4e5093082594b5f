/**
 * IPv4 packets (RFC 791, 3.1).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |Version|  IHL  | Traffic class |          Total length         |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |         Identification        |0|D|M|     Fragment offset     |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |  Time to live |    Protocol   |        Header checksum        |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                        Source address                         |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                     Destination address                       |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                    Options, up to 40 bytes                    |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { finish } from "../checksum.ts";
import { setWord, word } from "../words.ts";

const offset = {
  versionAndLength: 0,
  trafficClass: 1,
  totalLength: 2,
  identification: 4,
  flagsAndOffset: 6,
  timeToLive: 8,
  protocol: 9,
  checksum: 10,
  source: 12,
  destination: 16,
  options: 20,
} as const;

/** The EtherType of IPv4. */
export const etherType = 0x0800;

/** Bytes of a header without options. */
export const headerBytes: number = offset.options;

/** The longest packet, header included. */
export const maxPacketBytes = 65_535;

const dontFragmentFlag = 0x4000;
const moreFragmentsFlag = 0x2000;
const offsetMask = 0x1fff;

/** A header's fields. One object can serve for many packets: its addresses are its own. */
export interface Ipv4Header {
  /** Bytes of the header, options included: 20–60. {@link encode} goes by `options`. */
  headerBytes: number;
  /** Bytes of the packet, header included. */
  totalBytes: number;
  trafficClass: number;
  identification: number;
  dontFragment: boolean;
  moreFragments: boolean;
  /** Where in the whole packet's payload this one's belongs: bytes, a multiple of 8. */
  fragmentOffset: number;
  timeToLive: number;
  protocol: number;
  /** 4 bytes, the object's own. */
  readonly source: Uint8Array;
  /** 4 bytes, the object's own. */
  readonly destination: Uint8Array;
  /** A multiple of 4 bytes, up to 40; decoded, a view of the packet. */
  options: Uint8Array;
}

const noOptions = new Uint8Array();

/** A header to decode into, or to encode from. */
export function emptyHeader(): Ipv4Header {
  return {
    headerBytes,
    totalBytes: headerBytes,
    trafficClass: 0,
    identification: 0,
    dontFragment: false,
    moreFragments: false,
    fragmentOffset: 0,
    timeToLive: 0,
    protocol: 0,
    source: new Uint8Array(4),
    destination: new Uint8Array(4),
    options: noOptions,
  };
}

/**
 * Reads a header into `header` and returns that; `undefined` if it is cut off, not of IPv4, or
 * gives a length that cannot be. What follows `totalBytes` is padding of the link. The checksum is
 * not looked at: see {@link hasRightChecksum}.
 */
export function decode(
  bytes: Uint8Array,
  header: Ipv4Header = emptyHeader(),
): Ipv4Header | undefined {
  const first = bytes[offset.versionAndLength] ?? 0;
  const ownBytes = (first & 0x0f) * 4;
  const totalBytes = word(bytes, offset.totalLength);
  if (first >> 4 !== 4 || ownBytes < headerBytes) return undefined;
  if (totalBytes < ownBytes || totalBytes > bytes.length) return undefined;
  const flagsAndOffset = word(bytes, offset.flagsAndOffset);
  header.headerBytes = ownBytes;
  header.totalBytes = totalBytes;
  header.trafficClass = bytes[offset.trafficClass] ?? 0;
  header.identification = word(bytes, offset.identification);
  header.dontFragment = (flagsAndOffset & dontFragmentFlag) !== 0;
  header.moreFragments = (flagsAndOffset & moreFragmentsFlag) !== 0;
  header.fragmentOffset = (flagsAndOffset & offsetMask) * 8;
  header.timeToLive = bytes[offset.timeToLive] ?? 0;
  header.protocol = bytes[offset.protocol] ?? 0;
  for (let index = 0; index < 4; index += 1) {
    header.source[index] = bytes[offset.source + index] ?? 0;
    header.destination[index] = bytes[offset.destination + index] ?? 0;
  }
  header.options = ownBytes === headerBytes ? noOptions : bytes.subarray(headerBytes, ownBytes);
  return header;
}

/** Whether the checksum of a packet's header, `ownBytes` long, is right. */
export function hasRightChecksum(bytes: Uint8Array, ownBytes: number): boolean {
  return finish(sumOf(bytes, 0, ownBytes)) === 0;
}

/** Writes a header, with its checksum, into `into` (*borrowed*) at `at` and returns its length. */
export function encode(header: Ipv4Header, into: Uint8Array, at: number = 0): number {
  const ownBytes = headerBytes + header.options.length;
  const flags =
    (header.dontFragment ? dontFragmentFlag : 0) | (header.moreFragments ? moreFragmentsFlag : 0);
  into[at + offset.versionAndLength] = 0x40 | (ownBytes / 4);
  into[at + offset.trafficClass] = header.trafficClass;
  setWord(into, at + offset.totalLength, header.totalBytes);
  setWord(into, at + offset.identification, header.identification);
  setWord(into, at + offset.flagsAndOffset, flags | (header.fragmentOffset / 8));
  into[at + offset.timeToLive] = header.timeToLive;
  into[at + offset.protocol] = header.protocol;
  setWord(into, at + offset.checksum, 0);
  for (let index = 0; index < 4; index += 1) {
    into[at + offset.source + index] = header.source[index] ?? 0;
    into[at + offset.destination + index] = header.destination[index] ?? 0;
  }
  if (ownBytes > headerBytes) into.set(header.options, at + headerBytes);
  setWord(into, at + offset.checksum, finish(sumOf(into, at, at + ownBytes)));
  return ownBytes;
}

/** Whether options hold a source route, loose or strict (RFC 791, 3.1). */
export function hasSourceRoute(options: Uint8Array): boolean {
  for (let at = 0; at < options.length;) {
    const type = options[at] ?? 0;
    if (type === optionType.looseSourceRoute || type === optionType.strictSourceRoute) return true;
    if (type === optionType.end) return false;
    // An option without a length that can be hides what follows it.
    at += type === optionType.noOperation ? 1 : Math.max(2, options[at + 1] ?? 2);
  }
  return false;
}

const optionType = {
  end: 0,
  noOperation: 1,
  looseSourceRoute: 131,
  strictSourceRoute: 137,
} as const;

/** Sums a header: short enough that a sum in larger words would not pay. */
function sumOf(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at += 2) sum += word(bytes, at);
  return sum;
}
