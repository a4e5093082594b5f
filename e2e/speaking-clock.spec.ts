import { expect, test } from "@playwright/test";
import { announcement } from "../examples/speaking-clock/announcement.ts";
import { MachinePage } from "./machine.ts";

test("speaking-clock: a caller hears what the time will be, and then the stroke", async ({
  page,
}) => {
  await page.goto("speaking-clock/");
  const [clock, caller] = [new MachinePage(page, 0), new MachinePage(page, 1)];
  await clock.shows("10.0.0.2 calls");
  await expect
    .poll(() => caller.text(), { timeout: 25_000 })
    .toMatch(/At the stroke it will be [a-z' -]+(?:precisely|seconds?)\.\nBeep\./);
});

test("speaking-clock: with the box ticked, the browser says what the caller hears", async ({
  page,
}) => {
  await page.addInitScript(() => {
    Object.assign(globalThis, { said: [] });
    speechSynthesis.speak = ({ text }) =>
      void (globalThis as unknown as { said: string[] }).said.push(text);
  });
  await page.goto("speaking-clock/");
  await page.getByRole("checkbox", { name: "Speak" }).check();
  await expect
    .poll(() => page.evaluate(() => (globalThis as unknown as { said: string[] }).said.join(" ")), {
      timeout: 25_000,
    })
    .toMatch(/At the stroke it will be .*\. Beep\./);
});

for (const [time, words] of [
  ["00:00:00", "twelve o'clock precisely"],
  ["15:12:10", "three twelve and ten seconds"],
  ["11:05:01", "eleven oh five and one second"],
  ["13:00:40", "one o'clock and forty seconds"],
  ["23:59:59", "eleven fifty-nine and fifty-nine seconds"],
  ["12:20:00", "twelve twenty precisely"],
] as const) {
  test(`speaking-clock: ${time} is ${words}`, () => {
    expect(announcement(Date.parse(`2026-01-01T${time}Z`))).toBe(
      `At the stroke it will be ${words}.`,
    );
  });
}
