/** What a test can ask of the worker: to run a suite of laws, or to use one disk. */

import type { Block } from "../../src/devices/index.ts";
import { connect, type IndexedDbBlockOptions } from "../../src/platform-js/block-indexeddb.ts";
import {
  deleteDisk,
  listDisks,
  type DiskSummary,
} from "../../src/platform-js/block-indexeddb-catalogue.ts";
import { suites } from "./suites.ts";

/** `done`, or the code and the message of the error. */
export type Outcome = string;

let disk: Block;

const drivers = {
  /** Runs each law of a suite, and tells whether it was kept. */
  async run(suite: string): Promise<Record<string, string>> {
    const verdicts: Record<string, string> = {};
    for (const law of suites[suite] ?? []) {
      const broken = (error: unknown): string => `broken: ${String(error)}`;
      verdicts[law.name] = await law.run().then(() => "kept", broken);
    }
    return verdicts;
  },

  /** Connects the disk that the other functions use. */
  open: (options: IndexedDbBlockOptions): Promise<Outcome> =>
    outcome(async () => {
      disk = await connect(options);
    }),

  /** Fills so many sectors with one byte, in one write. */
  write: (sector: number, sectorCount: number, byte: number): Promise<Outcome> =>
    outcome(() =>
      disk.write(sector, [new Uint8Array(sectorCount * disk.info.sectorBytes).fill(byte)]),
    ),

  /** Gives every byte that is in so many sectors, once. */
  async bytesIn(sector: number, sectorCount: number): Promise<number[]> {
    const into = new Uint8Array(sectorCount * disk.info.sectorBytes);
    await disk.read(sector, [into]);
    return [...new Set(into)];
  },

  /** Begins so many writes of `sectorCount` sectors one after another, and waits for none. */
  beginWrites(sector: number, sectorCount: number, writeCount: number): void {
    for (let byte = 1; byte <= writeCount; byte++) void drivers.write(sector, sectorCount, byte);
  },

  close: (): Promise<Outcome> => outcome(() => disk[Symbol.asyncDispose]()),

  list: (): Promise<readonly DiskSummary[]> => listDisks(),

  remove: (name: string): Promise<Outcome> => outcome(() => deleteDisk(name)),

  /** Blocks the thread for good, soon. */
  block(): void {
    setTimeout(() => {
      for (;;);
    });
  },
};

async function outcome(operation: () => Promise<void>): Promise<Outcome> {
  try {
    await operation();
    return "done";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "no code";
    return `${code}: ${String(error)}`;
  }
}

declare global {
  // oxlint-disable-next-line no-var -- the only way to declare a global
  var drivers: Drivers;
}

/** What the worker offers to tests. */
export type Drivers = typeof drivers;

globalThis.drivers = drivers;
postMessage("ready");
