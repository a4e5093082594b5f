import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  below,
  formatName,
  isWithin,
  labelBytes,
  labelOf,
  labelsOf,
  parseName,
  parseText,
  parentOf,
  readName,
  wireBytes,
  writeName,
} from "./domain.ts";

const label = fc.uint8Array({ minLength: 1, maxLength: 63 }).map(labelOf);
const name = fc
  .array(label, { maxLength: 4 })
  .map((labels) => labels.join("."))
  .filter((text) => wireBytes(text) <= 255);

test("readName() gives what writeName() wrote, with any bytes and in the same case", () => {
  fc.assert(
    fc.property(name, fc.nat(9), (text, at) => {
      const into = new Uint8Array(at + wireBytes(text));
      expect(writeName(text, into, at)).toBe(into.length);
      expect(readName(into, at)).toEqual({ name: text, end: into.length });
    }),
  );
});

test("parseName() reads what formatName() wrote, and is below no origin then", () => {
  fc.assert(
    fc.property(name, (text) => {
      expect(parseName(formatName(text), "example")).toEqual({ name: text });
    }),
  );
});

test("labelBytes() gives the bytes that labelOf() was given", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 63 }), (bytes) => {
      expect(labelBytes(labelOf(bytes))).toEqual(bytes);
    }),
  );
});

describe("parseName()", () => {
  test.each([
    ["www", "www.example"],
    ["www.", "www"],
    [".", ""],
    ["*.a", "\\042.a.example"],
    ["a\\.b.c.", "a\\046b.c"],
    ["a\\046b.", "a\\046b"],
    ["A\\b.", "Ab"],
    ["ü.", "\\195\\188"],
    ["a b.", "a\\032b"],
  ])("reads %j", (text, wanted) => {
    expect(parseName(text, "example")).toEqual({ name: wanted });
  });

  test.each([
    ["", "empty"],
    ["a..b", "empty"],
    [".a", "empty"],
    ["..", "empty"],
    [`${"a".repeat(64)}.`, "63"],
    ["abc.".repeat(64), "255"],
    ["a\\", "escape"],
    ["a\\1", "escape"],
    ["a\\256", "escape"],
  ])("refuses %j", (text, fault) => {
    expect(parseName(text, "")).toEqual({ fault: expect.stringContaining(fault) });
  });
});

test("parseText() takes dots as they are", () => {
  expect(parseText('a.b\\"\\000')).toEqual(Uint8Array.of(0x61, 0x2e, 0x62, 0x22, 0));
  expect(parseText("\\300")).toBeUndefined();
});

test("names have labels, parents and ancestors", () => {
  expect(labelsOf("a.b.c")).toEqual(["a", "b", "c"]);
  expect(labelsOf("")).toEqual([]);
  expect(["a.b", "b", ""].map(parentOf)).toEqual(["b", "", ""]);
  expect([below("", "a"), below("a", ""), below("a", "b")]).toEqual(["a", "a", "a.b"]);
  expect(isWithin("a.b", "b") && isWithin("b", "b") && isWithin("b", "")).toBe(true);
  expect(isWithin("ab", "b") || isWithin("b", "a.b")).toBe(false);
});
