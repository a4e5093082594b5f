import fc from "fast-check";
import { expect, test } from "vitest";
import { SimulatedRandom } from "../../simulated/index.ts";
import { SynCookies } from "./syn-cookie.ts";

const here = Uint8Array.of(10, 0, 0, 1);
const there = Uint8Array.of(10, 0, 0, 2);
const theirs = 0xffff_fff0;
const cookies = new SynCookies(new SimulatedRandom(1, "secret"));

function make(mss: number, nowMs: number): number {
  return cookies.make(here, 80, there, 1024, theirs, mss, nowMs);
}

function check(cookie: number, nowMs: number): number | undefined {
  return cookies.check(here, 80, there, 1024, theirs, cookie, nowMs);
}

test("check() gives the segment size, rounded down to one of eight", () => {
  const found = [0, 100, 536, 1300, 1459, 1460, 65_535].map((mss) => check(make(mss, 5), 5));
  expect(found).toEqual([64, 64, 536, 1220, 1440, 1460, 8940]);
});

test("check() takes a cookie for one minute at least and two at most", () => {
  fc.assert(
    fc.property(fc.nat(1e12), fc.nat(240_000), (madeMs, agedMs) => {
      const isValid = check(make(1460, madeMs), madeMs + agedMs) === 1460;
      if (agedMs <= 60_000) expect(isValid).toBe(true);
      if (agedMs > 120_000) expect(isValid).toBe(false);
    }),
  );
});

test("check() refuses a cookie of long ago whose minute looks like this one's", () => {
  expect(check(make(1460, 0), 32 * 60_000)).toBeUndefined();
});

test("check() refuses what was made for others, elsewhere, or is off by a bit", () => {
  const cookie = make(1460, 5);
  const others = new SynCookies(new SimulatedRandom(2, "secret"));
  expect(cookies.check(here, 81, there, 1024, theirs, cookie, 5)).toBeUndefined();
  expect(cookies.check(here, 80, there, 1025, theirs, cookie, 5)).toBeUndefined();
  expect(cookies.check(here, 80, here, 1024, theirs, cookie, 5)).toBeUndefined();
  expect(cookies.check(here, 80, there, 1024, theirs - 1, cookie, 5)).toBeUndefined();
  expect(others.check(here, 80, there, 1024, theirs, cookie, 5)).toBeUndefined();
  for (let bit = 0; bit < 32; bit += 1) expect(check(cookie ^ (1 << bit), 5)).toBeUndefined();
});
