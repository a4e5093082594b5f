import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { keyValueLaws } from "../conformance/index.ts";
import type { Key, KeyValue } from "../devices/index.ts";
import {
  SimulatedDisk,
  Simulation,
  type SimulatedBlock,
  type SimulatedDiskOptions,
} from "../simulated/index.ts";
import { connect } from "./key-value-log.ts";

const world = (seed = 1): Simulation => new Simulation({ seed, turn: () => setImmediate() });

/** Gives a disk, and opens the store on it, again and again. */
interface Bench {
  readonly disk: SimulatedDisk;
  readonly simulation: Simulation;
  /** The disk as it is connected. */
  readonly block: () => SimulatedBlock;
  readonly open: () => Promise<KeyValue>;
}

function onDisk(
  options: Partial<SimulatedDiskOptions>,
  use: (bench: Bench) => Promise<void>,
): Promise<void> {
  const simulation = world();
  const disk = new SimulatedDisk(simulation, { sectorCount: 64, ...options });
  const random = simulation.random("store");
  let block = disk.connect();
  const open = (): Promise<KeyValue> => connect({ block, clock: simulation.clock, random });
  const reconnect = (): SimulatedBlock => {
    disk.crash();
    block = disk.connect();
    return block;
  };
  return simulation.run(() =>
    use({ disk, simulation, block: () => block, open: () => (reconnect(), open()) }),
  );
}

const bytes = (lengthBytes: number, fill: number): Uint8Array =>
  new Uint8Array(lengthBytes).fill(fill);

async function namesOf(store: KeyValue, key: Key = []): Promise<string[]> {
  return ((await store.list(key)) ?? []).map(({ name }) => name);
}

for (const [sectorBytes, durableAfter] of [
  [512, "write"],
  [4096, "flush"],
] as const) {
  describe(`a store on sectors of ${sectorBytes} bytes, durable after ${durableAfter}`, () => {
    const disks = new WeakMap<KeyValue, SimulatedDisk>();
    let simulation = world();
    const connectTo = async (disk: SimulatedDisk): Promise<KeyValue> => {
      const random = simulation.random("store");
      const store = await connect({ block: disk.connect(), clock: simulation.clock, random });
      disks.set(store, disk);
      return store;
    };
    const made = (readWrite: boolean): SimulatedDisk => {
      const sectorCount = (3 << 18) / sectorBytes;
      const options = {
        sectorBytes,
        sectorCount,
        durableAfter,
        readWrite,
        latencyMs: 1,
        jitterMs: 2,
      };
      return new SimulatedDisk(simulation, options);
    };
    const laws = keyValueLaws({
      connect: () => connectTo(made(true)),
      connectReadOnly: () => connectTo(made(false)),
      reopen: (previous) => {
        const disk = disks.get(previous);
        if (disk === undefined) throw new Error("Not a store of this test");
        disk.crash();
        return connectTo(disk);
      },
    });
    for (const law of laws) {
      test(law.name, () => {
        simulation = world();
        return simulation.run(() => law.run());
      });
    }
  });
}

test("set() shares one write with what is called meanwhile, and none resolves early", () =>
  onDisk({ latencyMs: 10, sectorCount: 200 }, async ({ simulation, block, open }) => {
    const store = await open();
    const before = block().counters.writes;
    const startMs = simulation.clock.monotonicMs();
    const settled: string[] = [];
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        await store.set([`${index}`], bytes(9, index));
        settled.push((simulation.clock.monotonicMs() - startMs).toFixed());
      }),
    );
    expect(block().counters.writes - before).toBe(1);
    expect(new Set(settled)).toEqual(new Set(["10"]));
    expect(await namesOf(await open())).toHaveLength(50);
  }));

test("set() rejects with no-space when it does not fit, and the store is as before", () =>
  onDisk({}, async ({ open }) => {
    const store = await open();
    await store.set(["a"], bytes(9000, 1));
    const digest = await store.digest([]);
    const full = { code: "no-space" };
    await expect(store.set(["b"], bytes(9000, 2))).rejects.toMatchObject(full);
    await expect(store.setPartial(["a"], 2 ** 50, bytes(1, 2))).rejects.toMatchObject(full);
    await expect(store.set(["k".repeat(9000)], bytes(1, 2))).rejects.toMatchObject(full);
    expect(await store.digest([])).toEqual(digest);
    // What replaces it fits, also while the log is full of it.
    for (let fill = 2; fill < 5; fill += 1) await store.set(["a"], bytes(14_000, fill));
    await store.remove(["a"]);
    await store.set(["b"], bytes(14_000, 3));
    expect(await (await open()).get(["b"])).toEqual(bytes(14_000, 3));
  }));

test("a full store stays full and whole, whatever is set, removed and renamed in it", () =>
  onDisk({ sectorCount: 24 }, async ({ open }) => {
    let store = await open();
    const expected = new Map<string, number>();
    for (let count = 0; count < 90; count += 1) {
      const name = `${(count * 7) % 13}`;
      try {
        await store.set(["d", name], bytes(500 + count, count));
        expected.set(name, count);
      } catch (error) {
        expect(error).toMatchObject({ code: "no-space" });
        await store.remove(["d", name]);
        expected.delete(name);
      }
      if (count % 30 === 0) store = await open();
    }
    const again = await open();
    expect(await namesOf(again, ["d"])).toEqual([...expected.keys()].toSorted());
    for (const [name, count] of expected) {
      expect(await again.get(["d", name])).toEqual(bytes(500 + count, count));
    }
  }));

test("setPartial() appends hundreds of times, and all is there", () =>
  onDisk({}, async ({ open }) => {
    const store = await open();
    for (let count = 0; count < 300; count += 1) {
      await store.setPartial(["log"], count * 10, bytes(10, count));
    }
    const expected = Uint8Array.from({ length: 3000 }, (_, at) => Math.floor(at / 10));
    expect(await store.get(["log"])).toEqual(expected);
    const digest = await store.digest(["log"]);
    const again = await open();
    expect(await again.getPartial(["log"], 1995, 1010)).toEqual(expected.slice(1995, 3005));
    expect(await again.digest(["log"])).toEqual(digest);
  }));

test("values larger than a piece survive many snapshots, and keep digest and time", () =>
  onDisk({ sectorCount: 120, sectorBytes: 4096 }, async ({ simulation, open }) => {
    const store = await open();
    const large = Uint8Array.from({ length: 140_000 }, (_, at) => at % 251);
    await store.set(["d", "large"], large);
    const [digest, modifiedMs] = [await store.digest([]), await store.lastModifiedMs(["d"])];
    await simulation.clock.sleep(1000);
    for (let count = 0; count < 4; count += 1) await store.set(["other"], bytes(50_000, count));
    await store.remove(["other"]);
    expect(store.counters["snapshots"]).toBeGreaterThan(1);
    const again = await open();
    expect(Buffer.compare((await again.get(["d", "large"])) ?? bytes(0, 0), large)).toBe(0);
    expect(await again.digest([])).toEqual(digest);
    expect(await again.lastModifiedMs(["d"])).toBe(modifiedMs);
    expect(await again.lastModifiedMs([])).toBe((modifiedMs ?? 0) + 1000);
  }));

test("connect() refuses a disk that holds something else, and leaves it as it is", () =>
  onDisk({}, async ({ block }) => {
    for (const sector of [0, 1, 2, 63]) {
      const foreign = bytes(512, 7);
      await block().write(sector, [foreign]);
      const writes = block().counters.writes;
      await expect(
        connect({ block: block(), clock: world().clock, random: world().random("x") }),
      ).rejects.toMatchObject({ code: "damaged" });
      expect(block().counters.writes).toBe(writes);
      await block().write(sector, [bytes(512, 0)]);
    }
  }));

test("connect() refuses a disk of too few sectors", () =>
  onDisk({ sectorCount: 7 }, async ({ open }) => {
    await expect(open()).rejects.toMatchObject({ code: "no-space" });
  }));

test("connect() refuses a log whose middle is damaged, and forgets a torn end", () =>
  onDisk({}, async ({ block, open }) => {
    const store = await open();
    for (const name of ["a", "b", "c"]) await store.set([name], bytes(600, 1));
    // Each takes two sectors, from sector 2 on.
    const damage = async (sector: number): Promise<Uint8Array> => {
      const before = bytes(512, 0);
      await block().read(sector, [before]);
      await block().write(sector, [before.map((byte, at) => (at === 100 ? byte ^ 1 : byte))]);
      return before;
    };
    for (const sector of [2, 3, 4, 5]) {
      const before = await damage(sector);
      await expect(open()).rejects.toMatchObject({ code: "damaged" });
      await block().write(sector, [before]);
    }
    await damage(7);
    const again = await open();
    expect(await namesOf(again)).toEqual(["a", "b"]);
    await again.set(["d"], bytes(1, 1));
    expect(await namesOf(await open())).toEqual(["a", "b", "d"]);
  }));

test("get() rejects with damaged for a value that is not what was written", () =>
  onDisk({}, async ({ block, open }) => {
    const store = await open();
    await store.set(["a"], bytes(600, 1));
    await block().write(3, [bytes(512, 9)]);
    await expect(store.get(["a"])).rejects.toMatchObject({ code: "damaged" });
  }));

test.each(["write", "flush"] as const)(
  "a change that the disk fails to %s is not made, then and later",
  (operation) =>
    onDisk({ durableAfter: operation }, async ({ block, open }) => {
      const store = await open();
      await store.set(["a"], bytes(600, 1));
      // One at a time: records, and the superblock of a snapshot.
      for (let count = 0; count < 30; count += 1) {
        block().fail(operation, 1 + (count % 3));
        let value = 10 + count;
        const isSet = await store.set(["a"], bytes(600, value)).then(
          () => true,
          () => false,
        );
        if (!isSet) {
          value = (await store.get(["a"]))?.[0] ?? 0;
          expect(value).not.toBe(10 + count);
        }
        expect(await store.get(["a"])).toEqual(bytes(600, value));
      }
      const last = await store.get(["a"]);
      expect(await (await open()).get(["a"])).toEqual(last);
    }),
);
