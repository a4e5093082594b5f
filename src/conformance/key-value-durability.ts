import type { KeyValue } from "../devices/index.ts";
import { namesIn } from "./key-value-operations.ts";
import { bytesEqual, listEqual, sampleBytes, withDevice } from "./law.ts";

/** Changes a store, disposes it, and looks at what `reopen` connects. */
export async function survives(
  connect: () => Promise<KeyValue>,
  reopen: (previous: KeyValue) => Promise<KeyValue>,
): Promise<void> {
  const store = await connect();
  for (const name of ["kept", "moved", "gone"]) await store.set(["d", name], sampleBytes(9, 21));
  await store.setPartial(["d", "kept"], 3, Uint8Array.of(1));
  await store.rename(["d", "moved"], ["e", "here"]);
  await store.remove(["d", "gone"]);
  const expected = (await store.get(["d", "kept"])) ?? new Uint8Array(0);
  const digest = (await store.digest([])) ?? new Uint8Array(0);
  await store[Symbol.asyncDispose]();
  await withDevice(
    () => reopen(store),
    async (same) => {
      bytesEqual("the value kept", await same.get(["d", "kept"]), expected);
      bytesEqual("the value moved", await same.get(["e", "here"]), sampleBytes(9, 21));
      listEqual("the names in d", await namesIn(same, ["d"]), ["kept"]);
      listEqual("the names", await namesIn(same, []), ["d", "e"]);
      bytesEqual("the digest of the store", await same.digest([]), digest);
    },
  );
}
