/** What is measured of the network stack, in one thread: the same in a Chromium worker and on Node. */

import type { Clock, Network, Offloads, Random, Stack, TcpFlow } from "../../src/devices/index.ts";
import { connectPair } from "../../src/net/ethernet/crossover.ts";
import { connect as connectStack } from "../../src/net/stack.ts";

/** What a platform gives. */
export interface Platform {
  readonly clock: Clock;
  readonly random: Random;
}

/** What the page's links offer, with a frame that fills an IPv4 packet. */
const large: Offloads = { checksum: true, segmentationBytes: 65_549 };

const chunkBytes = 65_536;

/** A stack at 10.0.0.`number`. */
export function stackOn(network: Network, number: number, platform: Platform): Promise<Stack> {
  const address = { address: Uint8Array.of(10, 0, 0, number), length: 24 };
  return connectStack({ network, ...platform, ipv4: { address }, ipv6: "none" });
}

async function pair(platform: Platform, offloads?: Offloads): Promise<readonly [Stack, Stack]> {
  const [one, other] = connectPair({
    windowBytes: 8 * 1024 * 1024,
    ...(offloads === undefined ? {} : { offloads }),
  });
  return [await stackOn(one, 1, platform), await stackOn(other, 2, platform)];
}

async function disposeAll(stacks: readonly Stack[]): Promise<void> {
  for (const stack of stacks) await stack[Symbol.asyncDispose]();
}

function seconds(sinceMs: number): number {
  return (performance.now() - sinceMs) / 1000;
}

/** Lets a stack take in all that comes to a port; resolves to how much that was. */
export function swallow(stack: Stack, port: number): Promise<number> {
  return new Promise((resolve) => {
    stack.tcp.listen(port, async (flow) => {
      let count = 0;
      for (let bytes = await flow.read(); bytes !== undefined; bytes = await flow.read()) {
        count += bytes.length;
        flow.recycle?.(bytes);
      }
      resolve(count);
    });
  });
}

/** Writes chunks until so many bytes are written, and shuts down writing. */
export async function pour(flow: TcpFlow, byteCount: number): Promise<void> {
  const chunk = new Uint8Array(chunkBytes).fill(7);
  for (let count = 0; count < byteCount; count += chunkBytes) await flow.write(chunk);
  await flow.shutdown("write");
}

async function stream(platform: Platform, byteCount: number, offloads?: Offloads): Promise<number> {
  const stacks = await pair(platform, offloads);
  const swallowed = swallow(stacks[1], 9);
  const flow = await stacks[0].tcp.connect({ address: "10.0.0.2", port: 9 });
  const startMs = performance.now();
  await pour(flow, byteCount);
  const count = await swallowed;
  const rate = count / 1e6 / seconds(startMs);
  await disposeAll(stacks);
  return rate;
}

async function roundTrips(platform: Platform): Promise<number> {
  const stacks = await pair(platform);
  stacks[1].tcp.listen(
    7,
    async (flow) => {
      for (let bytes = await flow.read(); bytes !== undefined; bytes = await flow.read()) {
        await flow.write(bytes);
      }
    },
    { noDelay: true },
  );
  const flow = await stacks[0].tcp.connect({ address: "10.0.0.2", port: 7 }, { noDelay: true });
  const count = 100_000;
  const startMs = performance.now();
  for (let index = 0; index < count; index += 1) {
    await flow.write(new Uint8Array(64));
    for (let heard = 0; heard < 64; heard += (await flow.read())?.length ?? 64);
  }
  const rate = count / seconds(startMs);
  await disposeAll(stacks);
  return rate;
}

/** Opens connections one after another in eight places at once, and closes them from both sides. */
async function opened(platform: Platform): Promise<number> {
  const stacks = await pair(platform);
  stacks[1].tcp.listen(7, async (flow) => {
    await flow.read();
    await flow[Symbol.asyncDispose]();
  });
  const count = 40_000;
  let left = count;
  const startMs = performance.now();
  const place = async (): Promise<void> => {
    for (; left > 0; left -= 1) {
      const flow = await stacks[0].tcp.connect({ address: "10.0.0.2", port: 7 });
      await flow.shutdown("write");
      await flow.read();
      await flow[Symbol.asyncDispose]();
    }
  };
  await Promise.all(Array.from({ length: 8 }, place));
  const rate = count / seconds(startMs);
  await disposeAll(stacks);
  return rate;
}

async function datagrams(platform: Platform): Promise<number> {
  const stacks = await pair(platform);
  const echo = stacks[1].udp.bind(7);
  echo.listen(({ bytes, from }) => echo.send(bytes, from));
  const socket = stacks[0].udp.bind(0);
  const to = { address: "10.0.0.2", port: 7 };
  const payload = new Uint8Array(64);
  const count = 200_000;
  const startMs = performance.now();
  await new Promise<void>((resolve) => {
    let heard = 0;
    socket.listen(() => {
      heard += 1;
      if (heard === count) resolve();
      else socket.send(payload, to);
    });
    socket.send(payload, to);
  });
  // Each round trip is two datagrams.
  const rate = (2 * count) / seconds(startMs);
  await disposeAll(stacks);
  return rate;
}

/** From nothing to a SYN that was answered, in milliseconds. */
async function ready(platform: Platform): Promise<number> {
  const startMs = performance.now();
  const stacks = await pair(platform);
  const ms = performance.now() - startMs;
  await disposeAll(stacks);
  // Two stacks were made.
  return ms / 2;
}

/** A measure: its unit, and what gives one sample. */
export interface Measure {
  readonly unit: string;
  readonly better: "higher" | "lower";
  readonly aim: number | null;
  readonly sample: (platform: Platform) => Promise<number>;
}

/**
 * All measures of one thread, by name. Those of a rate take about a second, since a worker that has
 * just started runs code that the engine has not compiled yet.
 */
export const measures: Readonly<Record<string, Measure>> = {
  "stack ready, from cold": { unit: "ms", better: "lower", aim: 3, sample: ready },
  "one stream, 1,500-byte frames, all checksums": {
    unit: "MB/s",
    better: "higher",
    aim: 400,
    sample: (platform) => stream(platform, 500e6),
  },
  "one stream, large segments, no checksums": {
    unit: "MB/s",
    better: "higher",
    aim: 1500,
    sample: (platform) => stream(platform, 1e9, large),
  },
  "connections opened and closed": {
    unit: "/s",
    better: "higher",
    aim: 30_000,
    sample: opened,
  },
  "64-byte TCP round trips": { unit: "/s", better: "higher", aim: 100_000, sample: roundTrips },
  "64-byte UDP datagrams": { unit: "/s", better: "higher", aim: null, sample: datagrams },
};
