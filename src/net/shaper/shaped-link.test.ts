import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { packetOf } from "../../../test/rfc/nat-world.ts";
import { Simulation, Wire } from "../../simulated/index.ts";
import { ByteBucket } from "./byte-bucket.ts";
import { FairQueue } from "./fair-queue.ts";
import { ShapedLink, type ShaperOptions } from "./shaped-link.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A frame of UDP from a port, so many bytes long. */
function frameOf(port: number, length = 1000): Uint8Array {
  const frame = new Uint8Array(length);
  frame[12] = 8;
  frame.set(packetOf("udp", `10.0.0.2:${port}`, "192.0.2.1:9"), 14);
  frame[16] = (length - 14) >> 8;
  frame[17] = length - 14;
  return frame;
}

function portOf(frame: Uint8Array | undefined): number {
  return ((frame?.[34] ?? 0) << 8) | (frame?.[35] ?? 0);
}

/** Sends frames through a shaped link, and resolves to when each arrived, and from which port. */
async function send(
  frames: readonly Uint8Array[],
  options: Omit<ShaperOptions, "clock" | "random">,
): Promise<{ link: ShapedLink; heard: readonly (readonly [atMs: number, port: number])[] }> {
  const simulation = new Simulation({ seed: 1, turn });
  const wire = new Wire(simulation);
  const { clock } = simulation;
  const heard: [number, number][] = [];
  const link = new ShapedLink(wire.connect(), {
    clock,
    random: simulation.random("shaper"),
    ...options,
  });
  await simulation.run(async () => {
    wire.connect().listen({ frame: (frame) => heard.push([clock.monotonicMs(), portOf(frame)]) });
    for (const frame of frames) link.write(frame.length, (into) => (into.set(frame), frame.length));
    await clock.sleep(10_000);
  });
  return { link, heard };
}

describe("ByteBucket", () => {
  test("lets no more go than the rate and one burst, whatever is asked of it", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1514 }), { maxLength: 200 }), (sizes) => {
        const bucket = new ByteBucket(80_000, 2000, 0);
        let nowMs = 0;
        let total = 0;
        for (const size of sizes) {
          nowMs = Math.max(nowMs, bucket.readyMs(size, nowMs));
          expect(bucket.readyMs(size, nowMs)).toBeLessThanOrEqual(nowMs + 1e-3);
          bucket.take(size);
          total += size;
          expect(total).toBeLessThanOrEqual(2000 + nowMs * 10 + 1e-3);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe("FairQueue", () => {
  const options = { maxBytes: 100_000, quantumBytes: 1514, seed: 7 };

  test("gives flows the same number of bytes, however long their frames are", () => {
    const queue = new FairQueue(options);
    for (let count = 0; count < 30; count += 1) queue.push(frameOf(1, 1500));
    for (let count = 0; count < 300; count += 1) queue.push(frameOf(2, 100));
    const bytes = [0, 0, 0];
    for (let sent = 0; sent < 30_000;) {
      const frame = queue.shift();
      const length = frame?.length ?? 0;
      bytes[portOf(frame)] = (bytes[portOf(frame)] ?? 0) + length;
      sent += length;
    }
    expect(Math.abs((bytes[1] ?? 0) - (bytes[2] ?? 0))).toBeLessThanOrEqual(1514);
  });

  test("when it is full, who fills it loses, and a flow of few frames does not", () => {
    const queue = new FairQueue(options);
    queue.push(frameOf(2, 100));
    let dropped = 0;
    for (let count = 0; count < 1000; count += 1) dropped += queue.push(frameOf(1));
    expect(queue.bytes).toBeLessThanOrEqual(100_000);
    expect(dropped).toBe(1001 - queue.count);
    const ports = Array.from({ length: queue.count }, () => portOf(queue.shift()));
    expect(ports.filter((port) => port === 2).length).toBe(1);
  });

  test("keeps the order within a flow, and loses nothing else", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 60, max: 1514 })), { maxLength: 60 }),
        (all) => {
          const queue = new FairQueue(options);
          const frames = all.map(([port, length]) => frameOf(port, length));
          for (const frame of frames) queue.push(frame);
          const out = Array.from({ length: frames.length }, () => queue.shift());
          expect(queue.shift()).toBeUndefined();
          expect(queue.bytes).toBe(0);
          for (let port = 0; port <= 5; port += 1) {
            const of = (list: readonly (Uint8Array | undefined)[]): unknown =>
              list.filter((frame) => portOf(frame) === port).map((frame) => frame?.length);
            expect(of(out)).toEqual(of(frames));
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("ShapedLink", () => {
  test("sends a burst at once and the rest at its rate", async () => {
    const frames = Array.from({ length: 20 }, () => frameOf(1));
    const { heard } = await send(frames, { bitsPerSecond: 800_000, burstBytes: 5000 });
    expect(heard.length).toBe(20);
    expect(heard[4]?.[0]).toBeLessThan(1);
    expect(heard[19]?.[0]).toBeCloseTo(150, 0);
  });

  test("lets a short flow pass a long one", async () => {
    const frames = [...Array.from({ length: 50 }, () => frameOf(1)), frameOf(2, 100)];
    const { heard } = await send(frames, { bitsPerSecond: 800_000, burstBytes: 1514 });
    expect(heard.findIndex(([, port]) => port === 2)).toBeLessThan(5);
  });

  test("counts what it drops, and what waits", async () => {
    const frames = Array.from({ length: 100 }, () => frameOf(1));
    const { link, heard } = await send(frames, {
      bitsPerSecond: 0,
      burstBytes: 3000,
      queueBytes: 20_000,
    });
    expect(heard.length).toBe(3);
    expect(link.counters).toMatchObject({ shapedDrops: 77, queuedFrames: 20, queuedFlows: 1 });
    link.setRate(Infinity);
    expect(link.counters.queuedFrames).toBe(0);
  });

  test("holds a class to a rate within that of the link", async () => {
    const frames = Array.from({ length: 40 }, (_, index) => frameOf((index % 2) + 1));
    const slow = {
      matches: (frame: Uint8Array) => portOf(frame) === 2,
      bitsPerSecond: 80_000,
      burstBytes: 1500,
    };
    const { heard } = await send(frames, { bitsPerSecond: 8_000_000, classes: [slow] });
    const last = (port: number): number =>
      Math.max(...heard.filter((each) => each[1] === port).map(([at]) => at));
    expect(last(1)).toBeLessThan(40);
    expect(last(2)).toBeGreaterThan(1800);
  });
});
