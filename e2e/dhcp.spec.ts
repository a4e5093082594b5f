import { expect, test, type Page } from "@playwright/test";
import { MachinePage } from "./machine.ts";

/** The addresses of the three clients, once each has one. */
async function addressesOf(page: Page): Promise<string[]> {
  const clients = [1, 2, 3].map((index) => new MachinePage(page, index));
  return Promise.all(
    clients.map(async (client) => {
      await client.shows(/at 10\.0\.0\.1\d\d\/24/);
      return /at (10\.0\.0\.\d+)\/24/.exec(await client.text())?.[1] ?? "";
    }),
  );
}

test("dhcp: three clients get addresses, and the same after a reload", async ({ page }) => {
  await page.goto("dhcp/");
  const server = new MachinePage(page, 0);
  await server.shows("10.0.0.1 gives 10.0.0.100 to 10.0.0.199, each for 3600 s");
  const addresses = await addressesOf(page);
  expect(new Set(addresses).size).toBe(3);
  await server.shows("Leases: 3");
  await server.shows(new RegExp(`${addresses[1]} is 02:00:00:00:00:12's \\(two\\) for 3\\d{3} s`));
  await page.reload();
  await server.shows("The disk has leases of before");
  expect(await addressesOf(page)).toEqual(addresses);
  expect(await server.halt()).toBe(0);
});
