import { expect, test } from "vitest";
import { HyStart } from "./hystart.ts";

/** A round of ten acknowledgments that all measure the same; whether slow start is over. */
function round(hyStart: HyStart, roundTripMs: number): boolean {
  let isOver = false;
  for (let left = 9; left >= 0; left -= 1) {
    isOver = hyStart.acknowledged(1, left === 0 ? 10 : left, roundTripMs) || isOver;
  }
  return isOver;
}

/** In the middle of slow start on a path with this round trip. */
function begun(roundTripMs: number): HyStart {
  const hyStart = new HyStart();
  hyStart.acknowledged(1, 10, NaN);
  round(hyStart, roundTripMs);
  return hyStart;
}

test("growth slows down at an eighth of the round trip more, from 4 ms to 16 ms", () => {
  const divisors = [
    [1, 4.9],
    [1, 5],
    [80, 89.9],
    [80, 90],
    [400, 415.9],
    [400, 416],
  ].map(([first = 0, second = 0]) => {
    const hyStart = begun(first);
    round(hyStart, second);
    return hyStart.growthDivisor;
  });
  expect(divisors).toEqual([1, 4, 1, 4, 1, 4]);
});

test("growth slows down only after eight samples, and none count as none", () => {
  const hyStart = begun(50);
  for (let left = 9; left > 2; left -= 1) hyStart.acknowledged(1, left, 90);
  hyStart.acknowledged(1, 2, NaN);
  expect(hyStart.growthDivisor).toBe(1);
  hyStart.acknowledged(1, 1, 90);
  expect(hyStart.growthDivisor).toBe(4);
});

test("slow start is over after five slow rounds", () => {
  const hyStart = begun(50);
  const ends = [60, 60, 60, 60, 60].map((roundTripMs) => round(hyStart, roundTripMs));
  expect(ends).toEqual([false, false, false, false, true]);
});

test("a shorter round trip ends the slow rounds, and they are counted anew", () => {
  const hyStart = begun(50);
  for (const roundTripMs of [60, 60, 60, 60, 59]) {
    expect(round(hyStart, roundTripMs)).toBe(false);
  }
  expect(hyStart.growthDivisor).toBe(1);
  const ends = [70, 70, 70, 70, 70].map((roundTripMs) => round(hyStart, roundTripMs));
  expect(ends).toEqual([false, false, false, false, true]);
});
