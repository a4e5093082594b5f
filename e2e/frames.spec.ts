import { expect, test } from "@playwright/test";
import { MachinePage } from "./machine.ts";

test("frames: two unikernels on one page greet each other in raw Ethernet", async ({ page }) => {
  await page.goto("frames/");
  const alice = new MachinePage(page, 0);
  const bob = new MachinePage(page, 1);
  await alice.shows(/I am Bob \(from 0?[0-9a-f]{1,2}(:[0-9a-f]{2}){5}\)/);
  await bob.shows(/I am Alice \(from/);
  await expect(alice.element.getByRole("region", { name: "Devices" })).toContainText("frames in");
  const address = /I am Alice, at (\S+)/.exec(await alice.text())?.[1];
  expect(await bob.text()).toContain(`(from ${address})`);
});

test("the two stand beside one another, at the same height", async ({ page }) => {
  await page.goto("frames/");
  const [first, second] = await page
    .locator("morgana-unikernel")
    .evaluateAll((elements) => elements.map((element) => element.getBoundingClientRect().top));
  expect(first).toBe(second);
});

test("frames: whoever joins later is answered, and leaves when it has heard enough", async ({
  page,
}) => {
  await page.goto("frames/");
  const alice = new MachinePage(page, 0);
  await alice.shows("I am Bob");
  const joiner = new MachinePage(page, 2);
  await expect(async () => {
    await page.evaluate(() => {
      document.querySelector("morgana-unikernel:nth-of-type(3)")?.remove();
      const third = document.createElement("morgana-unikernel");
      third.setAttribute("src", "./");
      third.setAttribute("args", "--name=Carol --greetings=2");
      document.querySelector(".machines")?.append(third);
    });
    expect(await joiner.exited()).toBe(0);
    // Not so if both call out, as they do each second, in the moment that their answers take.
    expect(await joiner.text()).toContain("Nice to meet you, I am ");
  }).toPass({ timeout: 15_000 });
  expect(await joiner.text()).toMatch(
    /I am Alice \(from[^]*I am Bob|I am Bob \(from[^]*I am Alice/,
  );
  await alice.shows("Hello, I am Carol");
});
