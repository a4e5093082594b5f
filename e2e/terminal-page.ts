/** The unikernel that says what it hears, on a page of its own with a keyboard and a clipboard. */

import { MachinePage } from "./machine.ts";
import { test as base } from "./own-unikernels.ts";

/** What a test of the terminal has. */
interface Fixtures {
  /** Opens the unikernel, with the focus in its terminal. */
  readonly open: (query: string) => Promise<MachinePage>;
  /** Puts text on the clipboard. */
  readonly clipboard: (text: string) => Promise<void>;
}

/** Playwright's `test`, with {@link Fixtures}. */
export const test = base.extend<Fixtures>({
  open: async ({ page, url }, use) => {
    await use(async (query) => {
      const machine = await MachinePage.open(page, `${url}terminal/${query}`);
      await machine.shows("ready");
      await page.locator(".xterm-rows").waitFor();
      await page.locator(".screen").click();
      return machine;
    });
  },

  clipboard: async ({ page, context, url }, use) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: url });
    await use((text) => page.evaluate((given) => navigator.clipboard.writeText(given), text));
  },
});

/** The query that makes the unikernel print `text` first. */
export function prints(text: string): string {
  return `?prints=${encodeURIComponent(JSON.stringify(text).slice(1, -1))}`;
}
