/**
 * Carries bytes between two flows, both ways, until both have ended. Each way waits until the other
 * side has room, and ends by itself: a flow that is shut down one way goes on the other.
 */

import type { Clock, Flow } from "../../devices/index.ts";
import { timersOf } from "../timers.ts";

/** How long a relay waits in vain. */
export interface RelayTimes {
  /** While both ways are open. */
  readonly idleMs: number;
  /** Once one of them has ended. */
  readonly halfClosedMs: number;
}

/** How a relay ended. */
export interface RelayOutcome {
  /** `ended` by both sides, or an abort of one, or silence. */
  readonly how: "ended" | "aborted" | "idle";
  /** Bytes from the first flow to the second, and back. */
  readonly bytes: readonly [there: number, back: number];
}

/** Relays between two flows, which are *given*. Never rejects. */
export async function relay(
  one: Flow,
  other: Flow,
  clock: Clock,
  times: RelayTimes,
): Promise<RelayOutcome> {
  const timers = timersOf(clock);
  const bytes: [number, number] = [0, 0];
  let how: RelayOutcome["how"] = "ended";
  let openWays = 2;
  let heardMs = timers.nowMs();
  const abort = (why: RelayOutcome["how"]): void => {
    if (how === "ended") how = why;
    one.abort();
    other.abort();
  };
  const waitMs = (): number => (openWays === 2 ? times.idleMs : times.halfClosedMs);
  const timer = timers.timer((nowMs) => {
    if (heardMs + waitMs() <= nowMs) abort("idle");
    else timer.set(heardMs + waitMs());
  });
  timer.set(heardMs + times.idleMs);
  const carry = async (from: Flow, to: Flow, way: 0 | 1): Promise<void> => {
    try {
      for (;;) {
        const chunk = await from.read();
        heardMs = timers.nowMs();
        if (chunk === undefined) break;
        bytes[way] += chunk.length;
        await to.write(chunk);
        heardMs = timers.nowMs();
      }
      await to.shutdown("write");
    } catch {
      abort("aborted");
    }
    openWays -= 1;
    timer.set(heardMs + waitMs());
  };
  await Promise.all([carry(one, other, 0), carry(other, one, 1)]);
  timer.clear();
  await one[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
  return { how, bytes };
}
