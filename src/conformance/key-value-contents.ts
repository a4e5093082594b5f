import type { Key, KeyValue } from "../devices/index.ts";
import { bytesEqual, equal, holds, listEqual, sampleBytes, type Check } from "./law.ts";

/** The values of a store: whole, in part, digested, and changed by many at once. */
export const contentsChecks: readonly Check<KeyValue>[] = [
  ["an empty store has a root and nothing else", isEmpty],
  ["get() and size() give what set() set, last", getsWhatWasSet],
  ["set() forgets its bytes when it settled, and get() gives fresh ones", ownsItsBytes],
  ["getPartial() gives the part that there is", getsParts],
  ["setPartial() overwrites, grows, and fills a gap with zeros", setsParts],
  ["digest() tells contents apart, and is the same for the same", digests],
  ["lastModifiedMs() follows every change below", tellsWhenModified],
  ["changes that overlap in time all happen, each as a whole", changesAtomically],
];

async function isEmpty(store: KeyValue): Promise<void> {
  equal("exists([])", await store.exists([]), "dictionary");
  equal("the length of list([])", (await store.list([]))?.length, 0);
  const missing = ["missing"];
  equal("exists(missing)", await store.exists(missing), undefined);
  equal("get(missing)", await store.get(missing), undefined);
  equal("getPartial(missing)", await store.getPartial(missing, 0, 1), undefined);
  equal("list(missing)", await store.list(missing), undefined);
  equal("size(missing)", await store.size(missing), undefined);
  equal("lastModifiedMs(missing)", await store.lastModifiedMs(missing), undefined);
  equal("digest(missing)", await store.digest(missing), undefined);
}

async function getsWhatWasSet(store: KeyValue): Promise<void> {
  for (const lengthBytes of [3, 0, 1, 100_000, 2]) {
    const value = sampleBytes(lengthBytes, lengthBytes);
    await store.set(["key"], value);
    bytesEqual("the value", await store.get(["key"]), value);
    equal("its size", await store.size(["key"]), lengthBytes);
  }
}

async function ownsItsBytes(store: KeyValue): Promise<void> {
  const original = sampleBytes(10, 1);
  const backing = new Uint8Array(12);
  backing.set(original, 1);
  await store.set(["key"], backing.subarray(1, 11));
  backing.fill(0);
  const got = await store.get(["key"]);
  bytesEqual("a value whose bytes changed later", got, original);
  got?.fill(0);
  (await store.getPartial(["key"], 0, 10))?.fill(0);
  bytesEqual("a value that a reader changed", await store.get(["key"]), original);
  const part = sampleBytes(2, 2);
  await store.setPartial(["key"], 0, part);
  part.fill(0);
  bytesEqual("a part", await store.getPartial(["key"], 0, 2), sampleBytes(2, 2));
}

async function getsParts(store: KeyValue): Promise<void> {
  const value = sampleBytes(10, 9);
  await store.set(["key"], value);
  const ranges = [
    [0, 10],
    [0, 3],
    [3, 4],
    [7, 100],
    [10, 1],
    [11, 1],
    [0, 0],
    [2 ** 40, 5],
  ] as const;
  for (const [offset, lengthBytes] of ranges) {
    const part = await store.getPartial(["key"], offset, lengthBytes);
    bytesEqual(
      `${lengthBytes} bytes from ${offset}`,
      part,
      value.slice(offset, offset + lengthBytes),
    );
  }
  const all = await store.getPartial(["key"], 0, Number.MAX_SAFE_INTEGER);
  bytesEqual("all that there is", all, value);
}

async function setsParts(store: KeyValue): Promise<void> {
  await store.set(["key"], Uint8Array.of(1, 2, 3, 4, 5));
  await store.setPartial(["key"], 1, Uint8Array.of(7, 8));
  bytesEqual("overwritten", await store.get(["key"]), Uint8Array.of(1, 7, 8, 4, 5));
  await store.setPartial(["key"], 4, Uint8Array.of(9, 10));
  bytesEqual("grown", await store.get(["key"]), Uint8Array.of(1, 7, 8, 4, 9, 10));
  await store.setPartial(["key"], 8, Uint8Array.of(11));
  bytesEqual("with a gap", await store.get(["key"]), Uint8Array.of(1, 7, 8, 4, 9, 10, 0, 0, 11));
  await store.setPartial(["deep", "new"], 2, Uint8Array.of(1));
  bytesEqual("that was missing", await store.get(["deep", "new"]), Uint8Array.of(0, 0, 1));
}

async function digests(store: KeyValue): Promise<void> {
  const digest = async (key: Key): Promise<string> => String(await store.digest(key));
  const [one, two] = [sampleBytes(8, 17), sampleBytes(8, 18)];
  await store.set(["d", "deep", "v"], one);
  await store.set(["w"], one);
  const first = [await digest(["d", "deep", "v"]), await digest(["d"]), await digest([])];
  equal("the digest of the same bytes elsewhere", await digest(["w"]), first[0]);
  await store.set(["d", "deep", "v"], two);
  const second = [await digest(["d", "deep", "v"]), await digest(["d"]), await digest([])];
  second.forEach((each, index) => holds("the digest", each !== first[index], "another", each));
  (await store.digest(["d"]))?.fill(0);
  await store.set(["d", "deep", "v"], one);
  const third = [await digest(["d", "deep", "v"]), await digest(["d"]), await digest([])];
  listEqual("the digests of the old contents", third, first);
  await store.rename(["d", "deep", "v"], ["d", "deep", "x"]);
  const renamed = await digest(["d"]);
  holds("the digest after rename()", renamed !== first[1], "another", renamed);
}

async function tellsWhenModified(store: KeyValue): Promise<void> {
  const when = async (key: Key): Promise<number> => {
    const timeMs = await store.lastModifiedMs(key);
    holds("lastModifiedMs()", Number.isFinite(timeMs), "a time", timeMs);
    return timeMs ?? 0;
  };
  await store.set(["d", "one"], sampleBytes(1, 19));
  const first = await when(["d", "one"]);
  holds(
    "that of the dictionary",
    (await when(["d"])) >= first,
    `${first} or later`,
    await when(["d"]),
  );
  await store.set(["d", "two"], sampleBytes(1, 20));
  const second = await when(["d", "two"]);
  holds("that of a later value", second >= first, `${first} or later`, second);
  holds("that of the root", (await when([])) >= second, `${second} or later`, await when([]));
  equal("that of the value before", await when(["d", "one"]), first);
}

async function changesAtomically(store: KeyValue): Promise<void> {
  const numbers = Array.from({ length: 40 }, (_, index) => index);
  const value = (number: number): Uint8Array => sampleBytes(1000, number);
  await store.set(["log"], new Uint8Array(40));
  await Promise.all(
    numbers.flatMap((number) => [
      store.set(["all", `${number}`], value(number)),
      store.set(["same"], value(number)),
      store.setPartial(["log"], number, Uint8Array.of(number + 1)),
    ]),
  );
  equal("how many were set", (await store.list(["all"]))?.length, 40);
  for (const number of numbers) {
    bytesEqual(`value ${number}`, await store.get(["all", `${number}`]), value(number));
  }
  const log = Uint8Array.from(numbers, (number) => number + 1);
  bytesEqual("the parts set at once", await store.get(["log"]), log);
  const same = String(await store.get(["same"]));
  const isOne = numbers.some((number) => String(value(number)) === same);
  holds("a value set many times at once", isOne, "one of those values, whole", same.slice(0, 50));
}
