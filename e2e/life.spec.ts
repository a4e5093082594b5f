/**
 * The life of the element as a person or a script drives it: buttons, attributes, coming and going.
 */

import { expect, test, type Page } from "@playwright/test";
import type { MorganaUnikernel } from "fata-morgana/elements";
import { MachinePage } from "./machine.ts";
import { openPlainPage } from "./plain-page.ts";
import { devUrl } from "./servers.ts";

const restart = (page: Page) => page.getByRole("button", { name: "Restart" });
const shell = '<morgana-unikernel src="/console/"></morgana-unikernel>';

test("quick clicks on Restart boot one unikernel, and leave one worker", async ({ page }) => {
  const started: string[] = [];
  page.on("worker", (worker) => started.push(worker.url()));
  const machine = await MachinePage.open(page, "console/");
  await machine.booted();
  // In one turn of the page: a slow machine may have booted between two clicks of a mouse.
  await restart(page).evaluate((button: HTMLButtonElement) => {
    button.click();
    button.click();
  });
  await machine.booted();
  await expect.poll(() => page.workers().length).toBe(1);
  expect(started.length).toBe(2);
  await machine.shows(/^A small shell[^]*> $/);
});

test("ten restarts, some of them during boot, leave one worker", async ({ page }) => {
  const machine = await MachinePage.open(page, "console/");
  for (let count = 0; count < 10; count += 1) {
    if (count % 2 === 0) await machine.booted();
    await machine.element.evaluate((element: MorganaUnikernel) => element.restart());
  }
  await machine.booted();
  await expect.poll(() => page.workers().length).toBe(1);
  await machine.type("echo alive\n");
  await machine.shows("> echo alive\nalive\n");
});

test("Halt keeps the focus, and says how it ended", async ({ page }) => {
  const machine = await MachinePage.open(page, "console/");
  await machine.booted();
  const halt = page.getByRole("button", { name: "Halt" });
  await halt.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status")).toHaveText("exited with code 0");
  await expect(halt).toBeDisabled();
  await expect(halt).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status")).toHaveText("exited with code 0");
});

test("Halt right after Restart halts the new one", async ({ page }) => {
  const machine = await MachinePage.open(page, "console/");
  await machine.booted();
  const code = await machine.element.evaluate(async (element: MorganaUnikernel) => {
    void element.restart();
    return element.halt();
  });
  expect(code).toBe(0);
  expect(await machine.status()).toBe("exited");
  await expect.poll(() => page.workers().length).toBe(0);
});

test("a restart forgets what was typed for the one before", async ({ page }) => {
  const machine = await MachinePage.open(page, "hello/");
  await machine.type("echo stale\n");
  await restart(page).click();
  await machine.element.evaluate((element: MorganaUnikernel) => {
    element.src = "../console/";
  });
  await machine.shows("> ");
  await machine.type("echo fresh\n");
  await machine.shows("fresh\n");
  expect(await machine.text()).not.toContain("stale");
});

test("another src, or other args, boot anew, and once for both", async ({ page }) => {
  const started: string[] = [];
  page.on("worker", (worker) => started.push(new URL(worker.url()).pathname));
  await openPlainPage(page, devUrl, shell);
  const machine = new MachinePage(page);
  await machine.shows("> ");
  const code = await machine.element.evaluate((element: MorganaUnikernel) => {
    element.src = "/hello-key/";
    element.args = "--times=2";
    return element.exited;
  });
  expect(code).toBe(0);
  expect(await machine.text()).toBe("Hello World!\nHello World!\n");
  expect(started).toEqual(["/console/unikernel.js", "/hello-key/unikernel.js"]);
  await machine.element.evaluate((element) => element.setAttribute("args", "--manner=loud"));
  await machine.shows(/^HELLO WORLD!\n$/);
});

test("the arguments form of an embedded element keeps quotes and blanks", async ({ page }) => {
  await openPlainPage(page, devUrl, '<morgana-unikernel src="/hello-key/"></morgana-unikernel>');
  const machine = new MachinePage(page);
  await machine.exited();
  const wild = `"It's" 'so'  `;
  await page.getByLabel("--hello").fill(wild);
  await page.getByRole("button", { name: "Run with these" }).click();
  await machine.shows(`${wild}\n`);
  await expect(page.getByLabel("--hello")).toHaveValue(wild);
  // The same again runs again.
  await page.getByRole("button", { name: "Run with these" }).click();
  await machine.exited();
  expect(await machine.text()).toBe(`${wild}\n`);
});

test("an element that is moved boots anew, and one that returns does too", async ({ page }) => {
  await openPlainPage(page, devUrl, `<div></div>${shell}`);
  const machine = new MachinePage(page);
  await machine.booted();
  await machine.element.evaluate((element) => document.querySelector("div")?.append(element));
  await machine.booted();
  await expect.poll(() => page.workers().length).toBe(1);
  await machine.shows("> ");
  const text = await machine.element.evaluate(async (element: MorganaUnikernel) => {
    element.remove();
    await element.halt();
    await new Promise((resolve) => setTimeout(resolve));
    const text = element.consoleText();
    document.body.append(element);
    return text;
  });
  expect(text).toContain("A small shell");
  await machine.booted();
  await page.locator(".screen").click();
  await page.keyboard.type("echo back\n");
  await machine.shows("> echo back\nback\n");
  await expect(page.locator(".xterm")).toHaveCount(1);
  expect(page.workers().length).toBe(1);
});

test("an element that leaves during a restart boots nothing", async ({ page }) => {
  await openPlainPage(page, devUrl, shell);
  const machine = new MachinePage(page);
  await machine.booted();
  await machine.element.evaluate(async (element: MorganaUnikernel) => {
    const restarted = element.restart();
    element.remove();
    await restarted;
  });
  await expect.poll(() => page.workers().length).toBe(0);
});

test("a removed element gives its terminal up", async ({ page }) => {
  await openPlainPage(page, devUrl, shell);
  const machine = new MachinePage(page);
  await machine.booted();
  await page.locator(".xterm-rows").waitFor();
  const left = await machine.element.evaluate(async (element: MorganaUnikernel) => {
    element.remove();
    await element.exited;
    await new Promise((resolve) => setTimeout(resolve));
    return element.shadowRoot?.querySelectorAll(".xterm, [role=log]").length;
  });
  expect(left).toBe(0);
});

test("a script need not wait for the element it has just added", async ({ page }) => {
  const started: string[] = [];
  page.on("worker", (worker) => started.push(worker.url()));
  await openPlainPage(page, devUrl, "");
  await page.waitForFunction(() => customElements.get("morgana-unikernel") !== undefined);
  await page.evaluate(async () => {
    const gone = document.createElement("morgana-unikernel");
    gone.src = "/console/";
    document.body.append(gone);
    gone.remove();
    const element = document.createElement("morgana-unikernel");
    element.src = "/console/";
    document.body.append(element);
    element.type("echo early\n");
    await element.restart();
  });
  const machine = new MachinePage(page);
  await machine.shows("> echo early\nearly\n");
  expect(started.length).toBe(1);
  const code = await machine.element.evaluate((element: MorganaUnikernel) => {
    element.args = "--prompt=$";
    return element.halt();
  });
  expect(code).toBe(0);
  await expect.poll(() => page.workers().length).toBe(0);
});

test("another src takes the panels of the one before away", async ({ page }) => {
  await openPlainPage(page, devUrl, shell);
  const machine = new MachinePage(page);
  await machine.booted();
  const devices = page.getByRole("region", { name: "Devices" });
  await expect(devices).toBeVisible();
  const code = await machine.element.evaluate((element: MorganaUnikernel) => {
    element.src = "/nobody/";
    return element.exited;
  });
  expect(code).toBe(255);
  await expect(devices).toHaveCount(0);
});

test("two elements on a page each have their own console", async ({ page }) => {
  await openPlainPage(page, devUrl, shell + shell);
  const [first, second] = [new MachinePage(page, 0), new MachinePage(page, 1)];
  await first.booted();
  await second.booted();
  await first.type("echo one\n");
  await second.type("exit 3\n");
  await first.shows("\none\n");
  expect(await second.exited()).toBe(3);
  expect(await first.status()).toBe("running");
  expect(await second.text()).not.toContain("one");
});

test("the device list counts live, and right to the end", async ({ page }) => {
  const machine = await MachinePage.open(page, "frames/");
  const devices = machine.element.getByRole("region", { name: "Devices" });
  const frames = async (): Promise<number> =>
    Number(/frames out\s*(\d+)/.exec(await devices.innerText())?.[1]);
  await expect.poll(frames).toBeGreaterThan(0);
  const before = await frames();
  await expect.poll(frames).toBeGreaterThan(before);
  for (const each of ["frames in", "bytes in", "bytes out"]) {
    await expect(devices).toContainText(each);
  }
  await page.goto("block/");
  expect(await machine.exited()).toBe(0);
  // Far too short a run for numbers that are read now and then.
  const bytes = new TextEncoder().encode(await machine.text()).length;
  await expect(devices).toContainText(new RegExp(`bytes out\\s*${bytes}\\D`));
  await expect(devices).toContainText(/sectors read\s*[1-9]/);
  await expect(devices).toContainText(/sectors written\s*[1-9]/);
});
