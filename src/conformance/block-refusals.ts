import { BlockError, type Block } from "../devices/index.ts";
import { sectorsOf } from "./block-sectors.ts";
import { bytesEqual, equal, rejects, sampleBytes, type Check } from "./law.ts";

/** What a disk refuses, with which error, and that nothing was written then. */
export const refusalChecks: readonly Check<Block>[] = [
  ["write() and read() reject with out-of-range, past the end", refusesPastTheEnd],
  ["write() and read() reject with unaligned, for a part of a sector", refusesUnaligned],
  ["write() and read() fail with RangeError, for what is no sector", refusesMisuse],
  ["discard() rejects with out-of-range, past the end", refusesDiscardPastTheEnd],
  ["grow() fails and changes nothing, for a size that cannot be", refusesGrow],
  ["every operation rejects with closed, after dispose()", refusesWhenClosed],
];

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

async function refusesDiscardPastTheEnd(block: Block): Promise<void> {
  const { sectorCount } = block.info;
  for (const sector of [sectorCount - 1, sectorCount, Number.MAX_SAFE_INTEGER]) {
    const discard = (): Promise<void> => block.discard(sector, 2);
    await rejects(`discard(${sector}, 2)`, discard, BlockError, "out-of-range");
  }
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

/** A disk that must not be written refuses every change. */
export async function refusesWhenReadOnly(block: Block): Promise<void> {
  const { sectorBytes, sectorCount } = block.info;
  equal("info.readWrite", block.info.readWrite, false);
  equal("info.growable", block.info.growable, false);
  const before = await sectorsOf(block, 0, 1);
  const write = (): Promise<void> => block.write(0, [sampleBytes(sectorBytes, 19)]);
  await rejects("write()", write, BlockError, "read-only");
  await rejects("discard()", () => block.discard(0, 1), BlockError, "read-only");
  await rejects("grow()", () => block.grow(sectorCount + 1), BlockError, "read-only");
  bytesEqual("sector 0, after refused writes", await sectorsOf(block, 0, 1), before);
}
