/** Answers as a server writes them. */

import type { Answer } from "./authority.ts";
import { MessageWriter, section } from "./message-writer.ts";
import { flag, recordType, type DnsRecord } from "./packet.ts";
import { dnssecOk, type Query } from "./query.ts";

/** What a message may have at most without EDNS (RFC 1035, 4.2.1). */
const plainDatagramBytes = 512;

/** What we say that we take in one datagram, and send at most (DNS flag day 2020). */
export const datagramBytes = 1232;

/** What a message may have on a stream. */
export const streamBytes = 0xffff;

const authoritative = 0x0400;
const recursionAvailable = 0x0080;
const optBytes = 11;

/** How an answer leaves. */
export interface ReplyOptions {
  readonly limitBytes: number;
  /** Whether whoever asked may have us ask others. */
  readonly isRecursive: boolean;
  /** Whether to leave all records out, so that the question comes again over TCP. */
  readonly isCut?: boolean;
}

/** The longest answer that fits a datagram to whoever asked. */
export function datagramLimit({ edns }: Query): number {
  const wanted = edns?.payloadBytes ?? plainDatagramBytes;
  return Math.min(Math.max(wanted, plainDatagramBytes), datagramBytes);
}

/**
 * Writes an answer, or what went wrong by its code alone; *fresh*. Sets of records that do not fit
 * are left out: those of answers and authorities, and a referral's addresses, mark it as cut.
 */
export function writeReply(
  query: Query,
  answer: Answer | number,
  options: ReplyOptions,
): Uint8Array {
  const code = typeof answer === "number" ? answer : answer.code;
  const isAuthoritative = typeof answer !== "number" && answer.isAuthoritative;
  const flags =
    flag.response |
    (query.flags & (flag.opcode | flag.recursionDesired)) |
    (isAuthoritative ? authoritative : 0) |
    (options.isRecursive ? recursionAvailable : 0) |
    (code & flag.responseCode);
  const writer = new MessageWriter(options.limitBytes, query.id, flags);
  if (query.question !== undefined) writer.question(query.question);
  if (query.edns !== undefined) writer.reserve(optBytes);
  if (options.isCut === true) writer.addFlags(flag.truncated);
  else if (typeof answer !== "number" && !writeSets(writer, answer))
    writer.addFlags(flag.truncated);
  if (query.edns !== undefined) {
    writer.reserve(-optBytes);
    writer.records(section.additionals, [optRecord(code, query.edns.isDnssecOk)]);
  }
  return writer.finish();
}

/** Says whether all fitted that must not be missed. */
function writeSets(writer: MessageWriter, answer: Answer): boolean {
  const isWhole =
    answer.answers.every((set) => writer.records(section.answers, set)) &&
    answer.authorities.every((set) => writer.records(section.authorities, set));
  if (!isWhole) return false;
  const fitted = answer.additionals.filter((set) => writer.records(section.additionals, set));
  return fitted.length === answer.additionals.length || !answer.isReferral;
}

function optRecord(code: number, isDnssecOk: boolean): DnsRecord {
  const extended = (code >>> 4) * 0x100_0000;
  return {
    name: "",
    type: recordType.OPT,
    class: datagramBytes,
    ttlSeconds: extended + (isDnssecOk ? dnssecOk : 0),
    data: new Uint8Array(0),
  };
}
