/** The connections of a client, and who waits for one. */

import { HttpError, type HttpErrorCode } from "../../devices/errors.ts";
import type { Clock, Stack } from "../../devices/index.ts";
import { timersOf } from "../timers.ts";
import { ClientConnection } from "./client-connection.ts";
import type { ClientSettings } from "./client-settings.ts";

/** Where requests go to. */
export interface Origin {
  /** Names it in the pool. */
  readonly key: string;
  readonly host: string;
  readonly port: number;
}

/** What a request lets itself be stopped by, wherever it is. */
export interface Stoppable {
  /** Stops what is under way now; what it waits for then rejects with `reason`. */
  stop: ((reason: unknown) => void) | undefined;
}

/** All connections to one origin. */
interface Line {
  /** Those that are open, that are being opened, and that somebody may open. */
  count: number;
  /** Those that rest, the one used last at the end. */
  readonly idle: ClientConnection[];
}

interface Waiter {
  readonly key: string;
  /** With nothing: there is room to open one. */
  serve(connection: ClientConnection | undefined): void;
  fail(reason: unknown): void;
}

/** Keeps connections for as long as they may be used again, within bounds. */
export class ClientPool {
  readonly #counters: { connections: number };
  readonly #stack: Pick<Stack, "connect">;
  readonly #clock: Clock;
  readonly #settings: ClientSettings;
  readonly #lines = new Map<string, Line>();
  readonly #waiters = new Set<Waiter>();
  #count = 0;
  #isClosed = false;

  /** Counts the connections that it opens in `counters`. */
  constructor(
    stack: Pick<Stack, "connect">,
    clock: Clock,
    settings: ClientSettings,
    counters: { connections: number },
  ) {
    this.#counters = counters;
    this.#stack = stack;
    this.#clock = clock;
    this.#settings = settings;
  }

  /** A connection that rests, if there is one. */
  takeIdle({ key }: Origin): ClientConnection | undefined {
    const idle = this.#lines.get(key)?.idle;
    for (let found = idle?.pop(); found !== undefined; found = idle?.pop()) {
      if (!found.hasInput) return found;
      this.drop(found);
    }
    return undefined;
  }

  /**
   * Resolves to a connection: one that rests, a new one, or one that somebody else is done with.
   * `mustBeNew` takes none that served before.
   *
   * @throws {HttpError} `connection-failed`, `timed-out`, `closed`
   * @throws the reason of `call.stop`
   */
  async acquire(origin: Origin, call: Stoppable, mustBeNew: boolean): Promise<ClientConnection> {
    const deadline = new Deadline(this.#clock, origin, this.#settings.connectTimeoutMs, call);
    try {
      if (!this.#reserve(origin.key)) {
        const connection = await this.#wait(origin, deadline);
        if (connection !== undefined && !mustBeNew) return connection;
        // Its place is taken by a new one.
        connection?.close();
      }
      return await this.#open(origin, deadline);
    } finally {
      deadline.clear();
    }
  }

  /** Takes a connection back, to be used again. */
  release(connection: ClientConnection): void {
    const line = this.#lines.get(connection.origin);
    if (this.#isClosed || line === undefined || connection.hasInput) {
      this.drop(connection);
      return;
    }
    line.idle.push(connection);
    connection.rest(this.#gone);
    this.#serve();
  }

  /** Takes back a connection that cannot be used again, and closes it. */
  drop(connection: ClientConnection): void {
    connection.close();
    this.#free(connection.origin);
  }

  /** Fails all who wait, and closes what rests. */
  close(): void {
    this.#isClosed = true;
    for (const waiter of this.#waiters) waiter.fail(closedError());
    this.#waiters.clear();
    for (const { idle } of this.#lines.values()) {
      for (const connection of idle.splice(0)) this.drop(connection);
    }
  }

  readonly #gone = (connection: ClientConnection): void => {
    const idle = this.#lines.get(connection.origin)?.idle;
    const index = idle?.indexOf(connection) ?? -1;
    if (index < 0) return;
    idle?.splice(index, 1);
    this.drop(connection);
  };

  /** Makes room for one more connection; false if there is none. */
  #reserve(key: string): boolean {
    const line = this.#lines.get(key);
    if ((line?.count ?? 0) >= this.#settings.originConnections) return false;
    if (this.#count >= this.#settings.connections && !this.#evict()) return false;
    if (line === undefined) this.#lines.set(key, { count: 1, idle: [] });
    else line.count += 1;
    this.#count += 1;
    return true;
  }

  /** Closes a connection that rests, of the origin that was first used. */
  #evict(): boolean {
    for (const { idle } of this.#lines.values()) {
      const connection = idle.shift();
      if (connection === undefined) continue;
      connection.close();
      this.#uncount(connection.origin);
      return true;
    }
    return false;
  }

  #free(key: string): void {
    this.#uncount(key);
    this.#serve();
  }

  #uncount(key: string): void {
    const line = this.#lines.get(key);
    if (line === undefined) return;
    line.count -= 1;
    this.#count -= 1;
    if (line.count === 0) this.#lines.delete(key);
  }

  /** Serves those who wait, in order, as far as there is something for them. */
  #serve(): void {
    for (const waiter of this.#waiters) {
      const origin = { key: waiter.key, host: "", port: 0 };
      const connection = this.takeIdle(origin);
      if (connection === undefined && !this.#reserve(waiter.key)) continue;
      this.#waiters.delete(waiter);
      waiter.serve(connection);
    }
  }

  #wait(origin: Origin, deadline: Deadline): Promise<ClientConnection | undefined> {
    if (this.#waiters.size >= this.#settings.waitingRequests) {
      throw failed(origin, `${this.#waiters.size} requests wait already`);
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { key: origin.key, serve: resolve, fail: reject };
      this.#waiters.add(waiter);
      deadline.stop = (reason) => {
        this.#waiters.delete(waiter);
        reject(reason);
      };
    });
  }

  /** Opens a connection in a place that was reserved. */
  async #open(origin: Origin, deadline: Deadline): Promise<ClientConnection> {
    const controller = new AbortController();
    try {
      deadline.stop = (reason) => controller.abort(reason);
      const { signal } = controller;
      signal.throwIfAborted();
      const flow = await this.#stack.connect(origin.host, origin.port, {
        noDelay: true,
        userTimeoutMs: this.#settings.userTimeoutMs,
        signal,
      });
      const connection = new ClientConnection(flow, origin.key, this.#clock, this.#settings);
      if (this.#isClosed) {
        connection.abort();
        throw closedError();
      }
      this.#counters.connections += 1;
      return connection;
    } catch (error) {
      this.#free(origin.key);
      if (controller.signal.aborted || error instanceof HttpError) throw error;
      throw failed(origin, (error as Error).message, { cause: error });
    }
  }
}

/** How long a request waits for a connection, and who else may end that. */
class Deadline {
  /** What ends the present wait. Once there was a reason, it is given at once. */
  readonly #call: Stoppable;
  readonly #timer: { clear(): void };
  #stop: ((reason: unknown) => void) | undefined;
  #ended: { readonly reason: unknown } | undefined;

  constructor(clock: Clock, origin: Origin, durationMs: number, call: Stoppable) {
    this.#call = call;
    const timers = timersOf(clock);
    const timer = timers.timer(() =>
      this.#end(failed(origin, `it took longer than ${durationMs} ms`, {}, "timed-out")),
    );
    timer.set(timers.nowMs() + durationMs);
    this.#timer = timer;
    call.stop = (reason) => this.#end(reason);
  }

  set stop(stop: (reason: unknown) => void) {
    this.#stop = stop;
    if (this.#ended !== undefined) stop(this.#ended.reason);
  }

  clear(): void {
    this.#timer.clear();
    this.#call.stop = undefined;
  }

  #end(reason: unknown): void {
    this.#ended ??= { reason };
    this.#stop?.(reason);
  }
}

function failed(
  { host, port }: Origin,
  why: string,
  options: ErrorOptions = {},
  code: HttpErrorCode = "connection-failed",
): HttpError {
  const error = new HttpError(code, `Cannot connect to ${host} port ${port}: ${why}`, options);
  unsent.add(error);
  return error;
}

const unsent = new WeakSet<object>();

/** Whether a request failed before it had a connection: nothing of it was sent. */
export function isUnsent(error: unknown): boolean {
  return typeof error === "object" && error !== null && unsent.has(error);
}

/** For those who use a client that was disposed. */
export function closedError(): HttpError {
  return new HttpError("closed", "Cannot fetch: the client was disposed");
}
