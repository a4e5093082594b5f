/** How a run ends. */

import type { Misuse } from "../config/arguments.ts";

/** What came of a run. */
export interface Outcome {
  /** 0–255. */
  readonly code: number;
  /** What was thrown, even if that is `undefined`; not there if nothing was. */
  readonly error?: unknown;
  /** What is wrong with the arguments, when the code is 64; the host shows the usage with it. */
  readonly misuse?: Misuse;
}

/** Why a unikernel's signal aborted: somebody halted it. */
export class Halted extends Error {
  override readonly name = "Halted";

  constructor() {
    super("The unikernel was halted");
  }
}

/** A halted unikernel did not stop in the time it had. */
export class Unresponsive extends Error {}

/** How long a halted unikernel has to stop by itself, in milliseconds. */
export const haltGraceMs = 500;

/** When the host ends it instead: a little later, so that its last report can still arrive. */
export const terminateAfterMs: number = 2 * haltGraceMs;

/**
 * How long it has instead after SIGTERM, in milliseconds: that comes from whoever runs services, who
 * wants requests under way to be answered, and kills by itself after five seconds at the earliest.
 */
export const serviceGraceMs = 4_000;
