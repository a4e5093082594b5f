import { ClockError, type Clock } from "../devices/index.ts";
import type { Timeline } from "./timeline.ts";

/** What a simulated clock shows beside its own virtual time. */
export interface SimulatedClockOptions {
  /** Wall time when the simulation began, in milliseconds since 1970. */
  readonly startWallMs?: number;
  readonly timeZoneOffsetMinutes?: number;
}

/** The day MirageOS 1.0 came out: a date that tests can rely on. */
const defaultStartMs = Date.UTC(2013, 11, 9);

/** A {@link Clock} on a virtual timeline: nothing sleeps, time jumps. */
export class SimulatedClock implements Clock {
  readonly counters = { sleeps: 0, wakes: 0 };
  readonly timeZoneOffsetMinutes: number;
  readonly #timeline: Timeline;
  readonly #startWallMs: number;
  /** What ends each sleep or wake under way, on disposal. */
  readonly #underWay = new Set<() => void>();
  #isClosed = false;

  constructor(timeline: Timeline, options: SimulatedClockOptions = {}) {
    this.#timeline = timeline;
    this.#startWallMs = options.startWallMs ?? defaultStartMs;
    this.timeZoneOffsetMinutes = options.timeZoneOffsetMinutes ?? 0;
  }

  monotonicNs(): bigint {
    return BigInt(this.#timeline.read());
  }

  monotonicMs(): number {
    return this.#timeline.read() / 1e6;
  }

  wallMs(): number {
    return this.#startWallMs + Math.floor(this.#timeline.nowNs / 1e6);
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (!(durationMs >= 0 && durationMs < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`Cannot sleep for ${durationMs} ms: not a finite time of 0 or more`);
    }
    signal?.throwIfAborted();
    if (this.#isClosed) throw closedError();
    this.counters.sleeps++;
    await this.#sleep(durationMs, signal);
  }

  wakeAt(deadlineMs: number, wake: () => void): () => void {
    if (Number.isNaN(deadlineMs)) throw new RangeError("Cannot wake at NaN: not a time");
    // A deadline that never comes must not keep the simulation waiting for it.
    if (this.#isClosed || deadlineMs === Number.POSITIVE_INFINITY) return () => {};
    const cancelEvent = this.#timeline.at(Math.ceil(deadlineMs * 1e6), () => {
      this.#underWay.delete(cancel);
      this.counters.wakes++;
      wake();
    });
    const cancel = (): void => {
      this.#underWay.delete(cancel);
      cancelEvent();
    };
    this.#underWay.add(cancel);
    return cancel;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const end of this.#underWay) end();
  }

  #sleep(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (how: () => void): void => {
        cancelEvent();
        this.#underWay.delete(close);
        signal?.removeEventListener("abort", abort);
        how();
      };
      const abort = (): void => settle(() => reject(signal?.reason));
      const close = (): void => settle(() => reject(closedError()));
      const cancelEvent = this.#timeline.after(durationMs, () => settle(resolve));
      this.#underWay.add(close);
      signal?.addEventListener("abort", abort);
    });
  }
}

function closedError(): ClockError {
  return new ClockError("closed", "Cannot sleep: the clock was disposed");
}
