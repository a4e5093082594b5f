/** One stream on a long path, in virtual time: what share of the path it takes. */

import { Simulation, Wire } from "../../src/simulated/index.ts";
import { pour, stackOn, swallow } from "./measures.ts";

const bitsPerSecond = 100e6;
const byteCount = 250e6;

/** Ethernet, IP and TCP with timestamps take 66 of the 1,514 bytes of a frame. */
const pathBytesPerSecond = (bitsPerSecond / 8) * (1448 / 1514);

/** The share in percent, at a round trip of 50 ms. */
export async function shareOfLongPath(): Promise<number> {
  const simulation = new Simulation({
    seed: 1,
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  });
  // The queue holds what is under way in a round trip, as a router's should.
  const wire = new Wire(simulation, { delayMs: 25, bitsPerSecond, queueBytes: 625_000 });
  const { clock } = simulation;
  let share = 0;
  await simulation.run(async () => {
    const one = await stackOn(wire.connect(), 1, { clock, random: simulation.random("one") });
    const other = await stackOn(wire.connect(), 2, { clock, random: simulation.random("other") });
    const swallowed = swallow(other, 9);
    const startMs = clock.monotonicMs();
    const flow = await one.tcp.connect({ address: "10.0.0.2", port: 9 });
    await pour(flow, byteCount);
    const count = await swallowed;
    const seconds = (clock.monotonicMs() - startMs) / 1000;
    share = (100 * count) / seconds / pathBytesPerSecond;
  });
  return share;
}
