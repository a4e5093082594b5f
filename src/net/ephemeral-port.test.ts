import { expect, test } from "vitest";
import { SimulatedRandom } from "../simulated/index.ts";
import { ephemeralPort } from "./ephemeral-port.ts";

test("ephemeralPort() picks ports all over the upper half", () => {
  const random = new SimulatedRandom(1, "ports");
  const ports = Array.from({ length: 1000 }, () => ephemeralPort(random, () => false) ?? 0);
  expect(Math.min(...ports)).toBeGreaterThanOrEqual(32_768);
  expect(Math.max(...ports)).toBeLessThanOrEqual(65_535);
  expect(new Set(ports.map((port) => port >> 11)).size).toBe(16);
});

test("ephemeralPort() finds the only one that is free, and none when there is none", () => {
  const random = new SimulatedRandom(1, "ports");
  expect(ephemeralPort(random, (port) => port !== 40_000)).toBe(40_000);
  expect(ephemeralPort(random, () => true)).toBeUndefined();
});
