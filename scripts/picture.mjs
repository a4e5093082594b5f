// npm run picture: the README's pictures, taken of the built pages in a real browser.

import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { complain, run, say } from "./step.mjs";

/** @param {string} path */
const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/**
 * About as wide as what shows a README; so high that the terminal has no more rows than it fills.
 */
const viewport = { width: 900, height: 480 };

/** What stays below the last thing, in pixels: less than the gap to the next. */
const margin = 10;

/**
 * Each picture: what is done on its page before it is taken, and the last thing that is on it.
 *
 * @type {Readonly<Record<string, (page: Page) => Promise<Locator>>>}
 */
const pictures = {
  async console(page) {
    await page.goto("console/");
    await typeOn(page, ["help", "echo Hello from a tab", "size"]);
    return page.locator("morgana-unikernel .panels");
  },
  async gallery(page) {
    await page.goto("./");
    return page.locator(".card").nth(3);
  },
  async site(page) {
    await page.goto("static-website/");
    await page.frameLocator("morgana-site iframe").locator("figcaption").waitFor();
    return page.locator("morgana-site");
  },
};

/** @typedef {import("@playwright/test").Page} Page */
/** @typedef {import("@playwright/test").Locator} Locator */

try {
  if ((await run("npm", ["run", "build", "--silent"])) !== 0) process.exit(1);
  await takePictures();
} catch (error) {
  complain(error);
  process.exitCode = 1;
}

async function takePictures() {
  const { chromium } = await import("@playwright/test");
  const { browserFlags, ensureBrowser } = await import("./browser.mjs");
  const { serveStatic } = await import("./serve-static.mjs");
  const browser = await chromium.launch({
    executablePath: await ensureBrowser(),
    args: browserFlags,
  });
  const server = await serveStatic({ directory: at("site") });
  try {
    mkdirSync(at("docs/pictures"), { recursive: true });
    for (const [name, prepare] of Object.entries(pictures)) {
      const page = await browser.newPage({ baseURL: server.url, viewport, colorScheme: "light" });
      const picture = await take(page, await prepare(page));
      writeFileSync(at(`docs/pictures/${name}.png`), picture);
      say(`Wrote docs/pictures/${name}.png: ${Math.ceil(picture.length / 1000)} kB.`);
      await page.close();
    }
  } finally {
    await browser.close();
    await server.close();
  }
}

/**
 * Takes a picture of a page from its top to a little below something on it.
 *
 * @param {Page} page
 * @param {Locator} last
 * @returns {Promise<Buffer>} a PNG
 */
async function take(page, last) {
  const box = await last.boundingBox();
  if (box === null) throw new Error("Cannot take a picture: what should be on it is not visible");
  const height = Math.ceil(box.y + box.height + margin);
  const clip = { x: 0, y: 0, width: viewport.width, height };
  // Animations would leave it to chance whether the cursor is there.
  return page.screenshot({ fullPage: true, clip, animations: "disabled" });
}

/**
 * Types lines on the terminal of a page, each after the prompt that the line before led to.
 *
 * @param {Page} page
 * @param {readonly string[]} lines
 */
async function typeOn(page, lines) {
  const prompts = page.locator(".xterm-rows > div", { hasText: /^> / });
  await page.locator("morgana-unikernel .screen").click();
  for (const [index, line] of lines.entries()) {
    await prompts.nth(index).waitFor();
    await page.keyboard.type(`${line}\n`);
  }
  await prompts.nth(lines.length).waitFor();
  // The counters follow the console at an interval; each key was a byte.
  const bytes = lines.reduce((sum, line) => sum + line.length + 1, 0);
  await page.locator(".panels", { hasText: new RegExp(`bytes in\\s*${bytes}\\b`) }).waitFor();
}
