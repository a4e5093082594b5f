/** Files that were compiled into a unikernel, as a read-only store. */

import { KeyValueError } from "../devices/errors.ts";
import type { Key, KeyEntry, KeyValueRead } from "../devices/index.ts";

interface CompiledBase {
  /** The last segment of its key; empty for the root. */
  readonly name: string;
  /** A hash of its contents, in hexadecimal. */
  readonly digest: string;
  /** When it last changed, as the bundler saw it: wall time in milliseconds. */
  readonly modifiedMs: number;
}

/** A folder. Its entries are sorted by name in code unit order. */
export interface CompiledFolder extends CompiledBase {
  readonly entries: readonly (CompiledFile | CompiledFolder)[];
}

/** A file: UTF-8 as `text`, other bytes as `base64`. */
export type CompiledFile = CompiledBase & ({ readonly text: string } | { readonly base64: string });

type Node = CompiledFile | CompiledFolder;

/**
 * Makes a store of a folder's files: the keys are their paths. Reads resolve at once; a file is
 * decoded when it is first read.
 */
export function connect(options: { readonly folder: CompiledFolder }): KeyValueRead {
  return new CompiledStore(options.folder);
}

class CompiledStore implements KeyValueRead {
  readonly counters = { reads: 0 };
  readonly #root: CompiledFolder;
  /** The bytes of the files that were read. */
  readonly #decoded = new WeakMap<CompiledFile, Uint8Array>();
  #isClosed = false;

  constructor(root: CompiledFolder) {
    this.#root = root;
  }

  async exists(key: Key): Promise<"value" | "dictionary" | undefined> {
    const node = this.#find(key);
    return node && kindOf(node);
  }

  async get(key: Key): Promise<Uint8Array | undefined> {
    return this.#bytesAt(key)?.slice();
  }

  async getPartial(key: Key, offset: number, lengthBytes: number): Promise<Uint8Array | undefined> {
    checkCount("an offset", offset);
    checkCount("a length", lengthBytes);
    return this.#bytesAt(key)?.slice(offset, offset + lengthBytes);
  }

  async list(key: Key): Promise<readonly KeyEntry[] | undefined> {
    const node = this.#find(key);
    if (node === undefined) return undefined;
    if (!("entries" in node)) {
      throw new KeyValueError("dictionary-expected", `Cannot list ${show(key)}: it is a value`);
    }
    return node.entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
  }

  async size(key: Key): Promise<number | undefined> {
    return this.#bytesAt(key)?.length;
  }

  async lastModifiedMs(key: Key): Promise<number | undefined> {
    return this.#find(key)?.modifiedMs;
  }

  async digest(key: Key): Promise<Uint8Array | undefined> {
    const { digest } = this.#find(key) ?? {};
    if (digest === undefined) return undefined;
    return Uint8Array.from(digest.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
  }

  #find(key: Key): Node | undefined {
    if (this.#isClosed) {
      throw new KeyValueError("closed", `Cannot read ${show(key)}: the store was disposed`);
    }
    if (!key.every(isSegment)) {
      throw new KeyValueError("invalid-key", `Cannot read ${show(key)}: it is not a key`);
    }
    this.counters.reads += 1;
    let node: Node | undefined = this.#root;
    for (const segment of key) {
      if (node === undefined || !("entries" in node)) return undefined;
      node = entryOf(node, segment);
    }
    return node;
  }

  /** *Borrowed*: it stays the store's. */
  #bytesAt(key: Key): Uint8Array | undefined {
    const node = this.#find(key);
    if (node === undefined) return undefined;
    if ("entries" in node) {
      throw new KeyValueError("value-expected", `Cannot read ${show(key)}: it is a dictionary`);
    }
    const known = this.#decoded.get(node);
    if (known !== undefined) return known;
    const bytes = decode(node);
    this.#decoded.set(node, bytes);
    return bytes;
  }
}

/** Finds an entry by halving: they are sorted. */
function entryOf({ entries }: CompiledFolder, name: string): Node | undefined {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.name ?? "") < name) low = middle + 1;
    else high = middle;
  }
  const entry = entries[low];
  return entry?.name === name ? entry : undefined;
}

function decode(file: CompiledFile): Uint8Array {
  if ("text" in file) return new TextEncoder().encode(file.text);
  const characters = atob(file.base64);
  const bytes = new Uint8Array(characters.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = characters.charCodeAt(at);
  return bytes;
}

function kindOf(node: Node): "value" | "dictionary" {
  return "entries" in node ? "dictionary" : "value";
}

function isSegment(segment: string): boolean {
  return segment !== "" && segment !== "." && segment !== ".." && !/[/\0]/u.test(segment);
}

function checkCount(what: string, count: number): void {
  if (Number.isSafeInteger(count) && count >= 0) return;
  throw new RangeError(`Cannot use ${count} as ${what}: it is not a whole number of bytes`);
}

function show(key: Key): string {
  return `/${key.join("/")}`;
}
