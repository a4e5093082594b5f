/**
 * Servers of which any will do: which of them is next, and which are up. Each is asked now and then
 * whether it takes a connection, and what its users see of it counts, too.
 */

import type { Clock, Flow } from "../../devices/index.ts";
import { type Timer, timersOf, type Timers } from "../timers.ts";

/** Where a server is. */
export interface BackendAddress {
  /** An address or a name. */
  readonly host: string;
  readonly port: number;
}

/** How often, how long, and after how many answers in a row a server counts as up or down. */
export interface HealthChecks {
  /** 5,000 by default. */
  readonly intervalMs?: number;
  /** 2,000 by default. */
  readonly timeoutMs?: number;
  /** 3 by default; failures of users count, too. */
  readonly failuresUntilDown?: number;
  /** 2 by default; only checks count. */
  readonly successesUntilUp?: number;
}

/** How {@link Backends} are made. */
export interface BackendsOptions {
  readonly clock: Clock;
  readonly addresses: readonly BackendAddress[];
  /** Connects to a server; rejects when the signal aborts. */
  readonly connect: (address: BackendAddress, signal: AbortSignal) => Promise<Flow>;
  /** In turn, or to the one with the fewest users; `round-robin` by default. */
  readonly policy?: "round-robin" | "least-used";
  readonly checks?: HealthChecks;
}

/** A server, and what is known of it. */
export interface Backend {
  readonly address: BackendAddress;
  /** Whether it is believed to answer; so all are at first. */
  readonly isUp: boolean;
  /** How many use it now. */
  readonly userCount: number;
  /** Connections made to it for users, and those that could not be. */
  readonly connected: number;
  readonly failed: number;
}

interface Entry extends Backend {
  isUp: boolean;
  userCount: number;
  connected: number;
  failed: number;
  /** Failures while it is up, successes while it is down, one after the other. */
  streak: number;
  isChecking: boolean;
}

/** What a user of a server holds. */
export interface Use {
  readonly flow: Flow;
  readonly backend: Backend;
  /** To be called once, when it is done. */
  readonly release: () => void;
}

/** Servers of which any will do. */
export class Backends {
  readonly #options: BackendsOptions;
  readonly #checks: Required<HealthChecks>;
  readonly #timers: Timers;
  readonly #timer: Timer;
  readonly #entries: readonly Entry[];
  readonly #closing = new AbortController();
  #next = 0;

  /** @throws {RangeError} if there is no server */
  constructor(options: BackendsOptions) {
    if (options.addresses.length === 0)
      throw new RangeError("Cannot choose a server: there is none");
    this.#options = options;
    this.#checks = {
      intervalMs: 5000,
      timeoutMs: 2000,
      failuresUntilDown: 3,
      successesUntilUp: 2,
      ...options.checks,
    };
    this.#entries = options.addresses.map((address) => ({
      address,
      isUp: true,
      userCount: 0,
      connected: 0,
      failed: 0,
      streak: 0,
      isChecking: false,
    }));
    this.#timers = timersOf(options.clock);
    this.#timer = this.#timers.timer((nowMs) => this.#checkAll(nowMs));
    this.#timer.set(this.#timers.nowMs() + this.#checks.intervalMs);
  }

  /** All servers. */
  get all(): readonly Backend[] {
    return this.#entries;
  }

  /**
   * Connects to a server that is up, and to another if it fails, until `timeoutMs` are over for each.
   * Resolves to `undefined` if none can be reached.
   *
   * @throws the signal's reason, when it aborts
   */
  async use(timeoutMs: number, signal: AbortSignal): Promise<Use | undefined> {
    const tried = new Set<Entry>();
    for (;;) {
      signal.throwIfAborted();
      const entry = this.#pick(tried);
      if (entry === undefined) return undefined;
      tried.add(entry);
      entry.userCount += 1;
      const release = once(() => (entry.userCount -= 1));
      try {
        const flow = await this.#connect(entry, timeoutMs, signal);
        entry.connected += 1;
        if (entry.isUp) entry.streak = 0;
        return { flow, backend: entry, release };
      } catch {
        release();
        if (signal.aborted) continue;
        entry.failed += 1;
        this.#note(entry, false);
      }
    }
  }

  /** Ends all checks; who uses a server may go on. */
  close(): void {
    this.#timer.clear();
    this.#closing.abort();
  }

  #pick(tried: ReadonlySet<Entry>): Entry | undefined {
    const { policy = "round-robin" } = this.#options;
    let best: Entry | undefined;
    for (let count = 0; count < this.#entries.length; count += 1) {
      const entry = this.#entries[(this.#next + count) % this.#entries.length];
      if (entry === undefined || !entry.isUp || tried.has(entry)) continue;
      if (best === undefined) best = entry;
      else if (policy === "least-used" && entry.userCount < best.userCount) best = entry;
    }
    if (best !== undefined) this.#next = this.#entries.indexOf(best) + 1;
    return best;
  }

  /** Connects, but not for longer than `timeoutMs`. */
  async #connect({ address }: Entry, timeoutMs: number, signal: AbortSignal): Promise<Flow> {
    const controller = new AbortController();
    const abort = (): void => controller.abort(signal.reason);
    const timer = this.#timers.timer(() => controller.abort(new Error("It took too long")));
    timer.set(this.#timers.nowMs() + timeoutMs);
    signal.addEventListener("abort", abort);
    try {
      return await this.#options.connect(address, controller.signal);
    } finally {
      timer.clear();
      signal.removeEventListener("abort", abort);
    }
  }

  #checkAll(nowMs: number): void {
    this.#timer.set(nowMs + this.#checks.intervalMs);
    for (const entry of this.#entries) if (!entry.isChecking) void this.#check(entry);
  }

  async #check(entry: Entry): Promise<void> {
    const { signal } = this.#closing;
    entry.isChecking = true;
    try {
      const flow = await this.#connect(entry, this.#checks.timeoutMs, signal);
      await flow[Symbol.asyncDispose]();
      this.#note(entry, true);
    } catch {
      if (!signal.aborted) this.#note(entry, false);
    }
    entry.isChecking = false;
  }

  /** An answer, or none. */
  #note(entry: Entry, isAnswer: boolean): void {
    const { failuresUntilDown, successesUntilUp } = this.#checks;
    if (entry.isUp === isAnswer) {
      entry.streak = 0;
      return;
    }
    entry.streak += 1;
    if (entry.streak < (entry.isUp ? failuresUntilDown : successesUntilUp)) return;
    entry.isUp = !entry.isUp;
    entry.streak = 0;
  }
}

function once(does: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) does();
    isDone = true;
  };
}
