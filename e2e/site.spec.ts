import { readdirSync } from "node:fs";
import type { Page } from "@playwright/test";
import { expect, test } from "@playwright/test";
import { MachinePage } from "./machine.ts";
import { staticUrl } from "./servers.ts";

const examples = readdirSync(new URL("../examples", import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** What each example shows on its console, and the code it exits with, if it does. */
const expectations: Readonly<Record<string, { shows: string | RegExp; exits?: number }>> = {
  "app-info": { shows: "app-info", exits: 0 },
  block: { shows: "10 of 10 checks passed\n", exits: 0 },
  clock: { shows: "10000 readings in a row, 0 not later than the one before\n", exits: 0 },
  console: { shows: /\S/ },
  dhcp: { shows: "10.0.0.1 gives 10.0.0.100 to 10.0.0.199" },
  "disk-lottery": { shows: "Reload to draw again.\n", exits: 0 },
  dns: { shows: "Serving 10 records" },
  "echo-server": { shows: "Port 7 of TCP and UDP, at 10.0.0.1/24" },
  frames: { shows: "I am Alice" },
  hello: { shows: /^(?:hello\n){4}$/, exits: 0 },
  "hello-key": { shows: /^Hello World!\n$/, exits: 0 },
  hono: { shows: "Serving on port 80" },
  "http-fetch": { shows: "Serving on 10.0.0.1/24, port 80" },
  "http-server": { shows: /\S/ },
  "lossy-link": { shows: "Listening on 10.0.0.1/24" },
  noop: { shows: /^$/, exits: 0 },
  ntp: { shows: "Telling the time at 10.0.0.1/24" },
  ping: { shows: "I am 10.0.0.1/24" },
  "ping6-raw": { shows: /^I am fe80::/ },
  "reverse-proxy": { shows: "Serving on port 80 of 10.0.0.1/24" },
  router: { shows: "Routing between lan 10.0.0.1/24" },
  "speaking-clock": { shows: "Port 13 of 10.0.0.1/24" },
  "static-website": { shows: "Serving on port 80 of" },
  "tcp-bulk": { shows: "Listening on 10.0.0.1/24" },
  "websocket-chat": { shows: "Chat on port 80, at 10.0.0.1/24" },
  timers: { shows: / after .* s\n/, exits: 0 },
};

/**
 * Notes what goes wrong on a page: failed requests, those beside the site, errors on its console.
 */
function watch(page: Page): readonly string[] {
  const wrong: string[] = [];
  page.on("request", (request) => {
    if (/^https?:/.test(request.url()) && !request.url().startsWith(staticUrl)) {
      wrong.push(`went outside: ${request.url()}`);
    }
  });
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText ?? "";
    // What a page had not finished loading when it was left.
    if (reason !== "net::ERR_ABORTED") wrong.push(`failed: ${request.url()} ${reason}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) wrong.push(`${response.status()}: ${response.url()}`);
  });
  page.on("console", (message) => {
    // What the tests themselves run in the frame of a site whose scripts are not allowed.
    const isOurs = message.text().startsWith("Blocked script execution in");
    if (message.type() === "error" && !isOurs) wrong.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(`uncaught: ${error.message}`));
  return wrong;
}

for (const name of examples) {
  test(`${name} boots on a static host, below a path, without a bad request`, async ({ page }) => {
    const wrong = watch(page);
    const expected = expectations[name];
    expect(expected, `what ${name} shows`).toBeDefined();
    const machine = await MachinePage.open(page, `${staticUrl}${name}/`);
    await machine.shows(expected?.shows ?? "");
    if (expected?.exits === undefined) expect(await machine.status()).toBe("running");
    else expect(await machine.exited()).toBe(expected.exits);
    expect(wrong).toEqual([]);
  });
}

test("the gallery leads to every example and back", async ({ page }) => {
  // Each page boots what it shows, and there are many.
  test.setTimeout(120_000);
  const wrong = watch(page);
  await page.goto(staticUrl);
  await expect(page.locator(".card h2")).toHaveText(examples.toSorted());
  for (const name of examples) {
    await page.getByRole("link", { name, exact: true }).click();
    await expect(page).toHaveURL(`${staticUrl}${name}/`);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
    await page.getByRole("link", { name: "All unikernels" }).click();
    await expect(page).toHaveURL(staticUrl);
  }
  expect(wrong).toEqual([]);
});

test("a card shows the sentence, the devices and their picture", async ({ page }) => {
  await page.goto(staticUrl);
  const card = page.getByRole("listitem").filter({ hasText: "disk-lottery" }).first();
  await expect(card).toContainText("Plays a lottery whose draws and wins survive a reload");
  await expect(card.getByRole("list", { name: "Devices" }).getByRole("listitem")).toHaveText([
    "Console",
    "Block",
    "Random",
  ]);
  await expect(card.getByRole("img")).toHaveAccessibleName(
    "Devices of disk-lottery: console, lottery, random",
  );
});

for (const path of ["nobody/", "nobody", "hello/nothing/at/all", "a%20b/?c=%E0"]) {
  test(`the page for what is missing finds the site from ${path}`, async ({ page }) => {
    const response = await page.goto(`${staticUrl}${path}`);
    expect(response?.status()).toBe(404);
    await expect(page.getByRole("heading")).toHaveText("There is no unikernel at this address");
    await expect(page.locator("base")).toHaveCount(1);
    const hello = page.getByRole("link", { name: "hello", exact: true });
    await expect(hello).toHaveJSProperty("href", `${staticUrl}hello/`);
    await expect(page.getByRole("link", { name: "Morgana" })).toHaveJSProperty("href", staticUrl);
    // Its own style, since it cannot know where the site's is.
    await expect(page.locator("body")).toHaveCSS("margin", "0px");
    await hello.click();
    await expect(page.getByRole("log")).toContainText("hello");
  });
}
