import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { SimulatedStore, Simulation, type SimulatedKeyValue } from "./index.ts";

/** Runs `use` with a store in a simulation of its own. */
function withStore(
  options: { readonly spaceBytes?: number },
  use: (store: SimulatedKeyValue, simulation: Simulation) => Promise<void>,
): Promise<void> {
  const simulation = new Simulation({ seed: 1, turn: () => setImmediate() });
  return simulation.run(() => use(new SimulatedStore(simulation, options).connect(), simulation));
}

test("failChange() makes the n-th change fail, once, and do nothing", () =>
  withStore({}, async (store) => {
    store.failChange(2);
    await store.set(["a"], Uint8Array.of(1));
    await expect(store.set(["a"], Uint8Array.of(2))).rejects.toMatchObject({ code: "io" });
    expect(await store.get(["a"])).toEqual(Uint8Array.of(1));
    await store.set(["a"], Uint8Array.of(3));
    expect(await store.get(["a"])).toEqual(Uint8Array.of(3));
  }));

test("spaceBytes makes a change reject with no-space, and the store is as before", () =>
  withStore({ spaceBytes: 10 }, async (store) => {
    await store.set(["a"], new Uint8Array(8));
    const digest = await store.digest([]);
    const full = { code: "no-space" };
    await expect(store.set(["b"], new Uint8Array(3))).rejects.toMatchObject(full);
    await expect(store.setPartial(["a"], 5, new Uint8Array(6))).rejects.toMatchObject(full);
    await expect(store.setPartial(["b"], 2 ** 50, new Uint8Array(1))).rejects.toMatchObject(full);
    expect(await store.digest([])).toEqual(digest);
    await store.set(["a"], new Uint8Array(10));
    await store.remove(["a"]);
    await store.set(["b"], new Uint8Array(10));
  }));

test("lastModifiedMs() tells the virtual wall time of changes, also of removals", () =>
  withStore({}, async (store, { clock }) => {
    const startMs = clock.wallMs();
    await store.set(["d", "a"], Uint8Array.of(1));
    await clock.sleep(1000);
    await store.set(["d", "b"], Uint8Array.of(1));
    await clock.sleep(1000);
    await store.remove(["d", "b"]);
    expect(await store.lastModifiedMs(["d", "a"])).toBe(startMs);
    expect(await store.lastModifiedMs(["d"])).toBe(startMs + 2000);
    expect(await store.lastModifiedMs([])).toBe(startMs + 2000);
  }));
