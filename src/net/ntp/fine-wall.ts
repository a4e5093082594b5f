/**
 * Wall time finer than a device tells it, which is in whole milliseconds: its monotonic time says
 * how much has passed since one began. The more readings, the better is known when that was.
 */

import type { Clock } from "../../devices/index.ts";

export class FineWall {
  readonly #clock: Clock;
  /** Wall time less monotonic time, as far as it is known. */
  #differenceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#differenceMs = clock.wallMs() - clock.monotonicMs();
  }

  /** Wall time in milliseconds with a fraction, never in another millisecond than the device's. */
  nowMs(): number {
    const monotonicMs = this.#clock.monotonicMs();
    const wallMs = this.#clock.wallMs();
    const fineMs = monotonicMs + this.#differenceMs;
    const rightMs = Math.min(Math.max(fineMs, wallMs), wallMs + 0.999);
    this.#differenceMs += rightMs - fineMs;
    return rightMs;
  }
}
