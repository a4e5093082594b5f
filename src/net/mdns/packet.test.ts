import fc from "fast-check";
import { expect, test } from "vitest";
import { labelOf } from "../dns/domain.ts";
import {
  decode,
  encodePlainResponse,
  encodeQuery,
  encodeResponse,
  maxMessageBytes,
  recordKey,
  type MdnsRecord,
} from "./packet.ts";
import { encodePlace, encodeTarget } from "./service.ts";

const label = fc.uint8Array({ minLength: 1, maxLength: 20 }).map(labelOf);
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));
const data = fc.oneof(
  name.map((target) => [12, encodeTarget(target)] as const),
  name.map((target) => [33, encodePlace(80, target)] as const),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => [4321, bytes] as const),
);
const record: fc.Arbitrary<MdnsRecord> = fc
  .tuple(name, data, fc.nat(0xffff_ffff), fc.boolean())
  .map(([owner, [type, bytes], ttlSeconds, isUnique]) => {
    return { name: owner, type, class: 1, ttlSeconds, data: bytes, isUnique };
  });
const question = fc.record({ name, type: fc.nat(0xffff), wantsUnicast: fc.boolean() });

/** What is the same in records whose names may differ in case. */
const keys = (records: readonly MdnsRecord[]): readonly string[] =>
  records.map(({ ttlSeconds, isUnique, ...rest }) => {
    const bytes = Uint8Array.from(rest.data, (byte) => (byte > 64 && byte < 91 ? byte + 32 : byte));
    return `${recordKey({ ...rest, ttlSeconds, isUnique, data: bytes })} ${ttlSeconds} ${isUnique}`;
  });

test("decode() gives what encodeResponse() wrote, in as many messages as it takes", () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 40 }), (records) => {
      const messages = encodeResponse(records, []);
      expect(messages.every(({ length }) => length <= maxMessageBytes)).toBe(true);
      const decoded = messages.map((each) => decode(each));
      expect(decoded.every((each) => each?.isResponse === true && each.id === 0)).toBe(true);
      expect(keys(decoded.flatMap((each) => each?.answers ?? []))).toEqual(keys(records));
    }),
  );
});

test("decode() gives what encodeQuery() wrote, and all but the last message say that more follow", () => {
  fc.assert(
    fc.property(
      fc.array(question, { maxLength: 5 }),
      fc.array(record, { maxLength: 40 }),
      fc.array(record, { maxLength: 3 }),
      (questions, known, claimed) => {
        const messages = encodeQuery({ questions, known, claimed }).map((each) => decode(each));
        expect(messages.map((each) => each?.isTruncated)).toEqual(
          messages.map((_, index) => index < messages.length - 1),
        );
        expect(messages.flatMap((each) => each?.questions ?? [])).toHaveLength(questions.length);
        const shared = known.map((each) => Object.assign({}, each, { isUnique: false }));
        expect(keys(messages.flatMap((each) => each?.answers ?? []))).toEqual(keys(shared));
      },
    ),
  );
});

test("decode() never throws, and knows no other opcodes and codes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void decode(bytes)));
  const [message = new Uint8Array(0)] = encodeQuery({ questions: [] });
  for (const [at, byte] of [
    [2, 0x08],
    [3, 0x01],
  ] as const) {
    const changed = message.slice();
    changed[at] = byte;
    expect(decode(changed)).toBeUndefined();
  }
});

test("encodePlainResponse() cuts what 512 bytes do not hold", () => {
  const [query = new Uint8Array(0)] = encodeQuery({
    questions: [{ name: "a.local", type: 16, wantsUnicast: false }],
  });
  const message = decode(query);
  if (message === undefined) throw new Error("The query is malformed");
  const large = { name: "a.local", type: 4321, class: 1, ttlSeconds: 120, isUnique: true };
  const records = Array.from({ length: 3 }, () => ({ ...large, data: new Uint8Array(200) }));
  const reply = encodePlainResponse(message, records, []);
  expect(reply.length).toBeLessThanOrEqual(512);
  expect(decode(reply)).toMatchObject({ isTruncated: true });
});
