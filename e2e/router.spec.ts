import { expect, test } from "@playwright/test";
import { MachinePage } from "./machine.ts";

test("router: hosts on two networks talk through it, and the page draws what it does", async ({
  page,
}) => {
  // Six unikernels boot at once.
  test.slow();
  await page.goto("router/");
  const [router, , ping, , receiver, stranger] = Array.from(
    { length: 6 },
    (_, index) => new MachinePage(page, index),
  );
  await router?.shows("Routing between lan 10.0.0.1/24");
  await ping?.shows(/64 bytes from 203\.0\.113\.9: icmp_seq=\d+ ttl=63/);
  await receiver?.shows("Receiving from 203.0.113.1");
  // By the port that leads inside.
  await stranger?.shows("Echo: Hello!");
  await router?.shows("log allow tcp 203.0.113.66");

  const filter = page.getByRole("region", { name: "Filter" });
  await expect(filter.getByRole("row", { name: /allow in lan$/ })).toBeVisible();
  const translator = page.getByRole("region", { name: "Translator" });
  await expect(translator.getByRole("row", { name: /^icmp 10\.0\.0\.3:\d+/ })).toBeVisible();
  await expect(
    translator.getByRole("row", { name: /^tcp 10\.0\.0\.2:7 8080 1 always/ }),
  ).toBeVisible();
  await expect(page.getByRole("region", { name: "Routes" })).toContainText("203.0.113.0/24");
  await expect(page.locator("#forwarded")).toHaveText(/^[1-9]\d* forwarded/);
  expect(await router?.halt()).toBe(0);
});

test("router: a rule that is none is refused, with its column", async ({ page }) => {
  await page.goto("router/");
  await page.evaluate(() => {
    for (const other of document.querySelectorAll("morgana-unikernel:not(#router)")) other.remove();
    document.querySelector("#router")?.setAttribute("args", "--rules=allow;permit");
  });
  const router = new MachinePage(page, 0);
  await router.shows("Rule 2, column 1: Expected allow");
  expect(await router.exited()).toBe(64);
});
