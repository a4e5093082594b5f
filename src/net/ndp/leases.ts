/** Things that a router said, for as long as it said. */

import type { Timer, Timers } from "../timers.ts";

/** A bounded table of things by key, each of which ends. What is full takes nothing new. */
export class Leases<Value> {
  readonly #entries = new Map<string, { readonly value: Value; untilMs: number }>();
  readonly #maxCount: number;
  readonly #changed: () => void;
  readonly #timer: Timer;

  /** Calls `changed` after each change of what there is. */
  constructor(timers: Timers, maxCount: number, changed: () => void) {
    this.#maxCount = maxCount;
    this.#changed = changed;
    this.#timer = timers.timer((nowMs) => this.#expire(nowMs));
  }

  /** What there is now, oldest first. */
  get values(): readonly Value[] {
    return [...this.#entries.values()].map(({ value }) => value);
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key)?.value;
  }

  /** Adds something, or has it end at another time, which for what is over is at once. */
  set(key: string, value: Value, untilMs: number, nowMs: number): void {
    const known = this.#entries.get(key);
    if (known !== undefined) known.untilMs = untilMs;
    else if (untilMs > nowMs && this.#entries.size < this.#maxCount) {
      this.#entries.set(key, { value, untilMs });
      this.#changed();
    }
    this.#expire(nowMs);
  }

  /** Puts something behind all others. */
  moveToEnd(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.#changed();
  }

  delete(key: string): void {
    if (this.#entries.delete(key)) this.#changed();
  }

  /** Forgets everything, and calls nobody. */
  clear(): void {
    this.#entries.clear();
    this.#timer.clear();
  }

  #expire(nowMs: number): void {
    let nextMs = Infinity;
    let count = 0;
    for (const [key, { untilMs }] of this.#entries) {
      if (untilMs > nowMs) nextMs = Math.min(nextMs, untilMs);
      else if (this.#entries.delete(key)) count += 1;
    }
    this.#timer.set(nextMs);
    if (count > 0) this.#changed();
  }
}

/** When a lifetime is over that is given in seconds, of which the greatest number is for ever. */
export function endMs(nowMs: number, lifetimeS: number): number {
  return lifetimeS === 0xffff_ffff ? Infinity : nowMs + 1000 * lifetimeS;
}
