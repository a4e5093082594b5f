import { BlockError, type Block } from "../devices/index.ts";
import { blockOverlapLaws } from "./block-overlap.ts";
import { deviceLaws } from "./device.ts";
import {
  bytesEqual,
  equal,
  holds,
  later,
  rejects,
  sampleBytes,
  sampleNumbers,
  withDevice,
  type Law,
} from "./law.ts";

/** What the laws need to know of a driver of {@link Block}. */
export interface BlockSubject {
  /** Connects a fresh disk, all zeros, writable, of at least 64 sectors. The law disposes it. */
  readonly connect: () => Promise<Block>;

  /** Connects the disk of `previous` again; `previous` is disposed already. Proves durability. */
  readonly reopen?: (previous: Block) => Promise<Block>;

  /**
   * Connects the disk of `previous` as after a power cut or a killed process: `previous` was not
   * disposed, and is not used again.
   */
  readonly crash?: (previous: Block) => Promise<Block>;

  /** Connects a disk of at least one sector that must not be written. */
  readonly connectReadOnly?: () => Promise<Block>;
}

/** The laws of {@link Block}. */
export function blockLaws(subject: BlockSubject): readonly Law[] {
  const law = (name: string, body: (block: Block) => Promise<void>): Law => ({
    name,
    run: () => withDevice(subject.connect, body),
  });
  return [
    ...deviceLaws(subject.connect),
    law("info says what the disk is", checkInfo),
    law("read() gives zeros, for sectors never written", readsZeros),
    law("read() gives what write() wrote, however the buffers are cut", readsBack),
    law("write() changes only its own sectors", writesOnlyItsSectors),
    law("write() and read() reach the first and the last sector", reachesBothEnds),
    law("write() and read() move a whole disk of buffers at once", movesMuch),
    law("write() and read() do nothing, for an empty list or an empty buffer", acceptsNothing),
    law("write() and read() reject with out-of-range, past the end", refusesPastTheEnd),
    law("write() and read() reject with unaligned, for a part of a sector", refusesUnaligned),
    law("write() and read() fail with RangeError, for what is no sector", refusesMisuse),
    law("write() leaves its buffers as they were, and forgets them when settled", borrowsWritten),
    law("read() fills only its buffers, and forgets them when settled", borrowsRead),
    law("overlapping operations take effect in the order of the calls", keepsOrder),
    law("overlapping operations give what a plain array gives, whatever their mix", equalsModel),
    law("flush() resolves, with and without writes before it", flushes),
    law("discard() leaves zeros or the old contents, and other sectors alone", discards),
    law("discard() rejects with out-of-range, past the end", refusesDiscardPastTheEnd),
    law("grow() adds zeros and keeps contents, or rejects with out-of-range", grows),
    law("grow() fails and changes nothing, for a size that cannot be", refusesGrow),
    law("counters count what was asked and moved, live", counts),
    law("every operation rejects with closed, after dispose()", refusesWhenClosed),
    law("operations under way settle, before dispose() resolves", settlesBeforeDisposed),
    ...blockOverlapLaws(subject),
    ...durabilityLaws(subject),
    ...readOnlyLaws(subject),
  ];
}

function durabilityLaws({ connect, reopen, crash }: BlockSubject): readonly Law[] {
  const laws: Law[] = [];
  if (reopen !== undefined) {
    laws.push({
      name: "what was written and grown is there, when the disk is connected again",
      run: () => survives(connect, reopen, (block) => block[Symbol.asyncDispose]()),
    });
  }
  if (crash !== undefined) {
    laws.push({
      name: "what was durable is there, after a crash",
      run: () => survives(connect, crash, () => Promise.resolve()),
    });
  }
  return laws;
}

function readOnlyLaws({ connectReadOnly }: BlockSubject): readonly Law[] {
  if (connectReadOnly === undefined) return [];
  return [
    {
      name: "write(), grow() and discard() reject with read-only, on a read-only disk",
      run: () => withDevice(connectReadOnly, refusesWhenReadOnly),
    },
  ];
}

async function checkInfo({ info }: Block): Promise<void> {
  const { sectorBytes, sectorCount } = info;
  const isPowerOfTwo = Number.isInteger(Math.log2(sectorBytes));
  holds(
    "info.sectorBytes",
    isPowerOfTwo && sectorBytes >= 512,
    "a power of two ≥ 512",
    sectorBytes,
  );
  const isLargeEnough = Number.isSafeInteger(sectorCount) && sectorCount >= 64;
  holds("info.sectorCount", isLargeEnough, "at least 64, for these laws", sectorCount);
  equal("info.readWrite", info.readWrite, true);
  equal("the type of info.growable", typeof info.growable, "boolean");
  const isKnown = info.durableAfter === "write" || info.durableAfter === "flush";
  holds("info.durableAfter", isKnown, "write or flush", info.durableAfter);
}

async function readsZeros(block: Block): Promise<void> {
  const { sectorBytes, sectorCount } = block.info;
  for (const sector of [0, 1, sectorCount - 2]) {
    const into = sampleBytes(2 * sectorBytes, 1);
    await block.read(sector, [into]);
    bytesEqual(`sectors ${sector} and ${sector + 1}`, into, new Uint8Array(2 * sectorBytes));
  }
}

async function readsBack(block: Block): Promise<void> {
  const { sectorBytes } = block.info;
  const bytes = sampleBytes(6 * sectorBytes, 2);
  await block.write(3, cut(bytes, [1, 3, 2], sectorBytes));
  const into = new Uint8Array(6 * sectorBytes);
  await block.read(3, cut(into, [2, 1, 1, 2], sectorBytes));
  bytesEqual("sectors 3 to 8", into, bytes);
  await block.write(4, [sampleBytes(sectorBytes, 3)]);
  bytesEqual("sector 4, written again", await sectorsOf(block, 4, 1), sampleBytes(sectorBytes, 3));
}

async function writesOnlyItsSectors(block: Block): Promise<void> {
  const { sectorBytes } = block.info;
  const around = sampleBytes(9 * sectorBytes, 4);
  await block.write(0, [around]);
  const inner = sampleBytes(2 * sectorBytes, 5);
  await block.write(4, [inner]);
  around.set(inner, 4 * sectorBytes);
  bytesEqual("sectors 0 to 8", await sectorsOf(block, 0, 9), around);
}

async function reachesBothEnds(block: Block): Promise<void> {
  const { sectorBytes, sectorCount } = block.info;
  for (const sector of [0, sectorCount - 1]) {
    const bytes = sampleBytes(sectorBytes, sector);
    await block.write(sector, [bytes]);
    bytesEqual(`sector ${sector}`, await sectorsOf(block, sector, 1), bytes);
  }
}

async function movesMuch(block: Block): Promise<void> {
  const sectorCount = Math.min(block.info.sectorCount, 2048);
  const bytes = sampleBytes(sectorCount * block.info.sectorBytes, 6);
  await block.write(0, [bytes]);
  bytesEqual("the disk", await sectorsOf(block, 0, sectorCount), bytes);
}

async function acceptsNothing(block: Block): Promise<void> {
  const { sectorBytes } = block.info;
  const bytes = sampleBytes(sectorBytes, 7);
  await block.write(2, [bytes]);
  await block.write(2, []);
  await block.write(2, [new Uint8Array(0)]);
  await block.read(2, []);
  const into = new Uint8Array(sectorBytes);
  await block.read(2, [new Uint8Array(0), into]);
  bytesEqual("sector 2", into, bytes);
}

async function refusesPastTheEnd(block: Block): Promise<void> {
  const { sectorBytes, sectorCount } = block.info;
  const twoSectors = (): Uint8Array => sampleBytes(2 * sectorBytes, 8);
  for (const sector of [sectorCount - 1, sectorCount, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    const write = (): Promise<void> => block.write(sector, [twoSectors()]);
    const read = (): Promise<void> => block.read(sector, [twoSectors()]);
    await rejects(`write(${sector}) of 2 sectors`, write, BlockError, "out-of-range");
    await rejects(`read(${sector}) of 2 sectors`, read, BlockError, "out-of-range");
  }
  const last = await sectorsOf(block, sectorCount - 1, 1);
  bytesEqual("the last sector, after refused writes", last, new Uint8Array(sectorBytes));
}

async function refusesUnaligned(block: Block): Promise<void> {
  const { sectorBytes } = block.info;
  const half = sectorBytes / 2;
  const lists = [[1], [sectorBytes - 1], [sectorBytes + 1], [half, half], [sectorBytes, half]];
  for (const lengths of lists) {
    const buffers = (): Uint8Array[] => lengths.map((length) => sampleBytes(length, 9));
    const what = `of buffers of ${lengths.join(" and ")} bytes`;
    await rejects(`write() ${what}`, () => block.write(1, buffers()), BlockError, "unaligned");
    await rejects(`read() ${what}`, () => block.read(1, buffers()), BlockError, "unaligned");
  }
  const untouched = new Uint8Array(2 * sectorBytes);
  bytesEqual("sectors 1 and 2, after refused writes", await sectorsOf(block, 1, 2), untouched);
}

async function refusesMisuse(block: Block): Promise<void> {
  const buffers = [new Uint8Array(block.info.sectorBytes)];
  for (const sector of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    await rejects(`write(${sector})`, () => block.write(sector, buffers), RangeError);
    await rejects(`read(${sector})`, () => block.read(sector, buffers), RangeError);
  }
}

async function borrowsWritten(block: Block): Promise<void> {
  const { sectorBytes } = block.info;
  const original = sampleBytes(2 * sectorBytes, 10);
  const backing = new Uint8Array(2 * sectorBytes + 3).fill(0xaa);
  const buffer = backing.subarray(1, 1 + original.length);
  buffer.set(original);
  await block.write(5, [buffer]);
  bytesEqual("a buffer, after it was written", buffer, original);
  backing.fill(0x55);
  await block.flush();
  bytesEqual("sectors whose buffer changed later", await sectorsOf(block, 5, 2), original);
}

async function borrowsRead(block: Block): Promise<void> {
  const { sectorBytes } = block.info;
  const original = sampleBytes(sectorBytes, 11);
  await block.write(5, [original]);
  const backing = new Uint8Array(sectorBytes + 3).fill(0xaa);
  const buffer = backing.subarray(1, 1 + sectorBytes);
  await block.read(5, [buffer]);
  bytesEqual("a buffer inside a larger one", buffer, original);
  bytesEqual("the byte before it", backing.slice(0, 1), new Uint8Array([0xaa]));
  bytesEqual("the bytes after it", backing.slice(1 + sectorBytes), new Uint8Array([0xaa, 0xaa]));
  backing.fill(0x55);
  bytesEqual("a sector whose reader changed its copy", await sectorsOf(block, 5, 1), original);
  await block.write(5, [sampleBytes(sectorBytes, 12)]);
  await block.flush();
  bytesEqual("a buffer after its read", backing, new Uint8Array(backing.length).fill(0x55));
}

async function keepsOrder(block: Block): Promise<void> {
  const { sectorBytes } = block.info;
  const bytes = Array.from({ length: 50 }, (_, index) => sampleBytes(2 * sectorBytes, index));
  const between: Uint8Array[] = [];
  const operations = bytes.flatMap((written) => {
    const into = new Uint8Array(2 * sectorBytes);
    between.push(into);
    return [block.write(7, [written]), block.read(7, [into])];
  });
  await Promise.all(operations);
  bytes.forEach((written, index) => {
    bytesEqual(`a read called after write ${index}, before the next`, between[index], written);
  });
}

async function equalsModel(block: Block): Promise<void> {
  const { sectorBytes } = block.info;
  const next = sampleNumbers(13);
  const model = new Uint8Array(32 * sectorBytes);
  const operations: Promise<void>[] = [];
  for (let index = 0; index < 200; index++) {
    const sector = next(29);
    const lengthBytes = (1 + next(3)) * sectorBytes;
    const range = model.subarray(sector * sectorBytes, sector * sectorBytes + lengthBytes);
    if (next(2) === 0) {
      range.set(sampleBytes(lengthBytes, index));
      operations.push(block.write(sector, [range.slice()]));
    } else {
      operations.push(readsAs(block, sector, range.slice()));
    }
  }
  await Promise.all(operations);
  bytesEqual("the disk at the end", await sectorsOf(block, 0, 32), model);
}

async function flushes(block: Block): Promise<void> {
  await block.flush();
  const bytes = sampleBytes(block.info.sectorBytes, 14);
  await block.write(0, [bytes]);
  await block.flush();
  await block.flush();
  bytesEqual("sector 0 after flush()", await sectorsOf(block, 0, 1), bytes);
}

async function discards(block: Block): Promise<void> {
  const { sectorBytes, sectorCount } = block.info;
  const before = sampleBytes(4 * sectorBytes, 15);
  await block.write(1, [before]);
  await block.discard(2, 2);
  const after = await sectorsOf(block, 1, 4);
  for (let index = 0; index < 4; index++) {
    const from = index * sectorBytes;
    const isDiscarded = index === 1 || index === 2;
    const isZero = after.subarray(from, from + sectorBytes).every((byte) => byte === 0);
    if (isDiscarded && isZero) continue;
    const old = before.subarray(from, from + sectorBytes);
    bytesEqual(`sector ${index + 1}`, after.subarray(from, from + sectorBytes), old);
  }
  await block.write(2, [before]);
  bytesEqual("sectors written after discard()", await sectorsOf(block, 2, 4), before);
  await block.discard(sectorCount - 1, 1);
  await block.discard(0, 0);
}

async function refusesDiscardPastTheEnd(block: Block): Promise<void> {
  const { sectorCount } = block.info;
  for (const sector of [sectorCount - 1, sectorCount, Number.MAX_SAFE_INTEGER]) {
    const discard = (): Promise<void> => block.discard(sector, 2);
    await rejects(`discard(${sector}, 2)`, discard, BlockError, "out-of-range");
  }
}

async function grows(block: Block): Promise<void> {
  const { growable, sectorBytes, sectorCount } = block.info;
  const last = sampleBytes(sectorBytes, 16);
  await block.write(sectorCount - 1, [last]);
  await block.grow(sectorCount);
  equal("info.sectorCount after growing to the present size", block.info.sectorCount, sectorCount);
  const grow = (): Promise<void> => block.grow(sectorCount + 3);
  if (!growable) {
    await rejects("grow() of a fixed disk", grow, BlockError, "out-of-range");
    equal("info.sectorCount after a refused grow()", block.info.sectorCount, sectorCount);
    return;
  }
  await grow();
  equal("info.sectorCount after grow()", block.info.sectorCount, sectorCount + 3);
  bytesEqual("the old last sector", await sectorsOf(block, sectorCount - 1, 1), last);
  const added = await sectorsOf(block, sectorCount, 3);
  bytesEqual("the new sectors", added, new Uint8Array(3 * sectorBytes));
  await block.write(sectorCount + 2, [last]);
  bytesEqual("the new last sector", await sectorsOf(block, sectorCount + 2, 1), last);
}

async function refusesGrow(block: Block): Promise<void> {
  const { sectorCount } = block.info;
  for (const size of [sectorCount - 1, -1, sectorCount + 0.5, Number.NaN, 2 ** 53]) {
    await rejects(`grow(${size})`, () => block.grow(size), RangeError);
  }
  const tooFar = (): Promise<void> => block.grow(Number.MAX_SAFE_INTEGER);
  await rejects("grow() to 2⁵³ − 1 sectors", tooFar, BlockError, "out-of-range", "no-space");
  equal("info.sectorCount after refused grow()s", block.info.sectorCount, sectorCount);
}

async function counts(block: Block): Promise<void> {
  const { counters } = block;
  const { sectorBytes } = block.info;
  const before = { ...counters };
  await block.write(0, [new Uint8Array(2 * sectorBytes), new Uint8Array(sectorBytes)]);
  await block.read(0, [new Uint8Array(2 * sectorBytes)]);
  await block.read(1, [new Uint8Array(2 * sectorBytes)]);
  await block.flush();
  equal("counters.writes", counters.writes - before.writes, 1);
  equal("counters.sectorsWritten", counters.sectorsWritten - before.sectorsWritten, 3);
  equal("counters.reads", counters.reads - before.reads, 2);
  equal("counters.sectorsRead", counters.sectorsRead - before.sectorsRead, 4);
  equal("counters.flushes", counters.flushes - before.flushes, 1);
}

async function refusesWhenClosed(block: Block): Promise<void> {
  const buffers = [new Uint8Array(block.info.sectorBytes)];
  const { sectorCount } = block.info;
  await block[Symbol.asyncDispose]();
  await rejects("read()", () => block.read(0, buffers), BlockError, "closed");
  await rejects("write()", () => block.write(0, buffers), BlockError, "closed");
  await rejects("flush()", () => block.flush(), BlockError, "closed");
  await rejects("grow()", () => block.grow(sectorCount + 1), BlockError, "closed");
  await rejects("discard()", () => block.discard(0, 1), BlockError, "closed");
}

async function settlesBeforeDisposed(block: Block): Promise<void> {
  const { sectorBytes } = block.info;
  const into = new Uint8Array(sectorBytes);
  let settledCount = 0;
  const count = (): void => void settledCount++;
  const written = later(block.write(0, [sampleBytes(sectorBytes, 17)]).then(count));
  const read = later(block.read(0, [into]).then(count));
  await block[Symbol.asyncDispose]();
  await Promise.resolve();
  equal("operations settled when dispose() resolved", settledCount, 2);
  await Promise.all([written, read]);
  bytesEqual("what was read meanwhile", into, sampleBytes(sectorBytes, 17));
}

/** Writes, ends the device as `end` says, and looks at the disk that `again` connects. */
async function survives(
  connect: () => Promise<Block>,
  again: (previous: Block) => Promise<Block>,
  end: (block: Block) => Promise<void>,
): Promise<void> {
  const block = await connect();
  const { growable, sectorBytes, sectorCount } = block.info;
  const bytes = sampleBytes(4 * sectorBytes, 18);
  await block.write(1, [bytes]);
  await block.write(2, [bytes.subarray(0, sectorBytes)]);
  if (growable) await block.grow(sectorCount + 5);
  await block.write(block.info.sectorCount - 1, [bytes.subarray(sectorBytes, 2 * sectorBytes)]);
  if (block.info.durableAfter === "flush") await block.flush();
  const grownCount = block.info.sectorCount;
  await end(block);
  await withDevice(
    () => again(block),
    async (same) => {
      equal("info.sectorCount of the same disk", same.info.sectorCount, grownCount);
      const expected = new Uint8Array(7 * sectorBytes);
      expected.set(bytes, sectorBytes);
      expected.set(bytes.subarray(0, sectorBytes), 2 * sectorBytes);
      bytesEqual("sectors 0 to 6 of the same disk", await sectorsOf(same, 0, 7), expected);
      const last = await sectorsOf(same, grownCount - 1, 1);
      bytesEqual("its last sector", last, bytes.subarray(sectorBytes, 2 * sectorBytes));
    },
  );
}

async function refusesWhenReadOnly(block: Block): Promise<void> {
  const { sectorBytes, sectorCount } = block.info;
  equal("info.readWrite", block.info.readWrite, false);
  const before = await sectorsOf(block, 0, 1);
  const write = (): Promise<void> => block.write(0, [sampleBytes(sectorBytes, 19)]);
  await rejects("write()", write, BlockError, "read-only");
  await rejects("discard()", () => block.discard(0, 1), BlockError, "read-only");
  await rejects("grow()", () => block.grow(sectorCount + 1), BlockError, "read-only");
  bytesEqual("sector 0, after refused writes", await sectorsOf(block, 0, 1), before);
}

async function sectorsOf(block: Block, sector: number, sectorCount: number): Promise<Uint8Array> {
  const into = sampleBytes(sectorCount * block.info.sectorBytes, 99);
  await block.read(sector, [into]);
  return into;
}

async function readsAs(block: Block, sector: number, expected: Uint8Array): Promise<void> {
  const into = new Uint8Array(expected.length);
  await block.read(sector, [into]);
  bytesEqual(`sector ${sector}, read between other operations`, into, expected);
}

/** Cuts `bytes` into consecutive views of so many sectors each. */
function cut(
  bytes: Uint8Array,
  sectorCounts: readonly number[],
  sectorBytes: number,
): Uint8Array[] {
  let from = 0;
  return sectorCounts.map((count) => bytes.subarray(from, (from += count * sectorBytes)));
}
