import { expect, test } from "vitest";
import { Generator, seededGenerator, splitMix64 } from "./generator.ts";

test("uint32() gives what the authors' program gives, from the state 1, 2, 3, 4", () => {
  const generator = new Generator([1, 2, 3, 4]);
  const numbers = Array.from({ length: 5 }, () => generator.uint32());
  expect(numbers).toEqual([11520, 0, 5927040, 70819200, 2031721883]);
});

test("splitMix64() gives what the authors' program gives, from 1234567", () => {
  const next = splitMix64(1234567n);
  expect([next(), next()]).toEqual([6457827717110365317n, 3203168211198807973n]);
});

test("seededGenerator() gives the same stream for the same seed and name only", () => {
  const first = (seed: number, name: string): number => seededGenerator(seed, name).uint32();
  expect(first(1, "a")).toBe(first(1, "a"));
  expect(new Set([first(1, "a"), first(2, "a"), first(1, "b"), first(-1, "a")]).size).toBe(4);
});

test("below() gives every number under its limit, and no other", () => {
  const generator = seededGenerator(1, "below");
  const numbers = Array.from({ length: 1000 }, () => generator.below(10));
  expect(new Set(numbers)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
});
