import { expect, test } from "@playwright/test";
import { MachinePage } from "./machine.ts";

test("hello-key takes its arguments from the URL", async ({ page }) => {
  const machine = await MachinePage.open(page, "hello-key/?hello=Guten%20Tag&times=2&manner=loud");
  expect(await machine.exited()).toBe(0);
  expect(await machine.text()).toBe("GUTEN TAG\nGUTEN TAG\n");
});

test("hello-key has a form of its typed arguments, and keeps them in the URL", async ({ page }) => {
  const machine = await MachinePage.open(page, "hello-key/");
  await machine.exited();
  await page.getByLabel("--hello").fill("Ahoj & dobrý den");
  await page.getByLabel("--times").fill("3");
  await page.getByLabel("--manner").selectOption("loud");
  await page.getByRole("button", { name: "Run with these" }).click();
  await machine.shows("AHOJ & DOBRÝ DEN\nAHOJ & DOBRÝ DEN\nAHOJ & DOBRÝ DEN\n");
  await page.reload();
  await machine.shows("AHOJ & DOBRÝ DEN\nAHOJ & DOBRÝ DEN\nAHOJ & DOBRÝ DEN\n");
  await expect(page.getByLabel("--times")).toHaveValue("3");
});

for (const [query, message] of [
  ["bogus=1", "Unknown argument --bogus"],
  ["times=many", '--times must be a whole number from 1 to 100, not "many"'],
  ["times=101", '--times must be a whole number from 1 to 100, not "101"'],
  ["times", "--times needs a value"],
  ["manner=rude", '--manner must be one of plain, loud, not "rude"'],
  ["logs=loud", '--logs must be log levels such as debug,tcp:info, not "loud"'],
]) {
  test(`hello-key exits with 64 and its usage, given ?${query}`, async ({ page }) => {
    const machine = await MachinePage.open(page, `hello-key/?${query}`);
    expect(await machine.exited()).toBe(64);
    expect(await machine.status()).toBe("exited");
    await machine.shows(message ?? "");
    await machine.shows("--hello=<text>       How to say hello (default Hello World!)");
  });
}

test("hello-key exits with 63 and its usage, given ?help", async ({ page }) => {
  const machine = await MachinePage.open(page, "hello-key/?help");
  expect(await machine.exited()).toBe(63);
  await machine.shows("hello-key: Greets whoever its argument names");
});
