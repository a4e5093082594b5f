import { expect, test } from "@playwright/test";
import { MachinePage } from "./machine.ts";

test("block keeps its ten promises", async ({ page }) => {
  const machine = await MachinePage.open(page, "block/");
  expect(await machine.exited()).toBe(0);
  const text = await machine.text();
  expect(text.match(/^ok {5}/gm)?.length).toBe(10);
  expect(text).toContain("disk: 1024 sectors of 512 bytes");
  expect(text).toContain("10 of 10 checks passed");
});

test("block shows the sectors it moved", async ({ page }) => {
  const machine = await MachinePage.open(page, "block/");
  await machine.exited();
  await expect(page.getByRole("region", { name: "Devices" })).toContainText("sectors read");
  await expect(page.getByRole("region", { name: "Devices" })).toContainText("sectors written");
});
