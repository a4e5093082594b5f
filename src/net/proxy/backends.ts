/**
 * Servers of which any will do: which of them is next, and which are up. Each is asked now and then
 * whether it serves, and what its users see of it counts, too.
 */

import type { Clock, Flow, Random } from "../../devices/index.ts";
import { fraction } from "../random.ts";
import { type Timer, timersOf, type Timers } from "../timers.ts";
import { scoreOf } from "./rendezvous.ts";

/** Where a server is. */
export interface BackendAddress {
  /** An address or a name. */
  readonly host: string;
  readonly port: number;
}

/** How often, how long, and after how many answers in a row a server counts as up or down. */
export interface HealthChecks {
  /** 5,000 by default; with a {@link BackendsOptions.random}, up to a tenth more or less. */
  readonly intervalMs?: number;
  /** 2,000 by default. */
  readonly timeoutMs?: number;
  /** 3 by default; failures of users count, too. */
  readonly failuresUntilDown?: number;
  /** 2 by default; only checks count. */
  readonly successesUntilUp?: number;
  /**
   * Whether servers count as up before they were asked; so they do by default. Else they are asked at
   * once, and one answer is enough for the first time.
   */
  readonly isUpAtFirst?: boolean;
}

/**
 * Who is next: in turn, the one with the fewest users, or for each client the same one while that is
 * up.
 */
export type BackendPolicy = "round-robin" | "least-used" | "client-hash";

/** How {@link Backends} are made. */
export interface BackendsOptions {
  readonly clock: Clock;
  /** So that many who check do not do so at once. */
  readonly random?: Random;
  readonly addresses: readonly BackendAddress[];
  /** Connects to a server; rejects when the signal aborts. */
  readonly connect: (address: BackendAddress, signal: AbortSignal) => Promise<Flow>;
  /** Rejects if a server does not serve; by default, if it takes no connection. */
  readonly check?: (address: BackendAddress, signal: AbortSignal) => Promise<void>;
  /** `round-robin` by default. */
  readonly policy?: BackendPolicy;
  readonly checks?: HealthChecks;
  /** Is called after each change of {@link Backends.all}. */
  readonly changed?: () => void;
}

/** A server, and what is known of it. */
export interface Backend {
  readonly address: BackendAddress;
  /** Whether it is believed to answer. */
  readonly isUp: boolean;
  /** How many use it now. */
  readonly userCount: number;
  /** Users that it served, and those that it failed. */
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
  /** Ends the check that is under way. */
  checking: AbortController | undefined;
  /** Whether nothing is known of it yet. */
  isNew: boolean;
}

/** A server that somebody uses. */
export interface Lease {
  readonly backend: Backend;
  /** It serves. */
  readonly succeeded: () => void;
  /** It does not. */
  readonly failed: () => void;
  /** To be called when its user is done; more than once does nothing. */
  readonly release: () => void;
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
  #nextIndex = 0;

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
      isUpAtFirst: true,
      ...options.checks,
    };
    const { isUpAtFirst, successesUntilUp } = this.#checks;
    this.#entries = options.addresses.map((address) => ({
      address,
      isUp: isUpAtFirst,
      userCount: 0,
      connected: 0,
      failed: 0,
      streak: isUpAtFirst ? 0 : successesUntilUp - 1,
      checking: undefined,
      isNew: true,
    }));
    this.#timers = timersOf(options.clock);
    this.#timer = this.#timers.timer((nowMs) => this.#checkAll(nowMs));
    if (isUpAtFirst) this.#checkLater(this.#timers.nowMs());
    else this.#timer.set(this.#timers.nowMs());
  }

  /** All servers, in the order in which they were given. */
  get all(): readonly Backend[] {
    return this.#entries;
  }

  /** The server that the next user gets; `undefined` if none is up, or that depends on who it is. */
  get next(): Backend | undefined {
    if (this.#options.policy === "client-hash") return undefined;
    return this.#pick(new Set(), "");
  }

  /**
   * Chooses a server that is up and not among those that were `tried`, for a client that `key` names;
   * `undefined` if there is none.
   */
  take(tried: ReadonlySet<Backend>, key: string = ""): Lease | undefined {
    const entry = this.#pick(tried, key);
    if (entry === undefined) return undefined;
    this.#nextIndex = this.#entries.indexOf(entry) + 1;
    entry.userCount += 1;
    this.#changed();
    return {
      backend: entry,
      succeeded: () => {
        entry.connected += 1;
        if (entry.isUp) entry.streak = 0;
        this.#changed();
      },
      failed: () => {
        entry.failed += 1;
        this.#note(entry, false);
        this.#changed();
      },
      release: once(() => {
        entry.userCount -= 1;
        this.#changed();
      }),
    };
  }

  /**
   * Connects to a server that is up, and to another if it fails, until `timeoutMs` are over for each.
   * Resolves to `undefined` if none can be reached.
   *
   * @throws the signal's reason, when it aborts
   */
  async use(timeoutMs: number, signal: AbortSignal, key?: string): Promise<Use | undefined> {
    const tried = new Set<Backend>();
    for (;;) {
      signal.throwIfAborted();
      const lease = this.take(tried, key);
      if (lease === undefined) return undefined;
      const { backend, release } = lease;
      tried.add(backend);
      try {
        const connect = (own: AbortSignal): Promise<Flow> =>
          this.#options.connect(backend.address, own);
        const flow = await this.#within(timeoutMs, signal, connect);
        lease.succeeded();
        return { flow, backend, release };
      } catch {
        release();
        if (!signal.aborted) lease.failed();
      }
    }
  }

  /** Ends all checks; who uses a server may go on. */
  close(): void {
    this.#timer.clear();
    for (const { checking } of this.#entries) checking?.abort();
  }

  #pick(tried: ReadonlySet<Backend>, key: string): Entry | undefined {
    const { policy = "round-robin" } = this.#options;
    let best: Entry | undefined;
    let bestScore = -Infinity;
    for (let count = 0; count < this.#entries.length; count += 1) {
      const entry = this.#entries[(this.#nextIndex + count) % this.#entries.length];
      if (entry === undefined || !entry.isUp || tried.has(entry)) continue;
      let score = -count;
      if (policy === "least-used") score = -entry.userCount;
      else if (policy === "client-hash") score = scoreOf(key, nameOf(entry.address));
      if (score <= bestScore) continue;
      best = entry;
      bestScore = score;
    }
    return best;
  }

  /** Does something with a server, but not for longer than `timeoutMs`. */
  async #within<Value>(
    timeoutMs: number,
    signal: AbortSignal,
    does: (signal: AbortSignal) => Promise<Value>,
  ): Promise<Value> {
    const controller = new AbortController();
    const abort = (): void => controller.abort(signal.reason);
    const timer = this.#timers.timer(() => controller.abort(new Error("It took too long")));
    timer.set(this.#timers.nowMs() + timeoutMs);
    signal.addEventListener("abort", abort);
    try {
      return await does(controller.signal);
    } finally {
      timer.clear();
      signal.removeEventListener("abort", abort);
    }
  }

  #checkLater(nowMs: number): void {
    const { random } = this.#options;
    const jitter = random === undefined ? 0 : (fraction(random) - 0.5) / 5;
    this.#timer.set(nowMs + this.#checks.intervalMs * (1 + jitter));
  }

  #checkAll(nowMs: number): void {
    this.#checkLater(nowMs);
    for (const entry of this.#entries) if (entry.checking === undefined) void this.#check(entry);
  }

  async #check(entry: Entry): Promise<void> {
    const { check = this.#checkConnects } = this.#options;
    entry.checking = new AbortController();
    const { signal } = entry.checking;
    try {
      await this.#within(this.#checks.timeoutMs, signal, (own) => check(entry.address, own));
      this.#note(entry, true);
    } catch {
      if (!signal.aborted) this.#note(entry, false);
    }
    entry.checking = undefined;
  }

  readonly #checkConnects = async (address: BackendAddress, signal: AbortSignal): Promise<void> => {
    const flow = await this.#options.connect(address, signal);
    await flow[Symbol.asyncDispose]();
  };

  /** An answer, or none. */
  #note(entry: Entry, isAnswer: boolean): void {
    const { failuresUntilDown, successesUntilUp } = this.#checks;
    if (entry.isUp === isAnswer) {
      // Who was never up still needs one answer only.
      if (entry.isUp || !entry.isNew) entry.streak = 0;
      return;
    }
    entry.isNew = false;
    entry.streak += 1;
    if (entry.streak < (entry.isUp ? failuresUntilDown : successesUntilUp)) return;
    entry.isUp = !entry.isUp;
    entry.streak = 0;
    this.#changed();
  }

  #changed(): void {
    this.#options.changed?.();
  }
}

/** An address as text, as the origin of a URL has it. */
export function nameOf({ host, port }: BackendAddress): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function once(does: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) does();
    isDone = true;
  };
}
