import { BlockError, type Block, type BlockInfo } from "../devices/index.ts";
import {
  createStores,
  databaseVersion,
  growDescription,
  hostError,
  isGeometry,
  openDatabase,
  readDescription,
  transact,
  type DiskDescription,
} from "./block-indexeddb-database.ts";
import { acquireLock, type DiskLock } from "./block-indexeddb-lock.ts";

/** Which disk to connect, and what it has to be. */
export interface IndexedDbBlockOptions {
  /** The disk's name among those of the origin; not empty. */
  readonly name: string;
  /** Bytes in a sector: a power of two, at least 512. */
  readonly sectorBytes: number;
  /** Sectors of the disk; of a growable one, the size it begins with and may have outgrown. */
  readonly sectorCount: number;
  readonly readOnly?: boolean;
  /** Whether the disk may grow. It takes up only what was written, whatever its size. */
  readonly growable?: boolean;
  /**
   * How long to wait for another unikernel to let go of the disk, before it is `busy`. The browser
   * takes 2 s to end a worker whose thread is blocked, so a restarted unikernel finds it free.
   * 2,500 by default.
   */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Connects a disk that is kept in the browser's IndexedDB, and creates it if there is none of the
 * name. A resolved write is durable.
 *
 * @throws {BlockError} `busy` if another unikernel uses the disk; `geometry` if it has another
 *   size; `damaged` if what describes it cannot be understood; `no-space`; `io`, also where there
 *   is no IndexedDB. The disk is then as it was.
 * @throws {TypeError} if the name is empty
 * @throws {RangeError} if there can be no disk of this size
 * @throws the signal's reason, when it aborts first
 */
export async function connect(options: IndexedDbBlockOptions): Promise<Block> {
  const { name, waitMs = 2_500, signal } = options;
  checkOptions(options);
  const lock = await acquireLock(`open disk "${name}"`, name, waitMs, signal);
  try {
    const { database, sectorCount } = await openDisk(options);
    return new IndexedDbBlock(options, sectorCount, database, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** A disk of which every sector ever written is a record in a database. */
class IndexedDbBlock implements Block {
  readonly counters = { sectorsRead: 0, sectorsWritten: 0, reads: 0, writes: 0, flushes: 0 };
  readonly #name: string;
  readonly #database: IDBDatabase;
  readonly #lock: DiskLock;
  readonly #underWay = new Set<Promise<unknown>>();
  #info: BlockInfo;
  #closedReason: string | undefined;

  constructor(
    { name, sectorBytes, readOnly = false, growable = false }: IndexedDbBlockOptions,
    sectorCount: number,
    database: IDBDatabase,
    lock: DiskLock,
  ) {
    this.#name = name;
    this.#database = database;
    this.#lock = lock;
    this.#info = {
      readWrite: !readOnly,
      sectorBytes,
      sectorCount,
      growable: growable && !readOnly,
      durableAfter: "write",
    };
    database.addEventListener("versionchange", () => void this.#close("it is being deleted"));
    database.addEventListener("close", () => void this.#close("the browser closed its database"));
  }

  get info(): BlockInfo {
    return this.#info;
  }

  async read(sector: number, buffers: readonly Uint8Array[]): Promise<void> {
    const sectorCount = this.#checkBuffers("read", sector, buffers);
    this.counters.reads++;
    if (sectorCount === 0) return;
    const what = `read ${this.#sectorsText(sector, sectorCount)}`;
    const range = sectorRange(sector, sectorCount);
    const { keys, values } = await this.#transact(what, "readonly", (store) => ({
      keys: store.getAllKeys(range),
      values: store.getAll(range),
    }));
    const contents = new Map(keys.result.map((key, index) => [key, values.result[index]]));
    let at = sector;
    for (const part of this.#sectorsIn(buffers)) this.#fill(part, contents.get(at), at++);
    this.counters.sectorsRead += sectorCount;
  }

  async write(sector: number, buffers: readonly Uint8Array[]): Promise<void> {
    const sectorCount = this.#checkBuffers("write", sector, buffers);
    this.#checkWritable("write");
    this.counters.writes++;
    const what = `write ${this.#sectorsText(sector, sectorCount)}`;
    await this.#transact(what, "readwrite", (store) => {
      let at = sector;
      // IndexedDB takes its own copy at once, but of the whole buffer that a view lies in.
      for (const part of this.#sectorsIn(buffers)) store.put(new Uint8Array(part), at++);
    });
    this.counters.sectorsWritten += sectorCount;
  }

  async flush(): Promise<void> {
    this.#checkOpen("flush");
    this.counters.flushes++;
  }

  async grow(sectorCount: number): Promise<void> {
    this.#checkOpen("grow");
    const { sectorBytes, sectorCount: oldCount, growable } = this.#info;
    const what = `grow disk "${this.#name}" from ${oldCount} to ${sectorCount} sectors`;
    if (!Number.isSafeInteger(sectorCount) || sectorCount < oldCount) {
      throw new RangeError(`Cannot ${what}`);
    }
    this.#checkWritable("grow");
    if (sectorCount === oldCount) return;
    if (!growable) throw new BlockError("out-of-range", `Cannot ${what}: it is of fixed size`);
    if (!isGeometry(sectorBytes, sectorCount)) {
      throw new BlockError("out-of-range", `Cannot ${what}: no disk can be so large`);
    }
    await this.#run(what, () => growDescription(this.#database, sectorCount));
    // Another call may have grown it further meanwhile.
    const newCount = Math.max(this.#info.sectorCount, sectorCount);
    this.#info = { ...this.#info, sectorCount: newCount };
  }

  async discard(sector: number, sectorCount: number): Promise<void> {
    this.#checkOpen("discard");
    this.#checkRange("discard", sector, sectorCount);
    this.#checkWritable("discard");
    if (sectorCount === 0) return;
    const what = `discard ${this.#sectorsText(sector, sectorCount)}`;
    const range = sectorRange(sector, sectorCount);
    await this.#transact(what, "readwrite", (store) => store.delete(range));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close("it was disposed");
  }

  async #close(reason: string): Promise<void> {
    this.#closedReason ??= reason;
    await Promise.allSettled(this.#underWay);
    this.#database.close();
    await this.#lock.release();
  }

  #transact<Result>(
    what: string,
    mode: "readonly" | "readwrite",
    use: (sectors: IDBObjectStore) => Result,
  ): Promise<Result> {
    return this.#run(what, () =>
      transact(this.#database, mode, "sectors", (transaction) =>
        use(transaction.objectStore("sectors")),
      ),
    );
  }

  /** Runs an operation on the database, which disposal waits for, and makes its errors ours. */
  async #run<Result>(what: string, operation: () => Promise<Result>): Promise<Result> {
    const underWay = operation();
    this.#underWay.add(underWay);
    try {
      return await underWay;
    } catch (error) {
      // The host closed the database, and has not told us so yet.
      const isClosed = error instanceof Error && error.name === "InvalidStateError";
      throw isClosed ? this.#closedError(what) : hostError(what, error);
    } finally {
      this.#underWay.delete(underWay);
    }
  }

  #fill(part: Uint8Array, contents: unknown, sector: number): void {
    if (contents === undefined) {
      part.fill(0);
    } else if (contents instanceof Uint8Array && contents.length === part.length) {
      part.set(contents);
    } else {
      const what = `Cannot read sector ${sector} of disk "${this.#name}"`;
      throw new BlockError("damaged", `${what}: what is stored is not ${part.length} bytes`);
    }
  }

  *#sectorsIn(buffers: readonly Uint8Array[]): Iterable<Uint8Array> {
    const { sectorBytes } = this.#info;
    for (const buffer of buffers) {
      for (let offset = 0; offset < buffer.length; offset += sectorBytes) {
        yield buffer.subarray(offset, offset + sectorBytes);
      }
    }
  }

  /** Checks buffers and where they are to go. Returns how many sectors they are. */
  #checkBuffers(operation: string, sector: number, buffers: readonly Uint8Array[]): number {
    this.#checkOpen(operation);
    const { sectorBytes } = this.#info;
    const odd = buffers.find(({ length }) => length % sectorBytes !== 0);
    if (odd !== undefined) {
      const what = `Cannot ${operation} ${odd.length} bytes on disk "${this.#name}"`;
      throw new BlockError("unaligned", `${what}: a sector is ${sectorBytes} bytes`);
    }
    const lengthBytes = buffers.reduce((sum, { length }) => sum + length, 0);
    this.#checkRange(operation, sector, lengthBytes / sectorBytes);
    return lengthBytes / sectorBytes;
  }

  #checkRange(operation: string, sector: number, sectorCount: number): void {
    const what = `Cannot ${operation} ${this.#sectorsText(sector, sectorCount)}`;
    for (const value of [sector, sectorCount]) {
      if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(what);
    }
    if (sector + sectorCount > this.#info.sectorCount) {
      const reason = `it has ${this.#info.sectorCount} sectors`;
      throw new BlockError("out-of-range", `${what}: ${reason}`);
    }
  }

  #checkOpen(operation: string): void {
    if (this.#closedReason === undefined) return;
    throw this.#closedError(`${operation} disk "${this.#name}"`);
  }

  #checkWritable(operation: string): void {
    if (this.#info.readWrite) return;
    throw new BlockError("read-only", `Cannot ${operation} disk "${this.#name}": it is read-only`);
  }

  #closedError(what: string): BlockError {
    const reason = this.#closedReason ?? "the browser closed its database";
    return new BlockError("closed", `Cannot ${what}: ${reason}`);
  }

  #sectorsText(sector: number, sectorCount: number): string {
    const many = `sectors ${sector} to ${sector + sectorCount - 1}`;
    return `${sectorCount > 1 ? many : `sector ${sector}`} of disk "${this.#name}"`;
  }
}

function checkOptions({ name, sectorBytes, sectorCount }: IndexedDbBlockOptions): void {
  if (name === "") throw new TypeError("Cannot open a disk without a name");
  if (!isGeometry(sectorBytes, sectorCount)) {
    const size = sizeText({ sectorBytes, sectorCount });
    throw new RangeError(`Cannot open disk "${name}": there is no disk of ${size}`);
  }
}

/** Opens the database of a disk and checks that it is the disk that was asked for. */
async function openDisk(
  options: IndexedDbBlockOptions,
): Promise<{ database: IDBDatabase; sectorCount: number }> {
  const { name, sectorBytes, sectorCount, signal } = options;
  const description: DiskDescription = {
    magic: "morgana-disk",
    version: 1,
    sectorBytes,
    sectorCount,
    createdMs: Date.now(),
  };
  const create = (creation: IDBTransaction): void => createStores(creation, description);
  const database = await openDatabase(name, { version: databaseVersion, signal, create });
  try {
    const stored = await readDescription(database);
    signal?.throwIfAborted();
    checkStored(options, stored);
    return { database, sectorCount: stored.sectorCount };
  } catch (error) {
    database.close();
    if (signal?.aborted) throw error;
    throw hostError(`open disk "${name}"`, error);
  }
}

function checkStored(
  options: IndexedDbBlockOptions,
  stored: DiskDescription | undefined,
): asserts stored is DiskDescription {
  const what = `Cannot open disk "${options.name}"`;
  if (stored === undefined) {
    throw new BlockError("damaged", `${what}: what describes it cannot be understood`);
  }
  const isSameCount =
    stored.sectorCount === options.sectorCount ||
    (options.growable === true && stored.sectorCount > options.sectorCount);
  if (stored.sectorBytes !== options.sectorBytes || !isSameCount) {
    const reason = `it has ${sizeText(stored)}, and ${sizeText(options)} were asked for`;
    throw new BlockError("geometry", `${what}: ${reason}`);
  }
}

function sizeText(size: { readonly sectorBytes: number; readonly sectorCount: number }): string {
  return `${size.sectorCount} sectors of ${size.sectorBytes} bytes`;
}

function sectorRange(sector: number, sectorCount: number): IDBKeyRange {
  return IDBKeyRange.bound(sector, sector + sectorCount - 1);
}
