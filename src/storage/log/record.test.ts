import fc from "fast-check";
import { expect, test } from "vitest";
import type { Change } from "./change.ts";
import {
  decodeHeader,
  decodeTable,
  digestOf,
  encodeRecord,
  headerBytes,
  isWhole,
  partOf,
} from "./record.ts";

const nonce = Uint8Array.from({ length: 16 }, (_, index) => index + 1);
// Lone surrogates too: a key is any string.
const segments = fc
  .string({ unit: "binary", minLength: 1 })
  .map((name) => name.replaceAll("/", "\ud800"));
const base = { key: fc.array(segments, { maxLength: 4 }), atMs: fc.nat(2 ** 45) };
const parts = fc.record({ offset: fc.nat(2 ** 40), source: fc.uint8Array({ maxLength: 700 }) });
const whole = parts.map((part) => ({ ...part, offset: 0 }));
const toPart = ({ offset, source }: { offset: number; source: Uint8Array }) => ({
  offset,
  source,
  lengthBytes: source.length,
  digest: digestOf(source),
});

const changes: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), ...base, part: whole.map(toPart) }),
  fc.record({ kind: fc.constant("set part" as const), ...base, part: parts.map(toPart) }),
  fc.record({ kind: fc.constant("remove" as const), ...base }),
  fc.record({ kind: fc.constant("rename" as const), ...base, to: base.key }),
  fc.record({ kind: fc.constant("touch" as const), ...base }),
);

test("decodeHeader() and decodeTable() give what encodeRecord() wrote, and where its values are", () => {
  fc.assert(
    fc.property(fc.array(changes, { minLength: 1, maxLength: 5 }), (record) => {
      const options = { nonce, sequence: 7, sectorBytes: 512 };
      const { bytes, valuesAt } = encodeRecord(record, options);
      const header = decodeHeader(bytes, nonce);
      if (header === undefined) throw new Error("no header");
      expect(header.sequence).toBe(7);
      const table = bytes.subarray(headerBytes, headerBytes + header.tableBytes);
      expect(isWhole(bytes, table)).toBe(true);
      const found = decodeTable(table, header, 1000 + valuesAt) ?? [];
      for (const part of found.map(partOf)) {
        if (typeof part?.source !== "number") continue;
        const start = part.source - 1000;
        part.source = bytes.slice(start, start + part.lengthBytes);
      }
      expect(found).toEqual(record);
      expect(bytes.length % 512).toBe(0);
    }),
    { numRuns: 20 },
  );
});

test("decodeHeader() and decodeTable() never throw, and isWhole() sees any change", () => {
  fc.assert(
    fc.property(fc.array(changes, { maxLength: 3 }), fc.nat(), fc.nat(), (record, at, noise) => {
      const { bytes, valuesAt } = encodeRecord(record, { nonce, sequence: 0, sectorBytes: 512 });
      const index = at % valuesAt;
      bytes[index] = (bytes[index] ?? 0) ^ ((noise % 255) + 1);
      const header = decodeHeader(bytes, nonce);
      if (header === undefined) return;
      const table = bytes.subarray(headerBytes, valuesAt);
      expect(isWhole(bytes, table)).toBe(false);
      decodeTable(table, header, 0);
      decodeTable(bytes.subarray(at % bytes.length), header, 0);
    }),
    { numRuns: 50 },
  );
});
