interface Job<Result> {
  readonly result: Promise<Result>;
  readonly controller: AbortController;
  waiterCount: number;
}

/**
 * Work that several may wait for, done once: it goes on while anybody waits. Two identical
 * questions under way would be twice as easy to forge an answer to (RFC 5452, 5).
 */
export class SharedWork<Result> {
  readonly #jobs = new Map<string, Job<Result>>();

  /**
   * Waits for the work called `key`, which `start` begins if nobody does it yet.
   *
   * @throws the signal's reason, when it aborts, and whatever the work throws
   */
  async join(
    key: string,
    start: (signal: AbortSignal) => Promise<Result>,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    const job = this.#jobs.get(key) ?? this.#start(key, start);
    job.waiterCount += 1;
    let stop = (): void => {};
    const aborted = new Promise<never>((_, reject) => {
      stop = () => reject(signal?.reason);
      signal?.addEventListener("abort", stop);
    });
    try {
      return await Promise.race([job.result, aborted]);
    } finally {
      signal?.removeEventListener("abort", stop);
      job.waiterCount -= 1;
      if (job.waiterCount === 0) this.#end(key, job, signal?.reason);
    }
  }

  /** Ends all work with this reason. */
  abort(reason: unknown): void {
    for (const [key, job] of this.#jobs) this.#end(key, job, reason);
  }

  #start(key: string, start: (signal: AbortSignal) => Promise<Result>): Job<Result> {
    const controller = new AbortController();
    const job = { result: start(controller.signal), controller, waiterCount: 0 };
    // Whoever waits hears of a failure; nobody has to.
    job.result.catch(() => {});
    this.#jobs.set(key, job);
    return job;
  }

  #end(key: string, job: Job<Result>, reason: unknown): void {
    if (this.#jobs.get(key) === job) this.#jobs.delete(key);
    job.controller.abort(reason);
  }
}
