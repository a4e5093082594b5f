import { ClockError, type Clock } from "../devices/index.ts";

/** Where a clock takes its time from; the host's own clocks unless a test says otherwise. */
export interface ClockOptions {
  /** Milliseconds with a fraction that never go back, as `performance.now()` gives them. */
  readonly now?: () => number;
  /** Milliseconds since 1970, as `Date.now()` gives them. */
  readonly wallNow?: () => number;
}

/** The longest delay that `setTimeout` takes; it fires at once for a longer one. */
const maxTimeoutMs = 2 ** 31 - 1;

/** Connects the clock of a page or a worker, as good as the browser lets it be. */
export function connect(options: ClockOptions = {}): Clock {
  return new HostClock(options);
}

class HostClock implements Clock {
  readonly counters = { sleeps: 0, wakes: 0 };
  readonly #now: () => number;
  readonly #wallNow: () => number;
  #lastNs = 0;
  /** What ends each sleep or wake under way, on disposal. */
  readonly #underWay = new Set<() => void>();
  #isClosed = false;

  constructor({ now, wallNow }: ClockOptions) {
    // To look up the global for each reading is slower than to read the time.
    this.#now = now ?? performance.now.bind(performance);
    this.#wallNow = wallNow ?? Date.now;
  }

  get timeZoneOffsetMinutes(): number {
    return 0 - new Date(this.wallMs()).getTimezoneOffset();
  }

  monotonicNs(): bigint {
    return BigInt(this.#readNs());
  }

  monotonicMs(): number {
    return this.#readNs() / 1e6;
  }

  wallMs(): number {
    return this.#wallNow();
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (!(durationMs >= 0 && durationMs < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`Cannot sleep for ${durationMs} ms: not a finite time of 0 or more`);
    }
    signal?.throwIfAborted();
    if (this.#isClosed) throw closedError();
    this.counters.sleeps++;
    await this.#sleep(this.monotonicMs() + durationMs, signal);
  }

  wakeAt(deadlineMs: number, wake: () => void): () => void {
    if (Number.isNaN(deadlineMs)) throw new RangeError("Cannot wake at NaN: not a time");
    if (this.#isClosed) return () => {};
    const cancel = (): void => {
      this.#underWay.delete(cancel);
      cancelTimer();
    };
    const cancelTimer = this.#at(deadlineMs, () => {
      this.#underWay.delete(cancel);
      this.counters.wakes++;
      wake();
    });
    this.#underWay.add(cancel);
    return cancel;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const end of this.#underWay) end();
  }

  /**
   * Reads the host's clock, or goes one step on where it stands still: a nanosecond, which is less
   * than a reading costs, so we never run ahead of the host for long. After 26 days (2⁵¹ ns) a step
   * is as much as it takes for milliseconds, being doubles, to differ too.
   */
  #readNs(): number {
    const last = this.#lastNs;
    const nowNs = this.#now() * 1e6;
    return (this.#lastNs = Math.ceil(Math.max(nowNs, last + 1, last * (1 + 2 * Number.EPSILON))));
  }

  #sleep(deadlineMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (how: () => void): void => {
        cancelTimer();
        this.#underWay.delete(close);
        signal?.removeEventListener("abort", abort);
        how();
      };
      const abort = (): void => settle(() => reject(signal?.reason));
      const close = (): void => settle(() => reject(closedError()));
      const cancelTimer = this.#at(deadlineMs, () => settle(resolve));
      this.#underWay.add(close);
      signal?.addEventListener("abort", abort);
    });
  }

  /**
   * Calls `wake` from a timer at the deadline. Timers may fire early, and cannot be set far off.
   */
  #at(deadlineMs: number, wake: () => void): () => void {
    const set = (): ReturnType<typeof setTimeout> => {
      const leftMs = Math.max(0, Math.ceil(deadlineMs - this.monotonicMs()));
      return setTimeout(fire, Math.min(leftMs, maxTimeoutMs));
    };
    const fire = (): void => {
      if (this.monotonicMs() >= deadlineMs) wake();
      else timer = set();
    };
    let timer = set();
    return () => clearTimeout(timer);
  }
}

function closedError(): ClockError {
  return new ClockError("closed", "Cannot sleep: the clock was disposed");
}
