/**
 * Messages of multicast DNS (RFC 6762, 18): those of the Domain Name System, with the highest bit of
 * a class for something else: in questions, that the answer may come to who asks alone; in records,
 * that whoever sends it is the only one who has such records.
 */

import { keyOf, readName } from "../dns/domain.ts";
import { MessageWriter, section } from "../dns/message-writer.ts";
import { decode as decodePacket, flag, type DnsQuestion, type DnsRecord } from "../dns/packet.ts";
import { plainData } from "../dns/record-fields.ts";

/** The port of both ends. */
export const port = 5353;

/** The groups that everybody listens to (RFC 6762, 3). */
export const groups = { v4: "224.0.0.251", v6: "ff02::fb" } as const;

/** What a message has at most, so that its packet is not cut (RFC 6762, 17). */
export const maxMessageBytes = 1440;

const topBit = 0x8000;
const authoritative = 0x0400;

/** A question. */
export interface MdnsQuestion {
  readonly name: string;
  readonly type: number;
  /** Whether the answer may come to who asks alone (RFC 6762, 5.4). */
  readonly wantsUnicast: boolean;
}

/** A record of class IN, whose data stands on its own. */
export interface MdnsRecord extends DnsRecord {
  /** Whether nobody else may have records of its name and type (the cache-flush bit). */
  readonly isUnique: boolean;
}

/** A message's parts that count. */
export interface MdnsMessage {
  /** 0, but in queries of plain resolvers. */
  readonly id: number;
  readonly isResponse: boolean;
  /** Whether more known answers follow (RFC 6762, 7.2). */
  readonly isTruncated: boolean;
  readonly questions: readonly MdnsQuestion[];
  /** The answers of a response, or those that a query knows already. */
  readonly answers: readonly MdnsRecord[];
  /** What a query wants to claim (RFC 6762, 8.2). */
  readonly authorities: readonly MdnsRecord[];
  readonly additionals: readonly MdnsRecord[];
}

/** Reads a message; `undefined` if it is not whole, or of another kind (RFC 6762, 18.3, 18.11). */
export function decode(message: Uint8Array): MdnsMessage | undefined {
  const packet = decodePacket(message, readName);
  if (packet === undefined || (packet.flags & (flag.opcode | flag.responseCode)) !== 0) {
    return undefined;
  }
  const records = (list: readonly DnsRecord[]): readonly MdnsRecord[] =>
    list.flatMap((record) => ofInternet(record, message));
  return {
    id: packet.id,
    isResponse: (packet.flags & flag.response) !== 0,
    isTruncated: (packet.flags & flag.truncated) !== 0,
    questions: packet.questions.flatMap(({ name, type, class: kind }) => {
      const isInternet = [1, 255].includes(kind & ~topBit);
      return isInternet ? [{ name, type, wantsUnicast: (kind & topBit) !== 0 }] : [];
    }),
    answers: records(packet.answers),
    authorities: records(packet.authorities),
    additionals: records(packet.additionals),
  };
}

function ofInternet(record: DnsRecord, message: Uint8Array): readonly MdnsRecord[] {
  const data = (record.class & ~topBit) === 1 ? plainData(record, message) : undefined;
  if (data === undefined) return [];
  return [{ ...record, class: 1, data, isUnique: (record.class & topBit) !== 0 }];
}

/** A query's parts. */
export interface QueryParts {
  readonly questions: readonly MdnsQuestion[];
  readonly known?: readonly MdnsRecord[];
  readonly claimed?: readonly MdnsRecord[];
}

/** Writes a query: one message, or several where the answers that are known do not fit one. */
export function encodeQuery({
  questions,
  known = [],
  claimed = [],
}: QueryParts): readonly Uint8Array[] {
  const messages: MessageWriter[] = [];
  let writer = new MessageWriter(maxMessageBytes, 0, 0, true);
  const next = (): void => {
    messages.push(writer);
    writer = new MessageWriter(maxMessageBytes, 0, 0, true);
  };
  for (const question of questions) {
    if (writer.question(asQuestion(question))) continue;
    next();
    writer.question(asQuestion(question));
  }
  for (const record of known) {
    if (writer.records(section.answers, [asRecord(record, false)])) continue;
    writer.addFlags(flag.truncated);
    next();
    writer.records(section.answers, [asRecord(record, false)]);
  }
  // In a probe the bit is not set (RFC 6762, 10.2).
  for (const record of claimed) writer.records(section.authorities, [asRecord(record, false)]);
  next();
  return messages.map((each) => each.finish());
}

/** Writes a response; what does not fit one message goes into others, but for additional records. */
export function encodeResponse(
  answers: readonly MdnsRecord[],
  additionals: readonly MdnsRecord[],
): readonly Uint8Array[] {
  const start = (): MessageWriter =>
    new MessageWriter(maxMessageBytes, 0, flag.response | authoritative, true);
  const messages: Uint8Array[] = [];
  let writer = start();
  for (const record of answers) {
    if (writer.records(section.answers, [asRecord(record)])) continue;
    messages.push(writer.finish());
    writer = start();
    writer.records(section.answers, [asRecord(record)]);
  }
  for (const record of additionals) writer.records(section.additionals, [asRecord(record)]);
  messages.push(writer.finish());
  return messages;
}

/** What plain resolvers may keep a record for, in seconds (RFC 6762, 6.7). */
const plainTtlSeconds = 10;

/** Writes the answer to a resolver that knows nothing of multicast DNS (RFC 6762, 6.7). */
export function encodePlainResponse(
  { id, questions }: MdnsMessage,
  answers: readonly MdnsRecord[],
  additionals: readonly MdnsRecord[],
): Uint8Array {
  const writer = new MessageWriter(512, id, flag.response | authoritative);
  for (const question of questions) writer.question({ ...asQuestion(question), class: 1 });
  const plain = (record: MdnsRecord): DnsRecord => ({
    ...asRecord(record, false),
    ttlSeconds: Math.min(record.ttlSeconds, plainTtlSeconds),
  });
  const isWhole = answers.every((record) => writer.records(section.answers, [plain(record)]));
  if (!isWhole) writer.addFlags(flag.truncated);
  for (const record of isWhole ? additionals : []) {
    writer.records(section.additionals, [plain(record)]);
  }
  return writer.finish();
}

function asQuestion({ name, type, wantsUnicast }: MdnsQuestion): DnsQuestion {
  return { name, type, class: wantsUnicast ? 1 | topBit : 1 };
}

function asRecord(record: MdnsRecord, isUnique: boolean = record.isUnique): DnsRecord {
  const { name, type, ttlSeconds, data } = record;
  return { name, type, class: isUnique ? 1 | topBit : 1, ttlSeconds, data };
}

/** The same for records that are the same, whatever their times to live. */
export function recordKey({ name, type, data }: MdnsRecord): string {
  return `${keyOf(name)} ${type} ${data.join()}`;
}
