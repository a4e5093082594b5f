/** Finding out what a log holds, when its disk is opened. */

import { KeyValueError } from "../../devices/index.ts";
import { apply, type Change } from "./change.ts";
import { ReadAhead, type Disk } from "./disk.ts";
import {
  decodeHeader,
  decodeTable,
  headerBytes,
  isWhole,
  partOf,
  type RecordHeader,
} from "./record.ts";
import type { Superblock } from "./superblock.ts";
import { emptyDictionary, type Dictionary } from "./tree.ts";
import { verifyPart } from "./value.ts";

/** What a log was found to hold. */
export interface Replayed {
  readonly root: Dictionary;
  /** Sectors of the half that its records take. */
  readonly usedSectors: number;
  readonly recordCount: number;
}

/** A log on a disk, to be read. */
interface Log {
  readonly disk: ReadAhead;
  readonly sectorBytes: number;
  readonly superblock: Superblock;
  /** The sector at which its half begins. */
  readonly start: number;
}

/**
 * Reads a log to its end: the first sector that begins no record that is whole. All values are read
 * too, since the last record may have been torn by a power cut; it is then as if it had never been.
 *
 * @throws {KeyValueError} `damaged` if a record is not whole and another comes after it, or if the
 *   snapshot that the log begins with is not; what the disk says
 */
export async function replay(disk: Disk, superblock: Superblock): Promise<Replayed> {
  const { sectorBytes } = disk;
  const start = startOf(superblock);
  const log = { disk: new ReadAhead(disk), sectorBytes, superblock, start };
  let root = emptyDictionary(0);
  let usedSectors = 0;
  let recordCount = 0;
  while (usedSectors < superblock.halfSectors) {
    const record = await readRecord(log, usedSectors);
    const isNext = record?.header.sequence === recordCount && (await areWhole(log, record.changes));
    if (record === undefined || !isNext) break;
    root = record.changes.reduce(applyKnown, root);
    usedSectors += sectorsOf(record.header, sectorBytes);
    recordCount += 1;
  }
  if (usedSectors < superblock.snapshotSectors) throw damaged(log, usedSectors);
  await checkTail(log, usedSectors, recordCount);
  return { root, usedSectors, recordCount };
}

/** The sector at which the half of a superblock begins. */
export function startOf({ half, halfSectors }: Superblock): number {
  return 2 + half * halfSectors;
}

interface Found {
  readonly header: RecordHeader;
  readonly changes: readonly Change[];
}

/** Reads the record that begins at a sector of the half, but not its values. */
async function readRecord(log: Log, at: number): Promise<Found | undefined> {
  const { disk, sectorBytes, superblock, start } = log;
  const byte = (start + at) * sectorBytes;
  const first = await disk.read(byte, sectorBytes);
  const header = decodeHeader(first, superblock.nonce);
  if (header === undefined) return undefined;
  const spaceBytes = (superblock.halfSectors - at) * sectorBytes;
  if (headerBytes + header.tableBytes + header.valueBytes > spaceBytes) return undefined;
  const table = await disk.read(byte + headerBytes, header.tableBytes);
  if (!isWhole(first, table)) return undefined;
  const changes = decodeTable(table, header, byte + headerBytes + header.tableBytes);
  return changes && { header, changes };
}

async function areWhole({ disk }: Log, changes: readonly Change[]): Promise<boolean> {
  for (const change of changes) {
    const part = partOf(change);
    if (part === undefined) continue;
    try {
      await verifyPart(disk, part);
    } catch (error) {
      if (error instanceof KeyValueError && error.code === "damaged") return false;
      throw error;
    }
  }
  return true;
}

/** Makes a change that was made before, so that it cannot be refused. */
function applyKnown(root: Dictionary, change: Change): Dictionary {
  try {
    return apply(root, change);
  } catch (error) {
    throw new KeyValueError("damaged", "Cannot open the store: its log contradicts itself", {
      cause: error,
    });
  }
}

/** Checks that no record follows where the log seems to end. */
async function checkTail(log: Log, usedSectors: number, recordCount: number): Promise<void> {
  const { disk, sectorBytes, superblock, start } = log;
  for (let at = usedSectors; at < superblock.halfSectors; at += 1) {
    const sector = await disk.read((start + at) * sectorBytes, sectorBytes);
    const header = decodeHeader(sector, superblock.nonce);
    const isLater = header !== undefined && header.sequence > recordCount;
    if (isLater && (await readRecord(log, at)) !== undefined) throw damaged(log, usedSectors);
  }
}

function sectorsOf({ tableBytes, valueBytes }: RecordHeader, sectorBytes: number): number {
  return Math.ceil((headerBytes + tableBytes + valueBytes) / sectorBytes);
}

function damaged({ start }: Log, usedSectors: number): KeyValueError {
  const sector = start + usedSectors;
  return new KeyValueError(
    "damaged",
    `Cannot open the store: the record at sector ${sector} of its disk is damaged`,
  );
}
