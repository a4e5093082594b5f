/**
 * What a page adds to a terminal: finding text, speaking to a screen reader, a size of one's own.
 */

import { expect } from "@playwright/test";
import { prints, test } from "./terminal-page.ts";

const rows = Array.from({ length: 300 }, (_, index) => `row ${index + 1}`).join("\n");

test("Ctrl-F finds text, Enter the next and Shift-Enter the one before", async ({ page, open }) => {
  const machine = await open(prints(`${rows}\n`));
  await page.keyboard.press("Control+F");
  const field = page.getByRole("searchbox", { name: "Find in the console" });
  const verdict = page.getByRole("search").getByRole("status");
  await expect(field).toBeFocused();
  await page.keyboard.type("row 29");
  await expect(verdict).toHaveText("Found in row 29");
  await expect(page.locator(".xterm-rows")).toContainText("row 29");
  for (const row of [290, 291]) {
    await page.keyboard.press("Enter");
    await expect(verdict).toHaveText(`Found in row ${row}`);
  }
  await page.keyboard.press("Shift+Enter");
  await expect(verdict).toHaveText("Found in row 290");
  await page.getByRole("button", { name: "Next" }).click();
  await expect(verdict).toHaveText("Found in row 291");
  await page.getByRole("button", { name: "Previous" }).click();
  await expect(verdict).toHaveText("Found in row 290");
  await field.fill("row 1234");
  await expect(verdict).toHaveText("No match for “row 1234”");
  await field.fill("");
  await expect(verdict).toHaveText("");
  // Nothing of it was typed into the unikernel.
  expect(await machine.text()).not.toMatch(/^1: /m);
});

test("Escape closes the search, and the terminal has the keyboard again", async ({
  page,
  open,
}) => {
  const machine = await open("");
  await page.getByRole("button", { name: "Find" }).click();
  await expect(page.getByRole("searchbox")).toBeFocused();
  await page.keyboard.type("ready");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("search")).toHaveCount(0);
  await page.keyboard.type("typed\n");
  await machine.shows('1: "typed"');
});

test("screen-reader mode is kept, and one of the two speaks", async ({ page, open }) => {
  const machine = await open("");
  const log = page.getByRole("log");
  const list = page.getByRole("list").filter({ hasText: "ready" });
  await expect(log).toContainText("ready");
  await expect(list).toHaveCount(0);
  await page.getByLabel("Screen-reader mode").check();
  await expect(list).toContainText("ready");
  await expect(log).toHaveCount(0);
  await page.reload();
  await machine.shows("ready");
  await expect(page.getByLabel("Screen-reader mode")).toBeChecked();
  await expect(list).toContainText("ready");
  await expect(log).toHaveCount(0);
  await page.getByLabel("Screen-reader mode").uncheck();
  await expect(log).toContainText("ready");
  await expect(list).toHaveCount(0);
});

test("a page that may store nothing has screen-reader mode for a visit", async ({ page, open }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, "localStorage", {
      get() {
        throw new DOMException("denied", "SecurityError");
      },
    });
  });
  await open("");
  await page.getByLabel("Screen-reader mode").check();
  await expect(page.getByRole("list").filter({ hasText: "ready" })).toHaveCount(1);
});

test("a screen that is made larger or smaller tells the unikernel", async ({ page, open }) => {
  const machine = await open("");
  const screen = page.locator(".screen");
  const size = async (): Promise<readonly number[]> => {
    const last = [...(await machine.text()).matchAll(/size (\d+) × (\d+)/g)].at(-1);
    return [Number(last?.[1]), Number(last?.[2])];
  };
  await screen.evaluate((element) => (element.style.cssText = "width:300px;height:200px"));
  await expect.poll(async () => (await size())[0]).toBeLessThan(50);
  const [columns = 0, rowCount = 0] = await size();
  await screen.evaluate((element) => (element.style.cssText = "width:600px;height:400px"));
  await expect.poll(async () => (await size())[0]).toBeGreaterThan(1.8 * columns);
  await expect.poll(async () => (await size())[1]).toBeGreaterThan(1.8 * rowCount);
});

test("Tab passes a terminal that nobody reads, and leaves one after Escape", async ({
  page,
  open,
}) => {
  const mode = page.getByLabel("Screen-reader mode");
  await open("?mode=deaf");
  await page.keyboard.press("Tab");
  await expect(mode).toBeFocused();
  const machine = await open("?mode=bytes");
  await page.keyboard.press("Tab");
  await machine.shows('1: "\\t"');
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  await expect(mode).toBeFocused();
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Shift+Tab");
  await expect(page.getByRole("button", { name: "Restart" })).toBeFocused();
});
