/**
 * What a store holds, in memory: every name, and where each value is. A tree is never changed:
 * a change gives another one, so that a reader and a change that fails need no undoing.
 */

import type { Key } from "../../devices/index.ts";
import { SortedEntries } from "./sorted-entries.ts";

/** Bytes of a value that one operation wrote. */
export interface Part {
  /** Where in the value they begin. */
  readonly offset: number;
  readonly lengthBytes: number;
  /** See {@link digestBytes}. */
  readonly digest: Uint8Array;
  /** The bytes, *borrowed*, until they are written; then the byte of the disk they begin at. */
  source: Uint8Array | number;
}

/** What a node takes in a snapshot, the path to it left out. */
export interface Weight {
  /** Entries of tables. */
  readonly entryCount: number;
  /** Bytes of entries and values. */
  readonly bytes: number;
}

/** A value: zeros, with its parts laid over them in their order. */
export interface Value {
  readonly kind: "value";
  readonly sizeBytes: number;
  readonly parts: readonly Part[];
  readonly modifiedMs: number;
  readonly weight: Weight;
}

/** A dictionary; only the root may be empty. */
export interface Dictionary {
  readonly kind: "dictionary";
  readonly entries: SortedEntries<Node>;
  readonly modifiedMs: number;
  readonly weight: Weight;
}

/** What a key names. */
export type Node = Value | Dictionary;

/** Bytes of a table's entry before its keys. */
export const entryBytes = 48;

/** A larger value has an entry for each so many bytes in a snapshot, so that copying is bounded. */
export const maxPieceBytes = 65_536;

/** An empty dictionary. */
export function emptyDictionary(modifiedMs: number): Dictionary {
  const weight = { entryCount: 1, bytes: entryBytes };
  return { kind: "dictionary", entries: new SortedEntries(), modifiedMs, weight };
}

/** A value of parts. */
export function valueOf(sizeBytes: number, parts: readonly Part[], modifiedMs: number): Value {
  const entryCount = Math.max(1, Math.ceil(sizeBytes / maxPieceBytes));
  const weight = { entryCount, bytes: entryCount * entryBytes + sizeBytes };
  return { kind: "value", sizeBytes, parts, modifiedMs, weight };
}

/** Finds what `key` names below `root`, or `undefined`. */
export function find(root: Dictionary, key: Key): Node | undefined {
  let node: Node | undefined = root;
  for (const name of key) {
    if (node?.kind !== "dictionary") return undefined;
    node = node.entries.get(name);
  }
  return node;
}

/** Whether a proper prefix of `key` is a value, so that nothing can be put at `key`. */
export function isBelowValue(root: Dictionary, key: Key): boolean {
  return key.some((_, length) => find(root, key.slice(0, length))?.kind === "value");
}

/** Puts `node` at `key`, which is not the root, and makes the dictionaries above it. */
export function put(dictionary: Dictionary, key: Key, node: Node, nowMs: number): Dictionary {
  const [name = "", ...below] = key;
  if (below.length === 0) return withEntry(dictionary, name, node, nowMs);
  const child = dictionary.entries.get(name);
  const inner = child?.kind === "dictionary" ? child : emptyDictionary(nowMs);
  return withEntry(dictionary, name, put(inner, below, node, nowMs), nowMs);
}

/** Removes what is at `key`, if anything, and the dictionaries that become empty. */
export function remove(root: Dictionary, key: Key, nowMs: number): Dictionary {
  const [name, ...below] = key;
  if (name === undefined) return root.entries.size === 0 ? root : emptyDictionary(nowMs);
  const child = root.entries.get(name);
  if (child === undefined || find(root, key) === undefined) return root;
  if (below.length > 0 && child.kind === "dictionary") {
    const left = remove(child, below, nowMs);
    if (left.entries.size > 0) return withEntry(root, name, left, nowMs);
  }
  return withEntry(root, name, undefined, nowMs);
}

/** Says when the dictionary at `key` was last changed; those above it stay as they are. */
export function touch(root: Dictionary, key: Key, modifiedMs: number): Dictionary {
  const [name, ...below] = key;
  if (name === undefined) return { ...root, modifiedMs };
  const child = root.entries.get(name);
  if (child?.kind !== "dictionary") return root;
  return withEntry(root, name, touch(child, below, modifiedMs), root.modifiedMs);
}

/** Puts a node at a name, or takes it away. */
function withEntry(
  dictionary: Dictionary,
  name: string,
  node: Node | undefined,
  modifiedMs: number,
): Dictionary {
  const { entries } = dictionary;
  const old = weightBelow(name, entries.get(name));
  const now = weightBelow(name, node);
  return {
    kind: "dictionary",
    entries: node === undefined ? entries.without(name) : entries.with(name, node),
    modifiedMs,
    weight: {
      entryCount: dictionary.weight.entryCount - old.entryCount + now.entryCount,
      bytes: dictionary.weight.bytes - old.bytes + now.bytes,
    },
  };
}

/** Each entry of a table has the whole path: a code unit takes 2 bytes, as does the `/`. */
function weightBelow(name: string, node: Node | undefined): Weight {
  if (node === undefined) return { entryCount: 0, bytes: 0 };
  const { entryCount, bytes } = node.weight;
  return { entryCount, bytes: bytes + entryCount * 2 * (name.length + 1) };
}
