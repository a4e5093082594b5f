// Chromium, as the measures start it.

import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import { browserFlags, ensureBrowser } from "../scripts/browser.mjs";
import { serveModules } from "../scripts/serve-modules.mjs";

/** Starts it. */
export async function launch() {
  return chromium.launch({ executablePath: await ensureBrowser(), args: browserFlags });
}

/**
 * Opens a page of `bench/pages` for as long as `use` takes.
 *
 * @template Result
 * @param {string} name
 * @param {string} global what the page's script sets when it is ready
 * @param {(page: import("@playwright/test").Page) => Promise<Result>} use
 * @returns {Promise<Result>}
 */
export async function withPage(name, global, use) {
  const directory = fileURLToPath(new URL(`pages/${name}`, import.meta.url));
  const server = await serveModules({ directory });
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(server.url);
    await page.waitForFunction((global) => global in globalThis, global);
    return await use(page);
  } finally {
    await browser.close();
    await server.close();
  }
}
