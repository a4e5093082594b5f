import { KeyValueError, type Random } from "../../devices/index.ts";
import { apply, type Change } from "./change.ts";
import type { Disk } from "./disk.ts";
import { encodeRecord, headerBytes, partOf, sizeOf } from "./record.ts";
import { startOf, type Replayed } from "./replay.ts";
import { snapshotBytes, snapshotOf } from "./snapshot.ts";
import { encodeSuperblock, nonceBytes, type Superblock } from "./superblock.ts";
import { emptyDictionary, maxPieceBytes, type Dictionary } from "./tree.ts";

/** A log as it was found. */
export interface LogParts {
  readonly disk: Disk;
  readonly random: Random;
  readonly superblock: Superblock;
  /** Sectors 0 and 1 as they are. */
  readonly slots: readonly [Uint8Array, Uint8Array];
  readonly found: Replayed;
}

/** Where the next record goes. */
interface End {
  readonly superblock: Superblock;
  readonly usedSectors: number;
  readonly recordCount: number;
}

interface Encoded {
  readonly record: Uint8Array;
  readonly valuesAt: number;
  readonly next: End;
}

/** A log that is written: one call of {@link Log.write} at a time. */
export class Log {
  readonly counters = { records: 0, snapshots: 0 };
  readonly #disk: Disk;
  readonly #random: Random;
  readonly #slots: [Uint8Array, Uint8Array];
  readonly #readers = new Set<Promise<unknown>>();
  #end: End;
  #root: Dictionary;
  /** What a write that failed may have left, and must not stay. */
  #toRestore: { readonly sector: number; readonly bytes: Uint8Array } | undefined;

  constructor({ disk, random, superblock, slots, found }: LogParts) {
    this.#disk = disk;
    this.#random = random;
    this.#slots = [...slots];
    this.#root = found.root;
    this.#end = { superblock, usedSectors: found.usedSectors, recordCount: found.recordCount };
  }

  /** What is durable. */
  get root(): Dictionary {
    return this.#root;
  }

  /** Whether a tree fits, whatever the log looks like. */
  fits(root: Dictionary): boolean {
    return snapshotBytes(root, this.#disk.sectorBytes) <= this.capacityBytes;
  }

  /** Bytes of a half. */
  get capacityBytes(): number {
    return this.#end.superblock.halfSectors * this.#disk.sectorBytes;
  }

  /**
   * Reads the disk at more than one time, from a tree: what is there then stays there until `read`
   * settles.
   */
  async whileReading<T>(read: () => Promise<T>): Promise<T> {
    const reader = read();
    this.#readers.add(reader);
    try {
      return await reader;
    } finally {
      this.#readers.delete(reader);
    }
  }

  /**
   * Makes changes, which give `root`, all or none of them. They are durable when it resolves.
   *
   * @throws {KeyValueError} what the disk says, and `damaged`; nothing was changed
   */
  async write(changes: readonly Change[], root: Dictionary): Promise<void> {
    await this.#restore();
    const { usedSectors, superblock } = this.#end;
    const bytes = headerBytes + changes.reduce((sum, change) => sum + sizeOf(change), 0);
    const sectorCount = Math.ceil(bytes / this.#disk.sectorBytes);
    if (usedSectors + sectorCount > superblock.halfSectors) return this.#moveOver(root);
    const { record, valuesAt, next } = this.#encode(changes, this.#end);
    const none = new Uint8Array(this.#disk.sectorBytes);
    await this.#put(startOf(superblock) + usedSectors, record, none);
    place(changes, valuesAt);
    this.#end = next;
    this.#root = root;
  }

  /** Writes all that holds into the other half, and then has that half be the log. */
  async #moveOver(root: Dictionary): Promise<void> {
    await Promise.allSettled(this.#readers);
    const old = this.#end.superblock;
    let end: End = {
      superblock: {
        ...old,
        epoch: old.epoch + 1,
        half: old.half === 0 ? 1 : 0,
        // Never twice: a snapshot that was not finished leaves records in this half.
        nonce: this.#random.fill(new Uint8Array(nonceBytes)),
      },
      usedSectors: 0,
      recordCount: 0,
    };
    let copy = emptyDictionary(0);
    for await (const changes of inRecords(snapshotOf(this.#disk, root))) {
      const { record, valuesAt, next } = this.#encode(changes, end);
      if (next.usedSectors > old.halfSectors) throw tooLarge();
      await this.#disk.write(startOf(end.superblock) + end.usedSectors, record);
      place(changes, valuesAt);
      copy = changes.reduce(apply, copy);
      end = next;
    }
    await this.#disk.sync();
    const superblock = { ...end.superblock, snapshotSectors: end.usedSectors };
    const slot = superblock.epoch % 2 === 0 ? 0 : 1;
    const sector = encodeSuperblock(superblock);
    await this.#put(slot, sector, this.#slots[slot]);
    this.#slots[slot] = sector;
    this.#end = { ...end, superblock };
    this.#root = copy;
    this.counters.snapshots += 1;
  }

  /** Makes a record, and says at which byte of the disk its values will be. */
  #encode(changes: readonly Change[], end: End): Encoded {
    const { superblock, usedSectors, recordCount } = end;
    const { nonce } = superblock;
    const { sectorBytes } = this.#disk;
    const start = (startOf(superblock) + usedSectors) * sectorBytes;
    const options = { nonce, sequence: recordCount, sectorBytes };
    const { bytes: record, valuesAt } = encodeRecord(changes, options);
    this.counters.records += 1;
    const next = {
      superblock,
      usedSectors: usedSectors + record.length / sectorBytes,
      recordCount: recordCount + 1,
    };
    return { record, valuesAt: start + valuesAt, next };
  }

  /**
   * Writes what changes the store. If it fails, its first sector is made `before` again, at once or
   * before anything else is written: it may have come to the disk all the same.
   */
  async #put(sector: number, bytes: Uint8Array, before: Uint8Array): Promise<void> {
    try {
      await this.#disk.write(sector, bytes);
      await this.#disk.sync();
    } catch (error) {
      this.#toRestore = { sector, bytes: before };
      await this.#restore().catch(() => {});
      throw error;
    }
  }

  async #restore(): Promise<void> {
    if (this.#toRestore === undefined) return;
    await this.#disk.write(this.#toRestore.sector, this.#toRestore.bytes);
    await this.#disk.sync();
    this.#toRestore = undefined;
  }
}

/** What {@link Log.fits} rules out: it would go over the half that holds. */
function tooLarge(): KeyValueError {
  return new KeyValueError("no-space", "Cannot make a snapshot: it does not fit half of the disk");
}

/** Puts changes together, so that each record but the last has at least a piece of bytes. */
async function* inRecords(changes: AsyncIterable<Change>): AsyncIterable<readonly Change[]> {
  let record: Change[] = [];
  let bytes = 0;
  for await (const change of changes) {
    record.push(change);
    bytes += sizeOf(change);
    if (bytes < maxPieceBytes) continue;
    yield record;
    record = [];
    bytes = 0;
  }
  if (record.length > 0) yield record;
}

/** Says where the values of changes are, now that they are on the disk. */
function place(changes: readonly Change[], valuesAt: number): void {
  let at = valuesAt;
  for (const part of changes.map(partOf)) {
    if (part === undefined) continue;
    part.source = at;
    at += part.lengthBytes;
  }
}
