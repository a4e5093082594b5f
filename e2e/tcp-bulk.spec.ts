import { expect, test } from "@playwright/test";
import { MachinePage } from "./machine.ts";

test("tcp-bulk: one worker sends to another, and both show how fast", async ({ page }) => {
  await page.goto("tcp-bulk/");
  const [receiver, sender] = [new MachinePage(page, 0), new MachinePage(page, 1)];
  await sender.shows("Sending to 10.0.0.1 port 5001");
  await sender.shows(/\d+ MB\/s ▇+/);
  await receiver.shows(/\d+ MB\/s ▇+/);
  expect(await sender.halt()).toBe(0);
  await receiver.shows(/Received \d+ MB in [\d.]+ s: \d+ MB\/s/);
  expect(await receiver.halt()).toBe(0);
});

test("tcp-bulk: all of so many megabytes arrive", async ({ page }) => {
  await page.goto("tcp-bulk/");
  await page.evaluate(() => {
    document.querySelectorAll("morgana-unikernel")[1]?.remove();
    const sender = document.createElement("morgana-unikernel");
    sender.setAttribute("src", "./");
    sender.setAttribute("args", "--ipv4=10.0.0.3/24 --connect=10.0.0.1 --megabytes=50");
    document.querySelector(".machines")?.append(sender);
  });
  const [receiver, sender] = [new MachinePage(page, 0), new MachinePage(page, 1)];
  await sender.shows(/Sent 50 MB/);
  await receiver.shows(/Received 50 MB/);
  expect(await sender.exited()).toBe(0);
});
