/**
 * A trial of TCP: two hosts on a wire with faults, and what they say to each other, all drawn from
 * one seed. A trial fails if a byte is missing or wrong, if anything is left behind, or if it does
 * not end.
 */

import { ProtocolError, type TcpFlow, type TcpOptions } from "../../src/devices/index.ts";
import { timersOf } from "../../src/net/timers.ts";
import type { TcpSettings } from "../../src/net/tcp/settings.ts";
import { seededGenerator } from "../../src/simulated/generator.ts";
import type { WireOptions } from "../../src/simulated/index.ts";
import { pattern, tcpWorld, type TcpWorld } from "../tcp-world.ts";

/** What one side does with its connection. */
export interface Part {
  /** Bytes that it sends, and in chunks of how many. */
  readonly bytes: number;
  readonly chunkBytes: number;
  /** How long it rests between two reads. */
  readonly restMs: number;
  readonly options: TcpOptions;
  readonly settings: Partial<TcpSettings>;
}

/** All that follows from a seed. */
export interface Plan {
  readonly seed: number;
  readonly wire: WireOptions;
  readonly client: Part;
  readonly server: Part;
  /** When the cable is pulled, if it is, and for how long. */
  readonly outage: { readonly atMs: number; readonly forMs: number } | undefined;
}

/** How a trial ended. */
export interface Outcome {
  readonly plan: Plan;
  /** The same for the same seed, byte for byte. */
  readonly traceHash: string;
  /** False if nobody could be reached, which a bad enough wire does. */
  readonly hasConnected: boolean;
  readonly seconds: number;
  readonly retransmissions: number;
}

/** Draws a plan. */
export function planFor(seed: number): Plan {
  const random = seededGenerator(seed, "plan");
  const pick = <Value>(values: readonly Value[]): Value =>
    values[random.below(values.length)] as Value;
  const upTo = (most: number): number => (random.chance(0.4) ? 0 : random.fraction() * most);
  const part = (): Part => ({
    bytes: pick([0, 1, 1000, 20_000, 100_000]),
    chunkBytes: pick([1, 100, 1460, 5000, 65_536]),
    restMs: pick([0, 0, 0, 1, 20]),
    options: {
      noDelay: random.chance(0.5),
      receiveBufferBytes: pick([2000, 10_000, 65_535, 1_000_000]),
      sendBufferBytes: pick([2000, 65_536, 1_000_000]),
      // A connection that loses a third of its segments may take long.
      userTimeoutMs: 3_600_000,
    },
    settings: {
      timestamps: random.chance(0.7),
      selectiveAcknowledgment: random.chance(0.7),
      congestion: pick(["cubic", "new-reno"]),
      initialReceiveBytes: pick([1460, 10_000, 65_535]),
    },
  });
  const delayMs = pick([0, 0.1, 5, 50, 200]);
  return {
    seed,
    wire: {
      mtu: pick([576, 1280, 1500, 9000]),
      delayMs,
      jitterMs: upTo(delayMs),
      loss: upTo(0.3),
      duplication: upTo(0.2),
      corruption: upTo(0.05),
      reordering: upTo(0.3),
      holdBackMs: pick([0.1, 3, 2 * delayMs + 1]),
      bitsPerSecond: pick([1e6, 10e6, 1e9, Infinity]),
    },
    client: part(),
    server: part(),
    outage: random.chance(0.2)
      ? { atMs: random.fraction() * 2000, forMs: random.fraction() * 5000 }
      : undefined,
  };
}

/** The longest that a trial may take, in virtual time. */
const deadlineMs = 4 * 3_600_000;

/** Runs a plan. Rejects if anything is not as it must be. */
export async function runTrial(plan: Plan): Promise<Outcome> {
  const world = await tcpWorld({
    seed: plan.seed,
    wire: plan.wire,
    client: plan.client.settings,
    server: plan.server.settings,
  });
  const { clock } = world.simulation;
  const timers = timersOf(clock);
  let retransmissions = 0;
  let hasConnected = true;
  await world.simulation.run(async () => {
    const watch = new AbortController();
    const late = clock.sleep(deadlineMs, watch.signal).then(() => {
      throw new Error(`It is not over after ${deadlineMs / 1000} s`);
    });
    if (plan.outage !== undefined) void pullCable(world, plan.outage, watch.signal);
    hasConnected = await Promise.race([converse(world, plan), late]);
    watch.abort();
    await late.catch(() => {});
    // TIME-WAIT, and whatever the wire still carries.
    await clock.sleep(200_000);
    retransmissions =
      (world.client.tcp.counters["retransmissions"] ?? 0) +
      (world.server.tcp.counters["retransmissions"] ?? 0);
    await world.client.dispose();
    await world.server.dispose();
    if (timers.activeCount > 0) throw new Error(`${timers.activeCount} timers are left`);
  });
  const seconds = clock.monotonicMs() / 1000 - 200;
  const { traceHash } = world.simulation;
  return { plan, traceHash, hasConnected, seconds, retransmissions };
}

/** Gives false if the server could not be reached. */
async function converse({ client, server, simulation }: TcpWorld, plan: Plan): Promise<boolean> {
  const sleep = (durationMs: number): Promise<void> => simulation.clock.sleep(durationMs);
  const served = new Promise<void>((resolve, reject) => {
    server.tcp.listen(
      7,
      (flow) => play(flow, plan.server, plan.client, sleep).then(resolve, reject),
      plan.server.options,
    );
  });
  const to = { address: server.address, port: 7 };
  const flow = await client.tcp.connect(to, plan.client.options).catch((error: unknown) => {
    if (!mayFail(plan, error)) throw error;
    return undefined;
  });
  if (flow === undefined) return false;
  await Promise.all([served, play(flow, plan.client, plan.server, sleep)]);
  return true;
}

/** Neighbours are asked three times: a bad wire, or none, may lose all of that. */
function mayFail({ wire: { loss = 0, corruption = 0 }, outage }: Plan, error: unknown): boolean {
  const isBad = loss + corruption > 0.1 || outage !== undefined;
  return isBad && error instanceof ProtocolError && error.code === "unreachable";
}

/** Sends what it has to send, and checks what it hears. */
async function play(
  flow: TcpFlow,
  own: Part,
  other: Part,
  sleep: (durationMs: number) => Promise<void>,
): Promise<void> {
  const send = async (): Promise<void> => {
    const bytes = pattern(own.bytes);
    for (let at = 0; at < bytes.length; at += own.chunkBytes) {
      await flow.write(bytes.slice(at, at + own.chunkBytes));
    }
    await flow.shutdown("write");
  };
  const receive = async (): Promise<void> => {
    let count = 0;
    for (let chunk = await flow.read(); chunk !== undefined; chunk = await flow.read()) {
      if (Buffer.compare(chunk, pattern(chunk.length, count)) !== 0) {
        throw new Error(`Bytes from ${count} on are not those that were sent`);
      }
      count += chunk.length;
      if (own.restMs > 0) await sleep(own.restMs);
    }
    if (count !== other.bytes) throw new Error(`${count} of ${other.bytes} bytes arrived`);
  };
  await Promise.all([send(), receive()]);
  await flow[Symbol.asyncDispose]();
}

async function pullCable(
  { client, simulation }: TcpWorld,
  { atMs, forMs }: { readonly atMs: number; readonly forMs: number },
  signal: AbortSignal,
): Promise<void> {
  const network = client.network as unknown as { setLink(linkUp: boolean): void };
  try {
    await simulation.clock.sleep(atMs, signal);
    network.setLink(false);
    await simulation.clock.sleep(forMs, signal);
  } catch {
    // The trial is over.
  }
  network.setLink(true);
}
