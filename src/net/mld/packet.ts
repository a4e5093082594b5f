/**
 * Multicast listener discovery, from the type of ICMPv6 on: queries and reports of version 2
 * (RFC 3810, 5), reports and dones of version 1 (RFC 2710, 3).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |  130, 131, 132 |    Code      |          Checksum             |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |     Maximum Response Code     |           Reserved            |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                   Multicast Address (16 bytes)                |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     | Resv  |S| QRV |     QQIC      |     Number of Sources (N)     |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                 N Source Addresses (16 bytes each)            |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * The last two rows are only in a query of version 2. A report of version 2 is:
 *
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |      143      |     Code      |          Checksum             |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |           Reserved            |     Number of Records (M)     |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     M times:
 *     |  Record Type  |  Aux Data Len |     Number of Sources (N)     |
 *     |                   Multicast Address (16 bytes)                |
 *     |         N Source Addresses (16 bytes each), auxiliary data    |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { setWord, word } from "../words.ts";

const offset = {
  type: 0,
  maxResponseCode: 4,
  group: 8,
  sources: 24,
  recordCount: 6,
  records: 8,
} as const;
const recordOffset = { kind: 0, auxiliaryWords: 1, sourceCount: 2, group: 4, sources: 20 } as const;

/** Types of ICMPv6 that are listener discovery. */
export const mldType = { query: 130, report1: 131, done: 132, report2: 143 } as const;

/** What a record of a group says (RFC 3810, 5.2.12), of those that a host without sources sends. */
export const recordKind = { isExclude: 2, toInclude: 3, toExclude: 4 } as const;

/** What a router asks. */
export interface MldQuery {
  readonly type: 130;
  /** 1 of RFC 2710, 2 of RFC 3810. */
  readonly version: 1 | 2;
  /** See {@link maxResponseMs}. */
  readonly maxResponseCode: number;
  /** What is asked for; unspecified for all. */
  readonly group: Uint8Array;
}

/** A message. Groups are 16 bytes, and views of it. */
export type MldPacket =
  | MldQuery
  | { readonly type: 131 | 132; readonly group: Uint8Array }
  | { readonly type: 143; readonly records: readonly MldRecord[] };

/** What a report says of one group; sources are left out. */
export interface MldRecord {
  /** 1–6, or unknown. */
  readonly kind: number;
  readonly group: Uint8Array;
}

/** Reads a message without copying; `undefined` if it is none or too short. */
export function decode(bytes: Uint8Array): MldPacket | undefined {
  const type = bytes[offset.type];
  if (type === mldType.report2) {
    const records = decodeRecords(bytes);
    return records === undefined ? undefined : { type, records };
  }
  if (type !== mldType.report1 && type !== mldType.done) return decodeQuery(bytes);
  const group = bytes.subarray(offset.group, offset.sources);
  return group.length < 16 ? undefined : { type, group };
}

/** Reads a query, which is all that a host needs to; `undefined` if it is none. */
export function decodeQuery(bytes: Uint8Array): MldQuery | undefined {
  // A length between those of the versions is neither's (RFC 3810, 8.1).
  const isVersion1 = bytes.length === offset.sources;
  const isLong = isVersion1 || bytes.length >= offset.sources + 4;
  if (bytes[offset.type] !== mldType.query || !isLong) return undefined;
  return {
    type: mldType.query,
    version: isVersion1 ? 1 : 2,
    maxResponseCode: word(bytes, offset.maxResponseCode),
    group: bytes.subarray(offset.group, offset.sources),
  };
}

function decodeRecords(bytes: Uint8Array): MldRecord[] | undefined {
  const records: MldRecord[] = [];
  let at: number = offset.records;
  for (let left = word(bytes, offset.recordCount); left > 0; left -= 1) {
    if (at + recordOffset.sources > bytes.length) return undefined;
    records.push({
      kind: bytes[at] ?? 0,
      group: bytes.subarray(at + recordOffset.group, at + recordOffset.sources),
    });
    at +=
      recordOffset.sources +
      16 * word(bytes, at + recordOffset.sourceCount) +
      4 * (bytes[at + recordOffset.auxiliaryWords] ?? 0);
  }
  return bytes.length < offset.records || at > bytes.length ? undefined : records;
}

/** Writes a message without its checksum into `into` (*borrowed*) and returns its length. */
export function encode(packet: MldPacket, into: Uint8Array): number {
  if (packet.type === mldType.report2) {
    into.fill(0, 0, offset.records);
    setWord(into, offset.recordCount, packet.records.length);
    into[offset.type] = packet.type;
    let at: number = offset.records;
    for (const { kind, group } of packet.records) {
      into.fill(0, at, at + recordOffset.group);
      into[at + recordOffset.kind] = kind;
      into.set(group, at + recordOffset.group);
      at += recordOffset.sources;
    }
    return at;
  }
  into.fill(0, 0, offset.sources + 4);
  into[offset.type] = packet.type;
  into.set(packet.group, offset.group);
  if (packet.type !== mldType.query) return offset.sources;
  setWord(into, offset.maxResponseCode, packet.maxResponseCode);
  return packet.version === 1 ? offset.sources : offset.sources + 4;
}

/** How long an answer may take: from 32,768 on the code is a floating-point number (5.1.3). */
export function maxResponseMs(code: number): number {
  if (code < 0x8000) return code;
  return ((code & 0xfff) | 0x1000) << (((code >> 12) & 7) + 3);
}
