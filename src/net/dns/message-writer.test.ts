import fc from "fast-check";
import { expect, test } from "vitest";
import { labelOf, readName, wireBytes, writeName } from "./domain.ts";
import { MessageWriter } from "./message-writer.ts";
import { decode, type DnsRecord } from "./packet.ts";
import { plainData } from "./record-fields.ts";

/** Few labels, so that names have much in common. */
const label = fc.oneof(
  fc.constantFrom("a", "B", "example", "com"),
  fc.uint8Array({ minLength: 1, maxLength: 8 }).map(labelOf),
);
const name = fc.array(label, { maxLength: 6 }).map((labels) => labels.join("."));

function bytesOfName(text: string, before: readonly number[] = []): Uint8Array {
  const bytes = new Uint8Array(before.length + wireBytes(text));
  bytes.set(before);
  writeName(text, bytes, before.length);
  return bytes;
}

const record: fc.Arbitrary<DnsRecord> = fc
  .tuple(name, fc.nat(0x7fff_ffff), name, fc.constantFrom(2, 15, 33, 4321))
  .map(([owner, ttlSeconds, target, type]) => {
    const before: Readonly<Record<number, readonly number[]>> = {
      15: [1, 2],
      33: [1, 2, 3, 4, 5, 6],
    };
    const data = bytesOfName(target, before[type]);
    return { name: owner, type, class: 1, ttlSeconds, data };
  });

test("finish() gives what decode() and plainData() read back, but for the case of names", () => {
  fc.assert(
    fc.property(name, fc.array(record, { maxLength: 12 }), fc.boolean(), (asked, list, all) => {
      const writer = new MessageWriter(65_535, 7, 0x8400, all);
      const question = { name: asked, type: 1, class: 1 };
      expect(writer.question(question)).toBe(true);
      for (const each of list) expect(writer.records(1, [each])).toBe(true);
      const message = writer.finish();
      const packet = decode(message, readName);
      expect(packet?.questions).toEqual([question]);
      const plain = packet?.answers.map((each) =>
        Object.assign({}, each, { data: plainData(each, message) }),
      );
      expect(lower(plain)).toEqual(lower(list));
    }),
  );
});

/** Everything in lower case, data too. */
function lower(list: readonly object[] | undefined): string {
  return JSON.stringify(list, (key, value) =>
    key === "data" ? String.fromCharCode(...(value as Uint8Array)) : value,
  ).toLowerCase();
}

test("records() writes all or nothing, and no name points into what was taken back", () => {
  const long = (at: number): DnsRecord => ({
    name: `${"x".repeat(20)}.example`,
    type: 16,
    class: 1,
    ttlSeconds: 1,
    data: new Uint8Array(at),
  });
  const writer = new MessageWriter(100, 1, 0);
  expect(writer.records(1, [long(10), long(100)])).toBe(false);
  expect(writer.length).toBe(12);
  expect(writer.records(1, [long(10)])).toBe(true);
  const message = writer.finish();
  expect(decode(message)?.answers).toHaveLength(1);
});

test("reserve() keeps room for what comes last", () => {
  const writer = new MessageWriter(12 + 11, 1, 0);
  writer.reserve(11);
  expect(writer.question({ name: "", type: 1, class: 1 })).toBe(false);
  writer.reserve(-11);
  const opt = { name: "", type: 41, class: 512, ttlSeconds: 0, data: new Uint8Array(0) };
  expect(writer.records(3, [opt])).toBe(true);
  expect(writer.finish()).toHaveLength(23);
});

test("names are pointers to those before them, but in data of later types", () => {
  const writer = new MessageWriter(512, 1, 0);
  writer.question({ name: "www.example", type: 33, class: 1 });
  const before = writer.length;
  const data = bytesOfName("www.example", [0, 0, 0, 0, 0, 0]);
  writer.records(1, [{ name: "WWW.EXAMPLE", type: 33, class: 1, ttlSeconds: 1, data }]);
  expect(writer.length - before).toBe(2 + 10 + data.length);
  const start = writer.length;
  const target = bytesOfName("mail.example");
  writer.records(1, [{ name: "example", type: 2, class: 1, ttlSeconds: 1, data: target }]);
  expect(writer.length - start).toBe(2 + 10 + 5 + 2);
});
