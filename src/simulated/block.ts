import { BlockError, type Block, type BlockErrorCode, type BlockInfo } from "../devices/index.ts";
import type { SimulatedDiskOptions } from "./disk.ts";
import type { Generator } from "./generator.ts";
import type { Medium, Write } from "./medium.ts";
import type { Simulation } from "./simulation.ts";

/** What a disk hands to the device that is connected to it. */
export interface SimulatedBlockParts extends SimulatedDiskOptions {
  readonly name: string;
  readonly simulation: Simulation;
  readonly generator: Generator;
  readonly medium: Medium;
  readonly onClosed: () => void;
}

type FaultCode = "io" | "no-space";

const reasons: Readonly<Record<FaultCode, string>> = {
  io: "the medium failed",
  "no-space": "there is no space left",
};

/** Operations that can be made to fail. */
export type BlockOperation = "read" | "write" | "flush" | "grow" | "discard";

/**
 * A {@link Block} in memory. Every operation takes effect when it is called, and settles after the
 * disk's latency of virtual time.
 */
export class SimulatedBlock implements Block {
  readonly counters = { sectorsRead: 0, sectorsWritten: 0, reads: 0, writes: 0, flushes: 0 };
  readonly #parts: SimulatedBlockParts;
  readonly #medium: Medium;
  #info: BlockInfo;
  /** Faults to come, by operation: the number of calls until it, and its code. */
  readonly #faults = new Map<BlockOperation, { countdown: number; readonly code: FaultCode }[]>();
  /** Operations under way, by what ends them at a crash. */
  readonly #underWay = new Map<() => void, Promise<void>>();
  #isClosed = false;

  /** Connect a disk instead: {@link SimulatedDisk.connect}. */
  constructor(parts: SimulatedBlockParts) {
    this.#parts = parts;
    this.#medium = parts.medium;
    this.#info = this.#describe();
  }

  get info(): BlockInfo {
    return this.#info;
  }

  /**
   * Makes the `count`-th such call from now fail (1 is the next), after doing any part of it.
   *
   * @throws {RangeError} if `count` is not a whole number from 1 on: nothing would ever fail
   * @throws {TypeError} for a read without space, which no disk has
   */
  fail(operation: BlockOperation, count: number, code: FaultCode = "io"): void {
    const what = `fail ${operation} number ${count} on ${this.#parts.name}`;
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new RangeError(`Cannot ${what}: the next is number 1`);
    }
    if (operation === "read" && code === "no-space") {
      throw new TypeError(`Cannot ${what} with ${code}: a read takes no space`);
    }
    const faults = this.#faults.get(operation) ?? [];
    this.#faults.set(operation, [...faults, { countdown: count, code }]);
  }

  async read(sector: number, buffers: readonly Uint8Array[]): Promise<void> {
    this.#checkOpen("read");
    const sectorCount = this.#checkBuffers("read", sector, buffers);
    const fault = this.#nextFault("read");
    this.counters.reads++;
    const contents = range(sector, sectorCount).map((each) => this.#medium.get(each));
    this.#trace(`read ${sector} + ${sectorCount}`);
    await this.#latency();
    if (fault !== undefined) throw this.#error(fault, `read sector ${sector}`, reasons[fault]);
    this.counters.sectorsRead += sectorCount;
    const sectors = contents.values();
    for (const part of this.#sectorsIn(buffers)) {
      const bytes = sectors.next().value;
      if (bytes === undefined) part.fill(0);
      else part.set(bytes);
    }
  }

  async write(sector: number, buffers: readonly Uint8Array[]): Promise<void> {
    this.#checkOpen("write");
    const sectorCount = this.#checkBuffers("write", sector, buffers);
    this.#checkWritable("write");
    const fault = this.#nextFault("write");
    this.counters.writes++;
    const write: Write = { isSettled: false };
    const failure = this.#put(sector, buffers, write, fault);
    this.#trace(`write ${sector} + ${sectorCount} ${failure ?? "done"}`, buffers);
    await this.#latency();
    write.isSettled = true;
    if (this.#info.durableAfter === "write") {
      for (const each of range(sector, sectorCount)) this.#medium.commit(each, write);
    }
    if (failure !== undefined) {
      throw this.#error(failure, `write sectors ${sector} + ${sectorCount}`, reasons[failure]);
    }
    this.counters.sectorsWritten += sectorCount;
  }

  async flush(): Promise<void> {
    this.#checkOpen("flush");
    const fault = this.#nextFault("flush");
    this.counters.flushes++;
    const point = this.#medium.flushPoint();
    this.#trace("flush");
    await this.#latency();
    if (fault !== undefined) throw this.#error(fault, "flush", reasons[fault]);
    for (const [sector, write] of point) this.#medium.commit(sector, write);
  }

  async grow(sectorCount: number): Promise<void> {
    this.#checkOpen("grow");
    if (!Number.isSafeInteger(sectorCount) || sectorCount < this.#info.sectorCount) {
      const what = `${this.#parts.name} from ${this.#info.sectorCount} to ${sectorCount} sectors`;
      throw new RangeError(`Cannot grow ${what}`);
    }
    this.#checkWritable("grow");
    const limit = this.#parts.maxSectorCount ?? this.#info.sectorCount;
    if (sectorCount > Math.max(limit, this.#info.sectorCount)) {
      throw this.#error("out-of-range", `grow to ${sectorCount}`, `it may have ${limit} sectors`);
    }
    const fault = this.#nextFault("grow");
    this.#trace(`grow to ${sectorCount}`);
    await this.#latency();
    if (fault !== undefined) throw this.#error(fault, "grow", reasons[fault]);
    this.#medium.sectorCount = Math.max(this.#medium.sectorCount, sectorCount);
    this.#info = this.#describe();
  }

  async discard(sector: number, sectorCount: number): Promise<void> {
    this.#checkOpen("discard");
    this.#checkSectors("discard", sector, sectorCount);
    this.#checkWritable("discard");
    const fault = this.#nextFault("discard");
    this.#trace(`discard ${sector} + ${sectorCount}`);
    // A hint: zeros or the old contents, as the seed says, so that nobody relies on either.
    const write: Write = { isSettled: true };
    for (const each of range(sector, sectorCount)) {
      const isZeroed = this.#parts.generator.chance(0.5) && this.#medium.get(each) !== undefined;
      if (isZeroed) this.#medium.put(each, new Uint8Array(this.#info.sectorBytes), write);
    }
    await this.#latency();
    if (fault !== undefined) throw this.#error(fault, "discard", reasons[fault]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const wasClosed = this.#isClosed;
    this.#isClosed = true;
    await Promise.allSettled(this.#underWay.values());
    if (!wasClosed) this.#parts.onClosed();
  }

  /** Ends the device at once: operations under way reject. For {@link SimulatedDisk.crash}. */
  crash(): void {
    this.#isClosed = true;
    for (const end of this.#underWay.keys()) end();
    this.#parts.onClosed();
  }

  #describe(): BlockInfo {
    const { medium, maxSectorCount, readWrite = true, durableAfter = "write" } = this.#parts;
    const { sectorBytes, sectorCount } = medium;
    const growable = readWrite && maxSectorCount !== undefined;
    return { readWrite, sectorBytes, sectorCount, growable, durableAfter };
  }

  /** Stores each sector; where the write is to fail, each or not. Returns the failure's code. */
  #put(
    sector: number,
    buffers: readonly Uint8Array[],
    write: Write,
    fault: FaultCode | undefined,
  ): FaultCode | undefined {
    let at = sector;
    let failure = fault;
    for (const part of this.#sectorsIn(buffers)) {
      const isKept = fault === undefined || this.#parts.generator.chance(0.5);
      if (isKept && !this.#medium.put(at, part.slice(), write)) failure = "no-space";
      at++;
    }
    return failure;
  }

  *#sectorsIn(buffers: readonly Uint8Array[]): Iterable<Uint8Array> {
    const { sectorBytes } = this.#info;
    for (const buffer of buffers) {
      for (let offset = 0; offset < buffer.length; offset += sectorBytes) {
        yield buffer.subarray(offset, offset + sectorBytes);
      }
    }
  }

  /** Waits as long as the disk takes, or until a crash. */
  #latency(): Promise<void> {
    const { simulation, generator, latencyMs = 0, jitterMs = 0 } = this.#parts;
    const delayMs = latencyMs + jitterMs * generator.fraction();
    let end = (): void => {};
    const wait = new Promise<void>((resolve, reject) => {
      const cancel = simulation.timeline.after(delayMs, () => {
        this.#underWay.delete(end);
        resolve();
      });
      end = () => {
        cancel();
        this.#underWay.delete(end);
        reject(this.#error("closed", "finish", "the power was cut"));
      };
    });
    this.#underWay.set(end, wait);
    return wait;
  }

  #checkOpen(operation: BlockOperation): void {
    if (this.#isClosed) throw this.#error("closed", operation, "the disk was disposed");
  }

  #checkWritable(operation: BlockOperation): void {
    if (!this.#info.readWrite) throw this.#error("read-only", operation, "it is read-only");
  }

  /** Checks buffers and where they are to go. Returns how many sectors they are. */
  #checkBuffers(operation: BlockOperation, sector: number, buffers: readonly Uint8Array[]): number {
    const { sectorBytes } = this.#info;
    const odd = buffers.find(({ length }) => length % sectorBytes !== 0);
    if (odd !== undefined) {
      const why = `a buffer of ${odd.length} bytes is not a whole number of sectors`;
      throw this.#error("unaligned", `${operation} sector ${sector}`, why);
    }
    const sectorCount = buffers.reduce((sum, { length }) => sum + length, 0) / sectorBytes;
    this.#checkSectors(operation, sector, sectorCount);
    return sectorCount;
  }

  #checkSectors(operation: BlockOperation, sector: number, sectorCount: number): void {
    for (const value of [sector, sectorCount]) {
      if (Number.isSafeInteger(value) && value >= 0) continue;
      throw new RangeError(
        `Cannot ${operation} sectors ${sector} + ${sectorCount}: no such sectors`,
      );
    }
    if (sector + sectorCount <= this.#info.sectorCount) return;
    const what = `${operation} sectors ${sector} + ${sectorCount}`;
    throw this.#error("out-of-range", what, `it has ${this.#info.sectorCount} sectors`);
  }

  #nextFault(operation: BlockOperation): FaultCode | undefined {
    const faults = this.#faults.get(operation) ?? [];
    faults.forEach((fault) => fault.countdown--);
    return faults.find((fault) => fault.countdown === 0)?.code;
  }

  #error(code: BlockErrorCode, what: string, why: string): BlockError {
    return new BlockError(code, `Cannot ${what} on ${this.#parts.name}: ${why}`);
  }

  #trace(line: string, buffers: readonly Uint8Array[] = []): void {
    this.#parts.simulation.trace(`${this.#parts.name} ${line}`, ...buffers);
  }
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}
