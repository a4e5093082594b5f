import { expect, test } from "@playwright/test";
import { MachinePage } from "./machine.ts";

test("echo-server: two unikernels of a page talk TCP over its switch", async ({ page }) => {
  await page.goto("echo-server/");
  const [server, client] = [new MachinePage(page, 0), new MachinePage(page, 1)];
  await client.shows("Connected to 10.0.0.1 port 7");
  await client.shows("Echo: Hello!");
  await client.type("and what I type\r");
  await client.shows("Echo: and what I type");
  await server.shows(/10\.0\.0\.2 port \d+ connected/);
  await client.type("\u0004");
  expect(await client.exited()).toBe(0);
  await server.shows(/10\.0\.0\.2 port \d+ is done after 21 bytes/);
  expect(await server.halt()).toBe(0);
});

test("echo-server: with nothing configured, two find addresses by themselves", async ({ page }) => {
  await page.goto("echo-server/");
  await page.evaluate(() => {
    for (const machine of document.querySelectorAll("morgana-unikernel")) machine.remove();
    const server = document.createElement("morgana-unikernel");
    server.setAttribute("src", "./");
    document.querySelector(".machines")?.append(server);
  });
  const server = new MachinePage(page, 0);
  await server.shows(/169\.254\.\d+\.\d+\/16/);
  const [, address = ""] = /(169\.254\.\d+\.\d+)\/16/.exec(await server.text()) ?? [];
  await page.evaluate((to) => {
    const client = document.createElement("morgana-unikernel");
    client.setAttribute("src", "./");
    client.setAttribute("args", `--connect=${to}`);
    document.querySelector(".machines")?.append(client);
  }, address);
  await new MachinePage(page, 1).shows("Echo: Hello!");
});

test("echo-server: an address that is none is refused before anything starts", async ({ page }) => {
  const machine = await MachinePage.open(page, "frames/");
  await page.evaluate(() => {
    const wrong = document.createElement("morgana-unikernel");
    wrong.setAttribute("src", "../echo-server/");
    wrong.setAttribute("args", "--ipv4=10.0.0.300/24");
    document.querySelector(".machines")?.prepend(wrong);
  });
  expect(await machine.exited()).toBe(64);
  expect(await machine.text()).toContain("--ipv4 must be an address of a host");
});
