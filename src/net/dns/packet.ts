/**
 * Messages of the Domain Name System (RFC 1035, 4.1).
 *
 *      0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15
 *     +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *     |                      ID                       |
 *     +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *     |QR|  Opcode   |AA|TC|RD|RA|   Z    |   RCODE   |
 *     +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *     |                    QDCOUNT                    |
 *     +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *     |                    ANCOUNT                    |
 *     +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *     |                    NSCOUNT                    |
 *     +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *     |                    ARCOUNT                    |
 *     +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *
 * then questions (NAME, TYPE, CLASS) and records (NAME, TYPE, CLASS, TTL, RDLENGTH, RDATA).
 */

import { long, setLong, setWord, word } from "../words.ts";
import { decodeName, encodeName } from "./name.ts";

const offset = { id: 0, flags: 2, counts: 4, questions: 12 } as const;

/** Offsets behind the name of a record. */
const recordOffset = { type: 0, class: 2, ttl: 4, length: 8, data: 10 } as const;

/** Bits and fields of {@link DnsPacket.flags}. */
export const flag = {
  response: 0x8000,
  opcode: 0x7800,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  responseCode: 0x000f,
} as const;

/** Response codes that are told apart (RFC 1035, 4.1.1); all others mean that the server failed. */
export const responseCode = { ok: 0, formatError: 1, noSuchName: 3, notImplemented: 4 } as const;

/** Types of records, by the names of their signatures; `SOA` ends a negative answer (RFC 2308). */
export const recordType = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
} as const;

/** The class of the Internet. */
export const internetClass = 1;

/** What is asked. */
export interface DnsQuestion {
  /** In lower case, without a dot at the end. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

/** What is known of a name. */
export interface DnsRecord extends DnsQuestion {
  /** 0–4,294,967,295. */
  readonly ttlSeconds: number;
  /** A view of the message: names in it may point to what stands before it there. */
  readonly data: Uint8Array;
}

/** A message's fields. */
export interface DnsPacket {
  readonly id: number;
  /** The second word, see {@link flag}. */
  readonly flags: number;
  readonly questions: readonly DnsQuestion[];
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

/**
 * Reads a message without copying its data; `undefined` if it is not whole. Names are read by
 * `readName`.
 */
export function decode(
  message: Uint8Array,
  readName: typeof decodeName = decodeName,
): DnsPacket | undefined {
  if (message.length < offset.questions) return undefined;
  const reader = new Reader(message, readName);
  const count = (index: number): number => word(message, offset.counts + 2 * index);
  const packet = {
    id: word(message, offset.id),
    flags: word(message, offset.flags),
    questions: reader.list(count(0), () => reader.question()),
    answers: reader.list(count(1), () => reader.record()),
    authorities: reader.list(count(2), () => reader.record()),
    additionals: reader.list(count(3), () => reader.record()),
  };
  return reader.isWhole ? packet : undefined;
}

/** Reads one part of a message after the other, up to the first that is not whole. */
class Reader {
  isWhole = true;
  readonly #message: Uint8Array;
  readonly #readName: typeof decodeName;
  #at: number = offset.questions;

  constructor(message: Uint8Array, readName: typeof decodeName) {
    this.#message = message;
    this.#readName = readName;
  }

  list<T>(count: number, read: () => T | undefined): T[] {
    const list: T[] = [];
    while (this.isWhole && list.length < count) {
      const next = read();
      if (next === undefined) this.isWhole = false;
      else list.push(next);
    }
    return list;
  }

  question(): DnsQuestion | undefined {
    const named = this.#readName(this.#message, this.#at);
    if (named === undefined || named.end + recordOffset.ttl > this.#message.length) {
      return undefined;
    }
    const { name, end } = named;
    this.#at = end + recordOffset.ttl;
    return {
      name,
      type: word(this.#message, end),
      class: word(this.#message, end + recordOffset.class),
    };
  }

  record(): DnsRecord | undefined {
    const question = this.question();
    if (question === undefined) return undefined;
    // The reader stands behind the class now.
    const ttl = this.#at;
    const start = ttl + recordOffset.data - recordOffset.ttl;
    const end = start + word(this.#message, start - 2);
    if (end > this.#message.length || start > this.#message.length) return undefined;
    this.#at = end;
    const ttlSeconds = long(this.#message, ttl);
    return { ...question, ttlSeconds, data: this.#message.subarray(start, end) };
  }
}

/**
 * Writes a message into `into` (*borrowed*), without compression, and returns its length. Names are
 * such as {@link encodeName} takes.
 */
export function encode(packet: DnsPacket, into: Uint8Array): number {
  const { id, flags, questions, answers, authorities, additionals } = packet;
  const counts = [questions, answers, authorities, additionals].map(({ length }) => length);
  for (const [index, value] of [id, flags, ...counts].entries()) setWord(into, 2 * index, value);
  let at: number = offset.questions;
  for (const question of questions) at = encodeQuestion(question, into, at);
  for (const record of [...answers, ...authorities, ...additionals]) {
    const ttl = encodeQuestion(record, into, at);
    setLong(into, ttl, record.ttlSeconds);
    setWord(into, ttl + 4, record.data.length);
    into.set(record.data, ttl + 6);
    at = ttl + 6 + record.data.length;
  }
  return at;
}

function encodeQuestion(question: DnsQuestion, into: Uint8Array, at: number): number {
  const end = encodeName(question.name, into, at);
  setWord(into, end + recordOffset.type, question.type);
  setWord(into, end + recordOffset.class, question.class);
  return end + recordOffset.ttl;
}
