import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { networkLaws } from "../../conformance/index.ts";
import type { Network } from "../../devices/index.ts";
import { type SimulatedNetwork, Simulation, Wire } from "../../simulated/index.ts";
import { ConditionedLink, type LinkConditions, noConditions } from "./conditioned-link.ts";

describe("the laws of Network, without conditions", () => {
  let simulation: Simulation;
  const behind = new Map<Network, SimulatedNetwork>();
  const connect = (wire: Wire): Network => {
    const network = wire.connect();
    const random = simulation.random("link");
    const link = new ConditionedLink(network, noConditions, { clock: simulation.clock, random });
    behind.set(link, network);
    return link;
  };
  const laws = networkLaws({
    connectPair: async () => {
      const wire = new Wire(simulation);
      return [connect(wire), connect(wire)];
    },
    settle: () => simulation.clock.sleep(1000),
    setLink: async (network, linkUp) => behind.get(network)?.setLink(linkUp),
  });
  for (const law of laws) {
    test(law.name, () => {
      simulation = new Simulation({ seed: 1, turn: () => setImmediate() });
      return simulation.run(() => law.run());
    });
  }
});

/** A link in a simulation, and what is heard at its other end: marks with the time since the start. */
class Bench {
  readonly simulation = new Simulation({ seed: 5, turn: () => setImmediate() });
  readonly link: ConditionedLink;
  readonly heard: { readonly mark: number; readonly atMs: number }[] = [];
  readonly #startMs: number;

  constructor(conditions: Partial<LinkConditions>) {
    const { clock } = this.simulation;
    const wire = new Wire(this.simulation);
    const [network, other] = [wire.connect(), wire.connect()];
    const random = this.simulation.random("link");
    this.link = new ConditionedLink(network, conditions, { clock, random });
    this.#startMs = clock.monotonicMs();
    other.listen({
      frame: (frame) =>
        this.heard.push({ mark: frame[14] ?? 0, atMs: clock.monotonicMs() - this.#startMs }),
    });
  }

  get marks(): number[] {
    return this.heard.map(({ mark }) => mark);
  }

  get lastMs(): number {
    return this.heard.at(-1)?.atMs ?? 0;
  }

  /** Sends numbered frames of 1,000 bytes. */
  send(count: number, firstMark = 0): void {
    for (let index = 0; index < count; index += 1) {
      this.link.write(1000, (into) => {
        into.fill(0).fill(0xff, 0, 6);
        into.set(this.link.mac, 6);
        into[14] = firstMark + index;
        return 1000;
      });
    }
  }

  /** Runs `body`, and on until nothing is under way. */
  run(body: () => void | Promise<void>): Promise<void> {
    return this.simulation.run(async () => {
      await body();
      await this.simulation.clock.sleep(60_000);
    });
  }
}

/** Sends 200 frames over a link. */
async function send(conditions: Partial<LinkConditions>): Promise<Bench> {
  const bench = new Bench(conditions);
  await bench.run(() => bench.send(200));
  return bench;
}

const all = Array.from({ length: 200 }, (_, mark) => mark);

test("write() lets frames arrive at once and in order, without conditions", async () => {
  const { marks, lastMs } = await send({});
  expect(marks).toEqual(all);
  expect(lastMs).toBeLessThan(1);
});

test("write() keeps the order of frames, with a delay and jitter", async () => {
  const { heard, marks, lastMs } = await send({ delayMs: 100, jitterMs: 50 });
  expect(marks).toEqual(all);
  expect(heard[0]?.atMs).toBeGreaterThanOrEqual(100);
  expect(lastMs).toBeGreaterThan(125);
  expect(lastMs).toBeLessThan(151);
});

test("write() loses about as many frames as it should, and counts them", async () => {
  const { marks, link } = await send({ loss: 0.25 });
  expect(link.counters.lost).toBeGreaterThan(20);
  expect(link.counters.lost).toBeLessThan(80);
  expect(marks.length).toBe(200 - link.counters.lost);
  expect(link.counters.framesOut).toBe(200);
  expect(link.counters.droppedOut).toBe(0);
});

test("write() doubles about as many frames as it should", async () => {
  const { marks } = await send({ duplication: 0.25 });
  expect(marks.length).toBeGreaterThan(220);
  expect(marks.length).toBeLessThan(280);
  expect([...new Set(marks)]).toEqual(all);
});

test("write() lets frames overtake those held back, and loses none", async () => {
  const { marks } = await send({ reordering: 0.2, holdBackMs: 10, bitsPerSecond: 8e6 });
  const overtaken = marks.filter((mark, index) => mark < Math.max(...marks.slice(0, index)));
  expect(overtaken.length).toBeGreaterThan(10);
  expect(overtaken.length).toBeLessThan(80);
  expect(marks.toSorted((a, b) => a - b)).toEqual(all);
});

test("write() spaces frames by the rate", async () => {
  const { heard, marks } = await send({ bitsPerSecond: 8e6, delayMs: 5 });
  expect(marks).toEqual(all);
  // 1,000 bytes take 1 ms.
  for (const { mark, atMs } of heard) expect(atMs).toBeCloseTo(mark + 1 + 5, 1);
});

test("write() drops and counts what has no room in the queue of the rate", async () => {
  const bench = new Bench({ bitsPerSecond: 8e6 });
  await bench.run(() => bench.send(300));
  const { droppedOut, framesOut, lost } = bench.link.counters;
  expect(framesOut).toBe(262);
  expect([bench.marks.length, droppedOut, lost]).toEqual([262, 38, 0]);
});

test("write() bounds what is under way, however long the delay", async () => {
  const bench = new Bench({ delayMs: 50_000 });
  await bench.run(() => {
    for (let index = 0; index < 100; index += 1) bench.send(200);
  });
  expect(bench.marks.length).toBe(16_777);
  expect(bench.link.counters.droppedOut).toBe(20_000 - 16_777);
});

test("change() lets what waits go faster, when the rate grows", async () => {
  const bench = new Bench({ bitsPerSecond: 8e4 });
  await bench.run(async () => {
    bench.send(100);
    await bench.simulation.clock.sleep(250);
    expect(bench.marks).toEqual([0, 1]);
    bench.link.change({ bitsPerSecond: 8e6 });
    bench.send(1, 100);
  });
  expect(bench.marks).toEqual(all.slice(0, 101));
  expect(bench.lastMs).toBeCloseTo(250 + 99, 0);
});

test("change() to no rate holds everything up until there is one again", async () => {
  const bench = new Bench({ bitsPerSecond: 0 });
  await bench.run(async () => {
    bench.send(3);
    await bench.simulation.clock.sleep(1000);
    expect(bench.marks).toEqual([]);
    bench.link.change({ bitsPerSecond: Infinity });
  });
  expect(bench.marks).toEqual([0, 1, 2]);
  expect(bench.lastMs).toBeCloseTo(1000, 0);
});

test("change() leaves what is under way as it is", async () => {
  const bench = new Bench({ delayMs: 100 });
  await bench.run(() => {
    bench.send(1);
    bench.link.change({ loss: 1 });
    bench.send(1, 1);
  });
  expect(bench.marks).toEqual([0]);
  expect(bench.lastMs).toBeCloseTo(100, 0);
});

test("change() refuses what is no condition, and keeps those that were", async () => {
  const bench = new Bench({ delayMs: 10 });
  for (const conditions of [{ loss: 30 }, { delayMs: -1 }, { jitterMs: Number.NaN }]) {
    expect(() => bench.link.change({ delayMs: 5, ...conditions })).toThrow(RangeError);
  }
  await bench.run(() => bench.send(1));
  expect(bench.lastMs).toBeCloseTo(10, 0);
});
