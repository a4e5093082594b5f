import fc from "fast-check";
import { expect, test } from "vitest";
import { Simulation } from "../simulated/index.ts";
import { type Fragment, Reassembler, reassemblyCounters } from "./fragments.ts";
import { timersOf } from "./timers.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const headerBytes = 4;

class World {
  readonly simulation = new Simulation({ seed: 1, turn });
  readonly timers = timersOf(this.simulation.clock);
  readonly counters = reassemblyCounters();
  readonly expired: Uint8Array[] = [];
  readonly reassembler: Reassembler;

  constructor(options: { maxBytes?: number; maxPackets?: number; maxFragments?: number } = {}) {
    this.reassembler = new Reassembler({
      timers: this.timers,
      counters: this.counters,
      maxPayloadBytes: 65_515,
      expired: (first) => this.expired.push(first),
      ...options,
    });
  }

  /** Adds the part of `whole` from `start` to `end`, under a header of its own. */
  add(
    whole: Uint8Array,
    start: number,
    end: number,
    more: Partial<Fragment> = {},
  ): Uint8Array | undefined {
    const packet = new Uint8Array(headerBytes + end - start).fill(start & 0xff, 0, headerBytes);
    packet.set(whole.subarray(start, end), headerBytes);
    return this.reassembler.add({
      key: "a",
      source: 1,
      offsetBytes: start,
      isLast: end === whole.length,
      packet,
      payloadStart: headerBytes,
      ...more,
    })?.payload;
  }
}

const bytes = (length: number): Uint8Array =>
  new Uint8Array(length).map((_, index) => (index * 7) & 0xff);

test("add() gives the packet, whatever order its fragments come in, repeated or not", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 17, maxLength: 400 }),
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.nat(1000), { minLength: 60, maxLength: 60 }),
      (whole, words, order) => {
        const world = new World();
        const starts: number[] = [];
        for (let start = 0; start < whole.length; start += 8 * words) starts.push(start);
        const shuffled = starts
          .map((start, index) => [order[index] ?? 0, start] as const)
          .toSorted(([a], [b]) => a - b)
          .map(([, start]) => start);
        const results = shuffled.flatMap((start, index) => {
          const end = Math.min(whole.length, start + 8 * words);
          const isLast = index === shuffled.length - 1;
          if (!isLast) world.add(whole, start, end);
          return [world.add(whole, start, end)];
        });
        expect(results.pop()).toEqual(whole);
        expect(results.every((result) => result === undefined)).toBe(true);
        expect(world.reassembler.costBytes).toBe(0);
        expect(world.timers.activeCount).toBe(0);
      },
    ),
  );
});

test("add() gives the first fragment as it came", () => {
  const world = new World();
  const whole = bytes(24);
  world.add(whole, 16, 24);
  world.add(whole, 0, 8);
  const packet = Uint8Array.of(8, 8, 8, 8, ...whole.subarray(8, 16));
  const fragment = { key: "a", source: 1, offsetBytes: 8, isLast: false, packet, payloadStart: 4 };
  const reassembled = world.reassembler.add(fragment);
  expect(reassembled?.first).toEqual(Uint8Array.of(0, 0, 0, 0, ...whole.subarray(0, 8)));
});

test.each([
  ["inside another", [0, 24], [8, 16]],
  ["over the end of another", [0, 16], [8, 24]],
  ["over the start of another", [16, 32], [8, 24]],
  ["around another", [8, 16], [0, 24]],
] as const)("a fragment %s spoils the packet, also for what follows", (_where, one, other) => {
  const world = new World();
  const whole = bytes(64);
  world.add(whole, one[0], one[1]);
  world.add(whole, other[0], other[1]);
  expect(world.counters.fragmentsOverlapped).toBe(1);
  for (let start = 0; start < 64; start += 8) {
    expect(world.add(whole, start, start + 8)).toBeUndefined();
  }
  expect(world.counters.reassembled).toBe(0);
  expect(world.reassembler.costBytes).toBeLessThan(200);
});

test("a repeated fragment with other bytes, and a second end, spoil the packet", () => {
  for (const spoil of [
    (world: World) => world.add(bytes(64).fill(9), 8, 16),
    (world: World) => world.add(bytes(56), 48, 56),
    (world: World) => world.add(bytes(99), 64, 72),
  ]) {
    const world = new World();
    const whole = bytes(64);
    world.add(whole, 8, 16);
    world.add(whole, 56, 64);
    spoil(world);
    expect(world.counters.fragmentsOverlapped).toBe(1);
    expect(world.add(whole, 0, 8) ?? world.add(whole, 16, 56)).toBeUndefined();
  }
});

test("fragments that cannot be are counted and dropped", () => {
  const world = new World();
  const whole = bytes(70_000);
  world.add(whole, 0, 0);
  world.add(whole, 0, 7);
  world.add(whole, 65_512, 65_520);
  world.add(whole, 65_512, 65_516, { isLast: true });
  expect(world.counters.fragmentsMalformed).toBe(4);
  expect(world.timers.activeCount).toBe(0);
});

test("an incomplete packet expires, and is reported if its first fragment had come", async () => {
  const world = new World();
  const whole = bytes(64);
  await world.simulation.run(async () => {
    world.add(whole, 0, 8, { key: "a" });
    world.add(whole, 8, 16, { key: "b" });
    await world.simulation.clock.sleep(40_000);
    world.add(whole, 0, 8, { key: "c" });
    await world.simulation.clock.sleep(20_001);
    expect(world.expired).toEqual([Uint8Array.of(0, 0, 0, 0, ...whole.subarray(0, 8))]);
    await world.simulation.clock.sleep(40_000);
  });
  expect(world.expired).toHaveLength(2);
  expect(world.counters.reassemblyTimeouts).toBe(3);
  expect(world.reassembler.costBytes).toBe(0);
  expect(world.timers.activeCount).toBe(0);
});

test("memory is bounded, and the oldest make room", () => {
  const world = new World({ maxBytes: 10_000, maxPackets: 1000 });
  const whole = bytes(2000);
  for (let index = 0; index < 500; index += 1) {
    world.add(whole, 0, 800, { key: `${index}`, source: index });
    expect(world.reassembler.costBytes).toBeLessThanOrEqual(10_000);
  }
  expect(world.counters.reassemblyOverflows).toBeGreaterThan(480);
  expect(world.add(whole, 800, 2000, { key: "499", source: 499 })).toEqual(whole);
});

test("one source cannot take the place of others", () => {
  const world = new World({ maxPackets: 4 });
  const whole = bytes(16);
  world.add(whole, 0, 8, { key: "other", source: 2 });
  for (let index = 0; index < 1000; index += 1) world.add(whole, 0, 8, { key: `${index}` });
  expect(world.counters.reassemblyOverflows).toBe(996);
  expect(world.add(whole, 8, 16, { key: "other", source: 2 })).toEqual(whole);
  world.reassembler.clear();
  expect(world.timers.activeCount).toBe(0);
});

test("a packet in too many fragments is given up", () => {
  const world = new World({ maxFragments: 10 });
  const whole = bytes(96);
  for (let start = 0; start < 96; start += 8) world.add(whole, start, start + 8);
  expect(world.counters).toMatchObject({ reassembled: 0, reassemblyOverflows: 1 });
});
