import { describe, expect, test } from "vitest";
import { connectPage, openPage, turns } from "../../test/console-page.ts";
import { consoleLaws } from "../conformance/index.ts";

describe("the laws of Console", () => {
  for (const law of consoleLaws({ connect: connectPage })) test(law.name, () => law.run());
});

test("write() waits, when the page does not keep up, and loses nothing", async () => {
  const page = openPage({ hold: true });
  const chunk = "x".repeat(64 * 1024);
  let settled = 0;
  for (let index = 0; index < 8; index += 1) {
    void page.console.write(chunk).then(() => (settled += 1));
  }
  await turns();
  expect(settled).toBe(4);
  page.release();
  expect((await page.output()).length).toBe(8 * chunk.length);
  expect(settled).toBe(8);
  await page.console[Symbol.asyncDispose]();
});

test("write() keeps who awaits it from going on, and has one write waiting at most", async () => {
  const page = openPage({ hold: true });
  let written = 0;
  const writing = (async () => {
    for (; written < 1000; written += 1) await page.console.write("x".repeat(1024));
  })();
  await turns();
  // So many are under way, and one waits.
  expect(written).toBe(256);
  expect(page.messages.length).toBe(256);
  page.release();
  await writing;
  await page.console[Symbol.asyncDispose]();
  expect((await page.output()).length).toBe(1000 * 1024);
});

test("write() gathers small writes into large messages, when many are under way", async () => {
  const page = openPage({ hold: true });
  for (let index = 0; index < 10_000; index += 1) void page.console.writeLine(`line ${index}`);
  await turns();
  expect(page.messages.length).toBe(256);
  page.release();
  expect((await page.output()).split("\n").length).toBe(10_001);
  expect(page.messages.length).toBeLessThan(300);
  await page.console[Symbol.asyncDispose]();
});

test("dispose() waits until the page has taken all output", async () => {
  const page = openPage({ hold: true });
  await page.console.writeLine("last words");
  let disposed = false;
  const disposing = page.console[Symbol.asyncDispose]().then(() => (disposed = true));
  await turns();
  expect(disposed).toBe(false);
  page.release();
  await disposing;
  expect(await page.output()).toBe("last words\n");
});
