/**
 * The laws themselves: a device that breaks a promise must break a law. Each wrapper below is wrong
 * in one way; the sound devices around it are simulated, and keep every law (see their own tests).
 */

import { describe } from "vitest";
import type {
  Block,
  Clock,
  Console,
  KeyValue,
  KeyValueRead,
  Network,
  Random,
} from "../devices/index.ts";
import { SimulatedConsole, SimulatedDisk, SimulatedStore, Wire } from "../simulated/index.ts";
import {
  blockLaws,
  clockLaws,
  consoleLaws,
  keyValueLaws,
  keyValueReadLaws,
  networkLaws,
  randomLaws,
} from "./index.ts";
import { breaks, broken } from "../../test/broken-device.ts";

describe("clockLaws()", () => {
  const wrong = (what: string, expected: string, change: (clock: Clock) => Partial<Clock>): void =>
    breaks(what, expected, (simulation) =>
      clockLaws({
        connect: async () => broken<Clock>(simulation().clock, change(simulation().clock)),
      }),
    );

  wrong("a clock that repeats", "monotonicNs() gives more", (clock) => ({
    monotonicNs: () => clock.monotonicNs() / 1_000_000n,
  }));
  wrong("a coarse clock", "monotonicMs() gives more", (clock) => ({
    monotonicMs: () => Math.floor(clock.monotonicMs()),
  }));
  wrong("a clock of two origins", "are one clock", (clock) => ({
    monotonicNs: () => clock.monotonicNs() + 1_000_000_000n,
  }));
  wrong("a clock that wakes early", "at least as long", (clock) => ({
    sleep: (durationMs, signal) => clock.sleep(durationMs * 0.9, signal),
  }));
  wrong("a clock that does not yield", "lets other work go first", (clock) => ({
    sleep: async (durationMs, signal) => {
      if (durationMs !== 0) await clock.sleep(durationMs, signal);
    },
  }));
  wrong("a clock deaf to signals", "rejects with the reason at once", (clock) => ({
    sleep: (durationMs) => clock.sleep(durationMs),
  }));
  wrong("a clock that takes any number", "RangeError", (clock) => ({
    sleep: (durationMs, signal) => clock.sleep(durationMs > 0 ? durationMs : 0, signal),
  }));
  wrong("a clock that wakes from inside", "from inside", (clock) => ({
    wakeAt: (deadlineMs, wake) => {
      if (deadlineMs > clock.monotonicMs()) return clock.wakeAt(deadlineMs, wake);
      wake();
      return () => {};
    },
  }));
  wrong("a clock that cannot cancel", "when cancelled", (clock) => ({
    wakeAt: (deadlineMs, wake) => {
      clock.wakeAt(deadlineMs, wake);
      return () => {};
    },
  }));
});

describe("randomLaws()", () => {
  const wrong = (
    what: string,
    expected: string,
    change: (random: Random) => Partial<Random>,
  ): void =>
    breaks(what, expected, (simulation) =>
      randomLaws({
        connect: async () => {
          const random = simulation().random("laws");
          return broken<Random>(random, change(random));
        },
      }),
    );

  wrong("a generator that stops at 65,536 bytes", "the whole array", (random) => ({
    fill: (into) => (random.fill(into.subarray(0, 65_536)), into),
  }));
  wrong("a generator of 31 bits", "every bit", (random) => ({
    uint32: () => random.uint32() >>> 1,
  }));
  wrong("a generator without zeros", "every byte", (random) => ({
    fill: (into) => {
      random.fill(into).forEach((byte, index) => (into[index] = byte || 1));
      return into;
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
      return blockLaws({
        connect: async () =>
          connectDisk(new SimulatedDisk(simulation(), { sectorCount: 64, maxSectorCount: 80 })),
        reopen: async (previous) =>
          connectDisk(disks.get(previous) ?? new SimulatedDisk(simulation(), { sectorCount: 64 })),
      });
    });

  const bytesIn = (buffers: readonly Uint8Array[]): number =>
    buffers.reduce((sum, { length }) => sum + length, 0);

  wrong("a block that forgets", "what write() wrote", () => ({ write: async () => {} }));
  wrong("a block that loses long writes", "a whole disk", (block) => ({
    write: (sector, buffers) => block.write(sector, bytesIn(buffers) > 16_384 ? [] : buffers),
  }));
  wrong("a block that takes odd lengths", "unaligned", (block) => ({
    write: async (sector, buffers) => {
      if (bytesIn(buffers) % 512 === 0) await block.write(sector, buffers);
    },
  }));
  wrong("a block that checks the sum of lengths only", "unaligned", (block) => ({
    read: async (sector, buffers) => {
      if (bytesIn(buffers) % 512 !== 0) await block.read(sector, buffers);
    },
  }));
  wrong("a block without an end", "past the end", (block) => ({
    write: async (sector, buffers) => {
      if (sector < block.info.sectorCount) await block.write(sector, buffers);
    },
  }));
  wrong("a block that keeps the caller's buffer", "forgets them when settled", (block) => ({
    write: async (sector, buffers) => {
      await block.write(sector, buffers);
      await Promise.resolve().then(() => undefined);
      lateWrites.push(() => block.write(sector, buffers));
    },
    flush: async () => {
      await Promise.all(lateWrites.splice(0).map((write) => write()));
      await block.flush();
    },
  }));
  const lateWrites: (() => Promise<void>)[] = [];
  wrong("a block that reads late", "order of the calls", (block) => ({
    read: async (sector, buffers) => {
      await block.flush();
      await block.read(sector, buffers);
    },
  }));
  wrong("a block that loses everything on disposal", "connected again", (block) => ({
    async [Symbol.asyncDispose]() {
      await block.write(0, [new Uint8Array(64 * 512)]).catch(() => {});
      await block[Symbol.asyncDispose]();
    },
  }));
  wrong("a block that grows no sectors", "grow() adds zeros", () => ({ grow: async () => {} }));
  wrong("a block that counts nothing", "counters count", () => ({
    counters: { sectorsRead: 0, sectorsWritten: 0, reads: 0, writes: 0, flushes: 0 },
  }));
  wrong("a block that never closes", "closed", () => ({ async [Symbol.asyncDispose]() {} }));
});

describe("networkLaws()", () => {
  const wrong = (
    what: string,
    expected: string,
    change: (network: Network) => Partial<Network>,
  ): void =>
    breaks(what, expected, (simulation) =>
      networkLaws({
        connectPair: async () => {
          const wire = new Wire(simulation());
          const [a, b] = [wire.connect(), wire.connect()];
          return [broken<Network>(a, change(a)), broken<Network>(b, change(b))];
        },
        settle: () => simulation().clock.sleep(1000),
      }),
    );

  wrong("a network that reorders", "in order", (network) => ({
    listen: (receiver) => {
      const batch: Uint8Array[] = [];
      network.listen({
        frame: (frame) => void batch.push(frame),
        batchEnd() {
          for (const frame of batch.splice(0).toReversed()) receiver.frame(frame);
          receiver.batchEnd?.();
        },
      });
    },
  }));
  wrong("a network that loses and does not say", "counted as dropped", (network) => {
    let writtenCount = 0;
    return {
      write: (sizeBytes, fill) => {
        if (++writtenCount % 50 !== 0) network.write(sizeBytes, fill);
      },
    };
  });
  wrong("a network that duplicates", "delivers a frame", (network) => ({
    write: (sizeBytes, fill) => {
      network.write(sizeBytes, fill);
      network.write(sizeBytes, fill);
    },
  }));
  wrong("a network that reuses its buffers", "receiver's for good", (network) => {
    const pool = new Uint8Array(2000);
    return {
      listen: (receiver) => {
        const frame = (heard: Uint8Array): void => {
          pool.set(heard);
          receiver.frame(pool.subarray(0, heard.length));
        };
        network.listen({ frame, batchEnd: () => receiver.batchEnd?.() });
      },
    };
  });
  wrong("a network that fills before it checks", "does not call fill", (network) => ({
    write: (sizeBytes, fill) => {
      if (sizeBytes > network.mtu + 14) fill(new Uint8Array(sizeBytes));
      network.write(sizeBytes, fill);
    },
  }));
  wrong("a network that gives more room than asked", "exactly the room", (network) => ({
    write: (sizeBytes, fill) => network.write(Math.max(sizeBytes, 100), fill),
  }));
  wrong("a network that never ends a batch", "batchEnd()", (network) => ({
    listen: (receiver) => network.listen({ frame: (frame) => receiver.frame(frame) }),
  }));
  wrong("a network with one address for all", "say what the interface is", () => ({
    mac: Uint8Array.of(2, 0, 0, 0, 0, 1),
  }));
});

describe("consoleLaws()", () => {
  const wrong = (
    what: string,
    expected: string,
    change: (console: Console) => Partial<Console>,
  ): void =>
    breaks(what, expected, (simulation) =>
      consoleLaws({
        connect: async () => {
          const sound = new SimulatedConsole(simulation(), { size: { columns: 80, rows: 24 } });
          return {
            console: broken<Console>(sound, change(sound)),
            type: (text) => sound.type(text),
            endInput: () => sound.endInput(),
            output: () => sound.output,
            resize: (columns, rows) => sound.resize(columns, rows),
          };
        },
      }),
    );

  wrong("a console that drops", "loses nothing", (console) => {
    let lineCount = 0;
    return {
      writeLine: async (text) => {
        if (++lineCount < 300) await console.writeLine(text);
      },
    };
  });
  wrong("a console that decodes each piece", "cut anywhere", (console) => ({
    write: (data) =>
      console.write(typeof data === "string" ? data : new TextDecoder().decode(data)),
  }));
  wrong(
    "a console whose bytes overtake its lines",
    "keeps the order and loses nothing",
    (console) => ({
      write: async (data) => {
        await Promise.resolve().then(() => Promise.resolve());
        await console.write(data);
      },
    }),
  );
  wrong("a console that serves two readers", "input-busy", (console) => {
    let last: Promise<unknown> = Promise.resolve();
    return {
      read: (signal) => {
        const read = last.then(() => console.read(signal));
        last = read.catch(() => {});
        return read;
      },
    };
  });
  wrong("a console that echoes always", "does not echo", (console) => ({
    read: async (signal) => {
      const bytes = await console.read(signal);
      if (bytes !== undefined) await console.write(bytes);
      return bytes;
    },
  }));
  wrong("a console deaf to signals", "rejects with the reason", (console) => ({
    read: () => console.read(),
  }));
  wrong("a console that keeps the line's end", "without its end", (console) => ({
    readLine: async (signal) => {
      const line = await console.readLine(signal);
      return line && `${line}\n`;
    },
  }));
});

describe("keyValueReadLaws()", () => {
  const wrong = (
    what: string,
    expected: string,
    change: (store: KeyValueRead) => Partial<KeyValueRead>,
  ): void =>
    breaks(what, expected, (simulation) =>
      keyValueReadLaws({
        connect: async (contents) => {
          const store = new SimulatedStore(simulation()).connect();
          for (const [key, value] of contents) await store.set(key, value);
          return broken<KeyValueRead>(store, change(store));
        },
      }),
    );

  const shared = new Uint8Array(256).map((_, index) => index);
  wrong("a store that keeps text", "give each value", (store) => ({
    get: async (key) => {
      const bytes = await store.get(key);
      return bytes && new TextEncoder().encode(new TextDecoder().decode(bytes));
    },
  }));
  wrong("a store that shares its bytes", "give fresh bytes", (store) => ({
    get: async (key) => (key[0] === "bytes" ? shared : store.get(key)),
  }));
  wrong("a digest of sizes", "tells contents apart", (store) => ({
    digest: async (key) => {
      if ((await store.exists(key)) === "dictionary") return store.digest(key);
      const size = await store.size(key);
      return size === undefined ? undefined : Uint8Array.of(1, size);
    },
  }));
  wrong("a store that sorts by code points", "in code unit order", (store) => ({
    list: async (key) => (await store.list(key))?.toReversed(),
  }));
  wrong("a store that finds nothing below a value an error", "is undefined", (store) => ({
    exists: (key) => store.exists(key[1] === "below" ? [""] : key),
  }));
});

describe("keyValueLaws()", () => {
  const wrong = (
    what: string,
    expected: string,
    change: (store: KeyValue) => Partial<KeyValue>,
  ): void =>
    breaks(what, expected, (simulation) =>
      keyValueLaws({
        connect: async () => {
          const sound = new SimulatedStore(simulation()).connect();
          return broken<KeyValue>(sound, change(sound));
        },
      }),
    );

  wrong("a store that forgets", "what set() set", () => ({ set: async () => {} }));
  wrong("a store sorted by code points", "code unit order", (store) => ({
    list: async (key) =>
      (await store.list(key))?.toSorted((one, other) => {
        const [first = 0, second = 0] = [one, other].map(({ name }) => name.codePointAt(0));
        return first - second;
      }),
  }));
  wrong("a store of any key", "invalid-key", (store) => ({
    get: async (key) => (key.includes("") ? undefined : store.get(key)),
  }));
  wrong("a store that writes parts in two steps", "each as a whole", (store) => ({
    setPartial: async (key, offset, bytes) => {
      const old = (await store.get(key)) ?? new Uint8Array(0);
      const grown = new Uint8Array(Math.max(old.length, offset + bytes.length));
      grown.set(old);
      grown.set(bytes, offset);
      await store.set(key, grown);
    },
  }));
  wrong("a store whose digest is the size", "tells contents apart", (store) => ({
    digest: async (key) => ((await store.exists(key)) ? Uint8Array.of(key.length) : undefined),
  }));
});
