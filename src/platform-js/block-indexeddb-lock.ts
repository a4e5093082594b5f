import { BlockError } from "../devices/index.ts";
import { hostError, storageName } from "./block-indexeddb-database.ts";

/** A disk that is ours alone among all tabs and workers of the origin, until it is released. */
export interface DiskLock {
  /** Resolves when others may have the disk. Never rejects; a second call does nothing. */
  release(): Promise<void>;
}

/**
 * Takes a disk, or waits up to `waitMs` for another to let go of it. The browser releases it when
 * the worker or tab ends, however it ends.
 *
 * @throws {BlockError} `busy` if another has the disk, `io` if there are no Web Locks here
 * @throws the signal's reason, when it aborts first
 */
export async function acquireLock(
  what: string,
  diskName: string,
  waitMs: number,
  signal?: AbortSignal,
): Promise<DiskLock> {
  signal?.throwIfAborted();
  const timeout = waitMs > 0 ? AbortSignal.timeout(waitMs) : undefined;
  const signals = [timeout, signal].filter((each) => each !== undefined);
  const options = timeout ? { signal: AbortSignal.any(signals) } : { ifAvailable: true };
  try {
    const lock = await requestLock(lockManager(what), storageName(diskName), options);
    if (lock !== undefined) return lock;
  } catch (error) {
    signal?.throwIfAborted();
    if (!timeout?.aborted) throw hostError(what, error);
  }
  const reason = "another unikernel, in this tab or in another, is using it";
  throw new BlockError("busy", `Cannot ${what}: ${reason}`);
}

/**
 * Names the Web Locks that somebody has now.
 *
 * @throws {BlockError} `io` if there are no Web Locks here
 */
export async function heldLockNames(what: string): Promise<ReadonlySet<string | undefined>> {
  try {
    const { held = [] } = await lockManager(what).query();
    return new Set(held.map(({ name }) => name));
  } catch (error) {
    throw hostError(what, error);
  }
}

/** Resolves with the lock when it is granted, with `undefined` if it is refused. */
function requestLock(
  locks: LockManager,
  name: string,
  options: LockOptions,
): Promise<DiskLock | undefined> {
  return new Promise((resolve, reject) => {
    const held: Promise<unknown> = locks.request(name, options, (lock) => {
      if (lock === null) return resolve(undefined);
      return new Promise<void>((letGo) => {
        const release = async (): Promise<void> => {
          letGo();
          await held.catch(() => {});
        };
        resolve({ release });
      });
    });
    held.catch(reject);
  });
}

function lockManager(what: string): LockManager {
  const locks = navigator.locks as LockManager | undefined;
  if (locks !== undefined) return locks;
  const reason = "this page has no Web Locks; it must be served over https or from localhost";
  throw new BlockError("io", `Cannot ${what}: ${reason}`);
}
