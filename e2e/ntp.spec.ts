import { expect, test } from "@playwright/test";
import { MachinePage } from "./machine.ts";

test("ntp: one unikernel of a page tells the other the time", async ({ page }) => {
  await page.goto("ntp/");
  const [server, client] = [new MachinePage(page, 0), new MachinePage(page, 1)];
  await server.shows("Telling the time at 10.0.0.1/24");
  await client.shows(/offset -?\d+\.\d{3} ms, delay \d+\.\d{3} ms/);
  expect(await client.exited()).toBe(0);
  const text = await client.text();
  expect(text).toMatch(/10\.0\.0\.1 \(stratum 10, [34] answers\) says that it is 20\d\d-/);
  // One clock: what differs is what the messages take, and how coarse the clock is.
  const [, offset = "", delay = ""] = /offset (-?[\d.]+) ms, delay ([\d.]+)/.exec(text) ?? [];
  expect(Math.abs(Number(offset))).toBeLessThanOrEqual(Number(delay) + 2);
  expect(await server.halt()).toBe(0);
});
