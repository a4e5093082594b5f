import { expect, test } from "vitest";
import { seededGenerator } from "../../src/simulated/generator.ts";
import { decodeEverywhere } from "./decoders.ts";
import { fuzzStack } from "./live.ts";
import { mutate, repair } from "./mutate.ts";
import { fuzzNames } from "./names.ts";

test("no decoder and no layer throws on mutated frames", async () => {
  let count = 0;
  await fuzzStack(1, 4_000, (frame) => {
    count += 1;
    if (count % 10 === 0) decodeEverywhere(frame);
  });
  expect(count).toBe(4_000);
});

test("no zone file, query or answer makes anything throw, or a reply wrong", async () => {
  let count = 0;
  await fuzzNames(1, 300, () => (count += 1));
  expect(count).toBeGreaterThanOrEqual(300);
});

test("mutate() changes most frames, and is the same for the same seed", () => {
  const frame = Uint8Array.from({ length: 200 }, (_, index) => index);
  const other = new Uint8Array(100);
  const mutants = (): Uint8Array[] =>
    Array.from({ length: 100 }, (_, seed) => mutate(frame, other, seededGenerator(seed, "mutant")));
  const once = mutants();
  expect(mutants()).toEqual(once);
  const same = once.filter((each) => Buffer.compare(each, frame) === 0);
  expect(same.length).toBeLessThan(10);
});

test("repair() does not touch what is no IP", () => {
  const frame = Uint8Array.from({ length: 60 }, (_, index) => index);
  const before = frame.slice();
  repair(frame);
  expect(frame).toEqual(before);
});
