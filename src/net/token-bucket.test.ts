import { expect, test } from "vitest";
import { TokenBucket } from "./token-bucket.ts";

test("take() gives the burst at once, then as many as the rate allows", () => {
  const bucket = new TokenBucket(3, 500);
  const take = (count: number, nowMs: number): number =>
    Array.from({ length: count }, () => bucket.take(nowMs)).filter(Boolean).length;
  expect(take(5, 10)).toBe(3);
  expect(take(5, 11)).toBe(0);
  expect(take(5, 14)).toBe(2);
  expect(take(5, 1e6)).toBe(3);
});
