/** The example echo-server, and a sender who says that it is somebody else. */

import { expect, test } from "vitest";
import { serve } from "../../examples/echo-server/server.ts";
import type { Stack } from "fata-morgana/devices";
import { connect } from "fata-morgana/net/stack";
import { Simulation, SimulatedConsole, Wire } from "fata-morgana/simulated";

const simulation = new Simulation({
  seed: 1,
  turn: () => new Promise((resolve) => setImmediate(resolve)),
});
const wire = new Wire(simulation);

/** A stack that knows the network of its address alone. */
function host(address: Uint8Array, length: number): Promise<Stack> {
  const { clock } = simulation;
  const random = simulation.random(`host ${address.join(".")}`);
  const ipv4 = { address: { address, length } };
  return connect({ network: wire.connect(), clock, random, ipv4, ipv6: "none" });
}

test("a datagram from where no route leads is dropped, and others are echoed", async () => {
  await simulation.run(async () => {
    const server = await host(Uint8Array.of(10, 0, 0, 1), 24);
    const neighbour = await host(Uint8Array.of(10, 0, 0, 2), 24);
    // All the world is its network, and so it asks the server itself, who knows no way back.
    const stranger = await host(Uint8Array.of(203, 0, 113, 5), 0);
    const halt = new AbortController();
    const console = new SimulatedConsole(simulation);
    const served = serve({ console, stack: server, signal: halt.signal }, 7);
    const to = { address: "10.0.0.1", port: 7 };
    stranger.udp.bind(0).send(Uint8Array.of(1), to);
    await simulation.clock.sleep(10);
    expect(server.counters["udpDatagramsIn"]).toBe(1);
    const socket = neighbour.udp.bind(0);
    socket.send(Uint8Array.of(9), to);
    expect((await socket.receive())?.bytes).toEqual(Uint8Array.of(9));
    halt.abort();
    await served;
    for (const stack of [server, neighbour, stranger]) await stack[Symbol.asyncDispose]();
  });
});
