import type { Block, Console } from "fata-morgana/devices";
import { BlockError } from "fata-morgana/devices";

interface Check {
  readonly name: string;
  readonly run: (disk: Block) => Promise<boolean>;
}

const checks: readonly Check[] = [
  { name: "write and read the first sector", run: (disk) => roundTrip(disk, 0, 1) },
  {
    name: "write and read the last sector",
    run: (disk) => roundTrip(disk, disk.info.sectorCount - 1, 1),
  },
  { name: "write and read eight sectors in one buffer", run: (disk) => roundTrip(disk, 3, 8) },
  { name: "read what eight buffers wrote", run: readScattered },
  { name: "overwrite a sector", run: overwrite },
  { name: "write two sectors at once, read both", run: overlap },
  {
    name: "refuse to read past the end",
    run: (disk) => refuses("out-of-range", disk.read(disk.info.sectorCount, [sectors(disk, 1)])),
  },
  {
    name: "refuse to write past the end",
    run: (disk) =>
      refuses("out-of-range", disk.write(disk.info.sectorCount - 1, [sectors(disk, 2)])),
  },
  {
    name: "refuse to read a buffer of odd length",
    run: (disk) => refuses("unaligned", disk.read(0, [new Uint8Array(disk.info.sectorBytes - 1)])),
  },
  {
    name: "refuse to write a buffer of odd length",
    run: (disk) => refuses("unaligned", disk.write(0, [new Uint8Array(disk.info.sectorBytes + 1)])),
  },
];

export async function start(console: Console, disk: Block): Promise<number> {
  const { sectorBytes, sectorCount } = disk.info;
  await console.writeLine(`disk: ${sectorCount} sectors of ${sectorBytes} bytes`);
  let failed = 0;
  for (const { name, run } of checks) {
    const problem = await problemOf(run(disk));
    if (problem !== undefined) failed += 1;
    const line = problem === undefined ? `ok     ${name}` : `FAILED ${name}: ${problem}`;
    await console.writeLine(line);
  }
  await console.writeLine(`${checks.length - failed} of ${checks.length} checks passed`);
  return failed === 0 ? 0 : 2;
}

async function problemOf(check: Promise<boolean>): Promise<string | undefined> {
  try {
    return (await check) ? undefined : "the disk did something else";
  } catch (error) {
    return String(error);
  }
}

async function roundTrip(disk: Block, sector: number, count: number): Promise<boolean> {
  const written = pattern(sectors(disk, count), sector + 1);
  const read = sectors(disk, count);
  await disk.write(sector, [written]);
  await disk.read(sector, [read]);
  return same(written, read);
}

async function readScattered(disk: Block): Promise<boolean> {
  const written = Array.from({ length: 8 }, (_, index) => pattern(sectors(disk, 1), index + 40));
  const read = sectors(disk, 8);
  await disk.write(16, written);
  await disk.read(16, [read]);
  const { sectorBytes } = disk.info;
  return written.every((each, index) =>
    same(each, read.subarray(index * sectorBytes, (index + 1) * sectorBytes)),
  );
}

async function overwrite(disk: Block): Promise<boolean> {
  const second = pattern(sectors(disk, 1), 200);
  const read = sectors(disk, 1);
  await disk.write(30, [pattern(sectors(disk, 1), 100)]);
  await disk.write(30, [second]);
  await disk.read(30, [read]);
  return same(second, read);
}

async function overlap(disk: Block): Promise<boolean> {
  const left = pattern(sectors(disk, 1), 7);
  const right = pattern(sectors(disk, 1), 9);
  const read = [sectors(disk, 1), sectors(disk, 1)] as const;
  await Promise.all([disk.write(50, [left]), disk.write(51, [right]), disk.read(50, read)]);
  return same(left, read[0]) && same(right, read[1]);
}

async function refuses(code: BlockError["code"], operation: Promise<void>): Promise<boolean> {
  const error: unknown = await operation.catch((reason: unknown) => reason);
  return error instanceof BlockError && error.code === code;
}

function sectors(disk: Block, count: number): Uint8Array {
  return new Uint8Array(count * disk.info.sectorBytes);
}

function pattern(bytes: Uint8Array, seed: number): Uint8Array {
  return bytes.map((_, index) => (index * 31 + seed * 17) & 0xff);
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
