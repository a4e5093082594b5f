import fc from "fast-check";
import { expect, test } from "vitest";
import { long, setLong, setWord, word } from "./words.ts";

test("word() and long() read what setWord() and setLong() wrote, as unsigned numbers", () => {
  const number = fc.integer({ min: 0, max: 0xffff_ffff });
  fc.assert(
    fc.property(number, fc.integer({ min: 0, max: 3 }), (value, at) => {
      const bytes = new Uint8Array(12);
      setLong(bytes, at, value);
      setWord(bytes, at + 4, value);
      expect(long(bytes, at)).toBe(value);
      expect(word(bytes, at + 4)).toBe(value & 0xffff);
      expect(word(bytes, at)).toBe(value >>> 16);
    }),
  );
});

test("word() and long() take bytes that are not there for 0", () => {
  expect(word(Uint8Array.of(1, 2, 3), 2)).toBe(0x0300);
  expect(long(Uint8Array.of(1, 2, 3), 1)).toBe(0x0203_0000);
  expect(long(new Uint8Array(), 0)).toBe(0);
});
