/** Slow servers, slow clients and many of both at an HTTP proxy: bounded memory, others go on. */

import { expect, test } from "vitest";
import { settled } from "../http-flows.ts";
import { answering, proxyWorld } from "../http-proxy-world.ts";

const get = "GET / HTTP/1.1\r\nHost: site\r\n\r\n";
const upload = "POST / HTTP/1.1\r\nHost: site\r\nContent-Length: 15000000\r\n\r\n";

/** All of a flood only where there is time. */
const floodCount = process.env["MORGANA_LONG"] === undefined ? 100 : 1000;

test("a server that reads nothing holds its client back", async () => {
  const world = proxyWorld();
  let written = 0;
  world.servers.onConnect = ({ client }) => {
    client.room = new Promise(() => {});
    const write = client.write.bind(client);
    client.write = (bytes) => {
      written += bytes.length;
      return write(bytes);
    };
  };
  const client = world.open();
  await client.send(upload);
  for (let count = 0; count < floodCount; count += 1) {
    client.flow.peer?.arrive("x".repeat(10_000));
    await settled(1);
  }
  expect(written).toBeLessThan(50_000);
  expect(world.proxy.counters["active"]).toBe(1);
});

test("a server that says nothing is waited for by as many as there may be, for so long", async () => {
  const world = proxyWorld({ maxRequests: 50, maxConnections: 8, headMs: 1000, connectMs: 500 });
  const clients = Array.from({ length: floodCount }, () => world.open());
  const answers = await Promise.all(clients.map((client) => client.send(get)));
  expect(answers.filter((answer) => /^HTTP\/1\.1 503 [^]*under way/.test(answer)).length).toBe(
    floodCount - 50,
  );
  expect(world.asked().length).toBe(16);
  await world.wait(3000);
  expect(world.proxy.counters["active"]).toBe(0);
  answering(world);
  // Both have failed so often that a check must find them well first.
  await world.wait(12_000);
  expect(await world.exchange(get)).toMatch(/^HTTP\/1\.1 200 /);
});

test("a server whose health has no end, or begins again and again, is only dropped", async () => {
  const world = proxyWorld({ checks: { intervalMs: 100 } });
  answering(world, (served) => {
    if (served.host === "a:80") {
      served.answer("HTTP/1.1 200 OK", "content-length: 1000000000", "", "x".repeat(10_000));
    } else {
      for (let count = 0; count < 100; count += 1) served.answer("HTTP/1.1 102 Wait", "", "");
    }
  });
  await world.wait(1000);
  expect(world.servers.connections.filter(({ client }) => !client.isAborted)).toEqual([]);
  expect(world.proxy.backends.map(({ isUp }) => isUp)).toEqual([true, false]);
});

test("a body that trickles in is kept no further than it may be", async () => {
  const world = proxyWorld({ keptBytes: 1000 }, { bodyTimeoutMs: 1000 });
  const client = world.open();
  await client.send(upload);
  for (let count = 0; count < 20; count += 1) await client.send("x".repeat(100));
  // The server goes: what it had cannot be sent to another, and nobody is asked to do it twice.
  world.servers.last.client.fail();
  expect(await client.send("")).toMatch(/^HTTP\/1\.1 502 /);
  expect(world.asked().length).toBe(1);
});
