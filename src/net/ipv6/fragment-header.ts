/**
 * The fragment header (RFC 8200, 4.5).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |  Next Header  |   Reserved    |      Fragment Offset    |Res|M|
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                         Identification                        |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { long, setLong, setWord, word } from "../words.ts";

const offset = { nextHeader: 0, fragmentOffset: 2, identification: 4 } as const;

/** Bytes of the header. */
export const fragmentHeaderBytes = 8;

/** The header's fields. */
export interface FragmentHeader {
  /** What the first fragment's payload begins with. */
  readonly nextHeader: number;
  /** Where the payload belongs: bytes, a multiple of 8 up to 65,528. */
  readonly fragmentOffset: number;
  /** Whether it is not the last. */
  readonly hasMore: boolean;
  /** 32 bits. */
  readonly identification: number;
}

/** Reads the header at `at`; `undefined` if the bytes end before. */
export function decode(bytes: Uint8Array, at: number = 0): FragmentHeader | undefined {
  if (at + fragmentHeaderBytes > bytes.length) return undefined;
  const offsetAndFlag = word(bytes, at + offset.fragmentOffset);
  return {
    nextHeader: bytes[at + offset.nextHeader] ?? 0,
    fragmentOffset: offsetAndFlag & 0xfff8,
    hasMore: (offsetAndFlag & 1) === 1,
    identification: long(bytes, at + offset.identification),
  };
}

/** Writes the header into `into` (*borrowed*) and returns its length. */
export function encode(header: FragmentHeader, into: Uint8Array): number {
  setWord(into, offset.nextHeader, header.nextHeader << 8);
  setWord(into, offset.fragmentOffset, header.fragmentOffset | (header.hasMore ? 1 : 0));
  setLong(into, offset.identification, header.identification);
  return fragmentHeaderBytes;
}
