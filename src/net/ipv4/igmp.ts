/**
 * IGMP: queries of a router, and reports of ours.
 *
 *     Query (RFC 3376, 4.1; the first 8 bytes are all of it in RFC 2236)
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |  Type = 0x11  | Max resp code |           Checksum            |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                         Group address                         |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     | Resv  |S| QRV |     QQIC      |     Number of sources (N)     |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 *     Report (RFC 3376, 4.2), here with one record and no sources
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |  Type = 0x22  |   Reserved    |           Checksum            |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |           Reserved            |  Number of group records (1)  |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |  Record type  |  Aux data len |     Number of sources (0)     |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                         Group address                         |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { add, finish } from "../checksum.ts";
import { setWord } from "../words.ts";

/** The protocol number of IGMP. */
export const protocol = 2;

/** Kinds of group records of a report (RFC 3376, 4.2.12). */
export const recordType = { isMember: 2, leave: 3, join: 4 } as const;

export type RecordType = (typeof recordType)[keyof typeof recordType];

const type = { query: 0x11, report2: 0x16, leave2: 0x17, report3: 0x22 } as const;
const offset = { code: 1, checksum: 2, group: 4, recordCount: 6, record: 8, recordGroup: 12 };

/** Bytes of a report about one group, by version. */
export const reportBytes = { 2: 8, 3: 16 } as const;

/** A question which groups have members. */
export interface GroupQuery {
  /** 3, or 2 for a router that knows no better. */
  readonly version: 2 | 3;
  /** How long an answer may take. */
  readonly maxResponseMs: number;
  /** 4 bytes, a view; all zero asks for all groups. */
  readonly group: Uint8Array;
}

/** Whether a message of any kind is whole, and its checksum right. */
export function isIntact(bytes: Uint8Array): boolean {
  return bytes.length >= offset.record && finish(add(bytes)) === 0;
}

/** Reads a query; `undefined` for anything else, and for one that is cut off or corrupt. */
export function decodeQuery(bytes: Uint8Array): GroupQuery | undefined {
  if (bytes[0] !== type.query || !isIntact(bytes)) return undefined;
  const code = bytes[offset.code] ?? 0;
  // From 128 on it is a floating-point number of RFC 3376, 4.1.1.
  const tenths = code < 128 ? code : ((code & 0x0f) | 0x10) << (((code >> 4) & 7) + 3);
  return {
    version: bytes.length < 12 ? 2 : 3,
    maxResponseMs: tenths * 100,
    group: bytes.subarray(offset.group, offset.group + 4),
  };
}

/** Writes a report about one group into `into` (*borrowed*, zeroed) and returns its length. */
export function encodeReport(
  version: 2 | 3,
  record: RecordType,
  group: Uint8Array,
  into: Uint8Array,
): number {
  if (version === 2) {
    into[0] = record === recordType.leave ? type.leave2 : type.report2;
    into.set(group, offset.group);
  } else {
    into[0] = type.report3;
    into[offset.recordCount + 1] = 1;
    into[offset.record] = record;
    into.set(group, offset.recordGroup);
  }
  const report = into.subarray(0, reportBytes[version]);
  setWord(into, offset.checksum, finish(add(report)));
  return report.length;
}
