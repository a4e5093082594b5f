import { expect, test } from "@playwright/test";
import { MachinePage } from "./machine.ts";

test("clock shows wall time, and monotonic time that only grows", async ({ page }) => {
  const before = Date.now();
  const machine = await MachinePage.open(page, "clock/?ticks=3");
  expect(await machine.exited()).toBe(0);
  const text = await machine.text();
  expect(text).toMatch(/^zone: UTC[+-]\d\d:\d\d\n/);
  const ticks = [...text.matchAll(/^(\S+Z)  \+([\d.]+) ms$/gm)];
  expect(ticks.length).toBe(3);
  const elapsed = ticks.map(([, , ms]) => Number(ms));
  expect(elapsed).toEqual(elapsed.toSorted((a, b) => a - b));
  const wall = Date.parse(ticks[0]?.[1] ?? "");
  expect(wall).toBeGreaterThanOrEqual(before - 1000);
  expect(wall).toBeLessThanOrEqual(Date.now() + 1000);
  expect(text).toContain("10000 readings in a row, 0 not later than the one before");
});
