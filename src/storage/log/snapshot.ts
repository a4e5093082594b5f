/** What a store holds, as the changes that a log begins with. */

import type { Key } from "../../devices/index.ts";
import type { Change } from "./change.ts";
import type { Disk } from "./disk.ts";
import { digestOf, headerBytes } from "./record.ts";
import { maxPieceBytes, type Dictionary, type Value } from "./tree.ts";
import { readValue, verifyValue } from "./value.ts";

/**
 * Lists the changes that make a tree out of nothing, with their values in memory: a large one in
 * pieces. What is read from the disk is checked, lest damage get a checksum of its own.
 *
 * @throws {KeyValueError} `damaged`, and what the disk says
 */
export async function* snapshotOf(
  disk: Disk,
  dictionary: Dictionary,
  key: Key = [],
): AsyncIterable<Change> {
  for (const [name, node] of dictionary.entries) {
    if (node.kind === "dictionary") yield* snapshotOf(disk, node, [...key, name]);
    else yield* piecesOf(disk, node, [...key, name]);
  }
  // After what is in it, which says the same of each dictionary above it.
  yield { kind: "touch", key, atMs: dictionary.modifiedMs };
}

/**
 * Bytes that the records of a snapshot take at most. Each but the last has at least
 * {@link maxPieceBytes}.
 */
export function snapshotBytes({ weight }: Dictionary, sectorBytes: number): number {
  const recordCount = Math.floor(weight.bytes / maxPieceBytes) + 1;
  return weight.bytes + recordCount * (headerBytes + sectorBytes - 1);
}

async function* piecesOf(disk: Disk, value: Value, key: Key): AsyncIterable<Change> {
  const { sizeBytes, modifiedMs: atMs } = value;
  if (sizeBytes > maxPieceBytes) await verifyValue(disk, value);
  for (let offset = 0; offset === 0 || offset < sizeBytes; offset += maxPieceBytes) {
    const source = await readValue(disk, value, offset, maxPieceBytes);
    const part = { offset, lengthBytes: source.length, digest: digestOf(source), source };
    yield { kind: offset === 0 ? "set" : "set part", key, part, atMs };
  }
}
