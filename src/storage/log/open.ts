import { KeyValueError, type Random } from "../../devices/index.ts";
import { ReadAhead, type Disk } from "./disk.ts";
import { Log } from "./log.ts";
import { replay } from "./replay.ts";
import { decodeSuperblock, encodeSuperblock, nonceBytes, type Superblock } from "./superblock.ts";
import { emptyDictionary } from "./tree.ts";

/** Two superblocks, and two halves of three sectors. */
const minSectorCount = 8;

/**
 * Opens the log on a disk. One of zeros becomes an empty log.
 *
 * @throws {KeyValueError} `damaged` if the disk holds something else, or a log that makes no sense;
 *   `no-space` if it is too small; what the disk says
 */
export async function openLog(disk: Disk, random: Random): Promise<Log> {
  const { sectorCount } = disk;
  if (sectorCount < minSectorCount) {
    const why = `${sectorCount} sectors are less than ${minSectorCount}`;
    throw new KeyValueError("no-space", `Cannot keep a store on this disk: ${why}`);
  }
  const slots = await readSlots(disk);
  if (slots.every(isZero)) {
    const superblock = await format(disk, random, slots);
    const found = { root: emptyDictionary(0), usedSectors: 0, recordCount: 0 };
    return new Log({ disk, random, superblock, slots, found });
  }
  const superblock = latest(disk, slots.map(decodeSuperblock), slots.some(isZero));
  return new Log({ disk, random, superblock, slots, found: await replay(disk, superblock) });
}

type Slots = [Uint8Array, Uint8Array];

async function readSlots(disk: Disk): Promise<Slots> {
  const { sectorBytes } = disk;
  const both = await disk.read(0, 2 * sectorBytes);
  return [both.slice(0, sectorBytes), both.slice(sectorBytes)];
}

/**
 * Makes a disk of zeros an empty log, unless it is read-only. It is one sector that says so: the
 * disk is formatted or it is not.
 */
async function format(disk: Disk, random: Random, slots: Slots): Promise<Superblock> {
  const { sectorBytes, sectorCount } = disk;
  const reader = new ReadAhead(disk);
  for (let sector = 2; sector < sectorCount; sector += 1) {
    const bytes = await reader.read(sector * sectorBytes, sectorBytes);
    if (!isZero(bytes)) throw foreign("it holds something else");
  }
  const superblock: Superblock = {
    epoch: 1,
    sectorBytes,
    half: 0,
    halfSectors: Math.floor((sectorCount - 2) / 2),
    snapshotSectors: 0,
    nonce: random.fill(new Uint8Array(nonceBytes)),
  };
  if (!disk.readWrite) return superblock;
  slots[1] = encodeSuperblock(superblock);
  await disk.write(1, slots[1]);
  await disk.sync();
  return superblock;
}

/** The superblock that holds. A sector is written whole or not at all, so both make sense. */
function latest(
  disk: Disk,
  [even, odd]: readonly (Superblock | undefined)[],
  isFirstEpoch: boolean,
): Superblock {
  const epochs = [even?.epoch ?? 0, odd?.epoch ?? 0] as const;
  const newer = epochs[0] > epochs[1] ? even : odd;
  if (newer === undefined) throw foreign("it holds something else");
  const areTwo = Math.abs(epochs[0] - epochs[1]) === 1 && newer.epoch > 1;
  const isOne = isFirstEpoch && newer.epoch === 1;
  if ((!areTwo && !isOne) || epochs[newer.epoch % 2] !== newer.epoch) {
    throw foreign("one of its superblocks is damaged");
  }
  const { sectorBytes, halfSectors } = newer;
  if (sectorBytes === disk.sectorBytes && 2 + 2 * halfSectors <= disk.sectorCount) return newer;
  throw foreign(`its store has 2 + 2 × ${halfSectors} sectors of ${sectorBytes} bytes`);
}

function isZero(sector: Uint8Array): boolean {
  // A loop, since all of a disk goes through here.
  for (let index = 0; index < sector.length; index += 1) if (sector[index] !== 0) return false;
  return true;
}

function foreign(why: string): KeyValueError {
  return new KeyValueError("damaged", `Cannot open the disk as a store: ${why}`);
}
