/** RFC 1035, names. */

import { expect, test } from "vitest";
import { dnsWorld, record } from "../dns-world.ts";

test("2.3.1-1 an answer in other letters, and a question in others, are the same name", async () => {
  const { simulation, serve, resolver, asked } = dnsWorld();
  serve("10.0.0.53", ({ name }) => ({ answers: [record(name.toUpperCase(), "A", "192.0.2.1")] }));
  const dns = resolver();
  const options = { family: 4 } as const;
  expect(await simulation.run(() => dns.resolve("Host.Example", options))).toEqual(["192.0.2.1"]);
  expect(await simulation.run(() => dns.resolve("hOST.eXAMPLE", options))).toEqual(["192.0.2.1"]);
  expect(asked).toHaveLength(1);
});

test("4.1.1-1 a query has one question, and only wants recursion", async () => {
  const { simulation, internet, serve, resolver } = dnsWorld();
  serve("10.0.0.53", ({ name }) => ({ answers: [record(name, "A", "192.0.2.1")] }));
  await simulation.run(() => resolver().resolve("host.example", { family: 4 }));
  const query = internet.packets.find(({ to }) => to === "10.0.0.53")?.payload.subarray(8);
  expect([...(query?.subarray(2, 10) ?? [])]).toEqual([1, 0, 0, 1, 0, 0, 0, 0]);
});

test("4.2.1-1 a query goes to port 53", async () => {
  const { simulation, internet, serve, resolver } = dnsWorld();
  serve("10.0.0.53", ({ name }) => ({ answers: [record(name, "A", "192.0.2.1")] }));
  await simulation.run(() => resolver().resolve("host.example", { family: 4 }));
  const query = internet.packets.find(({ to }) => to === "10.0.0.53");
  expect([...(query?.payload.subarray(2, 4) ?? [])]).toEqual([0, 53]);
});
