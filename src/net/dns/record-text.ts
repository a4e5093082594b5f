/** The data of records as text, as in zone files (RFC 1035, 5; RFC 3597, 5). */

import { formatAddress, parseAddress } from "../address.ts";
import { long, setLong, word } from "../words.ts";
import { formatName, parseName, parseText, wireBytes, writeName } from "./domain.ts";
import { formOf, readFields, type Field, type FieldValue } from "./record-fields.ts";

/** A word of a zone file: escapes are still in it. */
export interface Word {
  readonly text: string;
  /** Whether it stood in quotes, which are not part of the text. */
  readonly isQuoted: boolean;
}

/** Why data cannot be read, and at which of its words; that past the last is their end. */
export interface DataFault {
  readonly fault: string;
  readonly index: number;
}

/** What no data can be longer than. */
const maxDataBytes = 0xffff;

/**
 * Reads the data of a record of this type (RFC 3597, 5, for any type); names that are not whole are
 * below `origin`.
 */
export function parseData(
  type: number,
  words: readonly Word[],
  origin: string,
): Uint8Array | DataFault {
  const known = formOf(type);
  const [first] = words;
  if (first?.text === "\\#" && !first.isQuoted) return parseGeneric(type, words.slice(1));
  if (known === undefined) {
    return { fault: "data of such a type is written as \\#, its length and its bytes", index: 0 };
  }
  const parts: Uint8Array[] = [];
  let index = 0;
  for (const field of known.fields) {
    const count = field === "texts" ? Math.max(1, words.length - index) : 1;
    for (const end = index + count; index < end; index += 1) {
      const given = words[index];
      if (given === undefined) return { fault: `${fieldNames[field]} is missing`, index };
      const part = parsers[field](given.text, origin);
      if (!(part instanceof Uint8Array)) return { ...part, index };
      parts.push(part);
    }
  }
  if (index < words.length) return { fault: "it is one word too many", index };
  const data = joined(parts);
  return data.length > maxDataBytes ? { fault: "it is too long", index: 0 } : data;
}

function parseGeneric(type: number, words: readonly Word[]): Uint8Array | DataFault {
  const [length, ...rest] = words;
  const byteCount = /^\d{1,5}$/.test(length?.text ?? "") ? Number(length?.text) : Infinity;
  if (byteCount > maxDataBytes) return { fault: "a length of 0 to 65,535 is missing", index: 1 };
  const hex = rest.map(({ text }) => text).join("");
  if (!/^[\da-f]*$/i.test(hex)) return { fault: "bytes are written in hexadecimal", index: 2 };
  if (hex.length !== 2 * byteCount) {
    return { fault: `${hex.length / 2} bytes are not ${byteCount}`, index: 1 };
  }
  const data = Uint8Array.from({ length: byteCount }, (_, at) =>
    Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16),
  );
  const known = formOf(type);
  const isRight = known === undefined || readFields(known, data, 0, data.length) !== undefined;
  return isRight ? data : { fault: "they are no data of this type", index: 2 };
}

type Parser = (text: string, origin: string) => Uint8Array | { readonly fault: string };

const fieldNames: Readonly<Record<Field, string>> = {
  ipv4: "an IPv4 address",
  ipv6: "an IPv6 address",
  name: "a name",
  word: "a number of 0 to 65,535",
  long: "a number of 0 to 4,294,967,295",
  time: "a time",
  texts: "a text",
};

const parsers: Readonly<Record<Field, Parser>> = {
  ipv4: (text) => addressOf(text, 4),
  ipv6: (text) => addressOf(text, 16),
  name: (text, origin) => {
    const named = text === "@" ? { name: origin } : parseName(text, origin);
    if ("fault" in named) return named;
    const bytes = new Uint8Array(wireBytes(named.name));
    writeName(named.name, bytes, 0);
    return bytes;
  },
  word: (text) => {
    const value = numberOf(text, 0xffff);
    return value === undefined ? not("word") : Uint8Array.of(value >>> 8, value);
  },
  long: (text) => longBytes(numberOf(text, 0xffff_ffff)) ?? not("long"),
  time: (text) => longBytes(parseTime(text)) ?? not("time"),
  texts: (text) => {
    const bytes = parseText(text);
    if (bytes === undefined) return { fault: "an escape is \\ and a character or three digits" };
    if (bytes.length > 255) return { fault: "a text has 255 bytes at most" };
    return joined([Uint8Array.of(bytes.length), bytes]);
  },
};

function not(field: Field): { readonly fault: string } {
  return { fault: `it is not ${fieldNames[field]}` };
}

function addressOf(text: string, length: 4 | 16): Uint8Array | { readonly fault: string } {
  const address = parseAddress(text);
  return address?.length === length ? address : not(length === 4 ? "ipv4" : "ipv6");
}

function numberOf(text: string, most: number): number | undefined {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Infinity;
  return value <= most ? value : undefined;
}

function longBytes(value: number | undefined): Uint8Array | undefined {
  if (value === undefined) return undefined;
  const bytes = new Uint8Array(4);
  setLong(bytes, 0, value);
  return bytes;
}

const unitSeconds: Readonly<Record<string, number>> = {
  w: 604_800,
  d: 86_400,
  h: 3600,
  m: 60,
  s: 1,
};

/**
 * Reads a time of at most 2³¹ − 1 seconds: a number of them, or parts with units (`1w2d3h4m5s`);
 * `undefined` if it is none.
 *
 * @see RFC 2181, 8
 */
export function parseTime(text: string): number | undefined {
  if (!/^(?:\d{1,10}|(?:\d{1,10}[wdhms])+)$/i.test(text)) return undefined;
  let seconds = 0;
  for (const [, digits, unit] of text.toLowerCase().matchAll(/(\d+)([wdhms]?)/g)) {
    seconds += Number(digits) * (unitSeconds[unit ?? ""] ?? 1);
  }
  return seconds <= 0x7fff_ffff ? seconds : undefined;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Writes data, so that {@link parseData} reads the same. */
export function formatData(type: number, data: Uint8Array): string {
  const known = formOf(type);
  const values = known && readFields(known, data, 0, data.length);
  // What a text record without texts, or with times that are none, says can only be bytes.
  if (values === undefined || data.length === 0) return formatGeneric(data);
  if (values.some((each) => each.field === "time" && long(data, each.start) > 0x7fff_ffff)) {
    return formatGeneric(data);
  }
  return values.map((value) => formatField(value, data)).join(" ");
}

function formatGeneric(data: Uint8Array): string {
  const hex = Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `\\# ${data.length}${hex === "" ? "" : ` ${hex}`}`;
}

function formatField({ field, start, end, name }: FieldValue, data: Uint8Array): string {
  if (field === "name") return formatName(name);
  if (field === "word") return String(word(data, start));
  if (field === "long" || field === "time") return String(long(data, start));
  if (field !== "texts") return formatAddress(data.subarray(start, end));
  const texts: string[] = [];
  for (let at = start; at < end;) {
    const next = at + 1 + (data[at] ?? 0);
    texts.push(`"${Array.from(data.subarray(at + 1, next), textChar).join("")}"`);
    at = next;
  }
  return texts.join(" ");
}

function textChar(byte: number): string {
  const char = String.fromCharCode(byte);
  if (char === '"' || char === "\\") return `\\${char}`;
  return byte >= 0x20 && byte < 0x7f ? char : `\\${String(byte).padStart(3, "0")}`;
}
