import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Timeline } from "./timeline.ts";

test("advance() lets events happen in the order of their times, then of planning", () => {
  const plan = fc.record({ atNs: fc.nat(20), isCancelled: fc.boolean() });
  fc.assert(
    fc.property(fc.array(plan), (plans) => {
      const timeline = new Timeline();
      const happened: number[] = [];
      const undo = plans.map(({ atNs }, index) =>
        timeline.at(atNs, () => void happened.push(index)),
      );
      plans.forEach(({ isCancelled }, index) => isCancelled && undo[index]?.());
      while (timeline.advance());
      const kept = [...plans.entries()].filter(([, { isCancelled }]) => !isCancelled);
      kept.sort(([, one], [, other]) => one.atNs - other.atNs);
      expect(happened).toEqual(kept.map(([index]) => index));
    }),
  );
});

test("advance() jumps to the event's time, and never back", () => {
  const timeline = new Timeline();
  timeline.at(5e9, () => {});
  timeline.advance();
  expect(timeline.nowNs).toBe(5e9);
  timeline.at(1, () => {});
  expect(timeline.nextNs).toBe(5e9);
  timeline.advance();
  expect(timeline.nowNs).toBe(5e9);
  expect(timeline.advance()).toBe(false);
});

test("at() returns an undoing that leaves nothing, also when called again", () => {
  const timeline = new Timeline();
  const undo = timeline.at(1, () => {});
  timeline.at(2, () => {});
  undo();
  undo();
  expect(timeline.nextNs).toBe(2);
  timeline.advance();
  undo();
  expect(timeline.nextNs).toBeUndefined();
});

test("read() still increases after a thousand years, in nanoseconds and milliseconds", () => {
  const timeline = new Timeline();
  timeline.at(3.2e19, () => {});
  timeline.advance();
  let last = timeline.read();
  for (let index = 0; index < 1000; index++) {
    const reading = timeline.read();
    expect(reading).toBeGreaterThan(last);
    expect(reading / 1e6).toBeGreaterThan(last / 1e6);
    last = reading;
  }
});

test("at() never happens for Infinity, which leaves the time alone, and refuses NaN", () => {
  const timeline = new Timeline();
  timeline.at(Number.POSITIVE_INFINITY, () => {})();
  timeline.after(Number.MAX_VALUE, () => {});
  expect(timeline.advance()).toBe(false);
  expect(timeline.nowNs).toBe(0);
  expect(() => timeline.after(Number.NaN, () => {})).toThrow(RangeError);
});
