import type { TcpFlow } from "../../devices/index.ts";
import { expect, test } from "vitest";
import { pattern, readAll, tcpWorld, type TcpWorld, writeAll } from "../../../test/tcp-world.ts";
import { timersOf } from "../timers.ts";

/** Lets the server echo on port 7, and gives a connection to it. */
async function echo({ client, server }: TcpWorld): Promise<TcpFlow> {
  server.tcp.listen(7, async (flow) => {
    for (let bytes = await flow.read(); bytes !== undefined; bytes = await flow.read()) {
      await flow.write(bytes);
    }
    await flow.shutdown("write");
  });
  return client.tcp.connect({ address: server.address, port: 7 });
}

test("a stream is echoed whole, and both ends close", async () => {
  const world = await tcpWorld({ wire: { delayMs: 5 } });
  const timers = timersOf(world.simulation.clock);
  await world.simulation.run(async () => {
    const flow = await echo(world);
    const sent = pattern(300_000);
    const [received] = await Promise.all([readAll(flow), writeAll(flow, sent)]);
    expect(Buffer.compare(received, sent)).toBe(0);
    await flow[Symbol.asyncDispose]();
    await world.simulation.clock.sleep(100_000);
    await world.client.dispose();
    await world.server.dispose();
    expect(timers.activeCount).toBe(0);
  });
});

test("a connection in TIME-WAIT is counted, not kept alive, and forgotten", async () => {
  const world = await tcpWorld({ client: { keepAliveIntervalMs: 1000 } });
  const { client, server, simulation } = world;
  await simulation.run(async () => {
    server.tcp.listen(7, async (flow) => {
      await readAll(flow);
      await flow[Symbol.asyncDispose]();
    });
    const to = { address: server.address, port: 7 };
    const flow = await client.tcp.connect(to, { keepAliveMs: 1000 });
    await flow.shutdown("write");
    await readAll(flow);
    await flow[Symbol.asyncDispose]();
    await simulation.clock.sleep(100);
    const { segmentsOut } = client.tcp.counters;
    await simulation.clock.sleep(50_000);
    expect(client.tcp.counters["connections"]).toBe(1);
    expect(server.tcp.counters["connections"]).toBe(0);
    expect(client.tcp.counters["segmentsOut"]).toBe(segmentsOut);
    await simulation.clock.sleep(10_000);
    expect(client.tcp.counters["connections"]).toBe(0);
    await client.dispose();
    await server.dispose();
    expect(timersOf(simulation.clock).activeCount).toBe(0);
  });
});

test.each([
  { timeToLive: 300 },
  { timeToLive: 0 },
  { trafficClass: -1 },
  { keepAliveMs: NaN },
  { userTimeoutMs: NaN },
  { receiveBufferBytes: 0 },
  { sendBufferBytes: NaN },
])("options that make no sense are refused, and leave nothing behind: %j", async (options) => {
  const { client, server, simulation } = await tcpWorld();
  await simulation.run(async () => {
    expect(() => server.tcp.listen(7, () => {}, options)).toThrow(RangeError);
    server.tcp.listen(7, () => {});
    const to = { address: server.address, port: 7 };
    await expect(client.tcp.connect(to, options)).rejects.toThrow(RangeError);
    expect(client.tcp.counters).toMatchObject({ connections: 0, opened: 0 });
  });
});

test("a listener that is disposed resets what is half open, and accepts nothing more", async () => {
  const world = await tcpWorld({ wire: { delayMs: 5 } });
  const { client, server, simulation } = world;
  await simulation.run(async () => {
    const accepted: TcpFlow[] = [];
    const listener = server.tcp.listen(7, (flow) => void accepted.push(flow));
    const to = { address: server.address, port: 7 };
    const before = await client.tcp.connect(to);
    await simulation.clock.sleep(20);
    const late = client.tcp.connect(to);
    await simulation.clock.sleep(7);
    expect(listener.counters["halfOpen"]).toBe(1);
    await listener[Symbol.asyncDispose]();
    expect(listener.counters["halfOpen"]).toBe(0);
    await expect(late.then((flow) => flow.read())).rejects.toMatchObject({ code: "reset" });
    await expect(client.tcp.connect(to)).rejects.toMatchObject({ code: "refused" });
    expect(accepted.length).toBe(1);
    await before.write(Uint8Array.of(1));
    expect(await accepted[0]?.read()).toEqual(Uint8Array.of(1));
    expect(server.tcp.counters["connections"]).toBe(1);
  });
});

test("nothing is lost on a wire that loses, doubles and reorders frames", async () => {
  const wire = { delayMs: 10, loss: 0.05, duplication: 0.05, reordering: 0.1, holdBackMs: 20 };
  const world = await tcpWorld({ wire });
  await world.simulation.run(async () => {
    const flow = await echo(world);
    const sent = pattern(300_000);
    const [received] = await Promise.all([readAll(flow), writeAll(flow, sent)]);
    expect(Buffer.compare(received, sent)).toBe(0);
  });
});

test("connect() fails with `refused` where nobody listens", async () => {
  const world = await tcpWorld();
  await world.simulation.run(async () => {
    const attempt = world.client.tcp.connect({ address: world.server.address, port: 9 });
    await expect(attempt).rejects.toMatchObject({ name: "ProtocolError", code: "refused" });
  });
});

test("connect() fails with `unreachable` where there is no host", async () => {
  const world = await tcpWorld();
  await world.simulation.run(async () => {
    const attempt = world.client.tcp.connect({ address: "10.0.0.9", port: 9 });
    await expect(attempt).rejects.toMatchObject({ name: "ProtocolError", code: "unreachable" });
  });
});

test("a long path is filled: the windows grow", async () => {
  const world = await tcpWorld({
    wire: { delayMs: 25, bitsPerSecond: 100e6, queueBytes: 2e6 },
  });
  await world.simulation.run(async () => {
    const received = new Promise<number>((resolve) => {
      world.server.tcp.listen(9, async (flow) => {
        const bytes = await readAll(flow);
        resolve(bytes.length);
      });
    });
    const flow = await world.client.tcp.connect({ address: world.server.address, port: 9 });
    const startMs = world.simulation.clock.monotonicMs();
    const sent = pattern(12_500_000);
    await writeAll(flow, sent, 65_536);
    expect(await received).toBe(sent.length);
    const seconds = (world.simulation.clock.monotonicMs() - startMs) / 1000;
    // The wire takes 1 s for the bytes alone.
    expect(seconds).toBeLessThan(1.4);
  });
});
