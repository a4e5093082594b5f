import type { Key, KeyValue, KeyValueRead } from "../devices/index.ts";
import { sampleBytes } from "./law.ts";

type NamedOperation = readonly [name: string, operation: () => Promise<unknown>];

/** Every operation that reads `key`. */
export function readsOf(store: KeyValueRead, key: Key): readonly NamedOperation[] {
  return [
    ["exists()", () => store.exists(key)],
    ["get()", () => store.get(key)],
    ["getPartial()", () => store.getPartial(key, 0, 1)],
    ["list()", () => store.list(key)],
    ["size()", () => store.size(key)],
    ["lastModifiedMs()", () => store.lastModifiedMs(key)],
    ["digest()", () => store.digest(key)],
  ];
}

/** Every operation that changes `key`. */
export function changesOf(store: KeyValue, key: Key): readonly NamedOperation[] {
  const bytes = sampleBytes(1, 22);
  return [
    ["set()", () => store.set(key, bytes)],
    ["setPartial()", () => store.setPartial(key, 0, bytes)],
    ["remove()", () => store.remove(key)],
    ["rename() of", () => store.rename(key, ["other"])],
  ];
}

/** The names in a dictionary, in its order; none if it is missing. */
export async function namesIn(store: KeyValueRead, key: Key): Promise<string[]> {
  return ((await store.list(key)) ?? []).map(({ name }) => name);
}
