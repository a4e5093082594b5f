/** Checking types again after each change, one check at a time. */

import type { TypeReport } from "./type-check.ts";
import { checkTypes } from "./type-check.ts";

/** How long files must rest before a check begins, in milliseconds. */
const restMs = 100;

/**
 * Checks the types around a folder when it is told to, and reports what came of the newest state.
 */
export class TypeWatch {
  readonly #dir: string;
  readonly #onReport: (report: TypeReport) => void;
  readonly #closed = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #again = false;

  constructor(dir: string, onReport: (report: TypeReport) => void) {
    this.#dir = dir;
    this.#onReport = onReport;
  }

  /** Checks soon. A check that runs meanwhile is of an older state: it is not reported. */
  recheck(): void {
    if (this.#closed.signal.aborted) return;
    this.#again = this.#running;
    clearTimeout(this.#timer);
    if (!this.#running) this.#timer = setTimeout(() => void this.#check(), restMs);
  }

  /** Ends a check that runs, and begins none. */
  close(): void {
    clearTimeout(this.#timer);
    this.#closed.abort();
  }

  async #check(): Promise<void> {
    this.#running = true;
    const report = await checkTypes(this.#dir, this.#closed.signal);
    this.#running = false;
    if (this.#closed.signal.aborted) return;
    if (!this.#again) return this.#onReport(report);
    this.#again = false;
    this.recheck();
  }
}
