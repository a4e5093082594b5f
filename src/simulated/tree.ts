import type { Key, KeyEntry } from "../devices/index.ts";
import { Hash } from "./hash.ts";

/** A value of a store. Its bytes are never changed, only replaced. */
export interface Value {
  readonly kind: "value";
  readonly bytes: Uint8Array;
  readonly modifiedMs: number;
}

/** A dictionary of a store; only the root may be empty. */
export interface Dictionary {
  readonly kind: "dictionary";
  readonly entries: Map<string, Value | Dictionary>;
  /** When anything below last changed. */
  modifiedMs: number;
}

/** What a key names. */
export type Node = Value | Dictionary;

/** Finds what `key` names below `root`, or `undefined`. */
export function find(root: Dictionary, key: Key): Node | undefined {
  let node: Node | undefined = root;
  for (const segment of key) {
    if (node?.kind !== "dictionary") return undefined;
    node = node.entries.get(segment);
  }
  return node;
}

/** Whether a proper prefix of `key` is a value, so that nothing can be put at `key`. */
export function isBelowValue(root: Dictionary, key: Key): boolean {
  return key.some((_, length) => find(root, key.slice(0, length))?.kind === "value");
}

/** Puts `node` at `key`, which is not the root, and makes the dictionaries above it. */
export function put(root: Dictionary, key: Key, node: Node, nowMs: number): void {
  let dictionary = root;
  for (const segment of key.slice(0, -1)) {
    dictionary.modifiedMs = nowMs;
    const next = dictionary.entries.get(segment);
    if (next?.kind === "dictionary") dictionary = next;
    else {
      const made: Dictionary = { kind: "dictionary", entries: new Map(), modifiedMs: nowMs };
      dictionary.entries.set(segment, made);
      dictionary = made;
    }
  }
  dictionary.modifiedMs = nowMs;
  dictionary.entries.set(key.at(-1) ?? "", node);
}

/** Removes what is at `key`, if anything, and the dictionaries that become empty; `root` stays. */
export function remove(root: Dictionary, key: Key, nowMs: number): void {
  if (find(root, key) === undefined) return;
  root.modifiedMs = nowMs;
  const [name, ...below] = key;
  if (name === undefined) {
    root.entries.clear();
    return;
  }
  const child = root.entries.get(name);
  if (child?.kind === "dictionary" && below.length > 0) {
    remove(child, below, nowMs);
    if (child.entries.size > 0) return;
  }
  root.entries.delete(name);
}

/** The entries of a dictionary, sorted by name in code unit order. */
export function entriesOf(dictionary: Dictionary): KeyEntry[] {
  const entries = [...dictionary.entries].map(([name, { kind }]) => ({ name, kind }));
  return entries.sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** The bytes of all values of a node together. */
export function bytesIn(node: Node): number {
  if (node.kind === "value") return node.bytes.length;
  let sum = 0;
  for (const child of node.entries.values()) sum += bytesIn(child);
  return sum;
}

/** A hash of the contents of a node. */
export function digestOf(node: Node): Uint8Array {
  const hash = new Hash().addText(node.kind);
  if (node.kind === "value") return hash.add(node.bytes).digest();
  for (const { name } of entriesOf(node)) {
    const child = node.entries.get(name);
    if (child !== undefined) hash.addText(name).add(digestOf(child));
  }
  return hash.digest();
}
