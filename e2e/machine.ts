/** A unikernel on a page, seen through its embedding contract. */

import type { Locator, Page } from "@playwright/test";
import { expect } from "@playwright/test";
import type { MorganaUnikernel } from "fata-morgana/elements";

/** Drives one `<morgana-unikernel>`; `index` picks one where there are several. */
export class MachinePage {
  readonly page: Page;
  readonly element: Locator;

  constructor(page: Page, index = 0) {
    this.page = page;
    this.element = page.locator("morgana-unikernel").nth(index);
  }

  /** Opens a page, and gives its unikernel. */
  static async open(page: Page, url: string): Promise<MachinePage> {
    await page.goto(url);
    return new MachinePage(page);
  }

  status(): Promise<string> {
    return this.element.evaluate((element: MorganaUnikernel) => element.status);
  }

  text(): Promise<string> {
    return this.element.evaluate((element: MorganaUnikernel) => element.consoleText());
  }

  type(text: string): Promise<void> {
    return this.element.evaluate((element: MorganaUnikernel, typed) => element.type(typed), text);
  }

  halt(): Promise<number | null> {
    return this.element.evaluate((element: MorganaUnikernel) => element.halt());
  }

  /** Waits until it has ended, and gives its exit code. */
  exited(): Promise<number> {
    return this.element.evaluate((element: MorganaUnikernel) => element.exited);
  }

  /** Waits until `start` is running. */
  booted(): Promise<void> {
    return this.element.evaluate((element: MorganaUnikernel) => element.booted);
  }

  /** Waits until the console holds `text`. */
  async shows(text: string | RegExp): Promise<void> {
    const expected = typeof text === "string" ? expect.stringContaining(text) : undefined;
    const poll = expect.poll(() => this.text(), { timeout: 10_000 });
    await (text instanceof RegExp ? poll.toMatch(text) : poll.toEqual(expected));
  }
}
