import type { KeyValue } from "../devices/index.ts";
import { namesIn } from "./key-value-operations.ts";
import { bytesEqual, equal, listEqual, sampleBytes, type Check } from "./law.ts";

/** The names of a store: dictionaries, and values that move between them. */
export const namesChecks: readonly Check<KeyValue>[] = [
  ["set() makes the dictionaries above, and exists() tells the kind", makesDictionaries],
  ["list() gives the entries of one dictionary, in code unit order", lists],
  ["any segment is a name, if it is not empty, a dot or two, and has no / or NUL", takesNames],
  ["remove() removes a value or a dictionary, and what becomes empty", removes],
  ["rename() moves a value, and replaces one", renamesValues],
  ["rename() moves a dictionary with all that is in it", renamesDictionaries],
];

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
