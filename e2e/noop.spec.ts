import { expect, test } from "@playwright/test";
import { MachinePage } from "./machine.ts";

test("noop exits with 0 and prints nothing", async ({ page }) => {
  const machine = await MachinePage.open(page, "noop/");
  expect(await machine.exited()).toBe(0);
  expect(await machine.text()).toBe("");
  await expect(page.getByRole("status")).toHaveText("exited with code 0");
});
