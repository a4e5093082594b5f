/**
 * What says which half of the disk is the log: sectors 0 and 1, written in turn.
 *
 *      0      4         8       16       20     24        32         40      48      64         80
 *     +------+---------+-------+--------+------+---------+----------+-------+-------+----------+
 *     |"MKVS"| version | epoch | sector | half | half    | snapshot | zeros | nonce | checksum |
 *     |      |         |       | bytes  |      | sectors | sectors  |       |       |          |
 *     +------+---------+-------+--------+------+---------+----------+-------+-------+----------+
 *
 * Zeros fill the rest of the sector. The checksum is of what is before it.
 */

import { Sha256 } from "./sha-256.ts";

/** A superblock. */
export interface Superblock {
  /** Counts snapshots, from 1 on; the highest holds. It is in sector `epoch % 2`. */
  readonly epoch: number;
  readonly sectorBytes: number;
  /** Which half holds the log. */
  readonly half: 0 | 1;
  readonly halfSectors: number;
  /** Sectors of the half that were written before this superblock was. */
  readonly snapshotSectors: number;
  /** Random, of this epoch alone: records that do not have it are of another. */
  readonly nonce: Uint8Array;
}

const magic = 0x4d_4b_56_53;
const version = 1;

const offset = {
  magic: 0,
  version: 4,
  epoch: 8,
  sectorBytes: 16,
  half: 20,
  halfSectors: 24,
  snapshotSectors: 32,
  nonce: 48,
  checksum: 64,
  end: 80,
} as const;

/** Bytes of a nonce. */
export const nonceBytes = 16;

/** Writes a superblock as a sector, *fresh*. */
export function encodeSuperblock(superblock: Superblock): Uint8Array<ArrayBuffer> {
  const sector = new Uint8Array(superblock.sectorBytes);
  const view = new DataView(sector.buffer);
  view.setUint32(offset.magic, magic);
  view.setUint32(offset.version, version);
  view.setBigUint64(offset.epoch, BigInt(superblock.epoch));
  view.setUint32(offset.sectorBytes, superblock.sectorBytes);
  view.setUint32(offset.half, superblock.half);
  view.setBigUint64(offset.halfSectors, BigInt(superblock.halfSectors));
  view.setBigUint64(offset.snapshotSectors, BigInt(superblock.snapshotSectors));
  sector.set(superblock.nonce, offset.nonce);
  sector.set(checksumOf(sector), offset.checksum);
  return sector;
}

/** Reads a superblock; `undefined` if the sector is none. */
export function decodeSuperblock(sector: Uint8Array): Superblock | undefined {
  if (sector.length < offset.end) return undefined;
  const view = new DataView(sector.buffer, sector.byteOffset, sector.length);
  if (view.getUint32(offset.magic) !== magic || view.getUint32(offset.version) !== version) {
    return undefined;
  }
  const checksum = checksumOf(sector);
  if (!checksum.every((byte, index) => byte === sector[offset.checksum + index])) return undefined;
  const half = view.getUint32(offset.half);
  if (half !== 0 && half !== 1) return undefined;
  return {
    epoch: Number(view.getBigUint64(offset.epoch)),
    sectorBytes: view.getUint32(offset.sectorBytes),
    half,
    halfSectors: Number(view.getBigUint64(offset.halfSectors)),
    snapshotSectors: Number(view.getBigUint64(offset.snapshotSectors)),
    nonce: sector.slice(offset.nonce, offset.nonce + nonceBytes),
  };
}

function checksumOf(sector: Uint8Array): Uint8Array {
  return new Sha256().add(sector.subarray(0, offset.checksum)).digest().subarray(0, 16);
}
