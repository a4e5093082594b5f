import { expect } from "@playwright/test";
import { MachinePage } from "./machine.ts";
import { test } from "./own-unikernels.ts";

test("one that throws exits with 255, its output, and a stack of its own lines", async ({
  page,
  url,
}) => {
  const machine = await MachinePage.open(page, `${url}throws/`);
  expect(await machine.exited()).toBe(255);
  expect(await machine.status()).toBe("failed");
  await machine.shows(/^about to fail\nUncaught .*Cannot go on: the test says so\n/);
  await machine.shows(/at fail \(\S*unikernel\.ts:10:9\)/);
  await machine.shows(/at \S*start \(\S*unikernel\.ts:6:3\)/);
  await expect(page.getByRole("status")).toHaveText("failed with code 255");
});

test("one that never returns is halted", async ({ page, url }) => {
  const machine = await MachinePage.open(page, `${url}forever/`);
  await machine.shows("waiting for ever");
  expect(await machine.halt()).toBe(137);
  expect(await machine.status()).toBe("exited");
});

test("one that blocks its thread shows what it printed, and is halted", async ({ page, url }) => {
  const machine = await MachinePage.open(page, `${url}blocks/`);
  await machine.shows("first line\nlast line before the end of time\n");
  await page.getByRole("button", { name: "Halt" }).click();
  expect(await machine.exited()).toBe(137);
});

test("one that prints 10 MB leaves the page alive, and loses nothing at its exit", async ({
  page,
  url,
}) => {
  test.slow();
  const machine = await MachinePage.open(page, `${url}floods/`);
  await machine.shows("line");
  // The page answers while it prints.
  const answers = await page.evaluate(async () => {
    for (let count = 0; count < 1000; count += 1) {
      if (document.querySelector("morgana-unikernel")?.exitCode !== null) return count;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return 1000;
  });
  expect(answers).toBeGreaterThan(3);
  expect(await machine.exited()).toBe(0);
  const lines = (await machine.text()).split("\n");
  expect(lines.length).toBe(10_000);
  expect(lines.slice(-3)).toEqual([`line 199999 ${"x".repeat(38)}`, "the very last line", ""]);
  const numbers = lines.slice(0, -2).map((line) => Number(line.slice(5, 11)));
  expect(
    numbers.every((number, index) => index === 0 || number === (numbers[index - 1] ?? 0) + 1),
  ).toBe(true);
});

for (const shape of ["unawaited", "noise", "one-line", "backspaces", "titles", "clears"]) {
  test(`one that prints 10 MB of ${shape} leaves the page alive and small`, async ({
    page,
    url,
  }) => {
    test.slow();
    const machine = await MachinePage.open(page, `${url}floods/?shape=${shape}`);
    expect(await machine.exited()).toBe(0);
    await machine.shows(/\nthe very last line\n$/);
    await expect(page.locator(".xterm-rows")).toContainText("the very last line");
    const session = await page.context().newCDPSession(page);
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    expect(usedSize).toBeLessThan(40_000_000);
  });
}

test("an error that nobody awaits ends it with 255", async ({ page, url }) => {
  const machine = await MachinePage.open(page, `${url}late-error/`);
  expect(await machine.exited()).toBe(255);
  await machine.shows("Uncaught Error: nobody awaits this");
});

test("what is no exit code is an error", async ({ page, url }) => {
  const machine = await MachinePage.open(page, `${url}bad-exit/`);
  expect(await machine.exited()).toBe(255);
  await machine.shows("Cannot exit with 256");
});

test("a missing argument exits with 64, says which, and the form asks for it", async ({
  page,
  url,
}) => {
  const machine = await MachinePage.open(page, `${url}needs-value/`);
  expect(await machine.exited()).toBe(64);
  await machine.shows("--peer is required: Whom to call");
  await page.getByLabel("--peer").fill("Bob");
  await page.getByRole("button", { name: "Run with these" }).click();
  await expect(page.getByRole("status")).toHaveText("exited with code 0");
});

test("log levels choose by source", async ({ page, url }) => {
  const machine = await MachinePage.open(page, `${url}logs/?logs=error,tcp:debug`);
  await machine.exited();
  expect(await machine.text()).toBe(
    "error logs: an error\nerror tcp: an error\nwarning tcp: a warning\n" +
      "info tcp: an information\ndebug tcp: a detail\n",
  );
});

test("frames that are none are refused, and say why", async ({ page, url }) => {
  const machine = await MachinePage.open(page, `${url}bad-frames/`);
  expect(await machine.exited()).toBe(0);
  expect(await machine.text()).toBe(
    "13: Cannot send a frame of 13 bytes: an Ethernet header has 14\n14: sent\n1514: sent\n" +
      "1515: Cannot send a frame of 1515 bytes: this link takes 1514\n",
  );
});

test("a disk that is open elsewhere is refused by name, and handed over", async ({
  page,
  context,
  url,
}) => {
  const owner = await MachinePage.open(page, `${url}keeps-disk/`);
  await owner.shows("has the disk of 64 sectors");
  const second = await MachinePage.open(await context.newPage(), `${url}keeps-disk/`);
  expect(await second.exited()).toBe(255);
  await second.shows(/Uncaught BlockError: .*"shared"/);
  // Its tab goes away without a word, and the disk is free.
  await page.close();
  await second.page.getByRole("button", { name: "Restart", exact: true }).click();
  await second.shows("has the disk of 64 sectors");
});

test("a disk of another size is refused, and says both", async ({ page, url }) => {
  const machine = await MachinePage.open(page, `${url}keeps-disk/`);
  await machine.shows("has the disk");
  await machine.halt();
  const other = await MachinePage.open(page, `${url}keeps-disk/?shared-sectors=128`);
  expect(await other.exited()).toBe(255);
  await other.shows(/BlockError: .*"shared".*64.*128|BlockError: .*"shared".*128.*64/);
});

test("a disk whose description is damaged is refused, and left alone", async ({ page, url }) => {
  const machine = await MachinePage.open(page, `${url}keeps-disk/`);
  await machine.shows("has the disk");
  await machine.halt();
  await page.evaluate(async () => {
    const opening = indexedDB.open("morgana-disk:shared");
    const database = await new Promise<IDBDatabase>((resolve) => {
      opening.onsuccess = () => resolve(opening.result);
    });
    for (const name of database.objectStoreNames) {
      if (name === "sectors") continue;
      const store = database.transaction(name, "readwrite").objectStore(name);
      store.openCursor().onsuccess = ({ target }) => {
        (target as IDBRequest<IDBCursorWithValue | null>).result?.update({ rubbish: true });
      };
    }
    database.close();
  });
  await page.getByRole("button", { name: "Restart", exact: true }).click();
  expect(await machine.exited()).toBe(255);
  await machine.shows(/BlockError: .*"shared"/);
  await expect(page.getByRole("region", { name: "Disks" })).toContainText("damaged");
});

test("an unknown name gets a page that says so and names the others", async ({ page, url }) => {
  const response = await page.goto(`${url}nobody/`);
  expect(response?.status()).toBe(404);
  await expect(page.getByRole("heading")).toHaveText("There is no unikernel at /nobody/");
  await page.getByRole("link", { name: "throws" }).click();
  await expect(page.getByRole("heading", { name: "throws" })).toBeVisible();
});
