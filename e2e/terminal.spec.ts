/** The terminal as a person at the page meets it: keys, clipboard, links. */

import { expect } from "@playwright/test";
import { prints, test } from "./terminal-page.ts";

test("a line is edited with the keys that people know", async ({ page, open }) => {
  const machine = await open("");
  const { keyboard } = page;
  await keyboard.type("wide 世界é");
  for (let count = 0; count < 3; count += 1) await keyboard.press("Backspace");
  await keyboard.type("ok\n");
  await machine.shows('1: "wide ok"');
  await keyboard.type("all of this");
  await keyboard.press("Control+U");
  await keyboard.type("one two");
  await keyboard.press("Control+W");
  await keyboard.type("three\n");
  await machine.shows('2: "one three"');
  // What was rubbed out is gone from the screen too, wide characters included.
  await expect(page.locator(".xterm-rows")).toContainText("wide ok");
  await expect(page.locator(".xterm-rows")).not.toContainText("世");
});

test("Ctrl-C drops the line, and Ctrl-D on an empty one ends the input", async ({ page, open }) => {
  const machine = await open("");
  await page.keyboard.type("never mind");
  await page.keyboard.press("Control+C");
  await page.keyboard.type("fine");
  await page.keyboard.press("Control+D");
  await page.keyboard.press("Enter");
  await machine.shows('never mind^C\nfine\n1: "fine"');
  await page.keyboard.press("Control+D");
  await machine.shows("end of input");
  expect(await machine.exited()).toBe(0);
});

test("a program that reads bytes gets every key", async ({ page, open }) => {
  const machine = await open("?mode=bytes");
  const keys = {
    ArrowUp: "\u001b[A",
    Escape: "\u001b",
    "Control+C": "\u0003",
    "Control+D": "\u0004",
    Enter: "\r",
  };
  let count = 0;
  // One at a time: a read gives all that was typed since the last.
  for (const [key, bytes] of Object.entries(keys)) {
    await page.keyboard.press(key);
    await machine.shows(`${(count += 1)}: ${JSON.stringify(bytes)}\n`);
  }
  await page.keyboard.type("é");
  await machine.shows(`${count + 1}: "é"\n`);
});

test("a paste of many lines arrives whole and in order", async ({ page, open, clipboard }) => {
  const machine = await open("");
  const lines = Array.from({ length: 500 }, (_, index) => `line ${index + 1} – ünï`);
  await clipboard(lines.join("\r\n"));
  await page.keyboard.press("Control+V");
  await page.keyboard.press("Enter");
  await machine.shows('500: "line 500 – ünï"');
  const heard = [...(await machine.text()).matchAll(/^\d+: "(.*)"$/gm)].map(([, line]) => line);
  expect(heard).toEqual(lines);
});

test("a paste of 200 kB is one line, if it is one", async ({ page, open, clipboard }) => {
  const machine = await open("");
  await clipboard("0123456789".repeat(20_000));
  await page.keyboard.press("Control+Shift+V");
  await page.keyboard.press("Enter");
  await machine.shows("1: 200000 long");
});

test("a paste that is too much is refused whole, and says so", async ({
  page,
  open,
  clipboard,
}) => {
  const machine = await open("?mode=deaf");
  await page.keyboard.type("kept");
  await clipboard("x".repeat(1_048_573));
  await page.keyboard.press("Control+V");
  await machine.shows(
    "Cannot take 1,048,573 bytes of input: at most 1,048,576 wait until they are read",
  );
  expect(await machine.status()).toBe("running");
});

test("a paste is bracketed for a program that asks", async ({ page, open, clipboard }) => {
  const machine = await open(`${prints("\u001b[?2004h")}&mode=bytes`);
  await clipboard("two\nlines");
  await page.keyboard.press("Shift+Insert");
  await machine.shows(JSON.stringify("\u001b[200~two\rlines\u001b[201~"));
});

for (const [keys, secure] of [
  ["Control+C", true],
  ["Control+Shift+C", true],
  ["Control+C", false],
] as const) {
  const where = secure ? "" : ", on a page without the clipboard's interface";
  test(`${keys} copies what is selected, and types nothing${where}`, async ({
    page,
    open,
    clipboard,
  }) => {
    const machine = await open(`${prints("copy-me\n")}&mode=bytes`);
    await clipboard("before");
    if (!secure) await page.evaluate(() => Object.defineProperty(navigator, "clipboard", {}));
    await page.locator(".xterm-screen").dblclick({ position: { x: 20, y: 8 } });
    await page.keyboard.press(keys);
    await page.keyboard.press("z");
    await machine.shows('1: "z"');
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.bringToFront();
    expect(await other.evaluate(() => navigator.clipboard.readText())).toBe("copy-me");
    // Nothing is selected any more: the same keys are typed, or do nothing.
    await page.bringToFront();
    await page.keyboard.press(keys);
    await page.keyboard.press("y");
    await machine.shows(keys === "Control+C" ? '2: "\\u0003"\n3: "y"' : '2: "y"');
  });
}

test("a link opens in a page that cannot reach this one", async ({ page, open, url }) => {
  await open(prints(`${url}throws/?from=link\n`));
  const opened = page.context().waitForEvent("page");
  await page.locator(".xterm-screen").click({ position: { x: 60, y: 8 } });
  const other = await opened;
  expect(other.url()).toBe(`${url}throws/?from=link`);
  expect(await other.evaluate(() => [window.opener, document.referrer])).toEqual([null, ""]);
});

test("a link under other text asks first, and a script under it is none", async ({
  page,
  open,
  url,
}) => {
  const link = (to: string, text: string): string => `\u001b]8;;${to}\u0007${text}\u001b]8;;\u0007`;
  const questions: string[] = [];
  page.on("dialog", (dialog) => {
    questions.push(dialog.message());
    void dialog.accept();
  });
  const bad = link("javascript:document.title='stolen'", "innocent");
  await open(prints(`${bad}\n${link(`${url}throws/`, "harmless")}\n`));
  const screen = page.locator(".xterm-screen");
  await screen.click({ position: { x: 30, y: 8 } });
  const opened = page.context().waitForEvent("page");
  await screen.click({ position: { x: 30, y: 25 } });
  expect((await opened).url()).toBe(`${url}throws/`);
  expect(questions).toEqual([`Open ${url}throws/?`]);
  expect(await page.title()).not.toBe("stolen");
});

test("output cannot touch the clipboard or the page's title", async ({ page, open, clipboard }) => {
  const machine = await open(prints("first\n"));
  await clipboard("mine");
  await page.goto(
    page.url().replace("first", "\\u001b]52;c;c3RvbGVu\\u0007\\u001b]0;stolen\\u0007safe"),
  );
  await machine.shows(/^safe\nready/);
  expect(await page.title()).toBe("terminal · Morgana");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("mine");
});
