/**
 * The laws of overlapping and of edges: a device that breaks a promise must break a law. What is
 * wrong here is what a driver gets wrong under load, at its end, or when nobody looks.
 */

import { describe } from "vitest";
import { breaks, broken } from "../../test/broken-device.ts";
import type { Block, Clock, FrameOffload, Network } from "../devices/index.ts";
import {
  SimulatedClock,
  SimulatedDisk,
  Wire,
  type SimulatedNetwork,
  type Simulation,
} from "../simulated/index.ts";
import { blockLaws, clockLaws, networkLaws } from "./index.ts";

describe("clockLaws()", () => {
  const wrong = (what: string, expected: string, change: (clock: Clock) => Partial<Clock>): void =>
    breaks(what, expected, (simulation) =>
      clockLaws({
        connect: async () => {
          const sound = new SimulatedClock(simulation().timeline);
          return broken<Clock>(sound, change(sound));
        },
      }),
    );

  wrong("a clock with a timer of 31 bits", "last, for weeks", (clock) => ({
    wakeAt: (deadlineMs, wake) => clock.wakeAt(deadlineMs > 2 ** 31 ? 0 : deadlineMs, wake),
  }));
  wrong("a clock that wakes for ever", "when the clock is disposed", (clock) => ({
    async [Symbol.asyncDispose]() {
      clock.wakeAt(clock.monotonicMs() + 10, () => {});
    },
  }));
  wrong("a clock that keeps listening", "leaves nothing on its signal", (clock) => ({
    sleep: async (durationMs, signal) => {
      signal?.addEventListener("abort", () => {});
      await clock.sleep(durationMs, signal);
    },
  }));
  wrong("a clock that rounds deadlines to a frame", "in the order", (clock) => ({
    wakeAt: (deadlineMs, wake) => clock.wakeAt(Math.ceil(deadlineMs / 50) * 50, wake),
    sleep: (durationMs, signal) => clock.sleep(Math.max(durationMs, 20), signal),
  }));
  wrong("a clock whose errors have no code", "with closed", (clock) => ({
    sleep: async (durationMs, signal) => {
      await clock.sleep(durationMs, signal).catch((error: unknown) => {
        throw error instanceof Error && "code" in error ? new Error(error.message) : error;
      });
    },
  }));
});

describe("blockLaws()", () => {
  const wrong = (what: string, expected: string, change: (block: Block) => Partial<Block>): void =>
    breaks(what, expected, (simulation) => {
      const disks = new Map<Block, SimulatedDisk>();
      const connectDisk = (disk: SimulatedDisk): Block => {
        const sound = disk.connect();
        const block = broken<Block>(sound, change(sound));
        disks.set(block, disk);
        return block;
      };
      const fresh = (): SimulatedDisk =>
        new SimulatedDisk(simulation(), { sectorCount: 64, maxSectorCount: 80, latencyMs: 1 });
      const diskOf = (block: Block): SimulatedDisk => disks.get(block) ?? fresh();
      return blockLaws({
        connect: async () => connectDisk(fresh()),
        reopen: async (previous) => connectDisk(diskOf(previous)),
        crash: async (previous) => {
          diskOf(previous).crash();
          return connectDisk(diskOf(previous));
        },
      });
    });

  const sectors = (fill: number, sectorCount: number): Uint8Array[] => [
    new Uint8Array(512 * sectorCount).fill(fill),
  ];

  wrong("a block that discards when it has time", "discard() keeps its place", (block) => ({
    discard: async (sector, sectorCount) => {
      await block.discard(sector, sectorCount);
      if (sector === 5) await block.write(sector, sectors(0, sectorCount));
    },
  }));
  wrong("a block that discards what is no range", "RangeError, for what is no range", (block) => ({
    discard: async (sector, sectorCount) => {
      if (sector >= 0 && sectorCount > 0) await block.discard(sector, sectorCount);
    },
  }));
  wrong("a block that closes under its writes", "nobody awaits", (block) => {
    let isClosed = false;
    return {
      write: async (sector, buffers) => {
        await block.write(sector, buffers);
        if (isClosed) throw new Error("file closed");
      },
      async [Symbol.asyncDispose]() {
        isClosed = true;
        await block[Symbol.asyncDispose]();
      },
    };
  });
  wrong("a block that changes the info it gave", "info is a new object", (block) => {
    const info = { ...block.info };
    return {
      info,
      grow: async (sectorCount) => {
        await block.grow(sectorCount);
        info.sectorCount = sectorCount;
      },
    };
  });
  wrong("a block that tears sectors", "after a crash amid writes", (block) => ({
    write: async (sector, buffers) => {
      if (sector === 2) await block.write(3, sectors(7, 1));
      await block.write(sector, buffers);
    },
  }));
  wrong("a block that resolves before it is durable", "after a crash", (block) => ({
    write: async (sector, buffers) => {
      void block.write(sector, buffers).catch(() => {});
    },
  }));
});

describe("networkLaws()", () => {
  const wrong = (
    what: string,
    expected: string,
    change: (network: SimulatedNetwork, simulation: Simulation) => Partial<Network>,
  ): void =>
    breaks(what, expected, (simulation) =>
      networkLaws({
        connectPair: async () => {
          const wire = new Wire(simulation());
          const [a, b] = [wire.connect(), wire.connect()];
          const changed = (one: SimulatedNetwork): Network =>
            broken<Network>(one, change(one, simulation()));
          return [changed(a), changed(b)];
        },
        settle: () => simulation().clock.sleep(1000),
      }),
    );

  wrong("a network that makes offloads up", "arrives with it", (network) => ({
    listen: (receiver) => {
      const offload: FrameOffload = { checksumOmitted: true, segmentBytes: 0 };
      network.listen({ frame: (frame) => receiver.frame(frame, offload) });
    },
  }));
  wrong("a network that takes any offload", "does not let undone", (network) => ({
    write: (sizeBytes, fill) => network.write(sizeBytes, fill),
  }));
  wrong("a network that swallows errors of fill", "whose fill threw", (network) => ({
    write: (sizeBytes, fill, offload) => {
      const guarded = (into: Uint8Array): number => {
        try {
          return fill(into);
        } catch {
          return into.length;
        }
      };
      network.write(sizeBytes, guarded, offload);
    },
  }));
  wrong("a network whose window never opens again", "after megabytes", (network) => {
    let leftBytes = 2 ** 20;
    return {
      write: (sizeBytes, fill, offload) => {
        if (sizeBytes <= leftBytes) network.write(sizeBytes, fill, offload);
        leftBytes -= sizeBytes;
      },
    };
  });
  wrong("a network that loses its last batch", "just before dispose()", (network, simulation) => {
    let isClosed = false;
    return {
      write: (sizeBytes, fill, offload) => {
        if (isClosed) return network.write(sizeBytes, fill, offload);
        const frame = new Uint8Array(sizeBytes);
        const length = fill(frame);
        simulation.timeline.after(0, () => {
          if (!isClosed) network.write(length, (into) => (into.set(frame), length), offload);
        });
      },
      async [Symbol.asyncDispose]() {
        isClosed = true;
        await network[Symbol.asyncDispose]();
      },
    };
  });
  wrong("a network deaf to a receiver's listen()", "called by a receiver", (network) => {
    let isFirst = true;
    return {
      listen: (receiver) => {
        if (isFirst) network.listen(receiver);
        isFirst = false;
      },
    };
  });
});
