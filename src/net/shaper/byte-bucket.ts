/** A token bucket of bytes: a rate in the long run, and so many bytes at once. */
export class ByteBucket {
  readonly #burstBytes: number;
  #bytesPerMs: number;
  #bytes: number;
  #filledMs: number;

  constructor(bitsPerSecond: number, burstBytes: number, nowMs: number) {
    this.#burstBytes = this.#bytes = burstBytes;
    this.#bytesPerMs = bitsPerSecond / 8000;
    this.#filledMs = nowMs;
  }

  /** Changes the rate from now on. */
  setRate(bitsPerSecond: number, nowMs: number): void {
    this.#fill(nowMs);
    this.#bytesPerMs = bitsPerSecond / 8000;
  }

  /** When so many bytes may go: now, or later; `Infinity` where the rate is 0. */
  readyMs(bytes: number, nowMs: number): number {
    this.#fill(nowMs);
    // What is longer than a burst goes when the bucket is full.
    const missing = Math.min(bytes, this.#burstBytes) - this.#bytes;
    // What is left of rounding is none.
    return missing <= 1e-6 ? nowMs : nowMs + missing / this.#bytesPerMs;
  }

  /** So many bytes go now. */
  take(bytes: number): void {
    if (this.#bytesPerMs !== Infinity) this.#bytes -= bytes;
  }

  #fill(nowMs: number): void {
    const elapsedMs = nowMs - this.#filledMs;
    this.#filledMs = nowMs;
    if (elapsedMs <= 0) return;
    this.#bytes = Math.min(this.#burstBytes, this.#bytes + elapsedMs * this.#bytesPerMs);
  }
}
