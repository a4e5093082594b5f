/** Queries as a server reads them (RFC 1035, 4.1; RFC 6891). */

import { word } from "../words.ts";
import { readName } from "./domain.ts";
import { decode, flag, recordType, type DnsQuestion, type DnsRecord } from "./packet.ts";

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
  const wrong = (fault: number): Query => ({
    ...head,
    question: undefined,
    edns: undefined,
    fault,
  });
  if ((head.flags & flag.opcode) !== 0) return wrong(rcode.notImplemented);
  const packet = decode(message, readName);
  const [question, ...more] = packet?.questions ?? [];
  if (packet === undefined || question === undefined || more.length > 0) {
    return wrong(rcode.formatError);
  }
  const all = [...packet.answers, ...packet.authorities, ...packet.additionals];
  const [opt, ...others] = all.filter(({ type }) => type === recordType.OPT);
  const isRight = opt === undefined || (opt.name === "" && packet.additionals.includes(opt));
  if (!isRight || others.length > 0) return wrong(rcode.formatError);
  const edns = opt && ednsOf(opt);
  const fault = edns !== undefined && edns.version > 0 ? rcode.badVersion : rcode.ok;
  return { ...head, question, edns, fault };
}

function ednsOf({ class: payloadBytes, ttlSeconds }: DnsRecord): Edns {
  return {
    version: (ttlSeconds >>> 16) & 0xff,
    payloadBytes,
    isDnssecOk: (ttlSeconds & dnssecOk) !== 0,
  };
}
