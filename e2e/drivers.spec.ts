/**
 * The browser's drivers in a real worker: their laws, and a disk that outlives what kills a tab.
 */

import { resolve } from "node:path";
import {
  expect,
  test as base,
  type BrowserContext,
  type Page,
  type Worker,
} from "@playwright/test";
import { serveModules } from "../scripts/serve-modules.mjs";
import { suites } from "./drivers/suites.ts";
import type { Outcome } from "./drivers/worker.ts";

/** A tab, and the worker in it that has the drivers. */
interface Tab {
  readonly page: Page;
  worker(): Worker;
}

const disk = { name: "lottery", sectorBytes: 4096, sectorCount: 1024, waitMs: 0 };

const test = base.extend<{ openTab: (context?: BrowserContext) => Promise<Tab> }, { url: string }>({
  url: [
    // oxlint-disable-next-line no-empty-pattern -- how Playwright learns that it needs no fixture
    async ({}, use) => {
      const server = await serveModules({ directory: resolve(import.meta.dirname, "drivers") });
      await use(server.url);
      await server.close();
    },
    { scope: "worker" },
  ],

  openTab: async ({ context, url }, use) => {
    await use(async (otherContext) => {
      const page = await (otherContext ?? context).newPage();
      await page.goto(url);
      await expect(page.locator("body")).toHaveText("ready");
      const worker = (): Worker => {
        // The last: one that was terminated may still be listed.
        const worker = page.workers().at(-1);
        if (worker === undefined) throw new Error("The page has no worker");
        return worker;
      };
      return { page, worker };
    });
  },
});

for (const [name, laws] of Object.entries(suites)) {
  test(`${name} keeps its laws, in a worker`, async ({ openTab }) => {
    const tab = await openTab();
    const verdicts = await tab.worker().evaluate((name) => drivers.run(name), name);
    expect(verdicts).toEqual(Object.fromEntries(laws.map((law) => [law.name, "kept"])));
  });
}

test("a resolved write is there, when its tab was killed at once", async ({ openTab }) => {
  const killed = await openTab();
  expect(await open(killed)).toBe("done");
  expect(await write(killed, 0, 100, 7)).toBe("done");
  await kill(killed);
  const tab = await openTab();
  await expect.poll(() => open(tab)).toBe("done");
  expect(await bytesIn(tab, 0, 100)).toEqual([7]);
});

test("a write is there whole or not at all, when its tab was killed meanwhile", async ({
  openTab,
}) => {
  const killed = await openTab();
  expect(await open(killed)).toBe("done");
  await killed.worker().evaluate(() => drivers.beginWrites(0, 500, 100));
  await kill(killed);
  const tab = await openTab();
  await expect.poll(() => open(tab)).toBe("done");
  expect(await bytesIn(tab, 0, 500)).toHaveLength(1);
});

test("a disk is busy and says its name, while another tab has it", async ({ openTab }) => {
  const [first, second] = [await openTab(), await openTab()];
  expect(await open(first)).toBe("done");
  const refusal = await open(second);
  expect(refusal).toMatch(/^busy: /);
  expect(refusal).toContain('disk "lottery"');
  expect(await second.worker().evaluate(() => drivers.remove("lottery"))).toMatch(/^busy: /);
  expect(await first.worker().evaluate(() => drivers.close())).toBe("done");
  expect(await open(second)).toBe("done");
});

test("a disk goes to the tab that waits for it, when the other is killed", async ({ openTab }) => {
  const [first, second] = [await openTab(), await openTab()];
  expect(await open(first)).toBe("done");
  expect(await write(first, 3, 1, 9)).toBe("done");
  const opened = open(second, { waitMs: 60_000 });
  await kill(first);
  expect(await opened).toBe("done");
  expect(await bytesIn(second, 3, 1)).toEqual([9]);
});

test("a disk is free again, for a worker that replaces a blocked one", async ({ openTab }) => {
  const tab = await openTab();
  expect(await open(tab)).toBe("done");
  await tab.worker().evaluate(() => drivers.block());
  const { waitMs: _, ...patient } = disk;
  await restart(tab);
  expect(await tab.worker().evaluate((options) => drivers.open(options), patient)).toBe("done");
});

test("a disk is free, when its page is loaded again", async ({ openTab }) => {
  const tab = await openTab();
  expect(await open(tab)).toBe("done");
  expect(await write(tab, 0, 1, 5)).toBe("done");
  await tab.page.reload();
  await expect(tab.page.locator("body")).toHaveText("ready");
  const { waitMs: _, ...patient } = disk;
  expect(await tab.worker().evaluate((options) => drivers.open(options), patient)).toBe("done");
  expect(await bytesIn(tab, 0, 1)).toEqual([5]);
});

test("a write rejects with no-space and loses nothing, for a full storage", async ({ openTab }) => {
  const tab = await openTab();
  const origin = new URL(tab.page.url()).origin;
  const session = await tab.page.context().newCDPSession(tab.page);
  // Before the first write: Chromium remembers for a while how much space there was.
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1_000_000 });
  expect(await open(tab)).toBe("done");
  expect(await write(tab, 0, 16, 1)).toBe("done");
  expect(await write(tab, 0, 1024, 2)).toMatch(/^no-space: .*the browser's storage .* is full/);
  expect(await bytesIn(tab, 0, 16)).toEqual([1]);
  await session.send("Storage.overrideQuotaForOrigin", { origin });
  expect(await write(tab, 0, 1024, 3)).toBe("done");
  expect(await bytesIn(tab, 0, 1024)).toEqual([3]);
});

test("disks are listed and deleted, and listing creates none", async ({ openTab }) => {
  const [user, lister] = [await openTab(), await openTab()];
  const list = (): Promise<unknown> => lister.worker().evaluate(() => drivers.list());
  expect(await list()).toEqual([]);
  expect(await open(user)).toBe("done");
  expect(await write(user, 10, 5, 1)).toBe("done");
  expect(await list()).toEqual([
    {
      name: "lottery",
      sectorBytes: 4096,
      sectorCount: 1024,
      sectorsInUse: 5,
      createdMs: expect.any(Number),
      open: true,
      damaged: false,
    },
  ]);
  expect(await user.worker().evaluate(() => drivers.close())).toBe("done");
  expect(await lister.worker().evaluate(() => drivers.remove("lottery"))).toBe("done");
  expect(await list()).toEqual([]);
  expect(await lister.page.evaluate(() => indexedDB.databases())).toEqual([]);
});

test("a disk that is deleted under its user is closed, and says so", async ({ openTab }) => {
  const tab = await openTab();
  expect(await open(tab)).toBe("done");
  await tab.page.evaluate(async () => {
    const request = indexedDB.deleteDatabase("morgana-disk:lottery");
    await new Promise((resolve) => request.addEventListener("success", resolve));
  });
  expect(await write(tab, 0, 1, 1)).toMatch(/^closed: .*deleted/);
});

function open(tab: Tab, options: { readonly waitMs?: number } = {}): Promise<Outcome> {
  return tab.worker().evaluate((options) => drivers.open(options), { ...disk, ...options });
}

function write(tab: Tab, sector: number, sectorCount: number, byte: number): Promise<Outcome> {
  return tab
    .worker()
    .evaluate(([sector, sectorCount, byte]) => drivers.write(sector, sectorCount, byte), [
      sector,
      sectorCount,
      byte,
    ] as const);
}

function bytesIn(tab: Tab, sector: number, sectorCount: number): Promise<number[]> {
  return tab
    .worker()
    .evaluate(([sector, sectorCount]) => drivers.bytesIn(sector, sectorCount), [
      sector,
      sectorCount,
    ] as const);
}

/** Kills the process of a tab, and of the worker in it. */
async function kill({ page }: Tab): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const crashed = page.waitForEvent("crash");
  // The answer never comes.
  session.send("Page.crash").catch(() => {});
  await crashed;
}

async function restart({ page }: Tab): Promise<void> {
  const started = page.waitForEvent("worker");
  await page.evaluate(() => window.restartWorker());
  await started;
  await expect(page.locator("body")).toHaveText("ready");
}
