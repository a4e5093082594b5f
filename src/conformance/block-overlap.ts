/** The laws of {@link Block} about what happens at the same time, or is cut off. */

import { BlockError, type Block } from "../devices/index.ts";
import {
  bytesEqual,
  equal,
  holds,
  later,
  rejects,
  sampleBytes,
  withDevice,
  type Law,
} from "./law.ts";

/** What these laws need of a subject; see `BlockSubject`. */
interface OverlapSubject {
  readonly connect: () => Promise<Block>;
  readonly reopen?: (previous: Block) => Promise<Block>;
  readonly crash?: (previous: Block) => Promise<Block>;
  readonly connectReadOnly?: () => Promise<Block>;
}

/** The laws of overlapping operations, and of what ends them. */
export function blockOverlapLaws(subject: OverlapSubject): readonly Law[] {
  const { connect, reopen, crash, connectReadOnly } = subject;
  const law = (name: string, body: (block: Block) => Promise<void>): Law => ({
    name,
    run: () => withDevice(connect, body),
  });
  const laws = [
    law("write() takes the same buffer many times", takesOneBufferOften),
    law("discard() keeps its place among overlapping operations", ordersDiscards),
    law("discard() fails with RangeError, for what is no range", refusesMisuse),
    law("info is a new object after grow(), and the old one stays as it was", keepsOldInfo),
    law("overlapping grow()s leave the largest size", growsToTheLargest),
    law("a write that nobody awaits resolves, before dispose() does", finishesWrites),
  ];
  if (reopen !== undefined) {
    laws.push({
      name: "a write that nobody awaited is there, when the disk is connected again",
      run: () => keepsUnawaited(connect, reopen),
    });
  }
  if (crash !== undefined) {
    laws.push({
      name: "after a crash amid writes, each sector is old or new, and new where one resolved",
      run: () => tearsNoSector(connect, crash),
    });
  }
  if (connectReadOnly !== undefined) {
    laws.push({
      name: "read() and flush() work, on a read-only disk",
      run: () => withDevice(connectReadOnly, readsAllTheSame),
    });
  }
  return laws;
}

async function takesOneBufferOften(block: Block): Promise<void> {
  const { sectorBytes } = block.info;
  await block.write(0, [sampleBytes(8 * sectorBytes, 30)]);
  const one = sampleBytes(sectorBytes, 31);
  await block.write(2, [one, one, one]);
  for (const sector of [2, 3, 4]) {
    bytesEqual(`sector ${sector}`, await sectorsOf(block, sector, 1), one);
  }
}

async function ordersDiscards(block: Block): Promise<void> {
  const { sectorBytes } = block.info;
  const between: Uint8Array[] = [];
  const operations: Promise<void>[] = [];
  const bytesOf = (round: number): Uint8Array => sampleBytes(2 * sectorBytes, 40 + round);
  for (let round = 0; round < 20; round++) {
    const into = new Uint8Array(2 * sectorBytes);
    between.push(into);
    operations.push(
      block.write(5, [bytesOf(round)]),
      block.read(5, [into]),
      block.discard(5, 2),
      block.write(6, [bytesOf(round)]),
    );
  }
  await Promise.all(operations);
  between.forEach((read, round) => {
    bytesEqual(`a read called before discard ${round}`, read, bytesOf(round));
  });
  bytesEqual("what was written after the last", await sectorsOf(block, 6, 2), bytesOf(19));
}

async function refusesMisuse(block: Block): Promise<void> {
  const wrong = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY];
  for (const value of wrong) {
    await rejects(`discard(${value}, 1)`, () => block.discard(value, 1), RangeError);
    await rejects(`discard(1, ${value})`, () => block.discard(1, value), RangeError);
  }
}

async function keepsOldInfo(block: Block): Promise<void> {
  const before = block.info;
  const { sectorCount, growable } = before;
  if (!growable) return;
  await block.grow(sectorCount + 2);
  equal("sectorCount of the info taken before", before.sectorCount, sectorCount);
  holds("info after grow()", block.info !== before, "another object", block.info);
}

async function growsToTheLargest(block: Block): Promise<void> {
  const { growable, sectorCount, sectorBytes } = block.info;
  if (!growable) return;
  await Promise.all([4, 1, 3].map((more) => block.grow(sectorCount + more)));
  equal("info.sectorCount", block.info.sectorCount, sectorCount + 4);
  const added = await sectorsOf(block, sectorCount, 4);
  bytesEqual("the new sectors", added, new Uint8Array(4 * sectorBytes));
}

async function finishesWrites(block: Block): Promise<void> {
  const { sectorBytes } = block.info;
  let settledCount = 0;
  const writes = [0, 1, 2].map((sector) =>
    later(block.write(sector, [sampleBytes(sectorBytes, sector)]).finally(() => settledCount++)),
  );
  await block[Symbol.asyncDispose]();
  await Promise.resolve();
  equal("writes settled when dispose() resolved", settledCount, 3);
  await Promise.all(writes);
}

async function keepsUnawaited(
  connect: () => Promise<Block>,
  reopen: (previous: Block) => Promise<Block>,
): Promise<void> {
  const block = await connect();
  const { sectorBytes, durableAfter } = block.info;
  const bytes = sampleBytes(2 * sectorBytes, 32);
  const writing = later(block.write(3, [bytes]));
  if (durableAfter === "flush") await writing.then(() => block.flush());
  await block[Symbol.asyncDispose]();
  await withDevice(
    () => reopen(block),
    async (same) => bytesEqual("sectors 3 and 4", await sectorsOf(same, 3, 2), bytes),
  );
}

async function tearsNoSector(
  connect: () => Promise<Block>,
  crash: (previous: Block) => Promise<Block>,
): Promise<void> {
  const block = await connect();
  const { sectorBytes, durableAfter } = block.info;
  const [old, resolved, cut] = [33, 34, 35].map((seed) => sampleBytes(8 * sectorBytes, seed));
  if (old === undefined || resolved === undefined || cut === undefined) return;
  await block.write(0, [old]);
  await block.write(4, [resolved.subarray(4 * sectorBytes)]);
  if (durableAfter === "flush") await block.flush();
  void later(block.write(2, [cut.subarray(2 * sectorBytes, 6 * sectorBytes)]));
  await withDevice(
    () => crash(block),
    async (same) => {
      const found = await sectorsOf(same, 0, 8);
      for (let sector = 0; sector < 8; sector++) {
        const inSector = (bytes: Uint8Array): string =>
          bytes.subarray(sector * sectorBytes, (sector + 1) * sectorBytes).join();
        const allowed = [inSector(sector < 4 ? old : resolved)];
        if (sector >= 2 && sector < 6) allowed.push(inSector(cut));
        const isWhole = allowed.includes(inSector(found));
        holds(`sector ${sector}`, isWhole, "its last durable contents, or those cut off", found);
      }
    },
  );
}

async function readsAllTheSame(block: Block): Promise<void> {
  await sectorsOf(block, 0, 1);
  await block.flush();
  await rejects("write()", () => block.write(0, []), BlockError, "read-only");
}

async function sectorsOf(block: Block, sector: number, sectorCount: number): Promise<Uint8Array> {
  const into = sampleBytes(sectorCount * block.info.sectorBytes, 99);
  await block.read(sector, [into]);
  return into;
}
