import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import type { Page } from "@playwright/test";
import { expect } from "@playwright/test";
import { MachinePage } from "./machine.ts";
import { test } from "./own-unikernels.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function violations(page: Page): Promise<unknown> {
  await page.evaluate(axe);
  const options: RunOptions = {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
  };
  const results = await page.evaluate(
    (given) =>
      (globalThis as unknown as { axe: { run(o: RunOptions): Promise<AxeResults> } }).axe.run(
        given,
      ),
    options,
  );
  return results.violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]);
}

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1280, 390]) {
    test.describe(`${colorScheme}, ${width} px wide`, () => {
      test.use({ colorScheme, viewport: { width, height: 800 } });

      test("the gallery breaks no rule of WCAG AA", async ({ page }) => {
        await page.goto("./");
        await expect(page.getByRole("heading", { name: "hello", exact: true })).toBeVisible();
        expect(await violations(page)).toEqual([]);
      });

      test("a unikernel's page breaks no rule of WCAG AA", async ({ page }) => {
        const machine = await MachinePage.open(page, "hello-key/");
        await machine.exited();
        await expect(page.locator(".xterm-rows")).toContainText("Hello");
        await expect(page.getByRole("region", { name: "Arguments" })).toBeVisible();
        expect(await violations(page)).toEqual([]);
      });

      test("a search that finds nothing breaks no rule of WCAG AA", async ({ page }) => {
        const machine = await MachinePage.open(page, "hello-key/");
        await machine.exited();
        await expect(page.locator(".xterm-rows")).toContainText("Hello");
        await page.getByRole("button", { name: "Find" }).click();
        await page.getByRole("searchbox").fill("nothing");
        await expect(page.getByText("No match for “nothing”")).toBeVisible();
        expect(await violations(page)).toEqual([]);
      });

      test("the forms of http-server break no rule of WCAG AA", async ({ page }) => {
        await page.goto("http-server/?password-cost=8");
        await expect(page.getByText("Register, or log in")).toBeVisible({ timeout: 15_000 });
        expect(await violations(page)).toEqual([]);
        await page.getByLabel("Name", { exact: true }).fill("ada");
        await page.getByLabel("Password, at least").fill("correct horse");
        await page.getByRole("button", { name: "Register" }).click();
        await page.getByRole("button", { name: "New note" }).click();
        await expect(page.getByLabel("Title")).toBeFocused();
        expect(await violations(page)).toEqual([]);
      });

      test("the drawing of reverse-proxy breaks no rule of WCAG AA", async ({ page }) => {
        await page.goto("reverse-proxy/");
        await page.evaluate(() => {
          // The site's frame is the example's own, and changes under way.
          document.querySelector("morgana-site")?.remove();
        });
        const servers = page.getByRole("list", { name: "Servers" });
        await expect(servers.getByText("✓ up")).toHaveCount(2, { timeout: 15_000 });
        await new MachinePage(page, 2).halt();
        await expect(servers.getByText("✗ down")).toBeVisible({ timeout: 15_000 });
        expect(await violations(page)).toEqual([]);
      });

      test("screen-reader mode breaks no rule of WCAG AA", async ({ page }) => {
        const machine = await MachinePage.open(page, "console/");
        await machine.booted();
        await page.getByLabel("Screen-reader mode").check();
        await expect(page.getByRole("list").filter({ hasText: "small shell" })).toBeVisible();
        expect(await violations(page)).toEqual([]);
      });

      test("a unikernel that failed, or was misused, breaks no rule of WCAG AA", async ({
        page,
        url,
      }) => {
        const machine = await MachinePage.open(page, `${url}throws/`);
        await machine.exited();
        await expect(page.locator(".xterm-rows")).toContainText("Cannot go on");
        expect(await violations(page)).toEqual([]);
        await page.goto(`${url}needs-value/`);
        await machine.exited();
        await expect(page.locator(".xterm-rows")).toContainText("--peer is required");
        expect(await violations(page)).toEqual([]);
      });

      test("two unikernels on a page break no rule of WCAG AA", async ({ page }) => {
        await page.goto("frames/");
        await new MachinePage(page, 0).shows("I am Bob");
        await new MachinePage(page, 1).shows("I am Alice");
        await expect(page.getByRole("region", { name: "Devices" })).toHaveCount(2);
        expect(await violations(page)).toEqual([]);
      });

      test("sliders and graphs break no rule of WCAG AA", async ({ page }) => {
        await page.goto("lossy-link/");
        await new MachinePage(page, 1).shows(/rate [\d.]+ Mbit/);
        await expect(page.getByRole("slider")).toHaveCount(6);
        expect(await violations(page)).toEqual([]);
      });

      test("no page scrolls sideways", async ({ page }) => {
        for (const path of [
          "./",
          "hello-key/",
          "disk-lottery/",
          "frames/",
          "lossy-link/",
          "reverse-proxy/",
          "router/",
        ]) {
          await page.goto(path);
          await page.waitForSelector("morgana-unikernel .screen, .cards");
          const excess = await page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          );
          expect(excess, path).toBeLessThanOrEqual(0);
        }
      });
    });
  }
}

test("everything is reached and used by keyboard", async ({ page }) => {
  const machine = await MachinePage.open(page, "hello-key/");
  await machine.exited();
  await expect(page.getByLabel("--hello")).toBeVisible();
  const reached: string[] = [];
  for (let count = 0; count < 30; count += 1) {
    await page.keyboard.press("Tab");
    reached.push(
      await page.evaluate(() => {
        let active = document.activeElement;
        while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
        return (
          active?.textContent?.trim() || active?.getAttribute("name") || active?.className || ""
        );
      }),
    );
  }
  for (const each of [
    "All unikernels",
    "Find",
    "Restart",
    "--hello",
    "--times",
    "Run with these",
  ]) {
    expect(reached).toContain(each);
  }
  // The terminal is not a trap: focus went past it.
  expect(reached.indexOf("--hello")).toBeGreaterThan(reached.indexOf("Restart"));
});

test("a screen reader hears what the console shows", async ({ page }) => {
  const machine = await MachinePage.open(page, "hello-key/?times=3");
  await machine.exited();
  const log = page.getByRole("log");
  await expect(log).toHaveText("Hello World!Hello World!Hello World!");
});
