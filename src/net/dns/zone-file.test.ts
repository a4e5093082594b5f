import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { labelOf, wireBytes, writeName } from "./domain.ts";
import type { DnsRecord } from "./packet.ts";
import { formOf, forms, typeText, type Field } from "./record-fields.ts";
import { formatData } from "./record-text.ts";
import { formatZone, parseZone, ZoneFileError, type ZoneFileOptions } from "./zone-file.ts";

const origin = "example";

/** Reads text, and writes each record as `name ttl type data`. */
function read(text: string, options: Partial<ZoneFileOptions> = {}): readonly string[] {
  return parseZone(text, { origin, ...options }).map(
    ({ name, ttlSeconds, type, data }) =>
      `${name} ${ttlSeconds} ${typeText(type)} ${formatData(type, data)}`,
  );
}

/** The message of the error that text gives. */
function errorOf(text: string, options: Partial<ZoneFileOptions> = {}): string {
  try {
    parseZone(text, { origin, ...options });
  } catch (error) {
    if (error instanceof ZoneFileError) return error.message;
    throw error;
  }
  return "none";
}

const label = fc.uint8Array({ minLength: 1, maxLength: 20 }).map(labelOf);
const name = fc.array(label, { maxLength: 4 }).map((labels) => labels.join("."));
const time = fc.nat(0x7fff_ffff);

function bytesOfName(text: string): Uint8Array {
  const bytes = new Uint8Array(wireBytes(text));
  writeName(text, bytes, 0);
  return bytes;
}

function longBytes(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const fields: Readonly<Record<Field, fc.Arbitrary<Uint8Array>>> = {
  ipv4: bytes(4),
  ipv6: bytes(16),
  name: name.map(bytesOfName),
  word: bytes(2),
  long: bytes(4),
  time: time.map(longBytes),
  texts: fc
    .array(fc.uint8Array({ maxLength: 255 }), { minLength: 1, maxLength: 3 })
    .map((texts) => Uint8Array.from(texts.flatMap((each) => [each.length, ...each]))),
};

const types = [...Object.values(forms).map(({ type }) => type), 99, 4321];
const records: fc.Arbitrary<DnsRecord> = fc.constantFrom(...types).chain((type) => {
  const parts = (formOf(type)?.fields ?? []).map((field) => fields[field]);
  const data =
    parts.length === 0
      ? fc.uint8Array({ maxLength: 20 })
      : fc.tuple(...parts).map((all) => Uint8Array.from(all.flatMap((part) => [...part])));
  const owner = fc.oneof(
    name,
    name.map((text) => (text === "" ? origin : `${text}.${origin}`)),
  );
  return fc.record({
    name: owner,
    type: fc.constant(type),
    class: fc.constant(1),
    ttlSeconds: time,
    data,
  });
});

test("parseZone() reads what formatZone() wrote", () => {
  fc.assert(
    fc.property(fc.array(records, { maxLength: 8 }), fc.constantFrom("", origin), (list, at) => {
      expect(parseZone(formatZone(list, at), { origin: "other" })).toEqual(list);
    }),
  );
});

describe("parseZone()", () => {
  test("reads a zone as RFC 1035 shows one", () => {
    const text = `$TTL 1h ; for all
@   IN  SOA     VENERA      Action\\.domains (
                                 20     ; SERIAL
                                 7200   ; REFRESH
                                 600    ; RETRY
                                 3600000; EXPIRE
                                 60)    ; MINIMUM

        NS      A.ISI.EDU.
        NS      VENERA
        MX      10      VENERA
A       A       26.3.0.103
VENERA  2D IN A 10.1.0.52
        IN 5m A 128.9.0.32
`;
    expect(read(text)).toEqual([
      "example 3600 SOA VENERA.example. Action\\046domains.example. 20 7200 600 3600000 60",
      "example 3600 NS A.ISI.EDU.",
      "example 3600 NS VENERA.example.",
      "example 3600 MX 10 VENERA.example.",
      "A.example 3600 A 26.3.0.103",
      "VENERA.example 172800 A 10.1.0.52",
      "VENERA.example 300 A 128.9.0.32",
    ]);
  });

  test.each([
    ["a 1 A 1.2.3.4", "a.example 1 A 1.2.3.4"],
    ["a 1 in a 1.2.3.4", "a.example 1 A 1.2.3.4"],
    ["a IN 1 A 1.2.3.4", "a.example 1 A 1.2.3.4"],
    ["a CLASS1 1 TYPE1 \\# 4 01020304", "a.example 1 A 1.2.3.4"],
    ["a 1 TYPE65280 \\# 3 ab cd 0F", "a.example 1 TYPE65280 \\# 3 abcd0f"],
    ["a 1 TYPE65280 \\# 0", "a.example 1 TYPE65280 \\# 0"],
    ['a. 1 TXT "x ; (y" z\\;\\"', 'a 1 TXT "x ; (y" "z;\\""'],
    ['a. 1 TXT ""', 'a 1 TXT ""'],
    ['a. 1 TXT ( "one"\n "two" ; three\n )', 'a 1 TXT "one" "two"'],
    ["a. 1 TXT @ grüße", 'a 1 TXT "@" "gr\\195\\188\\195\\159e"'],
    ["@ 1 NS @", "example 1 NS example."],
    ["\\@ 1 NS .", "\\064.example 1 NS ."],
    ["* 1 SRV 0 5 80 www", "\\042.example 1 SRV 0 5 80 www.example."],
    ["a 1h30m5s AAAA ::1", "a.example 5405 AAAA ::1"],
    ["a 1W A 1.2.3.4\r\n", "a.example 604800 A 1.2.3.4"],
    ["\uFEFFa 1 A 1.2.3.4", "a.example 1 A 1.2.3.4"],
  ])("reads %j", (text, wanted) => {
    expect(read(text)).toEqual([wanted]);
  });

  test("$ORIGIN holds for what follows, and a blank keeps the name before it", () => {
    const text = "$ORIGIN sub\na 1 A 1.1.1.1\n$ORIGIN other.\n A 2.2.2.2\nb A 3.3.3.3\n";
    expect(read(text)).toEqual([
      "a.sub.example 1 A 1.1.1.1",
      "a.sub.example 1 A 2.2.2.2",
      "b.other 1 A 3.3.3.3",
    ]);
  });

  test("without $TTL a record has the time of the one before it, and SOA its last", () => {
    const text = "@ SOA a b 1 2 3 4 77\na A 1.1.1.1\nb 5 A 1.1.1.1\nc A 1.1.1.1\n";
    expect(read(text).map((line) => line.split(" ", 2)[1])).toEqual(["77", "77", "5", "5"]);
    expect(errorOf("a A 1.1.1.1")).toBe("zone:1:3: there is no time to live, and no $TTL before");
  });

  test("$INCLUDE reads what a function gives, and goes on as before", () => {
    const files: Readonly<Record<string, string>> = {
      hosts: "$ORIGIN deeper.sub.example.\nb 2 A 2.2.2.2\n",
      round: "$INCLUDE round\n",
    };
    const include = (file: string): string | undefined => files[file];
    const text = "a 1 A 1.1.1.1\n$INCLUDE hosts sub\n A 3.3.3.3\nc A 4.4.4.4\n";
    expect(read(text, { include })).toEqual([
      "a.example 1 A 1.1.1.1",
      "b.deeper.sub.example 2 A 2.2.2.2",
      "a.example 1 A 3.3.3.3",
      "c.example 1 A 4.4.4.4",
    ]);
    expect(errorOf("$INCLUDE none", { include })).toBe('zone:1:10: there is no file "none"');
    expect(errorOf("$INCLUDE round", { include })).toBe(
      "round:1:10: more than 8 files in each other",
    );
    expect(errorOf("$INCLUDE hosts")).toBe("zone:1:10: no file is included here");
  });

  test.each([
    ["a 1 A 1.2.3", 'zone:1:7: Cannot read "1.2.3": it is not an IPv4 address'],
    ["a 1 AAAA 1.2.3.4", 'zone:1:10: Cannot read "1.2.3.4": it is not an IPv6 address'],
    ["\n\na 1 MX 65536 b", 'zone:3:8: Cannot read "65536": it is not a number of 0 to 65,535'],
    ["a 1 MX 1", "zone:1:9: a name is missing"],
    ["a 1 NS b c", 'zone:1:10: Cannot read "c": it is one word too many'],
    ["a 1 NS b..c", 'zone:1:8: Cannot read "b..c": a label is empty'],
    ["a 1 TXT", "zone:1:8: a text is missing"],
    [`a 1 TXT ${"x".repeat(256)}`, /a text has 255 bytes at most/],
    ['a 1 TXT "b\nc"', "zone:1:9: this text has no end"],
    ["a 1 TXT b\\", "zone:1:10: an escape has no character"],
    ["a 1 TXT b\\299", /an escape is/],
    ["a 1 FOO b", 'zone:1:5: Cannot read "FOO": not a type'],
    ["a 1 OPT b", /not a type/],
    ["a 1 TYPE255 \\# 0", /not a type/],
    ["a 1 TYPE70000 \\# 0", /not a type/],
    ["a 1 TYPE99 1.2.3.4", /is written as/],
    ["a 1 TYPE99 \\# 2 00", /1 bytes are not 2/],
    ["a 1 TYPE99 \\# 1 0g", /hexadecimal/],
    ["a 1 TYPE99 \\#", /a length of/],
    ["a 1 A \\# 3 010203", /no data of this type/],
    ["a 1", "zone:1:4: the type is missing"],
    [" 1 A 1.2.3.4", "zone:1:13: there is no name before this that it is of"],
    ["a 1 CH A 1.2.3.4", "zone:1:5: only class IN is served"],
    ["a 1x A 1.2.3.4", 'zone:1:3: "1x" is no time to live'],
    ["a 1h30 A 1.2.3.4", 'zone:1:3: "1h30" is no time to live'],
    ["a 2147483648 A 1.2.3.4", 'zone:1:3: "2147483648" is no time to live'],
    ["a 1 A ( 1.2.3.4\n\n", "zone:1:7: there is no ) for this ("],
    ["a 1 A 1.2.3.4 )", "zone:1:15: there is no ( before this )"],
    ["$GENERATE 1-9 a$ A 1.2.3.4", /\$GENERATE is not known/],
    ["$TTL", "zone:1:5: $TTL is followed by nothing"],
    ["$TTL 1 2", "zone:1:8: it is one word too many"],
    ["$ORIGIN a..b", /Cannot read the name "a..b": a label is empty/],
    [`${"a.".repeat(130)} 1 A 1.2.3.4`, /longer than 255 bytes/],
  ])("refuses %j", (text, message) => {
    if (typeof message === "string") expect(errorOf(text)).toBe(message);
    else expect(errorOf(text)).toMatch(message);
  });

  test("reads so many records at most", () => {
    const text = "a 1 A 1.2.3.4\n".repeat(3);
    expect(read(text, { maxRecords: 3 })).toHaveLength(3);
    expect(errorOf(text, { maxRecords: 2 })).toBe("zone:3:5: there are more than 2 records");
  });

  test("throws nothing else, whatever the text is", () => {
    const word = fc.constantFrom("$TTL", "$ORIGIN", "@", "(", ")", '"', "\\", ";", "\n", "A", " ");
    const noise = fc.array(fc.oneof(word, fc.string({ maxLength: 5 }))).map((all) => all.join(" "));
    fc.assert(fc.property(noise, (text) => void errorOf(text)));
  });
});

test("formatZone() writes names below the origin without it", () => {
  const text = formatZone(
    parseZone("@ 1 NS a\na.b 2 A 1.2.3.4\nc. 3 A 1.2.3.4", { origin }),
    origin,
  );
  expect(text).toBe(
    "$ORIGIN example.\n@\t1\tIN\tNS\ta.example.\na.b\t2\tIN\tA\t1.2.3.4\nc.\t3\tIN\tA\t1.2.3.4\n",
  );
});
