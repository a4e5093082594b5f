import { test } from "@playwright/test";
import { MachinePage } from "./machine.ts";

test("ping6-raw: two unikernels find each other on their link", async ({ page }) => {
  await page.goto("ping6-raw/");
  for (const index of [0, 1]) {
    await new MachinePage(page, index).shows(/Reply from fe80::[0-9a-f:]+ after [\d.]+ ms/);
  }
});
