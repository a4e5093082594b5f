/** Queries as a server reads them (RFC 1035, 4.1; RFC 6891). */

import { word } from "../words.ts";
import { readName } from "./domain.ts";
import {
  decode,
  flag,
  recordType,
  type DnsPacket,
  type DnsQuestion,
  type DnsRecord,
} from "./packet.ts";

/** Response codes of a server (RFC 1035, 4.1.1; RFC 6891, 9). */
export const rcode = {
  ok: 0,
  formatError: 1,
  serverFailure: 2,
  noSuchName: 3,
  notImplemented: 4,
  refused: 5,
  badVersion: 16,
} as const;

/** What a query says of EDNS. */
export interface Edns {
  readonly version: number;
  /** What its sender takes in one datagram. */
  readonly payloadBytes: number;
  /** Whether it wants DNSSEC records, which answers repeat (RFC 3225, 3). */
  readonly isDnssecOk: boolean;
}

/** A query, or what is answered to one that makes no sense. */
export interface Query {
  readonly id: number;
  readonly flags: number;
  /** Not there if it cannot be read. */
  readonly question: DnsQuestion | undefined;
  readonly edns: Edns | undefined;
  /** What is wrong with it; {@link rcode.ok} if nothing is. */
  readonly fault: number;
}

/** The bit of OPT's time to live that asks for DNSSEC records. */
export const dnssecOk = 0x8000;

/** Reads a message to a server; what is no query, and must not be answered, in words. */
export function readQuery(message: Uint8Array): Query | "response" | "malformed" {
  if (message.length < 12) return "malformed";
  const head = { id: word(message, 0), flags: word(message, 2) };
  if ((head.flags & flag.response) !== 0) return "response";
  const isUnknown = (head.flags & flag.opcode) !== 0;
  const packet = decode(message, readName);
  const [question, ...more] = packet?.questions ?? [];
  const opts = packet === undefined ? [] : optsOf(packet);
  const [opt] = opts ?? [];
  const edns = opt && ednsOf(opt);
  const isRight = opts !== undefined && opts.length < 2 && more.length === 0;
  if (isUnknown || question === undefined || !isRight) {
    const fault = isUnknown ? rcode.notImplemented : rcode.formatError;
    // Whoever speaks EDNS shall know from a refusal that we do (RFC 6891, 7).
    return { ...head, question: undefined, edns: isRight ? edns : undefined, fault };
  }
  const fault = edns !== undefined && edns.version > 0 ? rcode.badVersion : rcode.ok;
  return { ...head, question, edns, fault };
}

/** The OPT records of a message, or `undefined` if one is not where and as it should be. */
function optsOf(packet: DnsPacket): readonly DnsRecord[] | undefined {
  const isOpt = ({ type }: DnsRecord): boolean => type === recordType.OPT;
  const opts = packet.additionals.filter(isOpt);
  const isMisplaced = [...packet.answers, ...packet.authorities].some(isOpt);
  return isMisplaced || opts.some(({ name }) => name !== "") ? undefined : opts;
}

function ednsOf({ class: payloadBytes, ttlSeconds }: DnsRecord): Edns {
  return {
    version: (ttlSeconds >>> 16) & 0xff,
    payloadBytes,
    isDnssecOk: (ttlSeconds & dnssecOk) !== 0,
  };
}
