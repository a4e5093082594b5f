/** The whole: WebSocket on HTTP on our TCP, over a wire that loses frames. */

import { expect, test } from "vitest";
import type { Stack } from "../../src/devices/index.ts";
import { connect as connectHttp } from "../../src/net/http/server.ts";
import { connect } from "../../src/net/websocket/client.ts";
import type { WebSocketConnection } from "../../src/net/websocket/connection.ts";
import { accept, type AcceptOptions } from "../../src/net/websocket/server.ts";
import { pattern, tcpWorld, type TcpWorld } from "../tcp-world.ts";
import { echo } from "./echo-world.ts";

/** Two hosts, of which one serves, and how the other connects. */
async function world(
  seed: number,
  use: (socket: WebSocketConnection) => unknown,
  options: Partial<AcceptOptions> = {},
): Promise<TcpWorld & { readonly open: () => Promise<WebSocketConnection> }> {
  const wire = { loss: 0.02, delayMs: 5, reordering: 0.02 };
  const hosts = await tcpWorld({ seed, wire });
  const { client, server, simulation } = hosts;
  const { clock } = simulation;
  const http = connectHttp({ tcp: server.tcp, clock });
  http.serve(80, async (request, connection) => {
    const random = simulation.random("server");
    const socket = await accept(request, connection, { clock, random, ...options });
    if (socket instanceof Response) return socket;
    void use(socket);
    return undefined;
  });
  const stack: Pick<Stack, "connect"> = {
    connect: (address, port, options) => client.tcp.connect({ address, port }, options),
  };
  const random = simulation.random("client");
  const url = `ws://${server.address}/`;
  return { ...hosts, open: () => connect({ stack, clock, random, url, fragmentBytes: 10_000 }) };
}

test.each([1, 2, 3])("messages arrive whole and in order, with seed %i", async (seed) => {
  const { open, simulation } = await world(seed, echo);
  await simulation.run(async () => {
    const socket = await open();
    const messages = ["Grüße", pattern(100_000), "", pattern(3)];
    for (const message of messages) void socket.send(message);
    for (const message of messages) {
      const received = await socket.receive();
      const isSame =
        typeof message === "string" || !(received instanceof Uint8Array)
          ? received === message
          : Buffer.compare(received, message) === 0;
      expect(isSame).toBe(true);
    }
    expect(await socket.close(4000, "enough")).toMatchObject({ code: 4000, wasClean: true });
  });
});

test("abort() reaches the peer as a reset", async () => {
  const ends: unknown[] = [];
  const { open, simulation } = await world(4, async (socket) => {
    ends.push(await socket.receive().catch((error: unknown) => error), await socket.closed);
  });
  await simulation.run(async () => {
    const socket = await open();
    socket.abort();
    await simulation.clock.sleep(5000);
  });
  expect(ends).toMatchObject([{ code: "reset" }, { code: 1006, wasClean: false }]);
});

test("a receiver that takes nothing stops the sender, and then gets all", async () => {
  let socket: WebSocketConnection | undefined;
  const { open, simulation } = await world(5, (accepted) => (socket = accepted), {
    receiveQueueBytes: 20_000,
  });
  await simulation.run(async () => {
    const client = await open();
    const sending = Array.from({ length: 20 }, () => client.send(new Uint8Array(50_000)));
    await simulation.clock.sleep(100_000);
    const queued = client.bufferedBytes;
    expect(queued).toBeGreaterThan(500_000);
    expect(socket?.counters["bytesIn"]).toBeLessThan(300_000);
    for (let count = 0; count < 20; count += 1) {
      expect(await socket?.receive()).toHaveLength(50_000);
    }
    await Promise.all(sending);
    expect(client.bufferedBytes).toBe(0);
  });
});
