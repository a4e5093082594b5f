/** The measures on Node, beside its own sockets on loopback; and what needs a heap to look at. */

import { createServer, connect as connectSocket, type Server, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { connectPair } from "../../src/net/ethernet/crossover.ts";
import { connect as connectClock } from "../../src/platform-node/clock.ts";
import { connect as connectRandom } from "../../src/platform-node/random.ts";
import { measures, type Platform, stackOn } from "./measures.ts";

export { shareOfLongPath } from "./simulated.ts";

const platform: Platform = { clock: connectClock(), random: connectRandom() };

/** One sample of a measure. */
export function sample(name: string): Promise<number> {
  const measure = measures[name];
  if (measure === undefined) throw new RangeError(`There is no measure "${name}"`);
  return measure.sample(platform);
}

export { measures };

/** Megabytes that 10,000 idle connections take, of one of their two ends. */
export async function idleMegabytes(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const [one, other] = connectPair({ windowBytes: 64 * 1024 * 1024 });
  const stacks = [await stackOn(one, 1, platform), await stackOn(other, 2, platform)] as const;
  const kept: unknown[] = [];
  stacks[1].tcp.listen(7, (flow) => void kept.push(flow));
  const used = (): number => {
    collect();
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = used();
  for (let count = 0; count < 10_000; count += 1) {
    kept.push(await stacks[0].tcp.connect({ address: "10.0.0.2", port: 7 }));
  }
  const megabytes = (used() - before) / 2 / 1e6;
  for (const stack of stacks) await stack[Symbol.asyncDispose]();
  return megabytes;
}

/** Node's own stream over loopback, in one process: MB/s. */
export async function socketStream(): Promise<number> {
  const byteCount = 1e9;
  const chunk = Buffer.alloc(65_536);
  return withSocket(async (client, server) => {
    const startMs = performance.now();
    const received = new Promise<void>((resolve) => {
      let count = 0;
      server.on("data", (bytes) => {
        count += bytes.length;
        if (count >= byteCount) resolve();
      });
    });
    for (let count = 0; count < byteCount; count += chunk.length) {
      if (!client.write(chunk)) await new Promise((resolve) => client.once("drain", resolve));
    }
    await received;
    return byteCount / 1e6 / ((performance.now() - startMs) / 1000);
  });
}

/** Node's own round trips of 64 bytes over loopback, in one process. */
export async function socketRoundTrips(): Promise<number> {
  return withSocket(async (client, server) => {
    server.on("data", (bytes) => server.write(bytes));
    const count = 20_000;
    const startMs = performance.now();
    for (let index = 0; index < count; index += 1) {
      const answered = new Promise((resolve) => client.once("data", resolve));
      client.write(Buffer.alloc(64));
      await answered;
    }
    return count / ((performance.now() - startMs) / 1000);
  });
}

/** Node's own connections over loopback, in one process, as `connections opened and closed` has it. */
export async function socketConnections(): Promise<number> {
  const listener = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("end", () => socket.end()).resume();
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const port = portOf(listener);
  const count = 10_000;
  let left = count;
  const startMs = performance.now();
  const place = async (): Promise<void> => {
    for (; left > 0; left -= 1) {
      await new Promise<void>((resolve, reject) => {
        const socket = connectSocket(port, "127.0.0.1", () => socket.end());
        socket
          .on("close", () => resolve())
          .on("error", reject)
          .resume();
      });
    }
  };
  await Promise.all(Array.from({ length: 8 }, place));
  listener.close();
  return count / ((performance.now() - startMs) / 1000);
}

async function withSocket(
  use: (client: Socket, server: Socket) => Promise<number>,
): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const accepted = new Promise<Socket>((resolve) => listener.once("connection", resolve));
  const client = connectSocket(portOf(listener), "127.0.0.1");
  client.setNoDelay(true);
  const server = await accepted;
  server.setNoDelay(true);
  try {
    return await use(client, server);
  } finally {
    client.destroy();
    server.destroy();
    listener.close();
  }
}

function portOf(listener: Server): number {
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("There is no port");
  return address.port;
}
