import { expect, test } from "@playwright/test";
import { MachinePage } from "./machine.ts";

test("timers joins, races, cancels and gives up in time", async ({ page }) => {
  const machine = await MachinePage.open(page, "timers/");
  expect(await machine.exited()).toBe(0);
  const lines = (await machine.text()).trimEnd().split("\n");
  const expected = [
    [/^join: heads and tails after ([\d.]+) s$/, 0.4],
    [/^race: fast won, the slow one was cancelled after ([\d.]+) s$/, 0.2],
    [/^cancel: cancelled, not needed any more after ([\d.]+) s$/, 0.2],
    [/^timeout: gave up after ([\d.]+) s$/, 0.2],
  ] as const;
  expect(lines.length).toBe(expected.length);
  for (const [index, [pattern, seconds]] of expected.entries()) {
    const took = Number(pattern.exec(lines[index] ?? "")?.[1]);
    // Never early; late, as a busy machine is, but not as long as what was cancelled.
    expect(took, lines[index]).toBeGreaterThanOrEqual(seconds);
    expect(took, lines[index]).toBeLessThan(4);
  }
});
