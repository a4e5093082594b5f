/** A browser's Request and Response drop fields that a server needs: ours keep them. */

import { expect } from "@playwright/test";
import { MachinePage } from "./machine.ts";
import { test } from "./own-unikernels.ts";

test("a server in a tab sees every field, and sets cookies", async ({ page, url }) => {
  await page.goto(`${url}http-fields/`);
  const machine = new MachinePage(page, 0);
  await machine.shows(/hello \| true/);
  const text = await machine.text();
  const fields = "c=3,example.org,null,5,utf-8";
  expect(text).toContain(`${fields} | ${fields} | http://example.org/there | hello | true`);
  expect(text).toMatch(/set-cookie: a=1\n/i);
  expect(text).toMatch(/set-cookie: b=2\n/i);
  // What a page has of its own is as it was.
  expect(
    await page.evaluate(() =>
      new Response("", { headers: { "set-cookie": "a=1" } }).headers.get("set-cookie"),
    ),
  ).toBe(null);
});
