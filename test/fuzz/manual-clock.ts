import type { Clock } from "../../src/devices/index.ts";

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  readonly counters = {};
  readonly timeZoneOffsetMinutes: number | undefined = undefined;
  readonly #wakes = new Map<object, { readonly atMs: number; readonly wake: () => void }>();
  #nowMs = 1000;

  monotonicMs(): number {
    this.#nowMs += 1e-6;
    return this.#nowMs;
  }

  monotonicNs(): bigint {
    return BigInt(Math.round(this.monotonicMs() * 1e6));
  }

  wallMs(): number {
    return this.#nowMs;
  }

  sleep(durationMs: number): Promise<void> {
    return new Promise((resolve) => this.wakeAt(this.#nowMs + durationMs, resolve));
  }

  wakeAt(atMs: number, wake: () => void): () => void {
    const key = {};
    if (atMs < Infinity) this.#wakes.set(key, { atMs, wake });
    return () => void this.#wakes.delete(key);
  }

  /** Goes on, and wakes whoever waited for it. */
  advance(ms: number): void {
    this.#nowMs += ms;
    for (const [key, { atMs, wake }] of this.#wakes) {
      if (atMs > this.#nowMs) continue;
      this.#wakes.delete(key);
      wake();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#wakes.clear();
  }
}
