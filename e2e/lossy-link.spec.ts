import { expect, type Page, test } from "@playwright/test";
import { MachinePage } from "./machine.ts";

/** Moves a slider. */
async function set(page: Page, name: string, value: number): Promise<void> {
  await page.getByRole("slider", { name }).evaluate((slider, to) => {
    if (!(slider instanceof HTMLInputElement)) throw new TypeError("It is no slider");
    slider.value = String(to);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  }, value);
}

/** The number that a graph shows last. */
async function shown(page: Page, label: string): Promise<number> {
  const figure = page.locator("figure", { hasText: label });
  return Number.parseFloat((await figure.locator("output").textContent()) ?? "");
}

test("lossy-link: what TCP makes of a link is drawn, and follows the sliders", async ({ page }) => {
  await page.goto("lossy-link/");
  const sender = new MachinePage(page, 1);
  await sender.shows(/rate [\d.]+ Mbit\/s/);
  await expect.poll(() => shown(page, "Rate")).toBeGreaterThan(1);
  await expect(page.getByText("20 ms")).toBeVisible();
  await expect.poll(() => shown(page, "Round trip"), { timeout: 15_000 }).toBeGreaterThan(35);

  await set(page, "Loss", 5);
  await expect(page.getByText("5 %")).toBeVisible();
  const before = await shown(page, "Sent again");
  await expect
    .poll(() => shown(page, "Sent again"), { timeout: 20_000 })
    .toBeGreaterThan(before + 10);
  await expect.poll(() => shown(page, "Congestion window")).toBeLessThan(200);
});

test("lossy-link: a longer delay shows in the round trip", async ({ page }) => {
  await page.goto("lossy-link/");
  await expect.poll(() => shown(page, "Round trip"), { timeout: 15_000 }).toBeGreaterThan(35);
  await set(page, "Delay", 150);
  await expect.poll(() => shown(page, "Round trip"), { timeout: 20_000 }).toBeGreaterThan(200);
});
