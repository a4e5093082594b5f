import { afterEach, describe, expect, test, vi } from "vitest";
import { randomLaws } from "../conformance/index.ts";
import { connect } from "./random.ts";

describe("laws", () => {
  for (const law of randomLaws({ connect: async () => connect() })) test(law.name, () => law.run());
});

afterEach(() => void vi.restoreAllMocks());

test("fill() asks for at most 65,536 bytes at a time", () => {
  const getRandomValues = vi.spyOn(crypto, "getRandomValues");
  filled(new Uint8Array(150_000));
  const sizes = getRandomValues.mock.calls.map(([array]) => array?.byteLength);
  expect(sizes).toEqual([65_536, 65_536, 18_928]);
});

test("fill() fills shared memory", () => {
  const into = new Uint8Array(new SharedArrayBuffer(100_000), 5, 80_000);
  expect(new Set(filled(into)).size).toBe(256);
});

test("uint32() asks once for many integers, and gives none twice", () => {
  const getRandomValues = vi.spyOn(crypto, "getRandomValues");
  const random = connect();
  const seen = Array.from({ length: 512 }, () => random.uint32());
  expect(getRandomValues).toHaveBeenCalledTimes(2);
  // Two of 512 are the same by chance once in 32,000 runs; three such pairs, never.
  expect(new Set(seen).size).toBeGreaterThan(509);
});

/** Fills `into`; the linter takes any other `fill()` for that of an array. */
function filled(into: Uint8Array): Uint8Array {
  return connect().fill(into);
}
