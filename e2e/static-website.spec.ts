import type { Page } from "@playwright/test";
import { expect } from "@playwright/test";
import { example, test } from "./command.ts";
import { MachinePage } from "./machine.ts";
import { staticUrl } from "./servers.ts";

for (const [where, base] of [
  ["the dev server", ""],
  ["a static host, below a path of it", staticUrl],
] as const) {
  test(`static-website: the homepage is in the page, from ${where}`, async ({ page }) => {
    await page.goto(`${base}static-website/`);
    const frame = page.frameLocator("morgana-site iframe");
    await expect(frame.getByRole("heading", { level: 1 })).toHaveText("Imke Brandt", {
      timeout: 15_000,
    });
    await expect(frame.locator("#greeting")).toHaveText(
      /^Good (?:night|morning|afternoon|evening)\.$/,
    );
    await expect(frame.locator("img")).toHaveJSProperty("complete", true);
    await expect(frame.locator("nav")).toHaveCSS("display", "flex");
    await frame.getByRole("link", { name: "all notes" }).click();
    await frame.getByRole("link", { name: "How thick is fog?" }).click();
    await expect(frame.getByRole("heading", { level: 1 })).toHaveText("How thick is fog?");
    await expect(page.getByLabel("Address in the site")).toHaveText("/notes/fog.html");
    await new MachinePage(page).shows("GET /notes/fog.html 200");
  });
}

test("static-website: the site has tabs of its own, and says what it does not have", async ({
  page,
}) => {
  await page.goto("static-website/");
  const machine = new MachinePage(page);
  await expect(page.frameLocator("morgana-site iframe").locator("h1")).toBeVisible({
    timeout: 15_000,
  });
  const tab = await page.context().newPage();
  await tab.goto("static-website/~/notes");
  await expect(tab).toHaveURL(/\/static-website\/~\/notes\/$/);
  await expect(tab.getByRole("heading", { level: 1 })).toHaveText("Notes");
  const missing = await tab.goto("static-website/~/nowhere");
  expect(missing?.status()).toBe(404);
  await expect(tab.getByRole("heading", { level: 1 })).toHaveText("Nothing here");
  await machine.shows("GET /nowhere 404");
});

test("static-website: the same unikernel on Node serves a real browser", async ({
  page,
  start,
}) => {
  const server = start(["run", example("static-website"), "--port=17080"]);
  await server.shows("Serving on port 17080");
  await visit(page, "http://127.0.0.1:17080/");
  server.kill("SIGINT");
  expect(await server.ended).toMatchObject({ code: 0 });
});

async function visit(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Imke Brandt");
  await expect(page.locator("#greeting")).toHaveText(/^Good /);
  await expect(page.locator("img")).toHaveJSProperty("naturalWidth", 640);
}
