/** What goes wrong in other stacks for a browser, each as a test of ours. */

import { expect, test } from "vitest";
import type { Network, Stack, TcpFlow } from "../src/devices/index.ts";
import { connectPair } from "../src/net/ethernet/crossover.ts";
import { connect as connectStack } from "../src/net/stack.ts";
import { decode } from "../src/net/tcp/packet.ts";
import type { TcpSettings } from "../src/net/tcp/settings.ts";
import { connect as connectClock } from "../src/platform-node/clock.ts";
import { connect as connectRandom } from "../src/platform-node/random.ts";
import "./nothing-left.ts";
import { lose, pattern, readAll, tcpWorld, type TcpWorld, writeAll } from "./tcp-world.ts";
import { usedBytes } from "./used-bytes.ts";

/** Where there is time: more connections than there are ports, and a faster path. */
const isLong = process.env["MORGANA_LONG"] !== undefined;
const connectionCount = isLong ? 70_000 : 4000;
const pathMegabits = isLong ? 100 : 20;

/** Loses the frames of at least `minBytes` whose number, from 0, is among `numbers`. */
function loseNumbered(network: Network, minBytes: number, numbers: readonly number[]): void {
  let count = 0;
  lose(network, (frame) => frame.length >= minBytes && numbers.includes(count++));
}

/** Connects the client to port 7 of the server; gives both ends. */
async function connect({ client, server }: TcpWorld): Promise<readonly [TcpFlow, TcpFlow]> {
  const accepted = new Promise<TcpFlow>((resolve) => {
    server.tcp.listen(7, resolve);
  });
  const flow = await client.tcp.connect({ address: server.address, port: 7 });
  return [flow, await accepted];
}

/** Sends bytes from the client to the server; gives what arrives, and how long it took. */
async function send(world: TcpWorld, bytes: Uint8Array): Promise<[Uint8Array, number]> {
  const { clock } = world.simulation;
  return world.simulation.run(async () => {
    const [flow, served] = await connect(world);
    const startMs = clock.monotonicMs();
    const [arrived] = await Promise.all([readAll(served), writeAll(flow, bytes)]);
    const ms = clock.monotonicMs() - startMs;
    await world.client.dispose();
    await world.server.dispose();
    return [arrived, ms];
  });
}

const bytes = pattern(60_000);

test.each([[[0]], [[1]], [[20]], [[41]], [[3, 4, 5]], [[0, 41]]])(
  "lost data frames (%j of 42) neither corrupt the stream nor stall it",
  async (numbers) => {
    const world = await tcpWorld({ wire: { delayMs: 5 } });
    loseNumbered(world.client.network, 1000, numbers);
    const [arrived, ms] = await send(world, bytes);
    expect(Buffer.compare(arrived, bytes)).toBe(0);
    // The last frame takes a probe, the others are missed as soon as those after them arrive.
    expect(ms).toBeLessThan(400);
    expect(world.client.tcp.counters["timeouts"]).toBe(0);
  },
);

test("reordering does not corrupt the stream, nor make it slow", async () => {
  const wire = { delayMs: 10, reordering: 0.3, holdBackMs: 4, bitsPerSecond: 100e6 };
  const world = await tcpWorld({ wire });
  const long = pattern(1_000_000);
  const [arrived, ms] = await send(world, long);
  expect(Buffer.compare(arrived, long)).toBe(0);
  expect(ms).toBeLessThan(600);
  expect(world.client.tcp.counters["timeouts"]).toBe(0);
  // 690 segments: few of them are sent twice.
  expect(world.client.tcp.counters["retransmissions"]).toBeLessThan(100);
});

test("connecting to a closed port fails at once, to an absent host soon", async () => {
  const world = await tcpWorld({ wire: { delayMs: 5 } });
  const { client, server, simulation } = world;
  await simulation.run(async () => {
    const closed = client.tcp.connect({ address: server.address, port: 9 });
    await expect(closed).rejects.toMatchObject({ code: "refused" });
    expect(simulation.clock.monotonicMs()).toBeLessThan(100);
    const absent = client.tcp.connect({ address: "10.0.0.99", port: 7 });
    await expect(absent).rejects.toMatchObject({ code: "unreachable" });
    expect(simulation.clock.monotonicMs()).toBeLessThan(15_000);
    // A host that is there and says nothing.
    lose(server.network, (frame) => frame[13] === 0);
    const silent = client.tcp.connect({ address: server.address, port: 7 });
    await expect(silent).rejects.toMatchObject({ code: "timed-out" });
    expect(simulation.clock.monotonicMs()).toBeLessThan(400_000);
    await client.dispose();
    await server.dispose();
  });
});

test("initial sequence numbers cannot be told from others", async () => {
  const numbersOf = async (seed: number): Promise<readonly number[]> => {
    const { client, server, simulation } = await tcpWorld({ seed });
    const numbers: number[] = [];
    lose(client.network, (frame) => {
      const segment = frame[13] === 0 && frame[23] === 6 ? decode(frame.slice(34)) : undefined;
      if (segment !== undefined && (segment.flags & 2) !== 0) numbers.push(segment.sequenceNumber);
      return false;
    });
    await simulation.run(async () => {
      // In the same millisecond, to the same port.
      const tries = Array.from({ length: 500 }, () =>
        client.tcp.connect({ address: server.address, port: 9 }).catch(() => {}),
      );
      await Promise.all(tries);
      await client.dispose();
      await server.dispose();
    });
    return numbers;
  };
  const [one, other] = [await numbersOf(1), await numbersOf(2)];
  expect(one.length).toBeGreaterThanOrEqual(500);
  const distances = one.slice(1).map((number, index) => (number - (one[index] ?? 0)) >>> 0);
  // Evenly spread, a sixteenth of them is in each sixteenth; none is near the one before by rule.
  for (let part = 0; part < 16; part += 1) {
    const count = distances.filter((distance) => distance >>> 28 === part).length;
    expect(count).toBeGreaterThan(8);
    expect(count).toBeLessThan(64);
  }
  expect(other.filter((number) => one.includes(number)).length).toBeLessThan(3);
});

test("a write behind a zero window completes, though the news of its opening is lost", async () => {
  const world = await tcpWorld({ wire: { delayMs: 5 } });
  const { simulation } = world;
  let isDeaf = false;
  lose(world.server.network, () => isDeaf);
  await simulation.run(async () => {
    const [flow, served] = await connect(world);
    const long = pattern(500_000);
    const written = writeAll(flow, long);
    await simulation.clock.sleep(60_000);
    expect(flow.counters["peerWindowBytes"]).toBe(0);
    isDeaf = true;
    const read = readAll(served);
    await simulation.clock.sleep(1000);
    isDeaf = false;
    await written;
    expect(Buffer.compare(await read, long)).toBe(0);
    await world.client.dispose();
    await world.server.dispose();
  });
});

test(`a path of ${pathMegabits} Mbit/s and 50 ms is filled: no window stays small`, async () => {
  const bitsPerSecond = pathMegabits * 1e6;
  // The queue holds what is under way in a round trip, as a router's should.
  const wire = { delayMs: 25, bitsPerSecond, queueBytes: bitsPerSecond / 8 / 20 };
  const world = await tcpWorld({ wire });
  const { clock } = world.simulation;
  const share = await world.simulation.run(async () => {
    const [flow, served] = await connect(world);
    const pour = async (): Promise<never> => {
      for (;;) await flow.write(new Uint8Array(65_536));
    };
    const poured = pour().catch(() => {});
    let count = 0;
    let startMs = Infinity;
    const fromMs = clock.monotonicMs() + 1000;
    while (clock.monotonicMs() < fromMs + 3000) {
      const chunk = await served.read();
      if (clock.monotonicMs() < fromMs) continue;
      if (startMs === Infinity) startMs = clock.monotonicMs();
      else count += chunk?.length ?? 0;
    }
    const seconds = (clock.monotonicMs() - startMs) / 1000;
    flow.abort();
    await poured;
    await world.client.dispose();
    await world.server.dispose();
    // 66 of the 1,514 bytes of a frame are headers.
    return count / seconds / ((bitsPerSecond / 8) * (1448 / 1514));
  });
  expect(share).toBeGreaterThan(0.95);
  expect(share).toBeLessThan(1.01);
});

/** Two stacks on a cable, in real time. */
async function cable(tcp: Partial<TcpSettings> = {}): Promise<readonly [Stack, Stack]> {
  const networks = connectPair({ windowBytes: 8 * 1024 * 1024 });
  const on = (network: Network, number: number): Promise<Stack> =>
    connectStack({
      network,
      clock: connectClock(),
      random: connectRandom(),
      ipv4: { address: { address: Uint8Array.of(10, 0, 0, number), length: 24 } },
      ipv6: "none",
      tcp,
    });
  return [await on(networks[0], 1), await on(networks[1], 2)];
}

test("the heap does not grow with the bytes sent", async () => {
  const [client, server] = await cable();
  const accepted = new Promise<TcpFlow>((resolve) => {
    server.tcp.listen(9, resolve);
  });
  const flow = await client.tcp.connect({ address: "10.0.0.2", port: 9 });
  const served = await accepted;
  const write = async (byteCount: number): Promise<void> => {
    for (let at = 0; at < byteCount; at += 65_536) await flow.write(new Uint8Array(65_536));
  };
  const read = async (byteCount: number): Promise<void> => {
    for (let at = 0; at < byteCount;) at += (await served.read())?.length ?? Infinity;
  };
  const pour = async (mebibytes: number): Promise<void> => {
    await Promise.all([write(mebibytes * 2 ** 20), read(mebibytes * 2 ** 20)]);
  };
  // Until buffers have grown to what they need.
  await pour(16);
  const before = usedBytes();
  await pour(64);
  expect(usedBytes() - before).toBeLessThan(1e6);
  await client[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

test("nothing is left of connections that are over", async () => {
  const [client, server] = await cable({ maxTimeWaits: 1000 });
  server.tcp.listen(7, async (flow) => {
    await flow.read();
    await flow[Symbol.asyncDispose]();
  });
  const open = async (count: number): Promise<void> => {
    let left = count;
    const place = async (): Promise<void> => {
      for (; left > 0; left -= 1) {
        const flow = await client.tcp.connect({ address: "10.0.0.2", port: 7 });
        await flow.shutdown("write");
        await flow.read();
        await flow[Symbol.asyncDispose]();
      }
    };
    await Promise.all(Array.from({ length: 8 }, place));
  };
  // As many as may wait for their end are there from then on.
  await open(2000);
  const before = usedBytes();
  await open(connectionCount);
  expect(usedBytes() - before).toBeLessThan(500_000);
  expect(client.tcp.counters["opened"]).toBeGreaterThanOrEqual(connectionCount + 2000);
  expect(server.tcp.counters["accepted"]).toBe(client.tcp.counters["opened"]);
  await client[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
}, 60_000);
