import { expect, test, type Page } from "@playwright/test";
import { MachinePage } from "./machine.ts";

/** Adds a unikernel that fetches a URL. */
async function fetching(page: Page, url: string, number: number): Promise<MachinePage> {
  const count = await page.locator("morgana-unikernel").count();
  await page.evaluate(
    ([args]) => {
      const client = document.createElement("morgana-unikernel");
      client.setAttribute("src", "./");
      client.setAttribute("args", args ?? "");
      document.querySelector(".machines")?.append(client);
    },
    [`--ipv4=10.0.0.${number}/24 --ipv6=none --url=${url}`],
  );
  return new MachinePage(page, count);
}

test("http-fetch: a unikernel prints what another one sends, as it arrives", async ({ page }) => {
  await page.goto("http-fetch/");
  const [server, client] = [new MachinePage(page, 0), new MachinePage(page, 1)];
  await client.shows("HTTP 200 OK http://10.0.0.1/clock");
  await client.shows("transfer-encoding: chunked");
  await client.shows(/\n5\n/);
  expect(await client.text()).not.toContain("now");
  await client.shows(/\n5\n4\n3\n2\n1\nnow\n/);
  expect(await client.exited()).toBe(0);
  expect(await server.halt()).toBe(0);
});

test("http-fetch: files that were compiled in are served, and what is missing is not", async ({
  page,
}) => {
  await page.goto("http-fetch/");
  const file = await fetching(page, "http://10.0.0.1/hello.txt", 3);
  await file.shows("content-type: text/plain; charset=utf-8");
  await file.shows(/etag: "[0-9a-f]{32}"/);
  await file.shows("A file in a unikernel — 火");
  expect(await file.exited()).toBe(0);
  const home = await fetching(page, "http://10.0.0.1", 4);
  await home.shows("<title>From a unikernel</title>");
  const missing = await fetching(page, "http://10.0.0.1/missing", 5);
  await missing.shows("HTTP 404 Not Found");
  expect(await missing.exited()).toBe(1);
});

test("http-fetch: what cannot be fetched is said", async ({ page }) => {
  await page.goto("http-fetch/");
  const secure = await fetching(page, "https://10.0.0.1/", 3);
  await secure.shows("Cannot fetch https://10.0.0.1/: there is no TLS, only http:");
  expect(await secure.exited()).toBe(1);
  const odd = await fetching(page, "nonsense", 4);
  await odd.shows("nonsense is no URL");
});
