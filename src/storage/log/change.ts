/** The changes that a store's log is made of, and what each does to the tree. */

import { KeyValueError, type Key, type KeyValueErrorCode } from "../../devices/index.ts";
import {
  find,
  isBelowValue,
  put,
  remove,
  touch,
  valueOf,
  type Dictionary,
  type Part,
  type Value,
} from "./tree.ts";

/** A change, at a wall time in milliseconds. */
export type Change =
  | { readonly kind: "set"; readonly key: Key; readonly part: Part; readonly atMs: number }
  | { readonly kind: "set part"; readonly key: Key; readonly part: Part; readonly atMs: number }
  | { readonly kind: "remove"; readonly key: Key; readonly atMs: number }
  | { readonly kind: "rename"; readonly key: Key; readonly to: Key; readonly atMs: number }
  /** Only in a snapshot: when a dictionary was last changed. */
  | { readonly kind: "touch"; readonly key: Key; readonly atMs: number };

/**
 * Makes a change. Returns the tree itself where there is nothing to change.
 *
 * @throws {KeyValueError} what {@link KeyValue} says, but for `no-space`
 */
export function apply(root: Dictionary, change: Change): Dictionary {
  const { key, atMs } = change;
  switch (change.kind) {
    case "set": {
      checkTarget(root, change, key);
      const { part } = change;
      return put(root, key, valueOf(part.lengthBytes, [part], atMs), atMs);
    }
    case "set part": {
      checkTarget(root, change, key);
      return put(root, key, overlaid(find(root, key), change.part, atMs), atMs);
    }
    case "remove":
      return remove(root, key, atMs);
    case "rename":
      return renamed(root, change, change.to);
    case "touch":
      return touch(root, key, atMs);
  }
}

/** Says what a change is, for messages. */
export function show(change: Change): string {
  const key = showKey(change.key);
  switch (change.kind) {
    case "set part":
      return `set a part of ${key} from ${change.part.offset}`;
    case "rename":
      return `rename ${key} to ${showKey(change.to)}`;
    default:
      return `${change.kind} ${key}`;
  }
}

/** Shows a key as a path. */
export function showKey(key: Key): string {
  return `/${key.join("/")}`;
}

/** Parts that the new one hides are forgotten. */
function overlaid(old: ReturnType<typeof find>, part: Part, atMs: number): Value {
  const { offset, lengthBytes } = part;
  const end = offset + lengthBytes;
  const { parts = [], sizeBytes = 0 } = old?.kind === "value" ? old : {};
  const seen = parts.filter((each) => each.offset < offset || each.offset + each.lengthBytes > end);
  const isPart = lengthBytes > 0;
  return valueOf(Math.max(sizeBytes, end), isPart ? [...seen, part] : parts, atMs);
}

function renamed(root: Dictionary, change: Change, to: Key): Dictionary {
  const from = change.key;
  const node = find(root, from);
  if (node === undefined) throw refusal("not-found", change, "there is nothing");
  if (from.every((name, index) => name === to[index])) {
    if (from.length < to.length) throw refusal("invalid-key", change, "that lies below it");
    if (node.kind === "value") return root;
  }
  checkTarget(root, change, to);
  return put(remove(root, from, change.atMs), to, node, change.atMs);
}

/** Checks that a value can be at `key`. */
function checkTarget(root: Dictionary, change: Change, key: Key): void {
  if (find(root, key)?.kind === "dictionary") {
    throw refusal("value-expected", change, `${showKey(key)} is a dictionary`);
  }
  if (isBelowValue(root, key)) {
    throw refusal("dictionary-expected", change, `a prefix of ${showKey(key)} is a value`);
  }
}

function refusal(code: KeyValueErrorCode, change: Change, why: string): KeyValueError {
  return new KeyValueError(code, `Cannot ${show(change)}: ${why}`);
}
