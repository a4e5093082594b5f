import { KeyValueError, type Key, type KeyValueRead } from "../devices/index.ts";
import { deviceLaws } from "./device.ts";
import { namesIn, readsOf } from "./key-value-operations.ts";
import {
  bytesEqual,
  equal,
  holds,
  listEqual,
  rejects,
  sampleBytes,
  withDevice,
  type Check,
  type Law,
} from "./law.ts";

/** What a store is to hold: values by their keys, none of which is a prefix of another. */
export type KeyValueContents = readonly (readonly [Key, Uint8Array])[];

/** What the laws need to know of a driver of {@link KeyValueRead}. */
export interface KeyValueReadSubject {
  /** Connects a store that holds `contents` and nothing else. The law disposes it. */
  readonly connect: (contents: KeyValueContents) => Promise<KeyValueRead>;
}

/** The laws of {@link KeyValueRead}: for stores that come with their contents. */
export function keyValueReadLaws({ connect }: KeyValueReadSubject): readonly Law[] {
  const connectSample = (): Promise<KeyValueRead> => connect(sample);
  return [
    ...deviceLaws(connectSample),
    ...checks.map(([name, check]) => ({ name, run: () => withDevice(connectSample, check) })),
    {
      name: "an empty store has a root and nothing else",
      run: () => withDevice(() => connect([]), isEmpty),
    },
  ];
}

const checks: readonly Check<KeyValueRead>[] = [
  ["get() and size() give each value", getsValues],
  ["getPartial() gives the part that there is", getsParts],
  ["get() and getPartial() give fresh bytes", givesFreshBytes],
  ["exists() tells values and dictionaries apart", tellsKinds],
  ["list() gives the entries of one dictionary, in code unit order", lists],
  ["digest() tells contents apart, and is the same for the same", digests],
  ["lastModifiedMs() of a dictionary is that of what is below, or later", tellsWhenModified],
  ["what is missing is undefined, for every operation", missesNothing],
  ["operations reject with value-expected or dictionary-expected, for the other kind", refuses],
  ["every operation rejects with invalid-key, for what is no key", refusesInvalidKeys],
  ["getPartial() fails with RangeError, for no offset or length", refusesMisuse],
  ["every operation rejects with closed, after dispose()", refusesWhenClosed],
];

/** All bytes there are, also where they are no text; a mark of byte order is one of them. */
const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index);
const text = new TextEncoder().encode("\ufeffé 日 \u{1f600}\r\n\u2028</script>`${0}`\\\"'\n");

/** In UTF-8 or by code points the last two names would change places. */
const names = ["10", "9", "Z", "__proto__", "a", "a b", "é", "日", "\u{1f600}", "\uff5e"];

const sample: KeyValueContents = [
  [["bytes"], everyByte],
  [["text"], text],
  [["empty"], new Uint8Array(0)],
  [["large"], sampleBytes(100_000, 1)],
  [["same"], everyByte.slice()],
  [["d", "deep", "v"], sampleBytes(10, 2)],
  [["e", "deep", "v"], sampleBytes(10, 2)],
  [["f", "deep", "v"], sampleBytes(10, 3)],
  [["g", "deep", "w"], sampleBytes(10, 2)],
  ...names.map((name, index) => [["names", name], sampleBytes(1, index)] as const),
];

async function isEmpty(store: KeyValueRead): Promise<void> {
  equal("exists([])", await store.exists([]), "dictionary");
  listEqual("the names", await namesIn(store, []), []);
  holds("the digest", (await store.digest([])) !== undefined, "bytes", undefined);
}

async function getsValues(store: KeyValueRead): Promise<void> {
  for (const [key, value] of sample) {
    bytesEqual(`the value at ${key.join("/")}`, await store.get(key), value);
    equal(`the size of ${key.join("/")}`, await store.size(key), value.length);
  }
}

async function getsParts(store: KeyValueRead): Promise<void> {
  const ranges = [
    [0, 256],
    [0, 3],
    [3, 4],
    [250, 100],
    [256, 1],
    [257, 1],
    [0, 0],
    [2 ** 40, 5],
    [0, Number.MAX_SAFE_INTEGER],
  ] as const;
  for (const [offset, lengthBytes] of ranges) {
    const part = await store.getPartial(["bytes"], offset, lengthBytes);
    const expected = everyByte.slice(offset, Math.min(offset + lengthBytes, 256));
    bytesEqual(`${lengthBytes} bytes from ${offset}`, part, expected);
  }
}

async function givesFreshBytes(store: KeyValueRead): Promise<void> {
  (await store.get(["bytes"]))?.fill(0);
  (await store.getPartial(["bytes"], 0, 256))?.fill(0);
  (await store.digest(["bytes"]))?.fill(0);
  bytesEqual("a value that a reader changed", await store.get(["bytes"]), everyByte);
  const digest = (await store.digest(["bytes"])) ?? new Uint8Array(0);
  holds(
    "the digest",
    digest.some((byte) => byte !== 0),
    "as before",
    digest,
  );
}

async function tellsKinds(store: KeyValueRead): Promise<void> {
  equal("exists([])", await store.exists([]), "dictionary");
  equal("exists(d/deep)", await store.exists(["d", "deep"]), "dictionary");
  equal("exists(d/deep/v)", await store.exists(["d", "deep", "v"]), "value");
}

async function lists(store: KeyValueRead): Promise<void> {
  listEqual("the names", await namesIn(store, ["names"]), names);
  const root = [...new Set(sample.map(([[first = ""]]) => first))].toSorted();
  listEqual("the names of the root", await namesIn(store, []), root);
  for (const { name, kind } of (await store.list([])) ?? []) {
    equal(`the kind of ${name}`, kind, await store.exists([name]));
  }
}

async function digests(store: KeyValueRead): Promise<void> {
  const digest = async (key: Key): Promise<string> => String(await store.digest(key));
  equal("that of the same bytes elsewhere", await digest(["same"]), await digest(["bytes"]));
  equal("that of the same dictionary elsewhere", await digest(["e"]), await digest(["d"]));
  const all = await Promise.all([[], ["bytes"], ["text"], ["empty"], ["d"]].map(digest));
  equal("how many digests there are of five contents", new Set(all).size, 5);
  const d = await digest(["d"]);
  for (const other of ["f", "g"]) {
    holds(`the digest of ${other}`, (await digest([other])) !== d, "another", d);
  }
}

async function tellsWhenModified(store: KeyValueRead): Promise<void> {
  let above = Infinity;
  for (const key of [[], ["d"], ["d", "deep"], ["d", "deep", "v"]]) {
    const timeMs = await store.lastModifiedMs(key);
    holds("lastModifiedMs()", Number.isFinite(timeMs), "a time", timeMs);
    holds("lastModifiedMs()", (timeMs ?? 0) <= above, `${above} or earlier`, timeMs);
    above = timeMs ?? 0;
  }
}

async function missesNothing(store: KeyValueRead): Promise<void> {
  for (const key of [["missing"], ["bytes", "below"], ["d", "deep", "x"], ["toString"]]) {
    for (const [name, operation] of readsOf(store, key)) {
      equal(`${name} of ${key.join("/")}`, await operation(), undefined);
    }
  }
}

async function refuses(store: KeyValueRead): Promise<void> {
  const ofValues = new Set(["get()", "getPartial()", "size()"]);
  for (const key of [[], ["d"], ["d", "deep"]]) {
    for (const [name, operation] of readsOf(store, key)) {
      if (!ofValues.has(name)) continue;
      await rejects(`${name} of a dictionary`, operation, KeyValueError, "value-expected");
    }
  }
  const list = (): Promise<unknown> => store.list(["bytes"]);
  await rejects("list() of a value", list, KeyValueError, "dictionary-expected");
}

async function refusesInvalidKeys(store: KeyValueRead): Promise<void> {
  for (const segment of ["", ".", "..", "a/b", "/", "a\0"]) {
    for (const key of [[segment], ["d", segment, "v"]]) {
      for (const [name, operation] of readsOf(store, key)) {
        await rejects(`${name} ${JSON.stringify(key)}`, operation, KeyValueError, "invalid-key");
      }
    }
  }
}

async function refusesMisuse(store: KeyValueRead): Promise<void> {
  for (const count of [-1, 0.5, Number.NaN, 2 ** 53]) {
    const offset = (): Promise<unknown> => store.getPartial(["bytes"], count, 1);
    const length = (): Promise<unknown> => store.getPartial(["bytes"], 0, count);
    await rejects(`getPartial(${count}, 1)`, offset, RangeError);
    await rejects(`getPartial(0, ${count})`, length, RangeError);
  }
}

async function refusesWhenClosed(store: KeyValueRead): Promise<void> {
  await store[Symbol.asyncDispose]();
  for (const [name, operation] of readsOf(store, ["bytes"])) {
    await rejects(name, operation, KeyValueError, "closed");
  }
}
