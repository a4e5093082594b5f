/**
 * The IndexedDB database that holds a disk. It has two object stores with keys of their own:
 *
 * - `description`: one record, {@link DiskDescription}, under the key `disk`;
 * - `sectors`: each sector ever written, a `Uint8Array` of `sectorBytes`, under its index.
 *
 * Nothing about a disk is kept anywhere else.
 */

import { BlockError, type BlockErrorCode } from "../devices/index.ts";

/** What a disk is. */
export interface DiskDescription {
  readonly magic: "morgana-disk";
  readonly version: 1;
  readonly sectorBytes: number;
  readonly sectorCount: number;
  /** When the disk was created, in milliseconds since 1970. */
  readonly createdMs: number;
}

/** The stores of a disk's database. */
export type StoreName = "description" | "sectors";

/** How to open a database. */
export interface OpenOptions {
  /** The version to open; without it, whatever is there. */
  readonly version?: number;
  readonly signal?: AbortSignal | undefined;
  /** Called where there is no such database. It may abort the transaction: then there is none. */
  readonly create: (creation: IDBTransaction) => void;
}

/** The version that IndexedDB knows a disk's database by. */
export const databaseVersion = 1;

const prefix = "morgana-disk:";
const descriptionKey = "disk";

/** IndexedDB promises no time to open in, and an opening may wait for another's deletion. */
const openTimeoutMs = 10_000;

const codes: Readonly<Record<string, BlockErrorCode>> = {
  QuotaExceededError: "no-space",
  // The database has a version that is not ours.
  VersionError: "damaged",
};

/** Names a disk's database, and its Web Lock. */
export function storageName(diskName: string): string {
  return prefix + diskName;
}

/** Names the disk of a database, or gives `undefined` for a database that holds none. */
export function diskNameOf(databaseName: string): string | undefined {
  return databaseName.startsWith(prefix) ? databaseName.slice(prefix.length) : undefined;
}

/** Whether a disk can have this size. Every byte of it has an offset that is a safe integer. */
export function isGeometry(sectorBytes: unknown, sectorCount: unknown): boolean {
  return (
    isPositive(sectorBytes) &&
    sectorBytes >= 512 &&
    Number.isInteger(Math.log2(sectorBytes)) &&
    isPositive(sectorCount) &&
    Number.isSafeInteger(sectorBytes * sectorCount)
  );
}

/**
 * Gives the host's IndexedDB.
 *
 * @throws {BlockError} `io` if there is none, or this page must not use it
 */
export function indexedDb(what: string): IDBFactory {
  const factory = globalThis.indexedDB as IDBFactory | undefined;
  if (factory !== undefined) return factory;
  throw new BlockError("io", `Cannot ${what}: this page has no IndexedDB to store it in`);
}

/**
 * Opens a disk's database. It closes by itself when another page wants to delete it.
 *
 * @throws {BlockError} `busy`, `damaged`, `no-space`, `io`
 * @throws the signal's reason, when it aborts first; nothing then stays open
 */
export function openDatabase(diskName: string, options: OpenOptions): Promise<IDBDatabase> {
  const { version, signal, create } = options;
  const what = `open disk "${diskName}"`;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    let isSettled = false;
    const settle = (how: () => void): void => {
      isSettled = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      how();
    };
    const abort = (): void => settle(() => reject(signal?.reason));
    const block = (): void => {
      const reason = "another tab keeps the browser from opening its database";
      settle(() => reject(new BlockError("busy", `Cannot ${what}: ${reason}`)));
    };
    // Before anything is left behind that a refusal would have to clear away.
    const request = requestOpen(diskName, what, version);
    const timer = setTimeout(block, openTimeoutMs);
    signal?.addEventListener("abort", abort);

    request.onblocked = block;
    request.onupgradeneeded = () => {
      // Nobody waits any more: leave nothing behind.
      if (isSettled) request.transaction?.abort();
      else if (request.transaction !== null) create(request.transaction);
    };
    request.onsuccess = () => {
      const database = request.result;
      database.onversionchange = () => database.close();
      if (isSettled) database.close();
      else settle(() => resolve(database));
    };
    request.onerror = () => settle(() => reject(hostError(what, request.error)));
  });
}

/** Makes the stores of a new disk. */
export function createStores(creation: IDBTransaction, description: DiskDescription): void {
  creation.db.createObjectStore("sectors");
  creation.db.createObjectStore("description").put(description, descriptionKey);
}

/**
 * Runs `use`, which makes requests, in one transaction, and resolves with what it returned when all
 * of them are done; of a `readwrite` transaction, when they are durable. It begins at the call: of
 * two transactions that share a store, unless both only read, the first called is the first to run.
 *
 * @throws whatever made the transaction fail; nothing of it was then done
 */
export function transact<Result>(
  database: IDBDatabase,
  mode: "readonly" | "readwrite",
  stores: StoreName | readonly StoreName[],
  use: (transaction: IDBTransaction) => Result,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(stores, mode, { durability: "strict" });
    transaction.onabort = () => reject(transaction.error ?? new Error("the browser gave it up"));
    try {
      const result = use(transaction);
      transaction.oncomplete = () => resolve(result);
    } catch (error) {
      transaction.abort();
      throw error;
    }
  });
}

/** Reads what a disk is; `undefined` if that cannot be understood. */
export async function readDescription(database: IDBDatabase): Promise<DiskDescription | undefined> {
  const isOurs =
    database.version === databaseVersion &&
    hasStore(database, "description") &&
    hasStore(database, "sectors");
  if (!isOurs) return undefined;
  const request = await transact(database, "readonly", "description", (transaction) =>
    transaction.objectStore("description").get(descriptionKey),
  );
  return decodeDescription(request.result);
}

/** Writes that a disk is at least `sectorCount` sectors long. */
export async function growDescription(database: IDBDatabase, sectorCount: number): Promise<void> {
  await transact(database, "readwrite", "description", (transaction) => {
    const store = transaction.objectStore("description");
    const request = store.get(descriptionKey);
    request.onsuccess = () => {
      const old = decodeDescription(request.result);
      if (old === undefined) return transaction.abort();
      const grown = { ...old, sectorCount: Math.max(old.sectorCount, sectorCount) };
      store.put(grown, descriptionKey);
    };
  });
}

/** Whether a database has a store. One that is damaged, or not ours, may not. */
export function hasStore(database: IDBDatabase, store: StoreName): boolean {
  return database.objectStoreNames.contains(store);
}

/** Makes an error of the browser ours. What the browser calls it decides, not its class. */
export function hostError(what: string, error: unknown): BlockError {
  if (error instanceof BlockError) return error;
  const code = (error instanceof Error ? codes[error.name] : undefined) ?? "io";
  const reasons: Partial<Record<BlockErrorCode, string>> = {
    "no-space": "the browser's storage for this site is full",
    damaged: "its database has a version that this driver does not know",
  };
  const reason = reasons[code] ?? (error instanceof Error ? error.message : String(error));
  return new BlockError(code, `Cannot ${what}: ${reason}`, { cause: error });
}

function requestOpen(
  diskName: string,
  what: string,
  version: number | undefined,
): IDBOpenDBRequest {
  try {
    return indexedDb(what).open(storageName(diskName), version);
  } catch (error) {
    throw hostError(what, error);
  }
}

function decodeDescription(record: unknown): DiskDescription | undefined {
  if (typeof record !== "object" || record === null) return undefined;
  const fields = record as Partial<Record<keyof DiskDescription, unknown>>;
  const isOurs =
    fields.magic === "morgana-disk" &&
    fields.version === 1 &&
    isGeometry(fields.sectorBytes, fields.sectorCount) &&
    Number.isFinite(fields.createdMs);
  return isOurs ? (record as DiskDescription) : undefined;
}

function isPositive(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}
