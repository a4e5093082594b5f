/** A page of somebody else's that embeds unikernels. */

import type { Page } from "@playwright/test";

/** Serves a plain HTML page of somebody's own site, beside the real one. */
export async function openPlainPage(page: Page, site: string, body: string): Promise<void> {
  const url = `${site}somebody.html`;
  await page.route(url, (route) =>
    route.fulfill({
      contentType: "text/html",
      body: `<!doctype html><html lang="en"><title>Somebody</title>
        <script type="module" src="${site}morgana.js"></script><body>${body}</body></html>`,
    }),
  );
  await page.goto(url);
}
