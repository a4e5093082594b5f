import { BlockError } from "../devices/index.ts";
import {
  diskNameOf,
  hasStore,
  hostError,
  indexedDb,
  openDatabase,
  readDescription,
  storageName,
  transact,
} from "./block-indexeddb-database.ts";
import { acquireLock, heldLockNames } from "./block-indexeddb-lock.ts";

/** A disk of this origin. */
export interface DiskSummary {
  readonly name: string;
  /** Bytes in a sector; 0 if the disk is damaged. */
  readonly sectorBytes: number;
  /** Sectors of the disk; 0 if it is damaged. */
  readonly sectorCount: number;
  /** Sectors that take up space: those written and not discarded. */
  readonly sectorsInUse: number;
  /** When the disk was created, in milliseconds since 1970; 0 if it is damaged. */
  readonly createdMs: number;
  /** Whether a unikernel uses it now, in whatever tab. */
  readonly open: boolean;
  /** Whether it cannot be looked at, or what describes it be understood; nor connected then. */
  readonly damaged: boolean;
}

/** What is said of a disk of which nothing is known. */
const unknown = { sectorBytes: 0, sectorCount: 0, sectorsInUse: 0, createdMs: 0 };

/** A deletion may wait for another page's connection to close, for as long as that likes. */
const deleteTimeoutMs = 10_000;

/**
 * Lists the disks of this origin, by name. Changes nothing, and hinders nobody who uses one.
 *
 * @throws {BlockError} `io` if the browser keeps no disks here, or cannot list them
 */
export async function listDisks(): Promise<readonly DiskSummary[]> {
  const what = "list the disks";
  const [names, locked] = await Promise.all([diskNames(what), heldLockNames(what)]);
  const summaries = await Promise.all(
    names.map((name) => summarize(name, locked.has(storageName(name)))),
  );
  return summaries.filter((summary) => summary !== undefined);
}

/**
 * Deletes a disk and all that is on it. Does nothing if there is no such disk.
 *
 * @throws {BlockError} `busy` if a unikernel uses it; it is then as it was. `io`
 */
export async function deleteDisk(name: string): Promise<void> {
  const what = `delete disk "${name}"`;
  const lock = await acquireLock(what, name, 0);
  try {
    await deleteDatabase(name, what);
  } catch (error) {
    throw hostError(what, error);
  } finally {
    await lock.release();
  }
}

async function diskNames(what: string): Promise<readonly string[]> {
  try {
    const databases = await indexedDb(what).databases();
    const names = databases.map((database) => diskNameOf(database.name ?? ""));
    return names.filter((name) => name !== undefined).sort();
  } catch (error) {
    throw hostError(what, error);
  }
}

/** Describes a disk; gives `undefined` if it is gone meanwhile, or being deleted. */
async function summarize(name: string, open: boolean): Promise<DiskSummary | undefined> {
  let isGone = false;
  const create = (creation: IDBTransaction): void => {
    isGone = true;
    creation.abort();
  };
  try {
    const database = await openDatabase(name, { create });
    try {
      return { name, open, ...(await describe(database)) };
    } finally {
      database.close();
    }
  } catch (error) {
    const { code } = hostError(`look at disk "${name}"`, error);
    if (isGone || code === "busy") return undefined;
    // One disk that the browser cannot open must not hide the others, nor be there for ever.
    return { name, open, ...unknown, damaged: true };
  }
}

async function describe(database: IDBDatabase): Promise<Omit<DiskSummary, "name" | "open">> {
  const stored = await readDescription(database);
  const { sectorBytes, sectorCount, createdMs } = stored ?? unknown;
  const sectorsInUse = await countSectors(database);
  return { sectorBytes, sectorCount, sectorsInUse, createdMs, damaged: stored === undefined };
}

async function countSectors(database: IDBDatabase): Promise<number> {
  if (!hasStore(database, "sectors")) return 0;
  const request = await transact(database, "readonly", "sectors", (transaction) =>
    transaction.objectStore("sectors").count(),
  );
  return request.result;
}

function deleteDatabase(name: string, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      const reason = "another tab keeps the browser from deleting its database";
      reject(new BlockError("busy", `Cannot ${what}: ${reason}`));
    };
    const timer = setTimeout(giveUp, deleteTimeoutMs);
    const request = indexedDb(what).deleteDatabase(storageName(name));
    request.onsuccess = () => {
      clearTimeout(timer);
      resolve();
    };
    request.onerror = () => {
      clearTimeout(timer);
      reject(request.error ?? new Error("the browser gave it up"));
    };
  });
}
