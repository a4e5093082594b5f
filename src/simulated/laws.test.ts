import { setImmediate } from "node:timers/promises";
import { describe, test } from "vitest";
import {
  blockLaws,
  clockLaws,
  consoleLaws,
  keyValueLaws,
  keyValueReadLaws,
  networkLaws,
  randomLaws,
  type Law,
} from "../conformance/index.ts";
import {
  SimulatedClock,
  SimulatedConsole,
  SimulatedDisk,
  SimulatedStore,
  Simulation,
  Wire,
} from "./index.ts";

/** Registers laws as tests, each in a simulation of its own. */
function holds(name: string, lawsIn: (simulation: () => Simulation) => readonly Law[]): void {
  describe(name, () => {
    let simulation: Simulation;
    for (const law of lawsIn(() => simulation)) {
      test(law.name, () => {
        simulation = new Simulation({ seed: 1, turn: () => setImmediate() });
        return simulation.run(() => law.run());
      });
    }
  });
}

holds("SimulatedClock", (simulation) =>
  clockLaws({ connect: async () => new SimulatedClock(simulation().timeline) }),
);

holds("SimulatedRandom", (simulation) =>
  randomLaws({ connect: async () => simulation().random("a law") }),
);

for (const durableAfter of ["write", "flush"] as const) {
  const options = { sectorCount: 64, durableAfter, latencyMs: 1, jitterMs: 3 };
  holds(`SimulatedBlock, durable after ${durableAfter}`, (simulation) => {
    const disks = new Map<unknown, SimulatedDisk>();
    const connectDisk = async (disk: SimulatedDisk) => {
      const block = disk.connect();
      disks.set(block, disk);
      return block;
    };
    const diskOf = (block: unknown) => {
      const disk = disks.get(block);
      if (disk === undefined) throw new Error("Not a disk of this test");
      return disk;
    };
    return blockLaws({
      connect: () =>
        connectDisk(new SimulatedDisk(simulation(), { ...options, maxSectorCount: 100 })),
      reopen: (previous) => connectDisk(diskOf(previous)),
      crash: (previous) => {
        diskOf(previous).crash();
        return connectDisk(diskOf(previous));
      },
      connectReadOnly: () =>
        connectDisk(new SimulatedDisk(simulation(), { ...options, readWrite: false })),
    });
  });
}

holds("SimulatedBlock, of fixed size and 4096-byte sectors", (simulation) =>
  blockLaws({
    connect: async () =>
      new SimulatedDisk(simulation(), { sectorCount: 80, sectorBytes: 4096 }).connect(),
  }),
);

for (const size of [undefined, { columns: 80, rows: 24 }]) {
  holds(`SimulatedConsole, ${size ? "with" : "without"} a screen`, (simulation) =>
    consoleLaws({
      connect: async () => {
        const console = new SimulatedConsole(simulation(), size && { size });
        return {
          console,
          type: (text) => console.type(text),
          endInput: () => console.endInput(),
          output: () => console.output,
          resize: (columns, rows) => console.resize(columns, rows),
        };
      },
    }),
  );
}

for (const conditions of [{}, { delayMs: 3, jitterMs: 2 }, { mtu: 9000, bitsPerSecond: 1e8 }]) {
  holds(`SimulatedNetwork, on a wire of ${JSON.stringify(conditions)}`, (simulation) => {
    const networks = new Map<unknown, ReturnType<Wire["connect"]>>();
    return networkLaws({
      connectPair: async () => {
        const wire = new Wire(simulation(), conditions);
        const pair = [wire.connect(), wire.connect()] as const;
        pair.forEach((network) => networks.set(network, network));
        return pair;
      },
      settle: () => simulation().clock.sleep(1000),
      setLink: async (network, linkUp) => networks.get(network)?.setLink(linkUp),
    });
  });
}

holds("SimulatedKeyValue", (simulation) => {
  const stores = new Map<unknown, SimulatedStore>();
  const connectStore = async (store: SimulatedStore) => {
    const device = store.connect();
    stores.set(device, store);
    return device;
  };
  return keyValueLaws({
    connect: () => connectStore(new SimulatedStore(simulation(), { latencyMs: 1 })),
    reopen: (previous) => {
      const store = stores.get(previous);
      if (store === undefined) throw new Error("Not a store of this test");
      return connectStore(store);
    },
    connectReadOnly: () => connectStore(new SimulatedStore(simulation(), { readWrite: false })),
  });
});

holds("SimulatedKeyValue, read", (simulation) =>
  keyValueReadLaws({
    connect: async (contents) => {
      const store = new SimulatedStore(simulation()).connect();
      for (const [key, value] of contents) await store.set(key, value);
      return store;
    },
  }),
);
