/**
 * The browser's storage, on Node: an IndexedDB in memory and Web Locks, and ways to make them fail.
 */

import { IDBFactory, IDBKeyRange, IDBObjectStore } from "fake-indexeddb";
import { vi } from "vitest";

/** Gives this test an origin of its own, with nothing stored. Ends with `vi.unstubAllGlobals()`. */
export function stubBrowserStorage(): FakeLocks {
  const locks = new FakeLocks();
  vi.stubGlobal("indexedDB", new IDBFactory());
  vi.stubGlobal("IDBKeyRange", IDBKeyRange);
  vi.stubGlobal("navigator", { locks });
  return locks;
}

/** The Web Locks that one test's workers share: exclusive, first come, first served. */
export class FakeLocks {
  refusal: Error | undefined;
  readonly #holders = new Map<string, () => void>();
  readonly #waiters: { readonly name: string; readonly grant: () => void }[] = [];

  get heldCount(): number {
    return this.#holders.size;
  }

  async request(
    name: string,
    options: LockOptions,
    callback: (lock: { name: string } | null) => Promise<void> | void,
  ): Promise<void> {
    if (this.refusal !== undefined) throw this.refusal;
    await Promise.resolve();
    options.signal?.throwIfAborted();
    if (this.#holders.has(name)) {
      if (options.ifAvailable === true) return callback(null);
      await this.#turn(name, options.signal);
    }
    const killed = new Promise<void>((resolve) => this.#holders.set(name, resolve));
    await Promise.race([callback({ name }), killed]);
    this.#holders.delete(name);
    const next = this.#waiters.findIndex((waiter) => waiter.name === name);
    if (next >= 0) this.#waiters.splice(next, 1)[0]?.grant();
  }

  async query(): Promise<{ held: { name: string }[] }> {
    return { held: [...this.#holders.keys()].map((name) => ({ name })) };
  }

  /** Ends all workers that hold a lock, as a killed tab does. */
  killHolders(): void {
    for (const kill of this.#holders.values()) kill();
    this.#holders.clear();
  }

  #turn(name: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = { name, grant: resolve };
      this.#waiters.push(waiter);
      signal?.addEventListener("abort", () => {
        const index = this.#waiters.indexOf(waiter);
        if (index >= 0) this.#waiters.splice(index, 1);
        reject(signal.reason);
      });
    });
  }
}

/** As Chromium 138 has it: a class of its own, which other browsers lack. */
export class QuotaExceededError extends DOMException {
  constructor() {
    super("full", "QuotaExceededError");
  }
}

/** Makes the next put() throw. */
export function refusePut(error: Error): void {
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementationOnce(() => {
    throw error;
  });
}

/** Makes the request of the next put() fail. */
export function failPut(error: Error): void {
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementationOnce(function (this: IDBObjectStore) {
    const operation = (): never => {
      throw error;
    };
    // The stand-in's own way to queue a request.
    const queue = Reflect.get(this.transaction, "_execRequestAsync") as (
      this: IDBTransaction,
      request: object,
    ) => IDBRequest<IDBValidKey>;
    return queue.call(this.transaction, { source: this, operation });
  });
}

/** Lets the next put() succeed and its transaction fail afterwards. */
export function failCommit({ name }: Error): void {
  const put = vi.spyOn(IDBObjectStore.prototype, "put");
  put.mockImplementationOnce(function (this: IDBObjectStore, value: unknown, key?: IDBValidKey) {
    const { transaction } = this;
    const request = this.put(value, key);
    request.addEventListener("success", () => {
      const abort = Reflect.get(transaction, "_abort") as (this: object, name: string) => void;
      abort.call(transaction, name);
    });
    return request;
  });
}

/** A request to open a database; a test calls its handlers. */
export interface SilentRequest {
  readonly result: { close(): void };
  readonly transaction: { abort(): void };
  onupgradeneeded?(): void;
  onsuccess?(): void;
  onblocked?(): void;
}

/** Makes the next opening of a database one that nothing is heard of. */
export function openNever(): {
  request: SilentRequest;
  opened: Promise<void>;
  close: () => void;
  abort: () => void;
} {
  const close = vi.fn<() => void>();
  const abort = vi.fn<() => void>();
  const request: SilentRequest = { result: { close }, transaction: { abort } };
  const opened = new Promise<void>((resolve) => {
    vi.spyOn(indexedDB, "open").mockImplementationOnce(() => {
      resolve();
      return request as unknown as IDBOpenDBRequest;
    });
  });
  return { request, opened, close, abort };
}

/** Opens a database behind the driver's back. */
export async function openRaw(name: string, version?: number): Promise<IDBDatabase> {
  return done(indexedDB.open(name, version));
}

/** Resolves with what a request gives. */
export function done<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("no reason"));
  });
}
