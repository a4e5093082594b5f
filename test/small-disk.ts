/** A small disk in the browser's storage, and what tests of its driver do with it. */

import { BlockError, type Block } from "../src/devices/index.ts";
import { connect, type IndexedDbBlockOptions } from "../src/platform-js/block-indexeddb.ts";
import { done, openRaw } from "./fake-browser.ts";

/** The disk. Whoever opens it does not wait for another to let go of it. */
export const small = {
  name: "small",
  sectorBytes: 512,
  sectorCount: 64,
  waitMs: 0,
} as const satisfies IndexedDbBlockOptions;

export async function using(
  options: IndexedDbBlockOptions,
  body: (block: Block) => Promise<void>,
): Promise<void> {
  const block = await connect(options);
  try {
    await body(block);
  } finally {
    await block[Symbol.asyncDispose]();
  }
}

export async function writeOnce(options: IndexedDbBlockOptions, byte: number): Promise<void> {
  await using(options, (block) => block.write(0, [filled(byte)]));
}

export async function firstByte(options: IndexedDbBlockOptions): Promise<number | undefined> {
  const block = await connect(options);
  const byte = await byteAt(block, 0);
  await block[Symbol.asyncDispose]();
  return byte;
}

export async function byteAt(block: Block, sector: number): Promise<number | undefined> {
  const into = new Uint8Array(block.info.sectorBytes);
  await block.read(sector, [into]);
  return into[0];
}

export function filled(byte: number): Uint8Array {
  return new Uint8Array(512).fill(byte);
}

export async function failure(operation: Promise<unknown>): Promise<BlockError> {
  const error: unknown = await operation.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(error instanceof BlockError)) throw new Error("No BlockError", { cause: error });
  return error;
}

/** Replaces a disk's description, or removes it for `undefined`. Returns what it was. */
export async function changeDescription(change: (old: object) => unknown): Promise<unknown> {
  const raw = await openRaw("morgana-disk:small");
  const store = raw.transaction("description", "readwrite").objectStore("description");
  const old = await done<unknown>(store.get("disk"));
  const changed = change(old as object);
  await (changed === undefined ? done(store.delete("disk")) : done(store.put(changed, "disk")));
  raw.close();
  return old;
}
