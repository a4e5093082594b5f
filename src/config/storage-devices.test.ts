import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { SimulatedConsole, SimulatedDisk, Simulation } from "../simulated/index.ts";
import type { DriverContext } from "./device.ts";
import { defaultBlock } from "./devices.ts";
import { keyValueOn } from "./storage-devices.ts";

test("keyValueOn() keeps values on its disk, and leaves the disk to who connected it", () => {
  const description = keyValueOn(defaultBlock("notes", { sectorCount: 16 }));
  expect(description.name).toBe("store");
  expect(description.needs.map(({ name }) => name)).toEqual(["notes", "clock", "random"]);
  const simulation = new Simulation({ seed: 1, turn: () => setImmediate() });
  const console = new SimulatedConsole(simulation, { name: "console" });
  const host = { target: "simulated", simulation, console: () => console } as const;
  const { signal } = new AbortController();
  const context: DriverContext = { host, unikernel: "any", args: {}, signal };
  const block = new SimulatedDisk(simulation, { sectorCount: 16 }).connect();
  const open = () =>
    description.connect(context, [block, simulation.clock, simulation.random("random")]);
  return simulation.run(async () => {
    const store = await open();
    await store.set(["a"], Uint8Array.of(1));
    await store[Symbol.asyncDispose]();
    expect(await (await open()).get(["a"])).toEqual(Uint8Array.of(1));
  });
});
