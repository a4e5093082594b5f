/**
 * Leases on a disk: a log of changes, each in a sector of its own, so that a power cut leaves a
 * change whole or not there.
 *
 *      0               4               8               12      13      14      16
 *     +---------------+---------------+---------------+-------+-------+-------+-------+---------+
 *     | "MLSE"        | generation    | CRC-32        | kind  | key   | value | key … | value … |
 *     |               |               |               |       | size  | size  |       |         |
 *     +---------------+---------------+---------------+-------+-------+-------+-------+---------+
 *
 * The disk has two halves. Each begins with a sector that says its generation; the later one that
 * is whole counts. When its half is full, what holds now is written to the other, and that one's
 * first sector last: until it is durable, the old half counts.
 */

import { KeyValueError, type Block, type Key, type KeyEntry } from "../../devices/index.ts";
import type { LeaseStore } from "./lease-store.ts";

const magic = 0x4d_4c_53_45;

const offset = { magic: 0, generation: 4, crc: 8, kind: 12, keyBytes: 13, valueBytes: 14, key: 16 };

/** What a sector says. */
const kind = { begin: 0, set: 1, remove: 2 } as const;

interface Change {
  readonly kind: number;
  readonly key: string;
  readonly value: Uint8Array;
}

/** The most of a disk that is used, so that it can be read at once. */
const maxHalfSectors = 4096;

const nothing = new Uint8Array();

/** A store of leases on a disk, with what was found there. */
export interface LeaseLog extends LeaseStore {
  /** Sectors that held something else, which were left out. */
  readonly damagedCount: number;
}

/**
 * Opens the log on a disk, which stays the caller's and must not be used for anything else
 * meanwhile. A disk of zeros becomes an empty log with the first change.
 *
 * @throws {KeyValueError} `damaged` if the disk holds something else, `no-space` if it has fewer
 *   than 4 sectors, `io`
 */
export async function openLeaseLog(block: Block): Promise<LeaseLog> {
  const log = new Log(block);
  await log.open();
  return log;
}

class Log implements LeaseLog {
  damagedCount = 0;
  readonly #block: Block;
  readonly #halfSectors: number;
  readonly #values = new Map<string, Uint8Array>();
  #generation = 0;
  /** The highest that any sector has, so that each try to begin another has its own. */
  #latest = 0;
  /** Where the half that counts begins, and the next change goes; none yet on a new disk. */
  #start = 0;
  #next = 0;
  /** The last change, after which the next one goes. */
  #last: Promise<void> = Promise.resolve();

  constructor(block: Block) {
    this.#block = block;
    this.#halfSectors = Math.min(Math.floor(block.info.sectorCount / 2), maxHalfSectors);
    if (this.#halfSectors >= 2) return;
    throw new KeyValueError("no-space", "Cannot keep leases on a disk of fewer than 4 sectors");
  }

  async open(): Promise<void> {
    const count = this.#halfSectors;
    const halves = [await this.#read(0, count), await this.#read(count, count)];
    const generations = halves.map(([begin]) => begunGeneration(begin));
    const generation = Math.max(...generations);
    if (generation === 0 && halves.some(([begin]) => !isEmpty(begin))) {
      throw new KeyValueError("damaged", "Cannot read leases: the disk holds something else");
    }
    for (const sector of halves.flat()) {
      const found = decode(sector);
      if (found === undefined && !isEmpty(sector)) this.damagedCount += 1;
      // What was begun and never counted must not count later, either.
      this.#latest = Math.max(this.#latest, found?.generation ?? 0);
    }
    if (generation === 0) return;
    this.#generation = generation;
    const index = generations.indexOf(generation);
    this.#start = index * count;
    this.#replay(halves[index] ?? []);
  }

  async list(): Promise<readonly KeyEntry[]> {
    return [...this.#values.keys()].toSorted(inOrder).map((name) => ({ name, kind: "value" }));
  }

  async get([name = ""]: Key): Promise<Uint8Array | undefined> {
    return this.#values.get(name)?.slice();
  }

  /**
   * As `KeyValue.set`.
   *
   * @throws {KeyValueError} also `no-space` if key and value are longer than a sector
   */
  set([key = ""]: Key, value: Uint8Array): Promise<void> {
    return this.#change({ kind: kind.set, key, value: value.slice() });
  }

  remove([key = ""]: Key): Promise<void> {
    return this.#change({ kind: kind.remove, key, value: nothing });
  }

  /** Takes what the half says, in order; a sector of another generation is from before. */
  #replay(half: readonly Uint8Array[]): void {
    for (const [index, sector] of half.entries()) {
      const found = decode(sector);
      if (found?.generation !== this.#generation) continue;
      apply(this.#values, found.change);
      this.#next = this.#start + 1 + index;
    }
  }

  #change(change: Change): Promise<void> {
    const done = this.#last.then(() => this.#write(change));
    this.#last = done.catch(() => {});
    return done;
  }

  async #write(change: Change): Promise<void> {
    const end = this.#start + this.#halfSectors;
    if (this.#generation > 0 && this.#next < end) {
      const sector = this.#next;
      // Also when it fails: the sector may hold the change then, and none after it must be lost.
      this.#next += 1;
      await this.#put(sector, [this.#encode(change, this.#generation)]);
      apply(this.#values, change);
      return;
    }
    await this.#compact(change);
  }

  /** Writes all that holds after a change into the other half. */
  async #compact(change: Change): Promise<void> {
    const values = new Map(this.#values);
    apply(values, change);
    if (values.size >= this.#halfSectors) {
      const count = this.#halfSectors - 1;
      throw new KeyValueError("no-space", `Cannot keep ${values.size} leases: ${count} fit`);
    }
    this.#latest += 1;
    const generation = this.#latest;
    const start = this.#generation > 0 && this.#start === 0 ? this.#halfSectors : 0;
    const sectors = Array.from(values, ([key, value]) =>
      this.#encode({ kind: kind.set, key, value }, generation),
    );
    if (sectors.length > 0) await this.#put(start + 1, sectors);
    await this.#put(start, [
      this.#encode({ kind: kind.begin, key: "", value: nothing }, generation),
    ]);
    this.#generation = generation;
    this.#start = start;
    this.#next = start + 1 + sectors.length;
    apply(this.#values, change);
  }

  #encode(change: Change, generation: number): Uint8Array {
    const { sectorBytes } = this.#block.info;
    const key = new TextEncoder().encode(change.key);
    if (key.length > 255 || offset.key + key.length + change.value.length > sectorBytes) {
      throw new KeyValueError("no-space", `Cannot keep ${change.key}: it is longer than a sector`);
    }
    const sector = new Uint8Array(sectorBytes);
    const view = new DataView(sector.buffer);
    view.setUint32(offset.magic, magic);
    view.setUint32(offset.generation, generation);
    sector[offset.kind] = change.kind;
    sector[offset.keyBytes] = key.length;
    view.setUint16(offset.valueBytes, change.value.length);
    sector.set(key, offset.key);
    sector.set(change.value, offset.key + key.length);
    view.setUint32(offset.crc, crc32(sector));
    return sector;
  }

  async #read(sector: number, count: number): Promise<readonly Uint8Array[]> {
    const { sectorBytes } = this.#block.info;
    const all = new Uint8Array(count * sectorBytes);
    await this.#try("read", this.#block.read(sector, [all]));
    return Array.from({ length: count }, (_, index) =>
      all.subarray(index * sectorBytes, (index + 1) * sectorBytes),
    );
  }

  /** Resolves when the sectors are durable. */
  async #put(sector: number, sectors: readonly Uint8Array[]): Promise<void> {
    await this.#try("write", this.#block.write(sector, sectors));
    if (this.#block.info.durableAfter === "flush") await this.#try("write", this.#block.flush());
  }

  async #try(what: string, operation: Promise<void>): Promise<void> {
    try {
      await operation;
    } catch (error) {
      throw new KeyValueError("io", `Cannot ${what} leases: the disk failed`, { cause: error });
    }
  }
}

function isEmpty(sector: Uint8Array | undefined): boolean {
  return sector?.every((byte) => byte === 0) ?? true;
}

/** The generation that a first sector begins, or 0. */
function begunGeneration(sector: Uint8Array | undefined): number {
  const found = sector === undefined ? undefined : decode(sector);
  return found?.change.kind === kind.begin ? found.generation : 0;
}

/** Reads a sector; `undefined` if it is none of a log. */
function decode(
  sector: Uint8Array,
): { readonly generation: number; readonly change: Change } | undefined {
  const view = new DataView(sector.buffer, sector.byteOffset, sector.length);
  const valueAt = offset.key + view.getUint8(offset.keyBytes);
  const end = valueAt + view.getUint16(offset.valueBytes);
  const isOurs = view.getUint32(offset.magic) === magic && end <= sector.length;
  if (!isOurs || view.getUint32(offset.crc) !== crc32(sector)) return undefined;
  const key = String.fromCharCode(...sector.subarray(offset.key, valueAt));
  const value = sector.slice(valueAt, end);
  const change = { kind: view.getUint8(offset.kind), key, value };
  return { generation: view.getUint32(offset.generation), change };
}

function apply(values: Map<string, Uint8Array>, { kind: made, key, value }: Change): void {
  if (made === kind.set) values.set(key, value);
  else if (made === kind.remove) values.delete(key);
}

/** CRC-32 (IEEE 802.3) of a sector, its own field taken for zeros. */
function crc32(sector: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (let index = 0; index < sector.length; index += 1) {
    const isOwn = index >= offset.crc && index < offset.crc + 4;
    crc = (crc >>> 8) ^ (crcTable[(crc ^ (isOwn ? 0 : (sector[index] ?? 0))) & 0xff] ?? 0);
  }
  return ~crc >>> 0;
}

const crcTable: readonly number[] = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? 0xedb8_8320 : 0);
  return crc >>> 0;
});

function inOrder(a: string, b: string): number {
  return a < b ? -1 : 1;
}
