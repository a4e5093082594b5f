import { expect, test } from "vitest";
import { Cubic } from "./cubic.ts";

const segment = 1000;

function cubic(windowSegments: number): Cubic {
  return new Cubic({ segmentBytes: segment, initialWindowBytes: windowSegments * segment });
}

function windowOf(control: Cubic): number {
  return control.windowBytes / segment;
}

/** A round trip of `smoothedMs` ends: a whole window is acknowledged at once. */
function acknowledgeAll(control: Cubic, nowMs: number, smoothedMs: number, isLimited = true): void {
  control.acknowledged(control.windowBytes, 0, isLimited, nowMs, NaN, smoothedMs);
}

/** Loses at a window of 100 segments, and begins congestion avoidance at 0 ms with about 70. */
function afterLoss(): Cubic {
  const control = cubic(100);
  control.lost(100 * segment);
  control.recovered(100 * segment);
  acknowledgeAll(control, 0, 100);
  return control;
}

// After a loss at 100, the curve is 100 + 0.4 (t − K)³, where K = ∛(30 / 0.4) = 4.217163 s.

test("lost() leaves 0.7 of what is in flight (RFC 9438, 4.6)", () => {
  const control = cubic(100);
  control.lost(90 * segment);
  expect([windowOf(control), control.slowStartThresholdBytes]).toEqual([63, 63 * segment]);
  control.lost(segment);
  expect(windowOf(control)).toBe(2);
});

test("acknowledged() follows the curve: concave to the old maximum, then convex (4.2)", () => {
  const control = afterLoss();
  acknowledgeAll(control, 2000, 100);
  expect(windowOf(control)).toBeCloseTo(100 + 0.4 * (2.1 - 4.217_163) ** 3, 2);
  acknowledgeAll(control, 4000, 100);
  expect(windowOf(control)).toBeCloseTo(100 + 0.4 * (4.1 - 4.217_163) ** 3, 2);
  acknowledgeAll(control, 8000, 100);
  expect(windowOf(control)).toBeCloseTo(100 + 0.4 * (8.1 - 4.217_163) ** 3, 2);
});

test("acknowledged() adds a window's share of the way for each segment (4.4)", () => {
  const control = afterLoss();
  const before = windowOf(control);
  const target = 100 + 0.4 * (2.1 - 4.217_163) ** 3;
  control.acknowledged(segment, 0, true, 2000, NaN, 100);
  expect(windowOf(control)).toBeCloseTo(before + (target - before) / before, 2);
});

test("acknowledged() aims at half more than the window at most (4.2)", () => {
  const control = afterLoss();
  acknowledgeAll(control, 30_000, 100);
  expect(windowOf(control)).toBeCloseTo(1.5 * 70.529, 1);
});

test("acknowledged() keeps up with Reno where round trips are short (4.3)", () => {
  const control = afterLoss();
  // 9/17 of a segment for each of 30 windows, the first of them in afterLoss().
  for (let round = 1; round < 30; round += 1) acknowledgeAll(control, round, 1);
  expect(windowOf(control)).toBeCloseTo(70 + (30 * 9) / 17, 1);
});

test("acknowledged() adds a segment for each window, once Reno has made up for the loss", () => {
  const control = afterLoss();
  for (let round = 1; round < 57; round += 1) acknowledgeAll(control, round, 1);
  const before = windowOf(control);
  expect(before).toBeCloseTo(100.18, 1);
  for (let round = 57; round < 67; round += 1) acknowledgeAll(control, round, 1);
  expect(windowOf(control)).toBeCloseTo(before + 10, 1);
});

test("time does not count while the window does not limit sending, or nothing is sent (5.8)", () => {
  const expected = afterLoss();
  acknowledgeAll(expected, 2000, 100);
  const control = afterLoss();
  acknowledgeAll(control, 500_000, 100, false);
  acknowledgeAll(control, 502_000, 100);
  expect(windowOf(control)).toBeCloseTo(windowOf(expected), 2);
  const idle = afterLoss();
  idle.idled(500_000);
  acknowledgeAll(idle, 502_000, 100);
  expect(windowOf(idle)).toBeCloseTo(windowOf(expected), 2);
});

test("lost() aims lower than the window, if it was less than at the last loss (4.7)", () => {
  const control = afterLoss();
  control.lost(80 * segment);
  expect(windowOf(control)).toBe(56);
  acknowledgeAll(control, 1000, 100);
  // The maximum is 0.85 of the 70.53 that the window had; K follows from the 56 left.
  const maximum = 0.85 * (70 + 9 / 17);
  const flat = Math.cbrt((maximum - 56) / 0.4);
  acknowledgeAll(control, 3000, 100);
  expect(windowOf(control)).toBeCloseTo(maximum + 0.4 * (2.1 - flat) ** 3, 1);
});

test("timedOut() leaves one segment, and takes the curve from where slow start ends (4.8)", () => {
  const control = cubic(100);
  control.timedOut(40 * segment, 0, true);
  expect([windowOf(control), control.slowStartThresholdBytes]).toEqual([1, 28 * segment]);
  control.timedOut(segment, 0, false);
  expect(control.slowStartThresholdBytes).toBe(28 * segment);
  for (let round = 0; windowOf(control) < 28; round += 1) acknowledgeAll(control, round, 100);
  acknowledgeAll(control, 10_000, 100);
  acknowledgeAll(control, 12_000, 100);
  expect(windowOf(control)).toBeCloseTo(28 + 0.4 * 2.1 ** 3, 1);
});

test("undo() takes back a loss, with the curve that it broke off", () => {
  const expected = afterLoss();
  acknowledgeAll(expected, 4000, 100);
  const control = afterLoss();
  const before = control.windowBytes;
  control.lost(50 * segment);
  acknowledgeAll(control, 1500, 100);
  control.undo();
  expect(control.windowBytes).toBe(before);
  acknowledgeAll(control, 4000, 100);
  expect(windowOf(control)).toBeCloseTo(windowOf(expected), 2);
});

test("undo() takes back what the next loss and Reno's share compare with", () => {
  const control = afterLoss();
  control.lost(50 * segment);
  control.undo();
  // As if nothing had been lost since 100: 9/17 of a segment for each window up to there.
  for (let round = 1; round < 30; round += 1) acknowledgeAll(control, round, 1);
  expect(windowOf(control)).toBeCloseTo(70 + (30 * 9) / 17, 1);
  const maximum = 0.85 * windowOf(control);
  control.lost(80 * segment);
  acknowledgeAll(control, 1000, 100);
  acknowledgeAll(control, 3000, 100);
  const flat = Math.cbrt((maximum - 56) / 0.4);
  expect(windowOf(control)).toBeCloseTo(maximum + 0.4 * (2.1 - flat) ** 3, 1);
});

test("setSegmentBytes() begins a new curve, in segments of the new size", () => {
  const control = afterLoss();
  control.setSegmentBytes(2000);
  const before = control.windowBytes / 2000;
  expect(before).toBeCloseTo(70.53 / 2, 1);
  acknowledgeAll(control, 1000, 100);
  acknowledgeAll(control, 4000, 100);
  expect(control.windowBytes / 2000).toBeCloseTo(before + 0.4 * 3.1 ** 3, 1);
});

test("slow start doubles, by 8 segments for one acknowledgment at most (RFC 9406, 4.3)", () => {
  const control = cubic(10);
  for (let count = 0; count < 10; count += 1) {
    control.acknowledged(segment, 5 * segment, true, count, 50, 50);
  }
  expect(windowOf(control)).toBe(20);
  acknowledgeAll(control, 60, 50);
  expect(windowOf(control)).toBe(28);
  acknowledgeAll(control, 60, 50, false);
  expect(windowOf(control)).toBe(28);
});

test("slow start ends, once round trips have been longer for five rounds (RFC 9406)", () => {
  const control = cubic(10);
  /** A round of `count` acknowledgments of a segment each. */
  const round = (count: number, roundTripMs: number): void => {
    for (let left = count - 1; left >= 0; left -= 1) {
      control.acknowledged(
        segment,
        left === 0 ? count * segment : left * segment,
        true,
        0,
        roundTripMs,
        50,
      );
    }
  };
  control.acknowledged(segment, 10 * segment, true, 0, 50, 50);
  round(10, 50);
  expect(windowOf(control)).toBe(21);
  // Seven samples at full speed, then a quarter of it from the eighth on.
  round(10, 57);
  expect(windowOf(control)).toBe(28 + 3 / 4);
  for (let count = 0; count < 3; count += 1) round(10, 57);
  expect(control.slowStartThresholdBytes).toBe(Infinity);
  round(10, 57);
  expect(control.slowStartThresholdBytes).toBe((28 + 3 / 4 + 39 / 4) * segment);
});

test("slow start goes on at full speed, if round trips get shorter again (RFC 9406)", () => {
  const control = cubic(10);
  const acknowledge = (count: number, roundTripMs: number): void => {
    for (let left = count; left > 0; left -= 1) {
      control.acknowledged(segment, 10 * segment, true, 0, roundTripMs, 50);
    }
  };
  acknowledge(11, 50);
  acknowledge(10, 60);
  acknowledge(10, 50);
  const before = windowOf(control);
  acknowledge(80, 50);
  expect(windowOf(control)).toBe(before + 80);
  expect(control.slowStartThresholdBytes).toBe(Infinity);
});
