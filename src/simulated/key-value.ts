import {
  KeyValueError,
  type Key,
  type KeyEntry,
  type KeyValue,
  type KeyValueErrorCode,
} from "../devices/index.ts";
import type { Simulation } from "./simulation.ts";
import type { SimulatedStoreOptions } from "./store.ts";
import {
  bytesIn,
  digestOf,
  entriesOf,
  find,
  isBelowValue,
  put,
  remove,
  type Dictionary,
  type Node,
} from "./tree.ts";

/** What a store hands to the device that is connected to it. */
export interface SimulatedKeyValueParts extends SimulatedStoreOptions {
  readonly name: string;
  readonly simulation: Simulation;
  readonly root: Dictionary;
}

/** Less than the longest array that any host makes. */
const defaultSpaceBytes = 2 ** 30;

/**
 * A {@link KeyValue} in memory. Every operation takes effect when it is called, and settles after
 * the store's latency of virtual time.
 */
export class SimulatedKeyValue implements KeyValue {
  readonly counters = { reads: 0, changes: 0 };
  readonly #parts: SimulatedKeyValueParts;
  readonly #root: Dictionary;
  /** Calls of operations that change the store until the one that fails, for each fault to come. */
  readonly #faults: number[] = [];
  readonly #underWay = new Set<Promise<void>>();
  #isClosed = false;

  /** Connect a store instead: {@link SimulatedStore.connect}. */
  constructor(parts: SimulatedKeyValueParts) {
    this.#parts = parts;
    this.#root = parts.root;
  }

  /** Makes the `count`-th change from now (1 is the next) reject with `io` and do nothing. */
  failChange(count: number): void {
    this.#faults.push(count);
  }

  exists(key: Key): Promise<"value" | "dictionary" | undefined> {
    return this.#read(key, (node) => node.kind);
  }

  get(key: Key): Promise<Uint8Array | undefined> {
    return this.#read(key, (node) => this.#bytesOf(key, node).slice());
  }

  async getPartial(key: Key, offset: number, lengthBytes: number): Promise<Uint8Array | undefined> {
    checkCount("offset", offset);
    checkCount("length", lengthBytes);
    const cut = (node: Node): Uint8Array =>
      this.#bytesOf(key, node).slice(offset, offset + lengthBytes);
    return this.#read(key, cut);
  }

  list(key: Key): Promise<readonly KeyEntry[] | undefined> {
    return this.#read(key, (node) => {
      if (node.kind === "dictionary") return entriesOf(node);
      throw this.#error("dictionary-expected", `list ${show(key)}`, "it is a value");
    });
  }

  size(key: Key): Promise<number | undefined> {
    return this.#read(key, (node) => this.#bytesOf(key, node).length);
  }

  lastModifiedMs(key: Key): Promise<number | undefined> {
    return this.#read(key, ({ modifiedMs }) => modifiedMs);
  }

  digest(key: Key): Promise<Uint8Array | undefined> {
    return this.#read(key, digestOf);
  }

  async set(key: Key, value: Uint8Array): Promise<void> {
    const what = `set ${show(key)}`;
    await this.#change(what, [key], () => this.#setBytes(what, key, value.slice()), value);
  }

  async setPartial(key: Key, offset: number, bytes: Uint8Array): Promise<void> {
    checkCount("offset", offset);
    const what = `set a part of ${show(key)} from ${offset}`;
    await this.#change(what, [key], () => this.#overwrite(what, key, offset, bytes), bytes);
  }

  async remove(key: Key): Promise<void> {
    const nowMs = this.#nowMs();
    await this.#change(`remove ${show(key)}`, [key], () => remove(this.#root, key, nowMs));
  }

  async rename(from: Key, to: Key): Promise<void> {
    const what = `rename ${show(from)} to ${show(to)}`;
    await this.#change(what, [from, to], () => {
      const node = find(this.#root, from);
      if (node === undefined) throw this.#error("not-found", what, "there is nothing");
      const isSame = from.length === to.length;
      if (from.every((segment, index) => segment === to[index])) {
        if (isSame && node.kind === "value") return;
        if (!isSame) throw this.#error("invalid-key", what, "that lies below it");
      }
      this.#checkTarget(what, to);
      remove(this.#root, from, this.#nowMs());
      put(this.#root, to, node, this.#nowMs());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#underWay);
  }

  /** Reads what is at `key` now, and settles later. */
  async #read<T>(key: Key, use: (node: Node) => T): Promise<T | undefined> {
    this.#check(`read ${show(key)}`, [key]);
    this.counters.reads++;
    const node = find(this.#root, key);
    const result = node && use(node);
    await this.#latency();
    return result;
  }

  /** Makes a change now, and settles later. A change that throws has changed nothing. */
  async #change(
    what: string,
    keys: readonly Key[],
    make: () => void,
    ...values: readonly Uint8Array[]
  ): Promise<void> {
    this.#check(what, keys);
    if (this.#parts.readWrite === false) throw this.#error("read-only", what, "it is read-only");
    const isFault = this.#nextIsFault();
    if (!isFault) make();
    this.counters.changes++;
    this.#parts.simulation.trace(`${this.#parts.name} ${what}`, ...values);
    await this.#latency();
    if (isFault) throw this.#error("io", what, "the medium failed");
  }

  #overwrite(what: string, key: Key, offset: number, bytes: Uint8Array): void {
    const node = find(this.#root, key);
    const old = node?.kind === "value" ? node.bytes : new Uint8Array(0);
    const sizeBytes = Math.max(old.length, offset + bytes.length);
    // Before a buffer is made: an offset of terabytes is no space, not out of memory.
    this.#checkSpace(what, sizeBytes - old.length);
    const value = new Uint8Array(sizeBytes);
    value.set(old);
    value.set(bytes, offset);
    this.#setBytes(what, key, value);
  }

  #setBytes(what: string, key: Key, bytes: Uint8Array): void {
    this.#checkTarget(what, key);
    const old = find(this.#root, key);
    this.#checkSpace(what, bytes.length - (old === undefined ? 0 : bytesIn(old)));
    const modifiedMs = this.#nowMs();
    put(this.#root, key, { kind: "value", bytes, modifiedMs }, modifiedMs);
  }

  #bytesOf(key: Key, node: Node): Uint8Array {
    if (node.kind === "value") return node.bytes;
    throw this.#error("value-expected", `read ${show(key)}`, "it is a dictionary");
  }

  /** Checks that a value can be at `key`. */
  #checkTarget(what: string, key: Key): void {
    if (find(this.#root, key)?.kind === "dictionary") {
      throw this.#error("value-expected", what, `${show(key)} is a dictionary`);
    }
    if (isBelowValue(this.#root, key)) {
      throw this.#error("dictionary-expected", what, `a prefix of ${show(key)} is a value`);
    }
  }

  #checkSpace(what: string, addedBytes: number): void {
    const { spaceBytes = defaultSpaceBytes } = this.#parts;
    if (bytesIn(this.#root) + addedBytes <= spaceBytes) return;
    throw this.#error("no-space", what, `only ${spaceBytes} bytes fit`);
  }

  #check(what: string, keys: readonly Key[]): void {
    if (this.#isClosed) throw this.#error("closed", what, "the store was disposed");
    const invalid = keys.find((key) => !key.every(isSegment));
    if (invalid !== undefined) {
      throw this.#error("invalid-key", what, `${show(invalid)} is not a key`);
    }
  }

  #nextIsFault(): boolean {
    this.#faults.forEach((count, index) => (this.#faults[index] = count - 1));
    return this.#faults.includes(0);
  }

  async #latency(): Promise<void> {
    const { simulation, latencyMs = 0 } = this.#parts;
    const wait = new Promise<void>((resolve) => {
      simulation.timeline.after(latencyMs, resolve);
    });
    this.#underWay.add(wait);
    await wait;
    this.#underWay.delete(wait);
  }

  #nowMs(): number {
    return this.#parts.simulation.clock.wallMs();
  }

  #error(code: KeyValueErrorCode, what: string, why: string): KeyValueError {
    return new KeyValueError(code, `Cannot ${what} in ${this.#parts.name}: ${why}`);
  }
}

function isSegment(segment: string): boolean {
  return segment !== "" && segment !== "." && segment !== ".." && !/[/\0]/u.test(segment);
}

function checkCount(what: string, count: number): void {
  if (Number.isSafeInteger(count) && count >= 0) return;
  throw new RangeError(`Cannot use ${count} as an ${what}: not a whole number of bytes`);
}

function show(key: Key): string {
  return `/${key.join("/")}`;
}
