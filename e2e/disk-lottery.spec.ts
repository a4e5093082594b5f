import { expect, test } from "@playwright/test";
import { MachinePage } from "./machine.ts";

test("disk-lottery remembers its draws across reloads", async ({ page }) => {
  const machine = await MachinePage.open(page, "disk-lottery/");
  await machine.exited();
  const first = /Draw 1: (\d)/.exec(await machine.text())?.[1];
  expect(await machine.text()).toContain("Slot 0: a new game");
  await page.reload();
  await machine.exited();
  expect(await machine.text()).toContain(`Slot 0: draw 1 gave ${first}`);
  await page.reload();
  await machine.exited();
  expect(await machine.text()).toContain("Draw 3: ");
});

test("disk-lottery keeps games apart by slot, and starts anew when told", async ({ page }) => {
  const machine = await MachinePage.open(page, "disk-lottery/?slot=3");
  await machine.exited();
  await page.goto("disk-lottery/?slot=4");
  await machine.exited();
  expect(await machine.text()).toContain("Slot 4: a new game");
  await page.goto("disk-lottery/?slot=3");
  await machine.exited();
  expect(await machine.text()).toContain("Slot 3: draw 1 gave");
  await page.goto("disk-lottery/?slot=3&reset");
  await machine.exited();
  expect(await machine.text()).toContain("Slot 3: a new game");
});

test("disk-lottery keeps games apart by disk, and the page lists and deletes them", async ({
  page,
}) => {
  const machine = await MachinePage.open(page, "disk-lottery/");
  await machine.exited();
  await page.goto("disk-lottery/?lottery-disk=other");
  await machine.exited();
  expect(await machine.text()).toContain("Slot 0: a new game");
  const disks = page.getByRole("region", { name: "Disks" });
  await expect(disks).toContainText("lottery");
  await expect(disks).toContainText("other");
  page.on("dialog", (dialog) => void dialog.accept());
  await page.getByRole("button", { name: "Delete disk other" }).click();
  await expect(disks).not.toContainText("other");
  await page.reload();
  await machine.exited();
  expect(await machine.text()).toContain("Slot 0: a new game");
});

test("disk-lottery exits with 1, given a slot that its disk does not have", async ({ page }) => {
  const machine = await MachinePage.open(
    page,
    "disk-lottery/?lottery-disk=small&lottery-sectors=4&slot=4",
  );
  expect(await machine.exited()).toBe(1);
  expect(await machine.text()).toContain("There is no slot 4: the disk has 4");
});
