/** RFC 2308, answers that there is nothing. */

import { expect, test } from "vitest";
import { dnsWorld, record, type Server } from "../dns-world.ts";

const soa = new Uint8Array(22);
soa[21] = 30;
const family = 4;

/** Asks for a name twice, `afterS` seconds apart; gives the codes, and how often a server was asked. */
async function twice(server: Server, afterS: number): Promise<readonly (string | number)[]> {
  const { simulation, serve, resolver, asked } = dnsWorld();
  serve("10.0.0.53", server);
  const dns = resolver();
  const codeOf = (): Promise<string> =>
    simulation.run(async () =>
      dns.resolve("no.example", { family }).then(
        () => "found",
        (error: { code: string }) => error.code,
      ),
    );
  const first = await codeOf();
  await simulation.run(() => simulation.clock.sleep(1000 * afterS));
  return [first, await codeOf(), asked.length];
}

test("2.1-1 an alias of a name that is not there leads to nothing", async () => {
  const answers = [record("no.example", "CNAME", "neither.example")];
  const authorities = [record("", "SOA", soa)];
  const server: Server = () => ({ flags: 0x8183, answers, authorities });
  expect(await twice(server, 1)).toEqual(["not-found", "not-found", 1]);
});

test("2.2-1 an answer without records says that there are none", async () => {
  const server: Server = () => ({ flags: 0x8180, authorities: [record("", "SOA", soa)] });
  expect(await twice(server, 1)).toEqual(["not-found", "not-found", 1]);
});

test("5-2 a negative answer is kept for what is left of its time", async () => {
  const server: Server = () => ({ flags: 0x8183, authorities: [record("", "SOA", soa)] });
  expect(await twice(server, 29)).toEqual(["not-found", "not-found", 1]);
  expect(await twice(server, 31)).toEqual(["not-found", "not-found", 2]);
});

test("7.1-1 after a failure the servers are asked again", async () => {
  const [first, second, count = 0] = await twice(() => ({ flags: 0x8182 }), 1);
  expect([first, second]).toEqual(["server-failure", "server-failure"]);
  expect(Number(count)).toBeGreaterThan(3);
});

test("7.2-1 after silence the servers are asked again", async () => {
  const [first, second, count = 0] = await twice(() => undefined, 1);
  expect([first, second]).toEqual(["timed-out", "timed-out"]);
  expect(Number(count)).toBeGreaterThan(3);
});
