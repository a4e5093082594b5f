import { KeyValueError, type Key, type KeyValue } from "../devices/index.ts";
import { deviceLaws } from "./device.ts";
import {
  bytesEqual,
  equal,
  holds,
  listEqual,
  rejects,
  sampleBytes,
  withDevice,
  type Law,
} from "./law.ts";

/** What the laws need to know of a driver of {@link KeyValue}. */
export interface KeyValueSubject {
  /** Connects a fresh, empty store that can be written. The law disposes it. */
  readonly connect: () => Promise<KeyValue>;

  /** Connects the store of `previous` again; `previous` is disposed already. Proves durability. */
  readonly reopen?: (previous: KeyValue) => Promise<KeyValue>;

  /** Connects a store that must not be written. */
  readonly connectReadOnly?: () => Promise<KeyValue>;
}

/** The laws of {@link KeyValue}. */
export function keyValueLaws(subject: KeyValueSubject): readonly Law[] {
  const { connect } = subject;
  const law = (name: string, body: (store: KeyValue) => Promise<void>): Law => ({
    name,
    run: () => withDevice(connect, body),
  });
  return [
    ...deviceLaws(connect),
    law("an empty store has a root and nothing else", isEmpty),
    law("get() and size() give what set() set, last", getsWhatWasSet),
    law("set() forgets its bytes when it settled, and get() gives fresh ones", ownsItsBytes),
    law("set() makes the dictionaries above, and exists() tells the kind", makesDictionaries),
    law("list() gives the entries of one dictionary, in code unit order", lists),
    law("any segment is a name, if it is not empty, a dot or two, and has no / or NUL", takesNames),
    law("every operation rejects with invalid-key, for what is no key", refusesInvalidKeys),
    law("operations reject with value-expected, for a dictionary", refusesDictionaries),
    law("operations reject with dictionary-expected, for a value", refusesValues),
    law("getPartial() gives the part that there is", getsParts),
    law("setPartial() overwrites, grows, and fills a gap with zeros", setsParts),
    law("getPartial() and setPartial() fail with RangeError, for no offset", refusesMisuse),
    law("remove() removes a value or a dictionary, and what becomes empty", removes),
    law("rename() moves a value, and replaces one", renamesValues),
    law("rename() moves a dictionary with all that is in it", renamesDictionaries),
    law("rename() rejects and changes nothing, where it cannot move", refusesRenames),
    law("digest() tells contents apart, and is the same for the same", digests),
    law("lastModifiedMs() follows every change below", tellsWhenModified),
    law("changes that overlap in time all happen, each as a whole", changesAtomically),
    law("every operation rejects with closed, after dispose()", refusesWhenClosed),
    ...furtherLaws(subject),
  ];
}

function furtherLaws({ connect, reopen, connectReadOnly }: KeyValueSubject): readonly Law[] {
  const laws: Law[] = [];
  if (reopen !== undefined) {
    laws.push({
      name: "what was set, renamed and removed stays so, when the store is connected again",
      run: () => survives(connect, reopen),
    });
  }
  if (connectReadOnly !== undefined) {
    laws.push({
      name: "every change rejects with read-only, on a read-only store",
      run: () => withDevice(connectReadOnly, refusesWhenReadOnly),
    });
  }
  return laws;
}

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

async function makesDictionaries(store: KeyValue): Promise<void> {
  await store.set(["a", "b", "c"], sampleBytes(1, 3));
  equal("exists(a)", await store.exists(["a"]), "dictionary");
  equal("exists(a/b)", await store.exists(["a", "b"]), "dictionary");
  equal("exists(a/b/c)", await store.exists(["a", "b", "c"]), "value");
  equal("exists(a/b/c/d)", await store.exists(["a", "b", "c", "d"]), undefined);
  equal("get(a/b/c/d)", await store.get(["a", "b", "c", "d"]), undefined);
  equal("exists(c)", await store.exists(["c"]), undefined);
}

async function lists(store: KeyValue): Promise<void> {
  // In UTF-8 or by code points the last two would change places.
  const names = ["10", "9", "Z", "a", "a b", "b", "é", "日", "\u{1f600}", "\uff5e"];
  for (const name of names.toReversed()) await store.set(["in", name], sampleBytes(1, 4));
  await store.set(["in", "b2", "deep"], sampleBytes(1, 5));
  names.splice(6, 0, "b2");
  const entries = (await store.list(["in"])) ?? [];
  listEqual(
    "the names",
    entries.map(({ name }) => name),
    names,
  );
  const kinds = names.map((name) => (name === "b2" ? "dictionary" : "value"));
  listEqual(
    "the kinds",
    entries.map(({ kind }) => kind),
    kinds,
  );
  listEqual("the names of the root", await namesIn(store, []), ["in"]);
}

async function takesNames(store: KeyValue): Promise<void> {
  const names = [
    "...",
    " ",
    "a\\b",
    "A",
    "a",
    "%2F",
    "é",
    "e\u0301",
    "\n",
    "__proto__",
    "toString",
  ];
  for (const [index, name] of names.entries()) await store.set([name], sampleBytes(5, index));
  for (const [index, name] of names.entries()) {
    bytesEqual(
      `the value of ${JSON.stringify(name)}`,
      await store.get([name]),
      sampleBytes(5, index),
    );
  }
  listEqual("the names", await namesIn(store, []), names.toSorted());
  equal("exists(constructor)", await store.exists(["constructor"]), undefined);
}

async function refusesInvalidKeys(store: KeyValue): Promise<void> {
  const bytes = sampleBytes(1, 6);
  await store.set(["a"], bytes);
  for (const segment of ["", ".", "..", "a/b", "/", "a\0"]) {
    for (const key of [[segment], ["x", segment, "y"]]) {
      const operations = [
        ...readsOf(store, key),
        ...changesOf(store, key),
        ["rename() to", () => store.rename(["a"], key)] as const,
      ];
      for (const [name, operation] of operations) {
        await rejects(`${name} ${JSON.stringify(key)}`, operation, KeyValueError, "invalid-key");
      }
    }
  }
  listEqual("the names afterwards", await namesIn(store, []), ["a"]);
}

async function refusesDictionaries(store: KeyValue): Promise<void> {
  const bytes = sampleBytes(1, 7);
  await store.set(["d", "v"], bytes);
  for (const key of [["d"], []]) {
    const operations = [
      ["get()", () => store.get(key)],
      ["getPartial()", () => store.getPartial(key, 0, 1)],
      ["size()", () => store.size(key)],
      ["set()", () => store.set(key, bytes)],
      ["setPartial()", () => store.setPartial(key, 0, bytes)],
    ] as const;
    for (const [name, operation] of operations) {
      await rejects(`${name} of a dictionary`, operation, KeyValueError, "value-expected");
    }
  }
  bytesEqual("the value inside", await store.get(["d", "v"]), bytes);
}

async function refusesValues(store: KeyValue): Promise<void> {
  const bytes = sampleBytes(3, 8);
  await store.set(["v"], bytes);
  await store.set(["w"], bytes);
  const operations = [
    ["list()", () => store.list(["v"])],
    ["set()", () => store.set(["v", "x"], bytes)],
    ["set(), deeper", () => store.set(["v", "x", "y"], bytes)],
    ["setPartial()", () => store.setPartial(["v", "x"], 0, bytes)],
    ["rename()", () => store.rename(["w"], ["v", "x"])],
  ] as const;
  for (const [name, operation] of operations) {
    await rejects(`${name} below a value`, operation, KeyValueError, "dictionary-expected");
  }
  bytesEqual("the value", await store.get(["v"]), bytes);
  listEqual("the names afterwards", await namesIn(store, []), ["v", "w"]);
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

async function refusesMisuse(store: KeyValue): Promise<void> {
  const bytes = sampleBytes(1, 10);
  await store.set(["key"], bytes);
  for (const count of [-1, 0.5, Number.NaN, 2 ** 53]) {
    await rejects(`getPartial(${count}, 1)`, () => store.getPartial(["key"], count, 1), RangeError);
    await rejects(`getPartial(0, ${count})`, () => store.getPartial(["key"], 0, count), RangeError);
    await rejects(
      `setPartial(${count})`,
      () => store.setPartial(["key"], count, bytes),
      RangeError,
    );
  }
  bytesEqual("the value", await store.get(["key"]), bytes);
}

async function removes(store: KeyValue): Promise<void> {
  const bytes = sampleBytes(1, 11);
  for (const key of [["a", "b", "c"], ["a", "d"], ["e"]]) await store.set(key, bytes);
  await store.remove(["missing", "deep"]);
  await store.remove(["e", "below"]);
  await store.remove(["a", "b", "c"]);
  equal("exists(a/b), emptied", await store.exists(["a", "b"]), undefined);
  listEqual("the names in a", await namesIn(store, ["a"]), ["d"]);
  await store.set(["a", "f", "g"], bytes);
  await store.remove(["a"]);
  equal("get(a/d)", await store.get(["a", "d"]), undefined);
  equal("get(a/f/g)", await store.get(["a", "f", "g"]), undefined);
  listEqual("the names", await namesIn(store, []), ["e"]);
  await store.remove([]);
  listEqual("the names, after removing the root", await namesIn(store, []), []);
}

async function renamesValues(store: KeyValue): Promise<void> {
  const [one, two] = [sampleBytes(3, 12), sampleBytes(4, 13)];
  await store.set(["old", "one"], one);
  await store.rename(["old", "one"], ["new", "deep", "one"]);
  bytesEqual("the value moved", await store.get(["new", "deep", "one"]), one);
  equal("exists(old), emptied", await store.exists(["old"]), undefined);
  await store.set(["two"], two);
  await store.rename(["two"], ["new", "deep", "one"]);
  bytesEqual("the value replaced", await store.get(["new", "deep", "one"]), two);
  listEqual("the names", await namesIn(store, []), ["new"]);
  await store.rename(["new", "deep", "one"], ["new", "deep", "one"]);
  bytesEqual("a value renamed to itself", await store.get(["new", "deep", "one"]), two);
}

async function renamesDictionaries(store: KeyValue): Promise<void> {
  const [one, two] = [sampleBytes(3, 14), sampleBytes(4, 15)];
  await store.set(["d", "one"], one);
  await store.set(["d", "deep", "two"], two);
  await store.set(["v"], one);
  await store.rename(["d"], ["x", "y"]);
  bytesEqual("x/y/one", await store.get(["x", "y", "one"]), one);
  bytesEqual("x/y/deep/two", await store.get(["x", "y", "deep", "two"]), two);
  equal("exists(d)", await store.exists(["d"]), undefined);
  await store.rename(["x", "y"], ["v"]);
  bytesEqual("v/deep/two, where a value was", await store.get(["v", "deep", "two"]), two);
  listEqual("the names", await namesIn(store, []), ["v"]);
}

async function refusesRenames(store: KeyValue): Promise<void> {
  const bytes = sampleBytes(1, 16);
  for (const key of [["a", "b"], ["d", "v"], ["v"]]) await store.set(key, bytes);
  const before = await store.digest([]);
  const cases = [
    ["missing", [["missing"], ["n"]], "not-found"],
    ["below itself", [["a"], ["a", "c"]], "invalid-key"],
    ["the root", [[], ["n"]], "invalid-key"],
    ["onto a dictionary", [["v"], ["d"]], "value-expected"],
    ["a dictionary onto another", [["a"], ["d"]], "value-expected"],
    ["onto the root", [["v"], []], "value-expected"],
    ["below a value", [["a"], ["v", "x"]], "dictionary-expected"],
  ] as const;
  for (const [name, [from, to], code] of cases) {
    await rejects(`rename() ${name}`, () => store.rename(from, to), KeyValueError, code);
  }
  bytesEqual("the digest of the store", await store.digest([]), before ?? new Uint8Array(0));
  listEqual("the names", await namesIn(store, []), ["a", "d", "v"]);
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

async function refusesWhenClosed(store: KeyValue): Promise<void> {
  await store[Symbol.asyncDispose]();
  for (const [name, operation] of [...readsOf(store, ["a"]), ...changesOf(store, ["a"])]) {
    await rejects(name, operation, KeyValueError, "closed");
  }
}

async function survives(
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

async function refusesWhenReadOnly(store: KeyValue): Promise<void> {
  const before = await namesIn(store, []);
  for (const [name, operation] of changesOf(store, ["new"])) {
    await rejects(name, operation, KeyValueError, "read-only");
  }
  listEqual("the names afterwards", await namesIn(store, []), before);
}

type NamedOperation = readonly [name: string, operation: () => Promise<unknown>];

function readsOf(store: KeyValue, key: Key): readonly NamedOperation[] {
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

function changesOf(store: KeyValue, key: Key): readonly NamedOperation[] {
  const bytes = sampleBytes(1, 22);
  return [
    ["set()", () => store.set(key, bytes)],
    ["setPartial()", () => store.setPartial(key, 0, bytes)],
    ["remove()", () => store.remove(key)],
    ["rename() of", () => store.rename(key, ["other"])],
  ];
}

async function namesIn(store: KeyValue, key: Key): Promise<string[]> {
  return ((await store.list(key)) ?? []).map(({ name }) => name);
}
