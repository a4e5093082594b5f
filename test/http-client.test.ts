/** The client and the server, over stacks on a wire that loses and delays. */

import { expect, test } from "vitest";
import type { HttpClient, HttpHandler, HttpServer, Stack } from "../src/devices/index.ts";
import { parsePrefix } from "../src/net/address.ts";
import { connect as connectClient } from "../src/net/http/client.ts";
import { connect as connectServer } from "../src/net/http/server.ts";
import { staticFiles } from "../src/net/http/static-files.ts";
import { connect as connectStack } from "../src/net/stack.ts";
import { SimulatedStore, Simulation, Wire, type WireOptions } from "../src/simulated/index.ts";

interface Hosts {
  readonly simulation: Simulation;
  /** Takes the server off the wire. */
  readonly unplug: () => void;
  readonly client: HttpClient;
  readonly server: HttpServer;
}

async function hosts(handler: HttpHandler, conditions: WireOptions = {}): Promise<Hosts> {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const simulation = new Simulation({ seed: 1, turn });
  const wire = new Wire(simulation, conditions);
  const networks = [wire.connect(), wire.connect()] as const;
  const stackOf = (number: 1 | 2): Promise<Stack> => {
    const address = parsePrefix(`10.0.0.${number}/24`);
    if (address === undefined) throw new TypeError("That is no prefix");
    return connectStack({
      network: networks[number - 1] ?? networks[0],
      clock: simulation.clock,
      random: simulation.random(`host ${number}`),
      ipv4: { address },
      ipv6: "none",
      hosts: { "server.example": ["10.0.0.2"] },
    });
  };
  const { clock } = simulation;
  const [near, far] = [await stackOf(1), await stackOf(2)];
  const server = connectServer({ tcp: far.tcp, clock });
  server.serve(80, handler);
  const unplug = (): void => wire.partition(...networks);
  return { simulation, unplug, server, client: connectClient({ stack: near, clock }) };
}

const url = "http://server.example/";

test("many requests share few connections, and each gets its own answer", async () => {
  const { simulation, client } = await hosts((request) => new Response(request.url), {
    delayMs: 5,
  });
  await simulation.run(async () => {
    const urls = Array.from({ length: 50 }, (_, index) => `${url}${index}`);
    const fetched = await Promise.all(
      urls.map(async (each) => (await client.fetch(new Request(each))).text()),
    );
    expect(fetched).toEqual(urls);
  });
  expect(client.counters).toMatchObject({ requests: 50, connections: 32, failed: 0 });
});

test("bodies go both ways at once, whole, whatever the wire loses", async () => {
  const handler: HttpHandler = (request) => new Response(request.body);
  const { simulation, client } = await hosts(handler, { delayMs: 2, loss: 0.02, reordering: 0.02 });
  const sent = new Uint8Array(200_000).map((_, index) => (index >> 8) ^ index);
  await simulation.run(async () => {
    let at = 0;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        if (at >= sent.length) controller.close();
        else controller.enqueue(sent.slice(at, (at += 10_000)));
      },
    });
    const init = { method: "POST", body, duplex: "half" };
    const response = await client.fetch(new Request(url, init));
    expect(Buffer.compare(sent, Buffer.from(await response.arrayBuffer()))).toBe(0);
  });
});

test("a client that goes away is noticed, and so is a server", async () => {
  let wasAborted = false;
  const handler: HttpHandler = (request) =>
    new Promise((resolve) => {
      request.signal.addEventListener("abort", () => {
        wasAborted = true;
        resolve(new Response());
      });
    });
  const { simulation, client, server } = await hosts(handler);
  await simulation.run(async () => {
    const controller = new AbortController();
    const response = client.fetch(new Request(url, { signal: controller.signal }));
    response.catch(() => {});
    await simulation.clock.sleep(100);
    controller.abort(new Error("enough"));
    await expect(response).rejects.toThrow("enough");
    await simulation.clock.sleep(100);
    expect(wasAborted).toBe(true);
    await server[Symbol.asyncDispose]();
    await expect(client.fetch(new Request(url))).rejects.toMatchObject({
      code: "connection-failed",
      cause: { code: "refused" },
    });
  });
});

test("a server that is gone without a word is given up, with connections that were kept", async () => {
  const { simulation, client, unplug } = await hosts(() => new Response("here"));
  await simulation.run(async () => {
    await (await client.fetch(new Request(url))).text();
    unplug();
    const startMs = simulation.clock.monotonicMs();
    await expect(client.fetch(new Request(url))).rejects.toMatchObject({ name: "HttpError" });
    expect(simulation.clock.monotonicMs() - startMs).toBeLessThan(62_000);
  });
});

test("files are served, redirected to, compared and sent in part", async () => {
  const simulation = new Simulation({ seed: 2, turn: () => new Promise((go) => setImmediate(go)) });
  const store = new SimulatedStore(simulation).connect();
  const large = new Uint8Array(150_000).map((_, index) => (index >> 8) ^ index);
  await simulation.run(async () => {
    await store.set(["a", "index.html"], new TextEncoder().encode("<p>here"));
    await store.set(["large"], large);
  });
  const files = staticFiles(store);
  // The store's own simulation goes on whenever the other one waits for it.
  const { simulation: world, client } = await hosts((request, connection) =>
    world.outside(simulation.run(async () => files(request, connection))),
  );
  await world.run(async () => {
    const page = await client.fetch(new Request(`${url}a?x`));
    expect(page).toMatchObject({ status: 200, redirected: true, url: `${url}a/?x` });
    expect(await page.text()).toBe("<p>here");
    const headers = { "if-none-match": page.headers.get("etag") ?? "" };
    const again = await client.fetch(new Request(`${url}a/`, { headers }));
    expect([again.status, await again.text()]).toEqual([304, ""]);
    const part = await client.fetch(new Request(`${url}large`, { headers: { range: "bytes=-5" } }));
    expect(Buffer.from(await part.arrayBuffer())).toEqual(Buffer.from(large.slice(-5)));
    const head = await client.fetch(new Request(`${url}large`, { method: "HEAD" }));
    expect(head.headers.get("content-length")).toBe("150000");
  });
  expect(client.counters).toMatchObject({ connections: 1, redirects: 1, failed: 0 });
});
