/**
 * Leases as they are kept: one value for each address, under the address's text.
 *
 *      0       1         2         3       4         12        18
 *     +-------+---------+---------+-------+---------+---------+--------------+-----------+
 *     |   1   | id size | name    |   0   | ends at |   MAC   | client       | host name |
 *     |       |         | size    |       |         |         | identifier … | …         |
 *     +-------+---------+---------+-------+---------+---------+--------------+-----------+
 *
 * The end is wall time in milliseconds, a number of 64 bits; infinity is never.
 */

import { KeyValueError, type KeyEntry, type Key } from "../../devices/index.ts";
import { isName } from "../dns/name.ts";
import { parse } from "../ipv4/address.ts";

/** What leases are kept in: a part of `KeyValue`. Keys have one segment. */
export interface LeaseStore {
  /** As `KeyValueRead.list`. */
  list(key: Key): Promise<readonly KeyEntry[] | undefined>;
  /** As `KeyValueRead.get`. */
  get(key: Key): Promise<Uint8Array | undefined>;
  /** As `KeyValue.set`: durable when it resolves. */
  set(key: Key, value: Uint8Array): Promise<void>;
  /** As `KeyValue.remove`. */
  remove(key: Key): Promise<void>;
}

/** A lease that is kept. */
export interface StoredLease {
  /** 6 bytes. */
  readonly mac: Uint8Array;
  readonly clientId: Uint8Array | undefined;
  readonly hostName: string | undefined;
  /** When it ends: wall time in milliseconds, or `Infinity`. */
  readonly endsAtMs: number;
}

const offset = { version: 0, idBytes: 1, nameBytes: 2, endsAt: 4, mac: 12, id: 18 } as const;

const version = 1;

/** The longest name that is kept. */
export const maxNameBytes = 63;

/** Writes a lease; the bytes are *fresh*. */
export function encodeLease({ mac, clientId, hostName = "", endsAtMs }: StoredLease): Uint8Array {
  const id = clientId ?? new Uint8Array();
  const name = new TextEncoder().encode(hostName);
  const bytes = new Uint8Array(offset.id + id.length + name.length);
  bytes[offset.version] = version;
  bytes[offset.idBytes] = id.length;
  bytes[offset.nameBytes] = name.length;
  new DataView(bytes.buffer).setFloat64(offset.endsAt, endsAtMs);
  bytes.set(mac, offset.mac);
  bytes.set(id, offset.id);
  bytes.set(name, offset.id + id.length);
  return bytes;
}

/** Reads a lease; `undefined` if it makes no sense. */
export function decodeLease(bytes: Uint8Array): StoredLease | undefined {
  const idBytes = bytes[offset.idBytes] ?? 0;
  const nameBytes = bytes[offset.nameBytes] ?? 0;
  const isWhole = bytes.length === offset.id + idBytes + nameBytes;
  if (!isWhole || bytes[offset.version] !== version || idBytes === 1) return undefined;
  const nameAt = offset.id + idBytes;
  const hostName = String.fromCharCode(...bytes.subarray(nameAt));
  const endsAtMs = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(offset.endsAt);
  const isNamed = nameBytes <= maxNameBytes && (hostName === "" || isName(hostName));
  if (!isNamed || Number.isNaN(endsAtMs)) return undefined;
  return {
    mac: bytes.slice(offset.mac, offset.id),
    clientId: idBytes === 0 ? undefined : bytes.slice(offset.id, nameAt),
    hostName: hostName === "" ? undefined : hostName,
    endsAtMs,
  };
}

/**
 * Reads all leases that are kept, at most `maxCount`, and counts the entries that make no sense.
 *
 * @throws {KeyValueError} `closed`, `io` if nothing can be read at all
 */
export async function readLeases(
  store: LeaseStore,
  maxCount: number,
): Promise<{
  readonly leases: readonly (StoredLease & { readonly address: Uint8Array })[];
  readonly damagedCount: number;
}> {
  const leases: (StoredLease & { readonly address: Uint8Array })[] = [];
  let damagedCount = 0;
  for (const { name, kind } of (await store.list([])) ?? []) {
    if (leases.length >= maxCount) break;
    const address = kind === "value" ? parse(name) : undefined;
    const bytes = address === undefined ? undefined : await readEntry(store, name);
    const lease = bytes === undefined ? undefined : decodeLease(bytes);
    if (address === undefined || lease === undefined) damagedCount += 1;
    else leases.push({ ...lease, address });
  }
  return { leases, damagedCount };
}

async function readEntry(store: LeaseStore, name: string): Promise<Uint8Array | undefined> {
  try {
    return await store.get([name]);
  } catch (error) {
    // One that cannot be read must not cost the others.
    if (error instanceof KeyValueError && error.code !== "closed") return undefined;
    throw error;
  }
}
