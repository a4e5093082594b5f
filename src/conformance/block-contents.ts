import { BlockError, type Block } from "../devices/index.ts";
import { sectorsOf } from "./block-sectors.ts";
import { bytesEqual, equal, holds, rejects, sampleBytes, type Check } from "./law.ts";

/** What is on a disk: what was written, where, and nothing else. */
export const contentsChecks: readonly Check<Block>[] = [
  ["info says what the disk is", checkInfo],
  ["read() gives zeros, for sectors never written", readsZeros],
  ["read() gives what write() wrote, however the buffers are cut", readsBack],
  ["write() changes only its own sectors", writesOnlyItsSectors],
  ["write() and read() reach the first and the last sector", reachesBothEnds],
  ["write() and read() move a whole disk of buffers at once", movesMuch],
  ["write() and read() do nothing, for an empty list or an empty buffer", acceptsNothing],
  ["write() leaves its buffers as they were, and forgets them when settled", borrowsWritten],
  ["read() fills only its buffers, and forgets them when settled", borrowsRead],
  ["flush() resolves, with and without writes before it", flushes],
  ["discard() leaves zeros or the old contents, and other sectors alone", discards],
  ["grow() adds zeros and keeps contents, or rejects with out-of-range", grows],
  ["counters count what was asked and moved, live", counts],
];

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

/** Cuts `bytes` into consecutive views of so many sectors each. */
function cut(
  bytes: Uint8Array,
  sectorCounts: readonly number[],
  sectorBytes: number,
): Uint8Array[] {
  let from = 0;
  return sectorCounts.map((count) => bytes.subarray(from, (from += count * sectorBytes)));
}
