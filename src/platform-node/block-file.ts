/**
 * A disk in a file: its sectors one after another, as disk images are. A write resolves when
 * `fdatasync` has put it on the medium; writes that wait at the same time share one.
 */

import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { BlockError } from "../devices/errors.ts";
import type { Block, BlockInfo } from "../devices/index.ts";
import { lockFile } from "./file-lock.ts";

/** Which file to open, and what the disk is when it is made for the first time. */
export interface FileOptions {
  readonly path: string;
  /** Bytes in a sector: a power of two, at least 512. */
  readonly sectorBytes: number;
  /** Sectors on the disk, at least 1. */
  readonly sectorCount: number;
  readonly readOnly?: boolean;
  /**
   * Whether {@link Block.grow} is allowed; a file that has grown may hold more than `sectorCount`.
   */
  readonly growable?: boolean;
}

/**
 * Opens a disk's file, and makes it, full of zeros, if it is not there. It belongs to the opener
 * until it is disposed or the process ends.
 *
 * @throws {BlockError} `busy` if another process, or another opener in this one, has it; `geometry`
 *   if it is of another size; `no-space`; `io` where it cannot be opened. The file is then as it
 *   was.
 * @throws {RangeError} if a size is out of range
 */
export async function connect(options: FileOptions): Promise<Block> {
  const { readOnly = false, sectorBytes, sectorCount } = options;
  checkSizes(options);
  const cannot = `Cannot open disk ${options.path}`;
  const path = await realPath(options.path, cannot);
  const release = await lockFile(`${path}.lock`, cannot);
  let file: FileHandle | undefined;
  try {
    file = await openOrCreate(path, sectorBytes * sectorCount, readOnly);
    return new FileBlock(file, await sectorCountOf(file, options), options, release);
  } catch (error) {
    await file?.close();
    await release();
    throw blockErrorOf(error, cannot);
  }
}

function checkSizes({ path, sectorBytes, sectorCount }: FileOptions): void {
  const powerOfTwo = Number.isSafeInteger(sectorBytes) && (sectorBytes & (sectorBytes - 1)) === 0;
  if (!powerOfTwo || sectorBytes < 512) {
    const message = `a sector of ${sectorBytes} bytes is no power of two from 512 on`;
    throw new RangeError(`Cannot open disk ${path}: ${message}`);
  }
  if (!isSize(sectorBytes, sectorCount) || sectorCount < 1) {
    throw new RangeError(`Cannot open disk ${path}: it cannot have ${sectorCount} sectors`);
  }
}

/**
 * The one path of a file, whatever it is called: a disk has one lock. The file need not be there.
 */
async function realPath(path: string, cannot: string): Promise<string> {
  try {
    return await realpath(path).catch(async () =>
      join(await realpath(dirname(path)), basename(path)),
    );
  } catch (error) {
    throw blockErrorOf(error, cannot);
  }
}

/** Whether every byte of such a disk can be addressed. */
function isSize(sectorBytes: number, sectorCount: number): boolean {
  return Number.isSafeInteger(sectorCount) && Number.isSafeInteger(sectorBytes * sectorCount);
}

async function openOrCreate(
  path: string,
  sizeBytes: number,
  readOnly: boolean,
): Promise<FileHandle> {
  const mode = readOnly ? constants.O_RDONLY : constants.O_RDWR;
  try {
    return await open(path, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  await create(path, sizeBytes);
  return open(path, mode);
}

/** Makes a file of zeros, whole or not at all, and there for good. */
async function create(path: string, sizeBytes: number): Promise<void> {
  const unfinished = `${path}.new`;
  try {
    const file = await open(unfinished, "w");
    try {
      await file.truncate(sizeBytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function sectorCountOf(file: FileHandle, options: FileOptions): Promise<number> {
  const { path, sectorBytes, sectorCount, growable = false } = options;
  const status = await file.stat();
  const cannot = `Cannot open disk ${path}`;
  if (!status.isFile()) throw new BlockError("io", `${cannot}: it is not a file`);
  const found = status.size / sectorBytes;
  const fits =
    found === sectorCount || (growable && Number.isInteger(found) && found > sectorCount);
  if (fits) return found;
  const expected = `${sectorCount} sectors of ${sectorBytes} bytes`;
  throw new BlockError("geometry", `${cannot}: it has ${status.size} bytes, not ${expected}`);
}

/** The codes of {@link BlockError} for those of the system that say more than that it failed. */
const systemCodes: Readonly<Record<string, "no-space" | "read-only">> = {
  ENOSPC: "no-space",
  EDQUOT: "no-space",
  EFBIG: "no-space",
  EROFS: "read-only",
};

function blockErrorOf(error: unknown, cannot: string): BlockError {
  if (error instanceof BlockError) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  return new BlockError(systemCodes[code] ?? "io", `${cannot}: ${message}`, { cause: error });
}

class FileBlock implements Block {
  readonly counters = { sectorsRead: 0, sectorsWritten: 0, reads: 0, writes: 0, flushes: 0 };
  info: BlockInfo;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #release: () => Promise<void>;
  /** Operations that have not settled, which disposal waits for. */
  readonly #underWay = new Set<Promise<void>>();
  /** Steps of operations one after another, so that each sees those called before it. */
  #last: Promise<void> = Promise.resolve();
  /** The last `fdatasync`; it never rejects, and the next one begins when it is done. */
  #synced: Promise<void> = Promise.resolve();
  /** The next `fdatasync`, for writes that have been made and are not durable. */
  #nextSync: Promise<void> | undefined;
  /** Sectors of the file, which grows before {@link info} says so. */
  #fileSectorCount: number;
  /** How often the medium did not take what was written. */
  #failureCount = 0;
  #closing: Promise<void> | undefined;

  constructor(
    file: FileHandle,
    sectorCount: number,
    { path, sectorBytes, readOnly = false, growable = false }: FileOptions,
    release: () => Promise<void>,
  ) {
    this.#file = file;
    this.#path = path;
    this.#release = release;
    this.#fileSectorCount = sectorCount;
    this.info = {
      readWrite: !readOnly,
      sectorBytes,
      sectorCount,
      growable: growable && !readOnly,
      durableAfter: "write",
    };
  }

  async read(sector: number, buffers: readonly Uint8Array[]): Promise<void> {
    const count = this.#check("read", sector, buffers);
    this.counters.reads += 1;
    this.counters.sectorsRead += count;
    await this.#run(`read sector ${sector}`, () =>
      this.#inOrder(async () => {
        let position = sector * this.info.sectorBytes;
        for (const buffer of buffers) {
          await this.#readFully(buffer, position);
          position += buffer.length;
        }
      }),
    );
  }

  async write(sector: number, buffers: readonly Uint8Array[]): Promise<void> {
    const count = this.#check("write", sector, buffers);
    this.#checkWritable(`write sector ${sector}`);
    this.counters.writes += 1;
    this.counters.sectorsWritten += count;
    if (count === 0) return;
    await this.#run(`write sector ${sector}`, () =>
      this.#durably(async () => {
        let position = sector * this.info.sectorBytes;
        for (const buffer of buffers) {
          await this.#writeFully(buffer, position);
          position += buffer.length;
        }
      }),
    );
  }

  async flush(): Promise<void> {
    this.#checkOpen("flush");
    this.counters.flushes += 1;
  }

  async grow(sectorCount: number): Promise<void> {
    const { sectorBytes, growable, sectorCount: before } = this.info;
    const what = `grow disk ${this.#path} from ${before} to ${sectorCount} sectors`;
    if (!Number.isSafeInteger(sectorCount) || sectorCount < before)
      throw new RangeError(`Cannot ${what}`);
    this.#checkOpen("grow");
    this.#checkWritable("grow");
    if (sectorCount === before) return;
    if (!growable || !isSize(sectorBytes, sectorCount)) {
      const why = growable ? "no file can be so large" : "it is of fixed size";
      throw new BlockError("out-of-range", `Cannot ${what}: ${why}`);
    }
    await this.#run(what, async () => {
      await this.#durably(async () => {
        // Another call may have grown it further, and may not be durable yet.
        const grownCount = Math.max(this.#fileSectorCount, sectorCount);
        await this.#file.truncate(grownCount * sectorBytes);
        this.#fileSectorCount = grownCount;
      });
      const newCount = Math.max(this.info.sectorCount, sectorCount);
      this.info = { ...this.info, sectorCount: newCount };
    });
  }

  /** Does nothing: a file keeps its room. */
  async discard(sector: number, sectorCount: number): Promise<void> {
    this.#checkRange("discard", sector, sectorCount);
    this.#checkWritable(`discard sector ${sector}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    await this.#file.close().catch(() => {});
    await this.#release().catch(() => {});
  }

  async #readFully(buffer: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < buffer.length;) {
      const left = buffer.length - done;
      const { bytesRead } = await this.#file.read(buffer, done, left, position + done);
      if (bytesRead === 0)
        throw new BlockError("io", `Cannot read disk ${this.#path}: it was cut off`);
      done += bytesRead;
    }
  }

  async #writeFully(buffer: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < buffer.length;) {
      const left = buffer.length - done;
      done += (await this.#file.write(buffer, done, left, position + done)).bytesWritten;
    }
  }

  /** Runs an operation, which disposal waits for, and makes its errors ours. */
  async #run(what: string, operation: () => Promise<void>): Promise<void> {
    const underWay = operation();
    this.#underWay.add(underWay);
    try {
      await underWay;
    } catch (error) {
      throw blockErrorOf(error, `Cannot ${what} of disk ${this.#path}`);
    } finally {
      this.#underWay.delete(underWay);
    }
  }

  /** Takes a step after those called before it. */
  #inOrder(step: () => Promise<void>): Promise<void> {
    const taken = this.#last.then(step);
    this.#last = taken.catch(() => {});
    return taken;
  }

  /** Takes a step that changes the file, and resolves when the change is durable. */
  async #durably(step: () => Promise<void>): Promise<void> {
    let failureCount = 0;
    await this.#inOrder(() => {
      failureCount = this.#failureCount;
      return step();
    });
    await this.#sync();
    // The system tells of a failure once, to whoever asks first: it may have been of this change.
    if (this.#failureCount === failureCount) return;
    throw new Error("the medium failed meanwhile, and may not have taken it");
  }

  /** Resolves when all that has been written is durable, together with whoever waits now. */
  #sync(): Promise<void> {
    // One that is under way may have begun before this write; the next one has not.
    this.#nextSync ??= Promise.all([this.#last, this.#synced]).then(() => {
      this.#nextSync = undefined;
      const sync = this.#file.datasync();
      this.#synced = sync.catch(() => void this.#failureCount++);
      return sync;
    });
    return this.#nextSync;
  }

  #check(verb: "read" | "write", sector: number, buffers: readonly Uint8Array[]): number {
    const { sectorBytes } = this.info;
    let byteCount = 0;
    for (const { length } of buffers) {
      if (length % sectorBytes !== 0) {
        const sizes = `${length} bytes are not a whole number of sectors of ${sectorBytes}`;
        throw new BlockError("unaligned", `Cannot ${verb} sector ${sector}: ${sizes}`);
      }
      byteCount += length;
    }
    const count = byteCount / sectorBytes;
    this.#checkRange(verb, sector, count);
    return count;
  }

  #checkRange(verb: string, sector: number, count: number): void {
    if (!Number.isSafeInteger(sector) || sector < 0 || !Number.isSafeInteger(count) || count < 0) {
      throw new RangeError(`Cannot ${verb} ${count} sectors from sector ${sector} on`);
    }
    this.#checkOpen(`${verb} sector ${sector}`);
    const { sectorCount } = this.info;
    if (sector + count > sectorCount) {
      const last = sector + Math.max(count, 1) - 1;
      const message = `Cannot ${verb} sector ${last}: disk ${this.#path} has ${sectorCount} sectors`;
      throw new BlockError("out-of-range", message);
    }
  }

  #checkWritable(what: string): void {
    if (this.info.readWrite) return;
    throw new BlockError("read-only", `Cannot ${what}: disk ${this.#path} is read-only`);
  }

  #checkOpen(what: string): void {
    if (this.#closing === undefined) return;
    throw new BlockError("closed", `Cannot ${what}: disk ${this.#path} was disposed`);
  }
}
