import { SimulatedKeyValue } from "./key-value.ts";
import type { Simulation } from "./simulation.ts";
import type { Dictionary } from "./tree.ts";

/** What a {@link SimulatedStore} is like. Empty when new. */
export interface SimulatedStoreOptions {
  /** Names the store in the trace. */
  readonly name?: string;
  /** Whether it can be written; unless given, it can. */
  readonly readWrite?: boolean;
  /** How many bytes of values fit before a change rejects with `no-space`: 1 GiB unless given. */
  readonly spaceBytes?: number;
  /** How long each operation takes; none unless given. */
  readonly latencyMs?: number;
}

/** A key-value store of a simulation: what outlives the devices that are connected to it. */
export class SimulatedStore {
  readonly name: string;
  readonly #simulation: Simulation;
  readonly #options: SimulatedStoreOptions;
  readonly #root: Dictionary;

  constructor(simulation: Simulation, options: SimulatedStoreOptions = {}) {
    this.name = options.name ?? simulation.nameOf("store");
    this.#simulation = simulation;
    this.#options = options;
    this.#root = { kind: "dictionary", entries: new Map(), modifiedMs: simulation.clock.wallMs() };
  }

  /** Connects the store. */
  connect(): SimulatedKeyValue {
    return new SimulatedKeyValue({
      ...this.#options,
      name: this.name,
      simulation: this.#simulation,
      root: this.#root,
    });
  }
}
