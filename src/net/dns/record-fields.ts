/** What the data of records consists of, for servers: by type, field after field. */

import { readName, wireBytes, writeName } from "./domain.ts";
import type { DnsRecord } from "./packet.ts";

/** A field of data; `texts` are all that follow, `time` is a number of seconds. */
export type Field = "ipv4" | "ipv6" | "name" | "word" | "long" | "time" | "texts";

/** A type of records whose data is understood; all others are bytes (RFC 3597). */
export interface RecordForm {
  readonly type: number;
  readonly fields: readonly Field[];
  /** Whether names in it may be written as pointers (RFC 3597, 4). */
  readonly isCompressible: boolean;
}

function form(type: number, ...fields: readonly Field[]): RecordForm {
  return { type, fields, isCompressible: type <= 15 };
}

/** The types by their names in zone files (RFC 1035, 3.3; RFC 1183; RFC 2163; RFC 2230; RFC 2782). */
export const forms: Readonly<Record<string, RecordForm>> = {
  A: form(1, "ipv4"),
  NS: form(2, "name"),
  MD: form(3, "name"),
  MF: form(4, "name"),
  CNAME: form(5, "name"),
  SOA: form(6, "name", "name", "long", "time", "time", "time", "time"),
  MB: form(7, "name"),
  MG: form(8, "name"),
  MR: form(9, "name"),
  PTR: form(12, "name"),
  MINFO: form(14, "name", "name"),
  MX: form(15, "word", "name"),
  TXT: form(16, "texts"),
  RP: form(17, "name", "name"),
  AFSDB: form(18, "word", "name"),
  RT: form(21, "word", "name"),
  PX: form(26, "word", "name", "name"),
  AAAA: form(28, "ipv6"),
  SRV: form(33, "word", "word", "word", "name"),
  KX: form(36, "word", "name"),
};

const formsByType = new Map(Object.values(forms).map((each) => [each.type, each]));
const namesByType = new Map(Object.entries(forms).map(([name, { type }]) => [type, name]));

/** The form of a type, if it is understood. */
export function formOf(type: number): RecordForm | undefined {
  return formsByType.get(type);
}

/** The name of a type, `TYPE123` for those that have none here (RFC 3597, 5). */
export function typeText(type: number): string {
  return namesByType.get(type) ?? `TYPE${type}`;
}

/** A field as it stands in data. */
export interface FieldValue {
  readonly field: Field;
  readonly start: number;
  readonly end: number;
  /** Of a name: which. */
  readonly name: string;
}

const fieldBytes: Readonly<Record<Exclude<Field, "name" | "texts">, number>> = {
  ipv4: 4,
  ipv6: 16,
  word: 2,
  long: 4,
  time: 4,
};

/**
 * Reads the fields between two offsets of a message, where names may be pointers; `undefined` if
 * they do not end where they should.
 */
export function readFields(
  { fields }: RecordForm,
  message: Uint8Array,
  start: number,
  end: number,
): readonly FieldValue[] | undefined {
  const values: FieldValue[] = [];
  let at = start;
  for (const field of fields) {
    const named = field === "name" ? readName(message, at) : undefined;
    const next = field === "name" ? named?.end : endOf(field, message, at, end);
    if (next === undefined || next > end) return undefined;
    values.push({ field, start: at, end: next, name: named?.name ?? "" });
    at = next;
  }
  return at === end ? values : undefined;
}

function endOf(
  field: Exclude<Field, "name">,
  message: Uint8Array,
  start: number,
  end: number,
): number | undefined {
  if (field !== "texts") return start + fieldBytes[field];
  let at = start;
  while (at < end) at += 1 + (message[at] ?? 0);
  return at === end ? at : undefined;
}

/**
 * The data of a record of `message` on its own: *fresh*, with whole names. `undefined` if it is not
 * what its type should have.
 */
export function plainData(record: DnsRecord, message: Uint8Array): Uint8Array | undefined {
  const { data, type } = record;
  const known = formOf(type);
  if (known === undefined) return data.slice();
  const start = data.byteOffset - message.byteOffset;
  const values = readFields(known, message, start, start + data.length);
  if (values === undefined) return undefined;
  const sizes = values.map((each) =>
    each.field === "name" ? wireBytes(each.name) : each.end - each.start,
  );
  const plain = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  for (const { field, start: from, end, name } of values) {
    if (field === "name") {
      at = writeName(name, plain, at);
    } else {
      plain.set(message.subarray(from, end), at);
      at += end - from;
    }
  }
  return plain;
}

/** The names in data that {@link plainData} gave. */
export function namesIn({ type, data }: DnsRecord): readonly string[] {
  const known = formOf(type);
  const values = known && readFields(known, data, 0, data.length);
  return (values ?? []).flatMap(({ field, name }) => (field === "name" ? [name] : []));
}
