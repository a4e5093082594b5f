import { expect, test } from "vitest";
import { SimulatedDisk, Simulation, type SimulatedDiskOptions } from "../../simulated/index.ts";
import { openLeaseLog, type LeaseLog } from "./lease-log.ts";

async function contentsOf(log: LeaseLog): Promise<Record<string, string>> {
  const entries = (await log.list([])) ?? [];
  const values = await Promise.all(entries.map(({ name }) => log.get([name])));
  return Object.fromEntries(entries.map(({ name }, index) => [name, `${values[index]?.join()}`]));
}

/** Runs on a disk, with virtual time. */
function run<T>(
  seed: number,
  options: Partial<SimulatedDiskOptions>,
  body: (disk: SimulatedDisk) => Promise<T>,
): Promise<T> {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const simulation = new Simulation({ seed, turn });
  const made = new SimulatedDisk(simulation, { sectorCount: 16, ...options });
  return simulation.run(() => body(made));
}

test("openLeaseLog() finds what was set and not removed, after many compactions", () =>
  run(1, {}, async (medium) => {
    const log = await openLeaseLog(medium.connect());
    expect(await log.list([])).toEqual([]);
    for (let count = 0; count < 100; count += 1) {
      await log.set([`10.0.0.${count % 5}`], Uint8Array.of(count));
      if (count % 7 === 0) await log.remove([`10.0.0.${count % 5}`]);
    }
    const before = await contentsOf(log);
    expect(Object.keys(before)).toHaveLength(4);
    medium.crash();
    const again = await openLeaseLog(medium.connect());
    expect(await contentsOf(again)).toEqual(before);
    expect(again.damagedCount).toBe(0);
  }));

test("set() rejects when all sectors hold something, and what was there stays", () =>
  run(1, {}, async (medium) => {
    const log = await openLeaseLog(medium.connect());
    for (let count = 0; count < 7; count += 1) await log.set([`${count}`], Uint8Array.of(count));
    await expect(log.set(["7"], Uint8Array.of(7))).rejects.toMatchObject({ code: "no-space" });
    await expect(log.set(["8"], new Uint8Array(600))).rejects.toMatchObject({ code: "no-space" });
    await log.set(["3"], Uint8Array.of(33));
    medium.crash();
    const contents = await contentsOf(await openLeaseLog(medium.connect()));
    expect(Object.keys(contents)).toHaveLength(7);
    expect(contents["3"]).toBe("33");
  }));

test.each(["write", "flush"] as const)(
  "what set() resolved for survives a power cut at any time (durable after %s)",
  async (durableAfter) => {
    for (let seed = 1; seed <= 6; seed += 1) {
      await run(seed, { durableAfter, latencyMs: 1, jitterMs: 2 }, async (medium) => {
        const sure = new Map<string, number>();
        const tried = new Map<string, number[]>();
        for (let cut = 0; cut < 4; cut += 1) {
          const block = medium.connect();
          const log = await openLeaseLog(block);
          const found = await contentsOf(log);
          for (const [key, value] of sure) {
            expect([value, ...(tried.get(key) ?? [])].join()).toContain(found[key]);
            expect(found[key]).toBeDefined();
            sure.set(key, Number(found[key]));
          }
          tried.clear();
          const writes = Array.from({ length: 3 + ((seed * 7 + cut) % 23) }, async (_, count) => {
            const key = `${count % 4}`;
            const value = (cut * 50 + count) & 0xff;
            tried.set(key, [...(tried.get(key) ?? []), value]);
            await log.set([key], Uint8Array.of(value));
            sure.set(key, value);
            tried.set(
              key,
              (tried.get(key) ?? []).filter((each) => each > value),
            );
          });
          // Some of them are done, the others are not.
          await Promise.race([Promise.all(writes), writes[writes.length >> 1]]);
          medium.crash();
          await Promise.allSettled(writes);
        }
      });
    }
  },
);

test("a damaged sector costs its own change, and is counted", () =>
  run(1, {}, async (medium) => {
    const block = medium.connect();
    const log = await openLeaseLog(block);
    await log.set(["1"], Uint8Array.of(1));
    await log.set(["2"], Uint8Array.of(2));
    await log.set(["3"], Uint8Array.of(3));
    const sector = new Uint8Array(512);
    await block.read(2, [sector]);
    await block.write(2, [sector.with(20, 99)]);
    const again = await openLeaseLog(block);
    expect(await contentsOf(again)).toEqual({ 1: "1", 3: "3" });
    expect(again.damagedCount).toBe(1);
    await again.set(["4"], Uint8Array.of(4));
    expect(await contentsOf(await openLeaseLog(block))).toEqual({ 1: "1", 3: "3", 4: "4" });
  }));

test("openLeaseLog() leaves a disk alone that holds something else, or too little", async () => {
  await run(1, {}, async (medium) => {
    const block = medium.connect();
    await block.write(0, [new Uint8Array(512).fill(7)]);
    await expect(openLeaseLog(block)).rejects.toMatchObject({ code: "damaged" });
  });
  await run(1, { sectorCount: 3 }, async (medium) => {
    await expect(openLeaseLog(medium.connect())).rejects.toMatchObject({ code: "no-space" });
  });
});

test("set() rejects when the disk fails, and works again when it does", () =>
  run(1, {}, async (medium) => {
    const block = medium.connect();
    const log = await openLeaseLog(block);
    await log.set(["1"], Uint8Array.of(1));
    block.fail("write", 1);
    await expect(log.set(["2"], Uint8Array.of(2))).rejects.toMatchObject({ code: "io" });
    await log.set(["3"], Uint8Array.of(3));
    const contents = await contentsOf(await openLeaseLog(block));
    expect(contents).toMatchObject({ 1: "1", 3: "3" });
  }));

test("what an interrupted compaction wrote does not come back", () =>
  run(1, {}, async (medium) => {
    const block = medium.connect();
    const log = await openLeaseLog(block);
    for (let count = 0; count < 7; count += 1) {
      await log.set([`${count % 5}`], Uint8Array.of(count));
    }
    // Five values are copied, and then the new half does not begin.
    block.fail("write", 2);
    await expect(log.remove(["4"])).rejects.toMatchObject({ code: "io" });
    for (const key of ["4", "3", "2"]) await log.remove([key]);
    const expected = { 0: "5", 1: "6" };
    expect(await contentsOf(log)).toEqual(expected);
    expect(await contentsOf(await openLeaseLog(block))).toEqual(expected);
  }));
