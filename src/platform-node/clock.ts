/** Node's high-resolution clock, made strictly increasing. */

import { ClockError, type Clock } from "../devices/index.ts";

/** The longest timer that Node keeps; a longer one fires at once. */
const maxTimerMs = 2 ** 31 - 1;

/** Connects to the process's clock. Its timers keep the process alive. */
export function connect(): Clock {
  return new ProcessClock();
}

class ProcessClock implements Clock {
  readonly counters = { sleeps: 0, wakes: 0 };
  readonly #originNs = process.hrtime.bigint();
  #lastNs = 0n;
  /** What ends each sleep or wake under way, on disposal. */
  readonly #underWay = new Set<() => void>();
  #closed = false;

  get timeZoneOffsetMinutes(): number {
    return 0 - new Date().getTimezoneOffset();
  }

  monotonicNs(): bigint {
    const now = process.hrtime.bigint() - this.#originNs;
    this.#lastNs = now > this.#lastNs ? now : this.#lastNs + 1n;
    return this.#lastNs;
  }

  monotonicMs(): number {
    return Number(this.monotonicNs()) / 1e6;
  }

  wallMs(): number {
    return Date.now();
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (!(durationMs >= 0 && durationMs < Infinity)) {
      throw new RangeError(`Cannot sleep for ${durationMs} ms: not a finite time of 0 or more`);
    }
    signal?.throwIfAborted();
    if (this.#closed) throw closedError();
    this.counters.sleeps += 1;
    const deadlineMs = this.monotonicMs() + durationMs;
    let abort = (): void => {};
    try {
      await new Promise<void>((resolve, reject) => {
        const stop = this.#at(deadlineMs, resolve, () => reject(closedError()));
        abort = () => {
          stop();
          reject(signal?.reason as Error);
        };
        signal?.addEventListener("abort", abort);
      });
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  wakeAt(deadlineMs: number, wake: () => void): () => void {
    if (Number.isNaN(deadlineMs)) throw new RangeError("Cannot wake at NaN: not a time");
    // A deadline that never comes must not keep the process alive.
    if (this.#closed || deadlineMs === Infinity) return () => {};
    return this.#at(
      deadlineMs,
      () => {
        this.counters.wakes += 1;
        wake();
      },
      () => {},
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const end of this.#underWay) end();
  }

  /** Calls `wake` when the deadline has come, or `close` if the clock is disposed before. */
  #at(deadlineMs: number, wake: () => void, close: () => void): () => void {
    let timer: NodeJS.Timeout;
    const stop = (): void => {
      clearTimeout(timer);
      this.#underWay.delete(end);
    };
    const end = (): void => {
      stop();
      close();
    };
    const arm = (): void => {
      const leftMs = Math.max(0, Math.ceil(deadlineMs - this.monotonicMs()));
      timer = setTimeout(fire, Math.min(leftMs, maxTimerMs));
    };
    const fire = (): void => {
      // Timers may be early by a fraction of a millisecond, and long ones come in stages.
      if (this.monotonicMs() < deadlineMs) return arm();
      stop();
      wake();
    };
    this.#underWay.add(end);
    arm();
    return stop;
  }
}

function closedError(): ClockError {
  return new ClockError("closed", "Cannot sleep: the clock was disposed");
}
