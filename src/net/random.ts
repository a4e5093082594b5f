/** Numbers of chance as protocols use them. */

import type { Random } from "../devices/index.ts";
import type { Timers } from "./timers.ts";

/** A number from 0, included, to 1, excluded. */
export function fraction(random: Random): number {
  return random.uint32() / 2 ** 32;
}

/** A moment from now on, within `withinMs`. */
export function soonMs(
  { timers, random }: { readonly timers: Timers; readonly random: Random },
  withinMs: number,
): number {
  return timers.nowMs() + fraction(random) * withinMs;
}
