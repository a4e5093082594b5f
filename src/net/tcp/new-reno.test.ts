import { expect, test } from "vitest";
import { NewReno } from "./new-reno.ts";

const segment = 1000;

function newReno(windowSegments: number): NewReno {
  return new NewReno({ segmentBytes: segment, initialWindowBytes: windowSegments * segment });
}

/** Window and threshold in segments. */
function stateOf(control: NewReno): [number, number] {
  return [control.windowBytes / segment, control.slowStartThresholdBytes / segment];
}

test("the window begins as RFC 6928 says", () => {
  const windows = [536, 1460, 1500, 9000].map(
    (segmentBytes) => new NewReno({ segmentBytes }).windowBytes,
  );
  expect(windows).toEqual([5360, 14_600, 14_600, 18_000]);
});

test("acknowledged() grows by what was acknowledged in slow start, 2 segments at most", () => {
  const control = newReno(10);
  control.acknowledged(segment, 9 * segment, true);
  expect(stateOf(control)).toEqual([11, Infinity]);
  control.acknowledged(5 * segment, 4 * segment, true);
  expect(stateOf(control)).toEqual([13, Infinity]);
  control.acknowledged(300, 0, true);
  expect(control.windowBytes).toBe(13_300);
});

test("acknowledged() changes nothing if the window did not limit sending", () => {
  const control = newReno(10);
  control.acknowledged(segment, 0, false);
  expect(stateOf(control)).toEqual([10, Infinity]);
});

test("lost() halves what is in flight, not the window (RFC 5681, equation 4)", () => {
  const control = newReno(20);
  control.lost(12 * segment);
  expect(stateOf(control)).toEqual([6, 6]);
  control.lost(3 * segment);
  expect(stateOf(control)).toEqual([2, 2]);
});

test("lost() never makes the window larger, though much is in flight after a timeout", () => {
  const control = newReno(40);
  control.timedOut(40 * segment, 0, true);
  control.lost(40 * segment);
  expect(stateOf(control)).toEqual([1, 20]);
});

test("acknowledged() adds a segment for each window, beyond the threshold", () => {
  const control = newReno(20);
  control.lost(20 * segment);
  control.recovered(20 * segment);
  expect(stateOf(control)).toEqual([10, 10]);
  for (let count = 0; count < 9; count += 1) control.acknowledged(segment, 9 * segment, true);
  expect(stateOf(control)).toEqual([10, 10]);
  control.acknowledged(segment, 9 * segment, true);
  expect(stateOf(control)).toEqual([11, 10]);
  // However bytes are acknowledged, two windows of them add two segments.
  control.acknowledged(11 * segment, 0, true);
  control.acknowledged(12 * segment, 0, true);
  expect(stateOf(control)).toEqual([13, 10]);
});

test("recovered() allows no larger burst than at the beginning (RFC 6582, 3.2)", () => {
  const control = newReno(4);
  for (let count = 0; count < 96; count += 1) control.acknowledged(segment, 0, true);
  control.lost(100 * segment);
  expect(stateOf(control)).toEqual([50, 50]);
  control.recovered(0);
  expect(stateOf(control)).toEqual([4, 50]);
  control.recovered(20 * segment);
  expect(stateOf(control)).toEqual([21, 50]);
});

test("timedOut() leaves one segment, and grows by one at most for each answer", () => {
  const control = newReno(20);
  control.timedOut(16 * segment, 0, true);
  expect(stateOf(control)).toEqual([1, 8]);
  control.timedOut(segment, 0, false);
  expect(stateOf(control)).toEqual([1, 8]);
  control.acknowledged(5 * segment, 0, true);
  expect(stateOf(control)).toEqual([2, 8]);
  for (let count = 0; count < 6; count += 1) control.acknowledged(segment, 0, true);
  expect(stateOf(control)).toEqual([8, 8]);
  control.acknowledged(segment, 0, true);
  expect(stateOf(control)).toEqual([8, 8]);
});

test("acknowledged() grows by two in slow start again, once that after a timeout is over", () => {
  const control = newReno(2);
  control.timedOut(4 * segment, 0, true);
  control.acknowledged(segment, 0, true);
  control.acknowledged(segment, 0, true);
  control.lost(20 * segment);
  control.recovered(0);
  control.acknowledged(5 * segment, 0, true);
  expect(stateOf(control)).toEqual([4, 10]);
});

test("lost() forgets what was acknowledged towards the next segment", () => {
  const control = newReno(20);
  control.lost(20 * segment);
  control.acknowledged(9 * segment, 0, true);
  control.lost(8 * segment);
  control.acknowledged(2 * segment, 0, true);
  expect(stateOf(control)).toEqual([4, 4]);
});

test("undo() takes back a loss and a timeout", () => {
  const control = newReno(20);
  control.lost(20 * segment);
  control.undo();
  expect(stateOf(control)).toEqual([20, Infinity]);
  control.timedOut(20 * segment, 0, true);
  control.timedOut(20 * segment, 0, false);
  control.undo();
  expect(stateOf(control)).toEqual([20, Infinity]);
});

test("idled() goes back to the initial window, and slow start back to three quarters", () => {
  const control = newReno(10);
  for (let count = 0; count < 30; count += 1) control.acknowledged(segment, 0, true);
  control.lost(40 * segment);
  control.idled();
  expect(stateOf(control)).toEqual([10, 20]);
  control.lost(8 * segment);
  for (let size = 4; size < 8; size += 1) control.acknowledged(size * segment, 0, true);
  control.idled();
  expect(stateOf(control)).toEqual([8, 6]);
});

test("setSegmentBytes() makes another initial window, if it is the window still", () => {
  const control = new NewReno({ segmentBytes: 8948 });
  control.setSegmentBytes(1448);
  expect(control.windowBytes).toBe(14_480);
  control.acknowledged(1448, 0, true);
  control.setSegmentBytes(724);
  expect(control.windowBytes).toBe(7964);
});

test("setSegmentBytes() keeps the number of segments, but no more bytes", () => {
  const control = newReno(10);
  control.setSegmentBytes(500);
  expect(control.windowBytes).toBe(5000);
  control.setSegmentBytes(2000);
  expect(control.windowBytes).toBe(5000);
  control.setSegmentBytes(9000);
  expect(control.windowBytes).toBe(9000);
  control.lost(9000);
  control.setSegmentBytes(10_000);
  expect(control.slowStartThresholdBytes).toBe(20_000);
});
