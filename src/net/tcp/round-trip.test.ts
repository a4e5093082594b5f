import { expect, test } from "vitest";
import { RoundTrip } from "./round-trip.ts";

test("rtoMs is 1 s before the first sample (RFC 6298, 2.1)", () => {
  const roundTrip = new RoundTrip();
  expect(roundTrip.rtoMs).toBe(1000);
  expect(roundTrip.smoothedMs).toBeUndefined();
  expect(roundTrip.minMs).toBe(Infinity);
});

test("sample() starts with R, R/2 and R + 4 × R/2 (RFC 6298, 2.2)", () => {
  const roundTrip = new RoundTrip();
  roundTrip.sample(400, 0);
  expect(roundTrip.smoothedMs).toBe(400);
  expect(roundTrip.variationMs).toBe(200);
  expect(roundTrip.rtoMs).toBe(1200);
});

test("sample() goes on with an eighth and a quarter of the error (RFC 6298, 2.3)", () => {
  const roundTrip = new RoundTrip();
  roundTrip.sample(400, 0);
  roundTrip.sample(480, 500);
  // The variation with the old estimate: 3/4 × 200 + 1/4 × 80; then 7/8 × 400 + 1/8 × 480.
  expect(roundTrip.variationMs).toBe(170);
  expect(roundTrip.smoothedMs).toBe(410);
  expect(roundTrip.rtoMs).toBe(410 + 4 * 170);
});

test("sample() takes a shorter round trip as an error too", () => {
  const roundTrip = new RoundTrip();
  roundTrip.sample(400, 0);
  roundTrip.sample(80, 500);
  expect(roundTrip.variationMs).toBe(0.75 * 200 + 0.25 * 320);
  expect(roundTrip.smoothedMs).toBe(400 - 320 / 8);
});

test("sample() weighs less where a round trip gives many (RFC 7323, appendix G)", () => {
  const roundTrip = new RoundTrip();
  roundTrip.sample(400, 0);
  roundTrip.sample(480, 500, 9.5);
  expect(roundTrip.variationMs).toBe(200 + (80 - 200) / 40);
  expect(roundTrip.smoothedMs).toBe(400 + 80 / 80);
});

test("rtoMs stays a least time above the round trip, and at 60 s or less", () => {
  const roundTrip = new RoundTrip();
  for (let index = 0; index < 100; index += 1) roundTrip.sample(30, index);
  expect(roundTrip.rtoMs).toBe(230);
  const patient = new RoundTrip({ minRtoMs: 1000 });
  patient.sample(0, 0);
  expect(patient.rtoMs).toBe(1000);
  const eager = new RoundTrip({ minRtoMs: 0 });
  eager.sample(0, 0);
  expect(eager.rtoMs).toBe(1);
  eager.sample(1e6, 0);
  expect(eager.rtoMs).toBe(60_000);
});

test("backOff() doubles up to 60 s, until an answer or a sample", () => {
  const roundTrip = new RoundTrip();
  roundTrip.sample(400, 0);
  roundTrip.backOff();
  expect(roundTrip.rtoMs).toBe(2400);
  for (let index = 0; index < 9; index += 1) roundTrip.backOff();
  expect(roundTrip.rtoMs).toBe(60_000);
  roundTrip.resetBackOff();
  expect(roundTrip.rtoMs).toBe(1200);
  roundTrip.backOff();
  roundTrip.sample(400, 0);
  expect(roundTrip.rtoMs).toBe(400 + 4 * 150);
});

test("restartAfterLostSyn() gives 3 s until the next sample (RFC 6298, 5.7)", () => {
  const roundTrip = new RoundTrip();
  roundTrip.backOff();
  roundTrip.restartAfterLostSyn();
  expect(roundTrip.rtoMs).toBe(3000);
  roundTrip.resetBackOff();
  expect(roundTrip.rtoMs).toBe(3000);
  roundTrip.sample(100, 0);
  expect(roundTrip.rtoMs).toBe(300);
});

test("minMs is the least of the last 150 s at least, and 300 s at most", () => {
  const roundTrip = new RoundTrip();
  roundTrip.sample(50, 0);
  roundTrip.sample(20, 10_000);
  roundTrip.sample(70, 149_999);
  expect(roundTrip.minMs).toBe(20);
  roundTrip.sample(60, 150_000);
  expect(roundTrip.minMs).toBe(20);
  roundTrip.sample(90, 300_000);
  expect(roundTrip.minMs).toBe(60);
  roundTrip.sample(100, 1_000_000);
  expect(roundTrip.minMs).toBe(100);
});
