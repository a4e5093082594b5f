import { expect, test } from "@playwright/test";
import { MachinePage } from "./machine.ts";

test("console runs what is typed on a real keyboard", async ({ page }) => {
  const machine = await MachinePage.open(page, "console/");
  await machine.shows('Type "help"');
  await page.locator("morgana-unikernel .screen").click();
  await page.keyboard.type("help\n");
  await machine.shows("echo     print its arguments");
  await page.keyboard.type("echo Grüße an 世界\n");
  await machine.shows("> echo Grüße an 世界\nGrüße an 世界\n");
  await page.keyboard.type("nonsense\n");
  await machine.shows('nonsense: there is no such command; try "help"');
});

test("console edits lines and recalls them", async ({ page }) => {
  const machine = await MachinePage.open(page, "console/");
  await machine.shows("> ");
  await page.locator("morgana-unikernel .screen").click();
  await page.keyboard.type("ecko one");
  for (let count = 0; count < 5; count += 1) await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Backspace");
  await page.keyboard.type("h");
  await page.keyboard.press("End");
  await page.keyboard.type(" two\n");
  await machine.shows("> echo one two\none two\n");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.type(" three\n");
  await machine.shows("> echo one two three\none two three\n");
  await page.keyboard.type("history\n");
  await machine.shows("    1  echo one two\n    2  echo one two three\n    3  history\n");
});

test("console exits with the code it is told", async ({ page }) => {
  const machine = await MachinePage.open(page, "console/");
  await machine.type("exit 7\n");
  expect(await machine.exited()).toBe(7);
  await expect(page.getByRole("status")).toHaveText("exited with code 7");
});

test("console gets what was typed before it was ready", async ({ page }) => {
  await page.goto("console/");
  const machine = new MachinePage(page);
  await machine.type("echo early\nexit\n");
  expect(await machine.exited()).toBe(0);
  expect(await machine.text()).toContain("> echo early\nearly\n");
});

test("console sees the size of the screen, and its changes", async ({ page }) => {
  const machine = await MachinePage.open(page, "console/");
  await machine.shows("> ");
  await page.waitForSelector(".xterm-rows");
  await machine.type("size\n");
  await machine.shows(/\d+ × \d+/);
  const columns = async (): Promise<number> =>
    Number([...(await machine.text()).matchAll(/(\d+) × \d+/g)].at(-1)?.[1]);
  const wide = await columns();
  await page.setViewportSize({ width: 390, height: 800 });
  await expect
    .poll(async () => {
      await machine.type("size\n");
      return columns();
    })
    .toBeLessThan(wide);
});
