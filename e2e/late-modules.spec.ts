/** What the page loads only when it is needed: late, never, and what happens meanwhile. */

import { expect, test, type Page } from "@playwright/test";
import type { MorganaUnikernel } from "fata-morgana/elements";
import { MachinePage } from "./machine.ts";
import { openPlainPage } from "./plain-page.ts";
import { staticUrl } from "./servers.ts";

const consoleElement = `<morgana-unikernel src="${staticUrl}console/"></morgana-unikernel>`;

/** Holds back the page's module of that name; gives the function that lets it through. */
async function holdBack(page: Page, name: string): Promise<() => void> {
  let letThrough = (): void => {};
  const held = new Promise<void>((resolve) => (letThrough = resolve));
  await page.route(new RegExp(`/morgana/${name}-`), async (route) => {
    await held;
    await route.continue();
  });
  return letThrough;
}

/**
 * Lets the page's module of that name never load; gives the errors that nobody on the page caught.
 */
async function fail(page: Page, name: string): Promise<readonly Error[]> {
  const uncaught: Error[] = [];
  page.on("pageerror", (error) => uncaught.push(error));
  await page.route(new RegExp(`/morgana/${name}-`), (route) => route.abort());
  return uncaught;
}

test("a unikernel is typed into and ends before xterm.js is there, which then shows it", async ({
  page,
}) => {
  const letThrough = await holdBack(page, "console-terminal");
  await openPlainPage(page, staticUrl, consoleElement);
  const machine = new MachinePage(page);
  await machine.type("echo early\n");
  await machine.shows("> echo early\nearly\n");
  expect(await machine.halt()).toBe(0);
  letThrough();
  await expect(page.locator(".xterm-rows")).toContainText("early");
});

test("where xterm.js does not load, the page shows the lines without it", async ({ page }) => {
  const uncaught = await fail(page, "console-terminal");
  await openPlainPage(page, staticUrl, consoleElement);
  const machine = new MachinePage(page);
  await machine.type("echo plain\n");
  const log = page.locator(".screen").getByRole("log");
  await expect(log).toContainText("A small shell.");
  await expect(log).toContainText("Cannot show the terminal: ");
  await expect(log).toContainText("plain");
  expect(uncaught).toEqual([]);
});

test("where the panels do not load, the unikernel runs without them", async ({ page }) => {
  const uncaught = await fail(page, "panels");
  await openPlainPage(page, staticUrl, consoleElement);
  await new MachinePage(page).shows("> ");
  expect(uncaught).toEqual([]);
});

test("where the search does not load, Find says so", async ({ page }) => {
  const uncaught = await fail(page, "console-search");
  await openPlainPage(page, staticUrl, consoleElement);
  const machine = new MachinePage(page);
  await machine.booted();
  await page.getByRole("button", { name: "Find" }).click();
  await machine.shows("Cannot find text in the console: ");
  expect(uncaught).toEqual([]);
});

test("a unikernel that failed says what it can where the words for it do not load", async ({
  page,
}) => {
  await fail(page, "ending");
  await openPlainPage(page, staticUrl, `<morgana-unikernel src="${staticUrl}helo/">`);
  const machine = new MachinePage(page);
  expect(await machine.exited()).toBe(255);
  await machine.shows(/^Cannot boot "helo" \(the page cannot load what says more\)\n$/);
});

test("Halt while the words for an ending load keeps its code", async ({ page }) => {
  const asked = page.waitForRequest(/\/morgana\/ending-/);
  await holdBack(page, "ending");
  await openPlainPage(
    page,
    staticUrl,
    `<morgana-unikernel src="${staticUrl}console/" args="--help"></morgana-unikernel>`,
  );
  await asked;
  expect(await new MachinePage(page).halt()).toBe(63);
});

test("two unikernels greet each other though their switch loads late", async ({ page }) => {
  const asked = page.waitForRequest(/\/morgana\/page-network-/);
  const letThrough = await holdBack(page, "page-network");
  const element = (name: string): string =>
    `<morgana-unikernel src="${staticUrl}frames/" args="--name=${name}"></morgana-unikernel>`;
  await openPlainPage(page, staticUrl, element("A") + element("B"));
  const [first, second] = [new MachinePage(page, 0), new MachinePage(page, 1)];
  await asked;
  await first.shows("I am A");
  await first.element.evaluate((each: MorganaUnikernel) => each.restart());
  letThrough();
  await first.shows("I am B (from");
  await second.shows("I am A (from");
});

test("where the switch does not load, the unikernel runs alone, and the console says so", async ({
  page,
}) => {
  const uncaught = await fail(page, "page-network");
  const element = `<morgana-unikernel src="${staticUrl}frames/" args="--name=A"></morgana-unikernel>`;
  await openPlainPage(page, staticUrl, element);
  const machine = new MachinePage(page);
  await machine.shows("I am A");
  await machine.shows('Cannot join network "default": ');
  expect(await machine.status()).toBe("running");
  expect(uncaught).toEqual([]);
});
