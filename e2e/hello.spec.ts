import { expect, test } from "@playwright/test";
import type { MorganaUnikernel } from "fata-morgana/elements";
import { MachinePage } from "./machine.ts";

test("hello says hello four times, a second apart, on a real terminal", async ({ page }) => {
  await page.addInitScript(() => {
    addEventListener("morgana-status", ({ target }) => {
      if (target instanceof HTMLElement) performance.mark((target as MorganaUnikernel).status);
    });
  });
  const machine = await MachinePage.open(page, "hello/");
  expect(await machine.exited()).toBe(0);
  const runMs = await page.evaluate(() => performance.measure("run", "running", "exited").duration);
  // Three pauses of a second; a busy page hears of the start late.
  expect(runMs).toBeGreaterThan(2000);
  expect(await machine.text()).toBe("hello\nhello\nhello\nhello\n");
  await expect(page.locator(".xterm-rows")).toContainText("hello");
});

test("hello stops at once, when it is halted", async ({ page }) => {
  const machine = await MachinePage.open(page, "hello/");
  await machine.shows("hello");
  await page.getByRole("button", { name: "Halt" }).click();
  expect(await machine.exited()).toBe(0);
  expect(await machine.text()).not.toBe("hello\nhello\nhello\nhello\n");
});

test("hello begins anew, when it is restarted", async ({ page }) => {
  const machine = await MachinePage.open(page, "hello/");
  await machine.shows("hello");
  await page.getByRole("button", { name: "Restart" }).click();
  await machine.shows(/^hello\n$/);
  await expect.poll(() => machine.status()).toBe("running");
  expect(await machine.exited()).toBe(0);
  expect(await machine.text()).toBe("hello\nhello\nhello\nhello\n");
});
