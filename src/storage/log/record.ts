/**
 * A record of the log: changes that are made together. It begins at a sector, with this header:
 *
 *      0       4       8               16              24              32        48         64
 *     +-------+-------+---------------+---------------+---------------+---------+----------+
 *     | "MKVR"| entry | sequence      | table bytes   | value bytes   | nonce   | checksum |
 *     |       | count | number        |               |               |         |          |
 *     +-------+-------+---------------+---------------+---------------+---------+----------+
 *
 * The table follows, an entry for each change, and then the values of all entries; zeros fill the
 * last sector. The checksum is of the header before it and of the table, which has a digest of each
 * value. An entry:
 *
 *      0       4       8               16              24              32        48
 *     +-------+-------+---------------+---------------+---------------+---------+-----+--------+
 *     | kind  | key   | wall time, ms | offset, or    | value bytes   | digest  | key | other  |
 *     |       | units | (a float)     | units of "to" |               |         |     | key    |
 *     +-------+-------+---------------+---------------+---------------+---------+-----+--------+
 *
 * A key is its segments with a `/` between them, in UTF-16, which every string survives.
 */

import type { Key } from "../../devices/index.ts";
import type { Change } from "./change.ts";
import { Sha256 } from "./sha-256.ts";
import { nonceBytes } from "./superblock.ts";
import { entryBytes, type Part } from "./tree.ts";

/** What the header of a record says. */
export interface RecordHeader {
  readonly entryCount: number;
  /** The record's place in the log, from 0 on. */
  readonly sequence: number;
  readonly tableBytes: number;
  readonly valueBytes: number;
}

/** A digest of a value, and a checksum: so much of SHA-256. */
export const digestBytes = 16;

const magic = 0x4d_4b_56_52;

const header = {
  magic: 0,
  entryCount: 4,
  sequence: 8,
  tableBytes: 16,
  valueBytes: 24,
  nonce: 32,
  checksum: 48,
} as const;

/** Bytes of a header, less than a sector. */
export const headerBytes = 64;

const entry = { kind: 0, keyUnits: 4, atMs: 8, offset: 16, valueBytes: 24, digest: 32 } as const;

const kinds: readonly Change["kind"][] = ["set", "set part", "remove", "rename", "touch"];

/** The digest of bytes, *fresh*. */
export function digestOf(bytes: Uint8Array): Uint8Array {
  return new Sha256().add(bytes).digest().slice(0, digestBytes);
}

/** How many bytes a change takes in a record. */
export function sizeOf(change: Change): number {
  const toUnits = change.kind === "rename" ? unitsOf(change.to) : 0;
  return entryBytes + 2 * (unitsOf(change.key) + toUnits) + (partOf(change)?.lengthBytes ?? 0);
}

/** Writes a record whose values are in memory, *fresh*; whole sectors. */
export function encodeRecord(
  changes: readonly Change[],
  { nonce, sequence, sectorBytes }: EncodeOptions,
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly valuesAt: number } {
  const valueBytes = changes.reduce((sum, each) => sum + (partOf(each)?.lengthBytes ?? 0), 0);
  const allBytes = headerBytes + changes.reduce((sum, each) => sum + sizeOf(each), 0);
  const valuesAt = allBytes - valueBytes;
  const bytes = new Uint8Array(Math.ceil(allBytes / sectorBytes) * sectorBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(header.magic, magic);
  view.setUint32(header.entryCount, changes.length);
  view.setBigUint64(header.sequence, BigInt(sequence));
  view.setBigUint64(header.tableBytes, BigInt(valuesAt - headerBytes));
  view.setBigUint64(header.valueBytes, BigInt(valueBytes));
  bytes.set(nonce, header.nonce);
  let at = headerBytes;
  let valueAt = valuesAt;
  for (const change of changes) {
    at = encodeEntry(change, view, at);
    const part = partOf(change);
    if (typeof part?.source === "object") bytes.set(part.source, valueAt);
    valueAt += part?.lengthBytes ?? 0;
  }
  const checksum = checksumOf(bytes, bytes.subarray(headerBytes, valuesAt));
  bytes.set(checksum, header.checksum);
  return { bytes, valuesAt };
}

/** What a record is to have. */
export interface EncodeOptions {
  readonly nonce: Uint8Array;
  readonly sequence: number;
  readonly sectorBytes: number;
}

/** The value of a change, if it has one. */
export function partOf(change: Change): Part | undefined {
  return change.kind === "set" || change.kind === "set part" ? change.part : undefined;
}

/**
 * Reads the header of a record from its first {@link headerBytes}; `undefined` if it is none with
 * this nonce. Only {@link isWhole} tells whether it is damaged.
 */
export function decodeHeader(bytes: Uint8Array, nonce: Uint8Array): RecordHeader | undefined {
  if (bytes.length < headerBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(header.magic) !== magic) return undefined;
  if (!nonce.every((byte, index) => byte === bytes[header.nonce + index])) return undefined;
  return {
    entryCount: view.getUint32(header.entryCount),
    sequence: Number(view.getBigUint64(header.sequence)),
    tableBytes: Number(view.getBigUint64(header.tableBytes)),
    valueBytes: Number(view.getBigUint64(header.valueBytes)),
  };
}

/** Tells whether header and table are as they were written. */
export function isWhole(bytes: Uint8Array, table: Uint8Array): boolean {
  const checksum = checksumOf(bytes, table);
  return checksum.every((byte, index) => byte === bytes[header.checksum + index]);
}

/**
 * Reads the entries of a table. The values are on the disk from byte `valuesAt` on. `undefined` if
 * it makes no sense.
 */
export function decodeTable(
  table: Uint8Array,
  { entryCount, valueBytes }: RecordHeader,
  valuesAt: number,
): Change[] | undefined {
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  const changes: Change[] = [];
  let at = 0;
  let valueAt = 0;
  while (changes.length < entryCount) {
    const found = decodeEntry(view, at, valuesAt + valueAt);
    if (found === undefined) return undefined;
    changes.push(found.change);
    at = found.end;
    valueAt += partOf(found.change)?.lengthBytes ?? 0;
  }
  return at === table.length && valueAt === valueBytes ? changes : undefined;
}

function encodeEntry(change: Change, view: DataView, at: number): number {
  const part = partOf(change);
  view.setUint32(at + entry.kind, kinds.indexOf(change.kind));
  view.setUint32(at + entry.keyUnits, unitsOf(change.key));
  view.setFloat64(at + entry.atMs, change.atMs);
  const number = change.kind === "rename" ? unitsOf(change.to) : (part?.offset ?? 0);
  view.setBigUint64(at + entry.offset, BigInt(number));
  view.setBigUint64(at + entry.valueBytes, BigInt(part?.lengthBytes ?? 0));
  part?.digest.forEach((byte, index) => view.setUint8(at + entry.digest + index, byte));
  const end = encodeKey(change.key, view, at + entryBytes);
  return change.kind === "rename" ? encodeKey(change.to, view, end) : end;
}

function decodeEntry(
  view: DataView,
  at: number,
  valueAt: number,
): { readonly change: Change; readonly end: number } | undefined {
  if (at + entryBytes > view.byteLength) return undefined;
  const kind = kinds[view.getUint32(at + entry.kind)];
  const atMs = view.getFloat64(at + entry.atMs);
  const number = Number(view.getBigUint64(at + entry.offset));
  const toAt = at + entryBytes + 2 * view.getUint32(at + entry.keyUnits);
  const end = kind === "rename" ? toAt + 2 * number : toAt;
  if (kind === undefined || end > view.byteLength) return undefined;
  const key = decodeKey(view, at + entryBytes, toAt);
  if (kind === "rename")
    return { change: { kind, key, to: decodeKey(view, toAt, end), atMs }, end };
  if (kind === "remove" || kind === "touch") return { change: { kind, key, atMs }, end };
  const digestAt = view.byteOffset + at + entry.digest;
  const part: Part = {
    offset: number,
    lengthBytes: Number(view.getBigUint64(at + entry.valueBytes)),
    digest: new Uint8Array(view.buffer, digestAt, digestBytes).slice(),
    source: valueAt,
  };
  return { change: { kind, key, part, atMs }, end };
}

function unitsOf(key: Key): number {
  return key.reduce((sum, segment) => sum + segment.length + 1, -Math.min(key.length, 1));
}

function encodeKey(key: Key, view: DataView, at: number): number {
  const text = key.join("/");
  for (let index = 0; index < text.length; index += 1) {
    view.setUint16(at + 2 * index, text.charCodeAt(index));
  }
  return at + 2 * text.length;
}

function decodeKey(view: DataView, start: number, end: number): Key {
  if (start === end) return [];
  let text = "";
  for (let at = start; at < end; at += 2) text += String.fromCharCode(view.getUint16(at));
  return text.split("/");
}

function checksumOf(bytes: Uint8Array, table: Uint8Array): Uint8Array {
  const covered = bytes.subarray(0, header.nonce + nonceBytes);
  return new Sha256().add(covered).add(table).digest().subarray(0, digestBytes);
}
