import { expect, test } from "@playwright/test";
import { MachinePage } from "./machine.ts";
import { openPlainPage } from "./plain-page.ts";
import { devUrl, staticUrl } from "./servers.ts";

for (const [kind, site] of [
  ["dev server", devUrl],
  ["static site", staticUrl],
] as const) {
  test(`a plain page with one script tag embeds a unikernel of the ${kind}`, async ({ page }) => {
    const element = `<morgana-unikernel src="${site}hello-key/" args='--hello="Hi there" --times=2'>`;
    await openPlainPage(page, site, element);
    const machine = new MachinePage(page);
    expect(await machine.exited()).toBe(0);
    expect(await machine.text()).toBe("Hi there\nHi there\n");
    expect(await machine.status()).toBe("exited");
  });
}

test("the element tells its life by events and promises", async ({ page }) => {
  await openPlainPage(page, devUrl, "");
  await page.waitForFunction(() => customElements.get("morgana-unikernel") !== undefined);
  const life = await page.evaluate(async () => {
    const seen: (string | number | null)[] = [];
    const element = document.createElement("morgana-unikernel");
    element.src = "/console/";
    document.addEventListener("morgana-status", () => seen.push(element.status));
    document.body.append(element);
    seen.push(element.exitCode);
    await element.booted;
    element.type("exit 5\n");
    seen.push(await element.exited, element.exitCode);
    return seen;
  });
  expect(life).toEqual(
    [...life.filter((each) => each === "booting"), null, "running", "exited", 5, 5].toSorted(
      (a, b) => life.indexOf(a) - life.indexOf(b),
    ),
  );
  expect(life.at(-1)).toBe(5);
  expect(life).toContain("running");
  expect(life).toContain("exited");
});

test("an element that is removed halts its unikernel", async ({ page }) => {
  await openPlainPage(page, devUrl, '<morgana-unikernel src="/console/"></morgana-unikernel>');
  const machine = new MachinePage(page);
  await machine.booted();
  expect(page.workers().length).toBe(1);
  await machine.element.evaluate((element) => element.remove());
  await expect.poll(() => page.workers().length).toBe(0);
});

test("a source where nothing is says so in the page", async ({ page }) => {
  await openPlainPage(page, staticUrl, `<morgana-unikernel src="${staticUrl}helo/">`);
  const machine = new MachinePage(page);
  expect(await machine.exited()).toBe(255);
  expect(await machine.status()).toBe("failed");
  await machine.shows('Cannot boot "helo": there is no unikernel at');
});

test("a page of another origin embeds a unikernel that is shared with it", async ({ page }) => {
  await page.goto(staticUrl);
  await page.evaluate((src) => {
    const element = document.createElement("morgana-unikernel");
    element.src = src;
    document.body.append(element);
  }, `${devUrl}hello-key/`);
  const machine = new MachinePage(page);
  expect(await machine.exited()).toBe(0);
  expect(await machine.text()).toBe("Hello World!\n");
});

test("two elements on switches of different names do not hear each other", async ({ page }) => {
  const elements = ["red", "red", "blue"].map(
    (network, index) =>
      `<morgana-unikernel src="/frames/" network="${network}" args="--name=${index}"></morgana-unikernel>`,
  );
  await openPlainPage(page, devUrl, elements.join(""));
  await new MachinePage(page, 0).shows("I am 1 (from");
  await new MachinePage(page, 1).shows("I am 0 (from");
  expect(await new MachinePage(page, 2).text()).not.toContain("(from");
});
