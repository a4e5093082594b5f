import { expect, test } from "vitest";
import { SimulatedRandom } from "../../simulated/index.ts";
import { InitialSequenceNumbers } from "./initial-sequence-number.ts";
import { difference } from "./sequence.ts";

const here = Uint8Array.of(10, 0, 0, 1);
const there = Uint8Array.of(10, 0, 0, 2);
const numbers = new InitialSequenceNumbers(new SimulatedRandom(1, "secret"));

test("next() counts 250,000 a second for one connection, around the end too", () => {
  const first = numbers.next(here, 80, there, 1024, 1000);
  expect(difference(numbers.next(here, 80, there, 1024, 1001), first)).toBe(250);
  expect(difference(numbers.next(here, 80, there, 1024, 2000), first)).toBe(250_000);
  const wrapMs = 2 ** 32 / 250;
  expect(numbers.next(here, 80, there, 1024, 1000 + wrapMs)).toBe(first);
});

test("next() differs with each address and port, and with the secret", () => {
  const sixteen = new Uint8Array(16);
  const others = new InitialSequenceNumbers(new SimulatedRandom(2, "secret"));
  const found = new Set([
    numbers.next(here, 80, there, 1024, 0),
    numbers.next(here, 81, there, 1024, 0),
    numbers.next(here, 80, there, 1025, 0),
    numbers.next(here, 1024, there, 80, 0),
    numbers.next(here, 80, here, 1024, 0),
    numbers.next(there, 80, here, 1024, 0),
    numbers.next(sixteen, 80, sixteen, 1024, 0),
    others.next(here, 80, there, 1024, 0),
  ]);
  expect(found.size).toBe(8);
});
