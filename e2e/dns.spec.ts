import { expect, test } from "@playwright/test";
import { MachinePage } from "./machine.ts";

test("dns: a unikernel finds names that another serves", async ({ page }) => {
  await page.goto("dns/");
  const [server, client] = [new MachinePage(page, 0), new MachinePage(page, 1)];
  await server.shows("Serving 10 records of lab.example on port 53");
  await client.shows("A name, and a type or nothing:");
  await client.type("www.lab.example\r");
  await client.shows("  fd00::1\n  10.0.0.1\n");
  await client.type("x.any.lab.example a\r");
  await client.shows("  10.0.0.99 3600\n");
  await client.type("lab.example txt\r");
  await client.shows('  "A zone in a unikernel" 3600\n');
  await server.shows("10.0.0.2 asks for TXT of lab.example");
  await client.type("new.lab.example\r");
  await client.shows("Cannot resolve new.lab.example: there is no such record");
  await server.type("fresh 60 A 10.0.0\r");
  await server.shows('typed:1:12: Cannot read "10.0.0": it is not an IPv4 address');
  await server.type("fresh 60 A 10.0.0.7\r");
  await server.shows("Now there are 11 records");
  await client.type("fresh.lab.example a\r");
  await client.shows("  10.0.0.7 60\n");
  await client.type("\u0004");
  expect(await client.exited()).toBe(0);
  expect(await server.halt()).toBe(0);
});
