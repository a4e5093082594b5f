/** A store of values on a disk: a log of changes, which is replayed when it is opened. */

import {
  KeyValueError,
  type Block,
  type Clock,
  type Key,
  type KeyEntry,
  type KeyValue,
  type KeyValueErrorCode,
  type Random,
} from "../devices/index.ts";
import { apply, show, showKey, type Change } from "./log/change.ts";
import { Digests } from "./log/digests.ts";
import { Disk } from "./log/disk.ts";
import type { Log } from "./log/log.ts";
import { openLog } from "./log/open.ts";
import { digestOf, sizeOf } from "./log/record.ts";
import {
  find,
  maxPieceBytes,
  type Dictionary,
  type Node,
  type Part,
  type Value,
} from "./log/tree.ts";
import { readValue } from "./log/value.ts";

/** What a store stands on. */
export interface LogStoreOptions {
  /** The disk, whole and alone; it stays the caller's. Disk of zeros is an empty store. */
  readonly block: Block;
  /** Tells when values change. */
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Opens the store on a disk. Names and places of values are in memory, values on the disk. What
 * changes arrive while another is being written share one write. A change that rejected may still
 * be found after a power cut, if the disk also failed to take it back.
 *
 * @throws {KeyValueError} `damaged` if the disk holds something else, which stays as it is, or a
 *   store that makes no sense; `no-space` if it has less than 8 sectors; `closed`, `io`
 */
export async function connect({ block, clock, random }: LogStoreOptions): Promise<KeyValue> {
  const disk = new Disk(block);
  return new LogStore(disk, clock, await openLog(disk, random));
}

/** A change that somebody waits for. */
interface Waiting {
  readonly change: Change;
  settle(error?: unknown): void;
}

class LogStore implements KeyValue {
  readonly counters = { reads: 0, changes: 0, records: 0, snapshots: 0 };
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #digests: Digests;
  readonly #queue: Waiting[] = [];
  readonly #underWay = new Set<Promise<unknown>>();
  #isWriting = false;
  #isClosed = false;

  constructor(disk: Disk, clock: Clock, log: Log) {
    this.#disk = disk;
    this.#clock = clock;
    this.#log = log;
    this.#digests = new Digests(disk);
  }

  async exists(key: Key): Promise<"value" | "dictionary" | undefined> {
    return this.#find(key)?.kind;
  }

  async get(key: Key): Promise<Uint8Array | undefined> {
    return this.#readValue(key, 0, Number.MAX_SAFE_INTEGER);
  }

  async getPartial(key: Key, offset: number, lengthBytes: number): Promise<Uint8Array | undefined> {
    checkCount("an offset", offset);
    checkCount("a length", lengthBytes);
    return this.#readValue(key, offset, lengthBytes);
  }

  async list(key: Key): Promise<readonly KeyEntry[] | undefined> {
    const node = this.#find(key);
    if (node === undefined) return undefined;
    if (node.kind === "value") {
      throw refusal("dictionary-expected", `list ${showKey(key)}`, "it is a value");
    }
    return Array.from(node.entries, ([name, { kind }]) => ({ name, kind }));
  }

  async size(key: Key): Promise<number | undefined> {
    return this.#findValue(key)?.sizeBytes;
  }

  async lastModifiedMs(key: Key): Promise<number | undefined> {
    return this.#find(key)?.modifiedMs;
  }

  async digest(key: Key): Promise<Uint8Array | undefined> {
    const node = this.#find(key);
    if (node === undefined) return undefined;
    return this.#track(this.#log.whileReading(() => this.#digests.of(node)));
  }

  async set(key: Key, value: Uint8Array): Promise<void> {
    await this.#change({ kind: "set", key, part: partOf(0, value), atMs: this.#clock.wallMs() });
  }

  async setPartial(key: Key, offset: number, bytes: Uint8Array): Promise<void> {
    checkCount("an offset", offset);
    const part = partOf(offset, bytes);
    await this.#change({ kind: "set part", key, part, atMs: this.#clock.wallMs() });
  }

  async remove(key: Key): Promise<void> {
    await this.#change({ kind: "remove", key, atMs: this.#clock.wallMs() });
  }

  async rename(from: Key, to: Key): Promise<void> {
    checkKey(to, "rename to");
    await this.#change({ kind: "rename", key: from, to, atMs: this.#clock.wallMs() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  #find(key: Key): Node | undefined {
    this.#checkOpen(`read ${showKey(key)}`);
    checkKey(key, "read");
    this.counters.reads += 1;
    return find(this.#log.root, key);
  }

  #findValue(key: Key): Value | undefined {
    const node = this.#find(key);
    if (node?.kind !== "dictionary") return node;
    throw refusal("value-expected", `read ${showKey(key)}`, "it is a dictionary");
  }

  async #readValue(key: Key, offset: number, lengthBytes: number): Promise<Uint8Array | undefined> {
    const value = this.#findValue(key);
    // The disk is read before anything that is written from now on, whenever it answers.
    return value && this.#track(readValue(this.#disk, value, offset, lengthBytes));
  }

  #change(change: Change): Promise<void> {
    this.#checkOpen(show(change));
    checkKey(change.key, change.kind);
    if (!this.#disk.readWrite) throw refusal("read-only", show(change), "the disk is read-only");
    this.counters.changes += 1;
    return this.#track(
      new Promise<void>((resolve, reject) => {
        const settle = (error?: unknown): void => {
          if (error === undefined) resolve();
          else reject(error);
        };
        this.#queue.push({ change, settle });
        void this.#writeAll();
      }),
    );
  }

  /** Writes what waits, until nothing does: one record after the other. */
  async #writeAll(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    // What is called in the same breath shares the first record.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#nextBatch();
      try {
        const refusals = await this.#write(batch);
        for (const waiting of batch) waiting.settle(refusals.get(waiting));
      } catch (error) {
        // Also those that would be refused: what they were refused for did not happen.
        for (const waiting of batch) waiting.settle(error);
      }
    }
    this.#isWriting = false;
  }

  /** As many changes as one record is to have; a large one alone is larger. */
  #nextBatch(): Waiting[] {
    let bytes = 0;
    const end = this.#queue.findIndex(({ change }) => (bytes += sizeOf(change)) > maxPieceBytes);
    return this.#queue.splice(0, end < 0 ? this.#queue.length : Math.max(1, end));
  }

  /** Makes changes durable, and tells which are refused, and why. */
  async #write(batch: readonly Waiting[]): Promise<Map<Waiting, unknown>> {
    const refusals = new Map<Waiting, unknown>();
    const changes: Change[] = [];
    let { root } = this.#log;
    for (const waiting of batch) {
      try {
        const change = await this.#gathered(root, waiting.change);
        const next = apply(root, change);
        if (next === root) continue;
        this.#checkSpace(next, change);
        changes.push(change);
        root = next;
      } catch (error) {
        refusals.set(waiting, error);
      }
    }
    if (changes.length > 0) await this.#log.write(changes, root);
    Object.assign(this.counters, this.#log.counters);
    return refusals;
  }

  /**
   * A part of a value that has many becomes a change of the whole, so that what is in memory is
   * bounded by what is on the disk.
   */
  async #gathered(root: Dictionary, change: Change): Promise<Change> {
    if (change.kind !== "set part") return change;
    const value = find(root, change.key);
    if (value?.kind !== "value" || value.parts.length < maxParts(value)) return change;
    const { offset, lengthBytes, source } = change.part;
    const sizeBytes = Math.max(value.sizeBytes, offset + lengthBytes);
    // It will be refused.
    if (sizeBytes > this.#log.capacityBytes) return change;
    const bytes = new Uint8Array(sizeBytes);
    bytes.set(await readValue(this.#disk, value, 0, value.sizeBytes));
    if (typeof source === "object") bytes.set(source, offset);
    return { ...change, kind: "set", part: partOf(0, bytes) };
  }

  #checkSpace(root: Dictionary, change: Change): void {
    if (this.#log.fits(root)) return;
    const why = `no more than ${this.#log.capacityBytes} bytes fit`;
    throw refusal("no-space", show(change), why);
  }

  #checkOpen(what: string): void {
    if (this.#isClosed) throw refusal("closed", what, "the store was disposed");
  }

  #track<T>(promise: Promise<T>): Promise<T> {
    const forget = (): void => void this.#underWay.delete(promise);
    this.#underWay.add(promise);
    promise.then(forget, forget);
    return promise;
  }
}

/** How many parts a value may have before it is written as a whole. */
function maxParts({ sizeBytes }: Value): number {
  return 64 + sizeBytes / 1024;
}

function partOf(offset: number, source: Uint8Array): Part {
  return { offset, lengthBytes: source.length, digest: digestOf(source), source };
}

function checkKey(key: Key, what: string): void {
  if (key.every(isSegment)) return;
  throw refusal("invalid-key", `${what} ${showKey(key)}`, "it is not a key");
}

function isSegment(segment: string): boolean {
  return segment !== "" && segment !== "." && segment !== ".." && !/[/\0]/u.test(segment);
}

function checkCount(what: string, count: number): void {
  if (Number.isSafeInteger(count) && count >= 0) return;
  throw new RangeError(`Cannot use ${count} as ${what}: it is not a whole number of bytes`);
}

function refusal(code: KeyValueErrorCode, what: string, why: string): KeyValueError {
  return new KeyValueError(code, `Cannot ${what}: ${why}`);
}
