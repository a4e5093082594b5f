import fc from "fast-check";
import { expect, test } from "vitest";
import { deniesType, encodeTypes } from "./nsec.ts";

const types = fc.uniqueArray(fc.nat(255), { minLength: 1, maxLength: 9 });

test("deniesType() denies what encodeTypes() was not given", () => {
  fc.assert(
    fc.property(types, fc.nat(255), (given, type) => {
      const data = encodeTypes("host.local", given);
      expect(deniesType(data, type)).toBe(!given.includes(type));
    }),
  );
});

test("deniesType() reads names that are pointers, and denies nothing by what is malformed", () => {
  const bits = [0, 1, 0x40];
  expect(deniesType(Uint8Array.of(0xc0, 12, ...bits), 28)).toBe(true);
  expect(deniesType(Uint8Array.of(1, 0x61, 0xc0, 12, ...bits), 1)).toBe(false);
  const wrong = [[], [0], [0xc0], [0, 0, 0], [0, 0, 2, 0x40], [0, 1, 1, 0x40], [9, 1]];
  for (const bytes of wrong) expect(deniesType(Uint8Array.from(bytes), 28)).toBe(false);
  fc.assert(
    fc.property(fc.uint8Array(), fc.nat(300), (bytes, type) => void deniesType(bytes, type)),
  );
});
