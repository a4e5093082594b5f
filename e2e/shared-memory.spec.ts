/** Pages that are cross-origin isolated, and pages that are not. */

import { expect, type Page } from "@playwright/test";
import { MachinePage } from "./machine.ts";
import { test } from "./own-unikernels.ts";

/** Serves all that the page loads as a host does that isolates it. */
async function isolate(page: Page): Promise<void> {
  await page.context().route("**", async (route) => {
    const response = await route.fetch();
    const headers = {
      ...response.headers(),
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
    };
    await route.fulfill({ response, headers });
  });
}

/** Opens two unikernels that tell in what memory frames arrive. */
async function openTwo(page: Page, url: string): Promise<readonly MachinePage[]> {
  await page.goto(`${url}shares-memory/`);
  await page.evaluate(() => {
    const other = document.createElement("morgana-unikernel");
    other.setAttribute("src", "./");
    document.querySelector("morgana-unikernel")?.after(other);
  });
  return [new MachinePage(page, 0), new MachinePage(page, 1)];
}

test("two unikernels that ask for it share memory with an isolated page", async ({ page, url }) => {
  await isolate(page);
  const machines = await openTwo(page, url);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  for (const machine of machines) await machine.shows("a frame in a SharedArrayBuffer");
});

test("two unikernels that ask for it get messages, of another page", async ({ page, url }) => {
  const machines = await openTwo(page, url);
  for (const machine of machines) await machine.shows(/^a frame in a ArrayBuffer\n$/);
});
