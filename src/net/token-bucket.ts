/** A limit on how often something is done: `rate` times a second, and `burst` times at once. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perMs: number;
  #tokens: number;
  #filledMs = -Infinity;

  constructor(burst: number, rate: number) {
    this.#burst = this.#tokens = burst;
    this.#perMs = rate / 1000;
  }

  /** Takes a token, if there is one; says whether there was. */
  take(nowMs: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#filledMs) * this.#perMs);
    this.#filledMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
