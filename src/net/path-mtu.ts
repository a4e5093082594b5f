/**
 * What was learned of the longest packet that reaches a destination whole (RFC 1191, RFC 8201).
 * What was learned is forgotten in time, so that a path that became better is used.
 */

import type { Timer, Timers } from "./timers.ts";

/** A layer that can be told of a router's report. */
export interface PathMtuLearner {
  /**
   * Learns that packets of more than `mtuBytes`, IP header included, do not reach `destination`
   * (*borrowed*) whole. What is less than any link must carry is taken for that; what is no less
   * than known does nothing.
   */
  learnPathMtu(destination: Uint8Array, mtuBytes: number): void;
}

/** How {@link PathMtus} are made. */
export interface PathMtusOptions {
  readonly timers: Timers;
  /** What our link carries. */
  readonly linkBytes: number;
  /** What is believed at least. */
  readonly leastBytes: number;
  /** Called after each change. */
  readonly changed: () => void;
  /** How long it is believed; 600,000 by default (RFC 1191, 6.3). */
  readonly lifetimeMs?: number;
  /** The most destinations known; the one learned first makes room. 256 by default. */
  readonly maxDestinations?: number;
}

export class PathMtus<Key extends string | number> {
  readonly #options: Required<PathMtusOptions>;
  readonly #timer: Timer;
  /** In the order of learning, which is also that of expiring. */
  readonly #learned = new Map<Key, { readonly bytes: number; readonly deadlineMs: number }>();

  constructor(options: PathMtusOptions) {
    this.#options = { lifetimeMs: 600_000, maxDestinations: 256, ...options };
    this.#timer = options.timers.timer((nowMs) => this.#expire(nowMs));
  }

  /** The longest packet to a destination, in bytes with its IP header. */
  get(key: Key): number {
    return this.#learned.get(key)?.bytes ?? this.#options.linkBytes;
  }

  /** Learns it, if it is less than is known. */
  learn(key: Key, mtuBytes: number): void {
    const { timers, leastBytes, lifetimeMs, maxDestinations, changed } = this.#options;
    const bytes = Math.max(mtuBytes, leastBytes);
    if (bytes >= this.get(key)) return;
    this.#learned.delete(key);
    this.#learned.set(key, { bytes, deadlineMs: timers.nowMs() + lifetimeMs });
    const [oldest] = this.#learned.keys();
    if (this.#learned.size > maxDestinations && oldest !== undefined) this.#learned.delete(oldest);
    this.#expire(timers.nowMs());
    changed();
  }

  /** Forgets everything. */
  clear(): void {
    this.#learned.clear();
    this.#timer.clear();
  }

  #expire(nowMs: number): void {
    for (const [key, { deadlineMs }] of this.#learned) {
      if (deadlineMs > nowMs) {
        this.#timer.set(deadlineMs);
        return;
      }
      this.#learned.delete(key);
      this.#options.changed();
    }
  }
}
