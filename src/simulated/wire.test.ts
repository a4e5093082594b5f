import { setImmediate } from "node:timers/promises";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Simulation, Wire, type SimulatedNetwork, type WireOptions } from "./index.ts";

/** A frame heard: its number, when, and all its bytes. */
interface Heard {
  readonly number: number;
  readonly atMs: number;
  readonly frame: Uint8Array;
}

const sizeBytes = 100;

function simulate(seed = 1): Simulation {
  return new Simulation({ seed, turn: () => setImmediate() });
}

function frameOf(number: number): Uint8Array {
  const frame = new Uint8Array(sizeBytes).fill(0xa5);
  new DataView(frame.buffer).setUint32(sizeBytes - 4, number);
  return frame;
}

function send(network: SimulatedNetwork, number: number): void {
  network.write(sizeBytes, (into) => {
    into.set(frameOf(number));
    return sizeBytes;
  });
}

function listen(network: SimulatedNetwork, simulation: Simulation): Heard[] {
  const heard: Heard[] = [];
  network.listen({
    frame(frame) {
      const number = new DataView(frame.buffer).getUint32(sizeBytes - 4);
      heard.push({ number, atMs: simulation.timeline.nowNs / 1e6, frame });
    },
  });
  return heard;
}

/** Sends frames over a wire, one a millisecond, and gives what was heard. */
async function exchange(options: WireOptions, frameCount: number, seed = 1): Promise<Heard[]> {
  const simulation = simulate(seed);
  const wire = new Wire(simulation, options);
  const [a, b] = [wire.connect(), wire.connect()];
  const heard = listen(b, simulation);
  await simulation.run(async () => {
    for (let number = 0; number < frameCount; number++) {
      send(a, number);
      await simulation.clock.sleep(1);
    }
    await simulation.clock.sleep(10_000);
  });
  return heard;
}

const numbersOf = (heard: readonly Heard[]): number[] => heard.map(({ number }) => number);

/** Hundredths: a double of fast-check's own is mostly next to 0, where nothing happens. */
const probability = fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100);
const faults = fc.record({
  delayMs: fc.integer({ min: 0, max: 50 }),
  jitterMs: fc.integer({ min: 0, max: 50 }),
  loss: probability,
  duplication: probability,
  corruption: probability,
  reordering: probability,
  bitsPerSecond: fc.integer({ min: 10_000, max: 1e9 }),
});

test("a wire does the same for the same seed, byte for byte, whatever its faults", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), faults, async (seed, options) => {
      const hashes = await Promise.all([traceOf(seed, options), traceOf(seed, options)]);
      expect(hashes[0]).toEqual(hashes[1]);
    }),
    { numRuns: 50 },
  );
});

test("a wire does something else for another seed", async () => {
  const options = { jitterMs: 5, loss: 0.2 };
  const hashes = await Promise.all([1, 2, 3, 4].map((seed) => traceOf(seed, options)));
  expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(4);
});

/** Three hosts that answer each other on one wire: the hash of all that happened, and its log. */
async function traceOf(
  seed: number,
  options: WireOptions,
): Promise<{ readonly hash: string; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const simulation = new Simulation({
    seed,
    turn: () => setImmediate(),
    log: (line) => void lines.push(line),
  });
  const wire = new Wire(simulation, options);
  const hosts = [wire.connect(), wire.connect(), wire.connect()];
  let budget = 30;
  for (const host of hosts) {
    host.listen({ frame: () => budget-- > 0 && send(host, budget) });
    send(host, 100);
  }
  await simulation.run(() => simulation.clock.sleep(5000));
  return { hash: simulation.traceHash, lines };
}

test("loss loses its share of frames, and the rest stays in order", async () => {
  const numbers = numbersOf(await exchange({ loss: 0.3, jitterMs: 20 }, 1000));
  expect(numbers.length).toBeGreaterThan(620);
  expect(numbers.length).toBeLessThan(780);
  expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
  expect(await exchange({ loss: 1 }, 10)).toEqual([]);
});

test("delay and jitter hold each frame back so long, not longer", async () => {
  const heard = await exchange({ delayMs: 5, jitterMs: 0.5 }, 50);
  for (const { number, atMs } of heard) {
    expect(atMs - number).toBeGreaterThanOrEqual(5);
    expect(atMs - number).toBeLessThanOrEqual(5.5);
  }
  expect(new Set(heard.map(({ number, atMs }) => atMs - number)).size).toBeGreaterThan(40);
});

test("duplication makes two frames of one, each the receiver's own", async () => {
  const [first, second, ...rest] = await exchange({ duplication: 1 }, 1);
  expect(rest).toEqual([]);
  expect(second?.frame).toEqual(first?.frame);
  expect(second?.frame.buffer).not.toBe(first?.frame.buffer);
});

test("corruption flips exactly one bit of a frame", async () => {
  const heard = await exchange({ corruption: 1 }, 20);
  expect(heard.length).toBe(20);
  for (const [index, { frame }] of heard.entries()) {
    const flipped = frameOf(index).map((byte, at) => byte ^ (frame[at] ?? 0));
    const bits = [...flipped].map((byte) => byte.toString(2).replaceAll("0", "")).join("");
    expect(bits).toBe("1");
  }
});

test("reordering lets later frames overtake, and loses none", async () => {
  const numbers = numbersOf(await exchange({ reordering: 0.3, holdBackMs: 5 }, 100));
  const inOrder = Array.from({ length: 100 }, (_, index) => index);
  expect(numbers).not.toEqual(inOrder);
  expect(numbers.toSorted((one, other) => one - other)).toEqual(inOrder);
});

test("bitsPerSecond sends one frame after the other, and drops what finds no room", async () => {
  const simulation = simulate();
  // A frame of 100 bytes takes 8 ms; the queue holds three of them.
  const wire = new Wire(simulation, { bitsPerSecond: 100_000, queueBytes: 300 });
  const [a, b] = [wire.connect(), wire.connect()];
  const heard = listen(b, simulation);
  await simulation.run(async () => {
    for (let number = 0; number < 5; number++) send(a, number);
    await simulation.clock.sleep(100);
    send(a, 5);
    await simulation.clock.sleep(100);
  });
  expect(heard.map(({ number, atMs }) => [number, Math.round(atMs)])).toEqual([
    [0, 8],
    [1, 16],
    [2, 24],
    [5, 108],
  ]);
  expect(a.counters.droppedOut).toBe(2);
});

test("partition() cuts two interfaces off from each other only, until heal()", async () => {
  const simulation = simulate();
  const wire = new Wire(simulation);
  const [a, b, c] = [wire.connect(), wire.connect(), wire.connect()];
  const [heardByB, heardByC] = [listen(b, simulation), listen(c, simulation)];
  await simulation.run(async () => {
    wire.partition(a, b);
    send(a, 1);
    await simulation.clock.sleep(1);
    wire.heal(b, a);
    send(a, 2);
    wire.partition(a, c);
    send(a, 3);
    wire.heal();
    send(a, 4);
    await simulation.clock.sleep(1);
  });
  expect(numbersOf(heardByB)).toEqual([2, 3, 4]);
  expect(numbersOf(heardByC)).toEqual([1, 2, 4]);
});

test("change() holds for frames sent from then on", async () => {
  const simulation = simulate();
  const wire = new Wire(simulation, { loss: 1, delayMs: 5 });
  const [a, b] = [wire.connect(), wire.connect()];
  const heard = listen(b, simulation);
  await simulation.run(async () => {
    send(a, 1);
    wire.change({ loss: 0 });
    send(a, 2);
    await simulation.clock.sleep(10);
  });
  expect(heard.map(({ number, atMs }) => [number, atMs])).toEqual([[2, 5]]);
});

test.each([
  [{ loss: 30 }, "Cannot set loss of wire-1 to 30: a probability is 0 to 1"],
  [{ duplication: -0.1 }, "Cannot set duplication of wire-1 to -0.1: a probability is 0 to 1"],
  [{ delayMs: Number.NaN }, "Cannot set delayMs of wire-1 to NaN: it must be 0 or more"],
])("new Wire() and change() refuse %j", (conditions, message) => {
  expect(() => new Wire(simulate(), conditions)).toThrow(new RangeError(message));
  expect(() => new Wire(simulate()).change(conditions)).toThrow(new RangeError(message));
});

test("setLink() loses frames that arrive while the link is down", async () => {
  const simulation = simulate();
  const wire = new Wire(simulation, { delayMs: 5 });
  const [a, b] = [wire.connect(), wire.connect()];
  const heard = listen(b, simulation);
  await simulation.run(async () => {
    send(a, 1);
    b.setLink(false);
    await simulation.clock.sleep(10);
    b.setLink(true);
    send(a, 2);
    await simulation.clock.sleep(10);
  });
  expect(numbersOf(heard)).toEqual([2]);
});

test("connect() takes an address of one's own, and refuses what is none", () => {
  const wire = new Wire(simulate());
  expect(wire.connect(Uint8Array.of(2, 0, 0, 0, 0, 7)).mac).toEqual(
    Uint8Array.of(2, 0, 0, 0, 0, 7),
  );
  expect(() => wire.connect(Uint8Array.of(1, 0, 0, 0, 0, 7))).toThrow(RangeError);
  expect(() => wire.connect(new Uint8Array(5))).toThrow(RangeError);
});
