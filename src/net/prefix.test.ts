import { expect, test } from "vitest";
import { isSameAddress, sharePrefix } from "./prefix.ts";

const a = Uint8Array.of(10, 0, 0b1010_0000, 1);

test("sharePrefix() compares the bits of a prefix", () => {
  expect(sharePrefix(a, Uint8Array.of(10, 0, 0b1011_0000, 9), 19)).toBe(true);
  expect(sharePrefix(a, Uint8Array.of(10, 0, 0b1011_0000, 9), 20)).toBe(false);
  expect(sharePrefix(a, Uint8Array.of(11, 0, 0, 0), 0)).toBe(true);
});

test("isSameAddress() compares every byte, and the version", () => {
  expect(isSameAddress(a, a.slice())).toBe(true);
  for (let at = 0; at < 4; at += 1) expect(isSameAddress(a, a.with(at, 7))).toBe(false);
  expect(isSameAddress(new Uint8Array(4), new Uint8Array(16))).toBe(false);
});
