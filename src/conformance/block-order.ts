import type { Block } from "../devices/index.ts";
import { sectorsOf } from "./block-sectors.ts";
import { bytesEqual, equal, later, sampleBytes, sampleNumbers, type Check } from "./law.ts";

/** Operations that overlap in time: as if each waited for the one before. */
export const orderChecks: readonly Check<Block>[] = [
  ["overlapping operations take effect in the order of the calls", keepsOrder],
  ["overlapping operations give what a plain array gives, whatever their mix", equalsModel],
  ["operations under way settle, before dispose() resolves", settlesBeforeDisposed],
];

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

async function readsAs(block: Block, sector: number, expected: Uint8Array): Promise<void> {
  const into = new Uint8Array(expected.length);
  await block.read(sector, [into]);
  bytesEqual(`sector ${sector}, read between other operations`, into, expected);
}
