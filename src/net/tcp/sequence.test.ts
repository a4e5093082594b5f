import fc from "fast-check";
import { expect, test } from "vitest";
import { add, difference, isAtOrBefore, isBefore, later } from "./sequence.ts";

const sequences = fc.nat(0xffff_ffff);

test("add() wraps around at both ends, and takes counts beyond 32 bits", () => {
  expect(add(0xffff_ffff, 1)).toBe(0);
  expect(add(0, -1)).toBe(0xffff_ffff);
  expect(add(0x8000_0000, 0)).toBe(0x8000_0000);
  expect(add(5, 2 ** 40 + 3)).toBe(8);
});

test("difference() undoes add(), for less than half of the numbers", () => {
  fc.assert(
    fc.property(sequences, fc.integer(), (sequence, count) => {
      expect(difference(add(sequence, count), sequence)).toBe(count);
    }),
  );
});

test("isBefore(), isAtOrBefore() and later() go by the distance, not the size", () => {
  fc.assert(
    fc.property(sequences, fc.integer({ min: 1, max: 0x7fff_ffff }), (sequence, count) => {
      const after = add(sequence, count);
      expect(isBefore(sequence, after)).toBe(true);
      expect(isBefore(after, sequence)).toBe(false);
      expect(isAtOrBefore(sequence, after)).toBe(true);
      expect(isAtOrBefore(after, sequence)).toBe(false);
      expect(later(sequence, after)).toBe(after);
      expect(later(after, sequence)).toBe(after);
    }),
  );
  expect(isBefore(7, 7)).toBe(false);
  expect(isAtOrBefore(7, 7)).toBe(true);
});
