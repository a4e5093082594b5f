import { setImmediate } from "node:timers/promises";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { BlockError } from "../devices/index.ts";
import {
  SimulatedDisk,
  Simulation,
  type SimulatedBlock,
  type SimulatedDiskOptions,
} from "./index.ts";

const sectorBytes = 512;

function simulate(seed = 1): Simulation {
  return new Simulation({ seed, turn: () => setImmediate() });
}

/** `sectorCount` sectors whose every byte is `fill`. */
function sectorsOf(fill: number, sectorCount: number): Uint8Array {
  return new Uint8Array(sectorCount * sectorBytes).fill(fill);
}

/** The first byte of each sector. */
async function fillsOf(block: SimulatedBlock, sectorCount: number): Promise<number[]> {
  const bytes = new Uint8Array(sectorCount * sectorBytes);
  await block.read(0, [bytes]);
  return [...bytes].filter((_, index) => index % sectorBytes === 0);
}

async function codeOf(operation: Promise<unknown>): Promise<string> {
  return operation.then(
    () => "none",
    (error: BlockError) => error.code,
  );
}

/** Runs `use` with a disk of 8 sectors, filled with ones that are durable. */
function withDisk<T>(
  options: Partial<SimulatedDiskOptions>,
  use: (disk: SimulatedDisk, block: SimulatedBlock) => Promise<T>,
  seed = 1,
): Promise<T> {
  const simulation = simulate(seed);
  return simulation.run(async () => {
    const disk = new SimulatedDisk(simulation, { sectorCount: 8, latencyMs: 1, ...options });
    const block = disk.connect();
    await block.write(0, [sectorsOf(1, 8)]);
    await block.flush();
    return use(disk, block);
  });
}

test("fail() makes the n-th call fail, once, and each sector is old or new", () =>
  withDisk({}, async (_, block) => {
    block.fail("write", 2);
    await block.write(0, [sectorsOf(2, 8)]);
    expect(await codeOf(block.write(0, [sectorsOf(3, 8)]))).toBe("io");
    const fills = await fillsOf(block, 8);
    expect(new Set(fills)).toEqual(new Set([2, 3]));
    await block.write(0, [sectorsOf(4, 8)]);
    expect(await fillsOf(block, 8)).toEqual(Array.from({ length: 8 }, () => 4));
    for (const operation of ["read", "flush", "grow", "discard"] as const) block.fail(operation, 1);
    expect(await codeOf(block.read(0, [sectorsOf(0, 1)]))).toBe("io");
    expect(await codeOf(block.flush())).toBe("io");
    expect(await codeOf(block.grow(8))).toBe("io");
    expect(await codeOf(block.discard(0, 1))).toBe("io");
    await block.flush();
  }));

test("fail() refuses what would never fail, and what no disk does", () =>
  withDisk({ name: "root" }, async (_, block) => {
    for (const count of [0, -1, 1.5, Number.NaN]) {
      expect(() => block.fail("write", count)).toThrow(
        new RangeError(`Cannot fail write number ${count} on root: the next is number 1`),
      );
    }
    expect(() => block.fail("read", 1, "no-space")).toThrow(TypeError);
  }));

test("spaceSectorCount makes a write reject with no-space, though it may be partial", () =>
  withDisk({ sectorCount: 20, spaceSectorCount: 10 }, async (_, block) => {
    expect(await codeOf(block.write(6, [sectorsOf(2, 6)]))).toBe("no-space");
    const fills = await fillsOf(block, 14);
    expect(fills).toEqual([1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 0, 0, 0, 0]);
    await block.write(0, [sectorsOf(3, 10)]);
  }));

test("crash() tears a write under way: each sector is old or new, as the seed says", async () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const run = (): Promise<string> =>
      withDisk(
        {},
        async (disk, block) => {
          const write = codeOf(block.write(0, [sectorsOf(2, 8)]));
          disk.crash();
          expect(await write).toBe("closed");
          return (await fillsOf(disk.connect(), 8)).join("");
        },
        seed,
      );
    const outcome = await run();
    expect(outcome).toMatch(/^[12]{8}$/u);
    expect(await run()).toBe(outcome);
    outcomes.add(outcome);
  }
  expect(outcomes.size).toBeGreaterThan(15);
});

test("crash() may lose what was not flushed, where durableAfter is flush", async () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const durableAfter = "flush";
    const outcome = await withDisk(
      { durableAfter },
      async (disk, block) => {
        await block.write(0, [sectorsOf(2, 2)]);
        await block.flush();
        await block.write(2, [sectorsOf(3, 4)]);
        await block.write(2, [sectorsOf(4, 4)]);
        disk.crash();
        return (await fillsOf(disk.connect(), 8)).join("");
      },
      seed,
    );
    expect(outcome).toMatch(/^22[134]{4}11$/u);
    outcomes.add(outcome);
  }
  expect(outcomes.size).toBeGreaterThan(10);
});

test("flush() makes durable what was written before the call, not what came after", async () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const outcome = await withDisk(
      { durableAfter: "flush" },
      async (disk, block) => {
        await block.write(0, [sectorsOf(2, 8)]);
        const flush = block.flush();
        const write = codeOf(block.write(0, [sectorsOf(3, 8)]));
        await flush;
        disk.crash();
        await write;
        return (await fillsOf(disk.connect(), 8)).join("");
      },
      seed,
    );
    expect(outcome).toMatch(/^[23]{8}$/u);
    outcomes.add(outcome);
  }
  expect(outcomes.size).toBeGreaterThan(10);
});

test("a disk keeps its promise at any crash: resolved writes are there", async () => {
  const write = fc.record({
    sector: fc.nat(5),
    sectorCount: fc.integer({ min: 1, max: 3 }),
    isAwaited: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(write, { maxLength: 12 }), fc.nat(), (writes, seed) =>
      withDisk(
        { jitterMs: 5 },
        async (disk, block) => {
          // What each sector may hold: what the last write that resolved gave it, or any later.
          const allowed = Array.from({ length: 8 }, () => [1]);
          for (const [index, { sector, sectorCount, isAwaited }] of writes.entries()) {
            const fill = index + 2;
            const range = allowed.slice(sector, sector + sectorCount);
            range.forEach((fills) => fills.push(fill));
            const settled = block.write(sector, [sectorsOf(fill, sectorCount)]).then(
              () => range.forEach((fills) => fills.splice(0, fills.indexOf(fill))),
              () => {},
            );
            if (isAwaited) await settled;
          }
          disk.crash();
          const fills = await fillsOf(disk.connect(), 8);
          fills.forEach((fill, sector) => expect(allowed[sector]).toContain(fill));
        },
        seed,
      ),
    ),
    { numRuns: 100 },
  );
});

test("connect() throws busy, until the disk is disposed or crashed", () =>
  withDisk({}, async (disk, block) => {
    expect(() => disk.connect()).toThrow(expect.objectContaining({ code: "busy" }));
    await block[Symbol.asyncDispose]();
    const next = disk.connect();
    await block[Symbol.asyncDispose]();
    expect(() => disk.connect()).toThrow(expect.objectContaining({ code: "busy" }));
    disk.crash();
    expect(await codeOf(next.read(0, []))).toBe("closed");
    expect(await fillsOf(disk.connect(), 8)).toEqual(Array.from({ length: 8 }, () => 1));
  }));

test.each([
  { sectorCount: 0 },
  { sectorCount: 1.5 },
  { sectorCount: Number.NaN },
  { sectorCount: 8, sectorBytes: 500 },
  { sectorCount: 8, sectorBytes: 256 },
  { sectorCount: Number.MAX_SAFE_INTEGER },
  { sectorCount: 8, latencyMs: Number.NaN },
  { sectorCount: 8, latencyMs: Number.POSITIVE_INFINITY },
  { sectorCount: 8, jitterMs: -1 },
])("new SimulatedDisk() throws RangeError, for %j", (size) => {
  expect(() => new SimulatedDisk(simulate(), size)).toThrow(RangeError);
});

test("an error says what could not be done and why", () =>
  withDisk({ name: "root" }, async (_, block) => {
    await expect(block.write(8, [sectorsOf(1, 1)])).rejects.toThrow(
      "Cannot write sectors 8 + 1 on root: it has 8 sectors",
    );
  }));
