/** Memory of connections that a server keeps open, on Node, where a heap can be looked at. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Stack, TcpFlow } from "../../src/devices/index.ts";
import { connectPair } from "../../src/net/ethernet/crossover.ts";
import { connect as connectServer } from "../../src/net/http/server.ts";
import { connect as connectClock } from "../../src/platform-node/clock.ts";
import { connect as connectRandom } from "../../src/platform-node/random.ts";
import { stackOn } from "../net/measures.ts";
import { small } from "./answers.ts";

const platform = { clock: connectClock(), random: connectRandom() };

/** Megabytes that 10,000 idle keep-alive connections take at the server, its TCP included. */
export async function idleMegabytes(): Promise<number> {
  const count = 10_000;
  const bare = await megabytesOf(count, ({ tcp }) => {
    const kept: TcpFlow[] = [];
    tcp.listen(80, (flow) => void kept.push(flow));
    return undefined;
  });
  const served = await megabytesOf(count, ({ tcp }) => {
    connectServer({ tcp, clock: platform.clock, limits: { connectionCount: count } }).serve(
      80,
      small,
    );
    return new TextEncoder().encode("GET / HTTP/1.1\r\nhost: 10.0.0.2\r\n\r\n");
  });
  // Half of the bare ones are the clients' ends.
  return served - bare / 2;
}

/** Megabytes of both ends of so many connections, on each of which `request` was answered. */
async function megabytesOf(
  count: number,
  serve: (stack: Stack) => Uint8Array | undefined,
): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const used = (): number => {
    collect();
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const [one, other] = connectPair({ windowBytes: 64 * 1024 * 1024 });
  const stacks = [await stackOn(one, 1, platform), await stackOn(other, 2, platform)] as const;
  const request = serve(stacks[1]);
  const kept: TcpFlow[] = [];
  const before = used();
  for (let index = 0; index < count; index += 1) {
    const flow = await stacks[0].tcp.connect({ address: "10.0.0.2", port: 80 });
    if (request !== undefined) {
      await flow.write(request);
      await flow.read();
    }
    kept.push(flow);
  }
  const megabytes = (used() - before) / 1e6;
  for (const stack of stacks) await stack[Symbol.asyncDispose]();
  return megabytes;
}
