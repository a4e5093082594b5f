import { KeyValueError, type KeyValue } from "../devices/index.ts";
import { changesOf, namesIn, readsOf } from "./key-value-operations.ts";
import { bytesEqual, listEqual, rejects, sampleBytes, type Check } from "./law.ts";

/** What a store refuses, with which error, and that nothing changed then. */
export const refusalChecks: readonly Check<KeyValue>[] = [
  ["every operation rejects with invalid-key, for what is no key", refusesInvalidKeys],
  ["operations reject with value-expected, for a dictionary", refusesDictionaries],
  ["operations reject with dictionary-expected, for a value", refusesValues],
  ["getPartial() and setPartial() fail with RangeError, for no offset", refusesMisuse],
  ["rename() rejects and changes nothing, where it cannot move", refusesRenames],
  ["every operation rejects with closed, after dispose()", refusesWhenClosed],
];

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

async function refusesWhenClosed(store: KeyValue): Promise<void> {
  await store[Symbol.asyncDispose]();
  for (const [name, operation] of [...readsOf(store, ["a"]), ...changesOf(store, ["a"])]) {
    await rejects(name, operation, KeyValueError, "closed");
  }
}

/** A store that must not be written refuses every change. */
export async function refusesWhenReadOnly(store: KeyValue): Promise<void> {
  const before = await namesIn(store, []);
  for (const [name, operation] of changesOf(store, ["new"])) {
    await rejects(name, operation, KeyValueError, "read-only");
  }
  listEqual("the names afterwards", await namesIn(store, []), before);
}
