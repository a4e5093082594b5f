/**
 * Deterministic devices: in memory, seeded, on a virtual clock. Make a {@link Simulation}, devices
 * on it, and {@link Simulation.run} what uses them.
 */

export { SimulatedBlock, type BlockOperation } from "./block.ts";
export { SimulatedClock, type SimulatedClockOptions } from "./clock.ts";
export { SimulatedConsole, type SimulatedConsoleOptions } from "./console.ts";
export { SimulatedDisk, type SimulatedDiskOptions } from "./disk.ts";
export { SimulatedKeyValue } from "./key-value.ts";
export { SimulatedNetwork } from "./network.ts";
export { SimulatedRandom } from "./random.ts";
export { Simulation, SimulationError, type SimulationOptions } from "./simulation.ts";
export { SimulatedStore, type SimulatedStoreOptions } from "./store.ts";
export { Timeline } from "./timeline.ts";
export { Wire, type WireConditions, type WireOptions } from "./wire.ts";
