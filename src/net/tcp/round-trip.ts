/** The clock's granularity, the G of RFC 6298. */
const granularityMs = 1;
const initialRtoMs = 1000;
const maxRtoMs = 60_000;

/** What the timeout starts from if a SYN had to be sent again (RFC 6298, 5.7). */
const rtoAfterLostSynMs = 3000;

/** How long the least round trip is remembered, at most; half of it at least. */
const minWindowMs = 300_000;

/** Options of {@link RoundTrip}. */
export interface RoundTripOptions {
  /**
   * What the timeout is above the smoothed round trip at least, 200 ms unless given. RFC 6298
   * (2.4) says that a timeout SHOULD be 1 s or more; Linux has long shown that 200 ms on top of the
   * round trip are safe, because a peer delays its acknowledgment by less, and recover sooner.
   */
  readonly minRtoMs?: number;
}

/**
 * Estimates the round trip of a connection and from it the retransmission timeout.
 *
 * @see RFC 6298; RFC 7323, appendix G
 */
export class RoundTrip {
  readonly #minRtoMs: number;
  #smoothedMs: number | undefined;
  #variationMs = 0;
  #baseRtoMs = initialRtoMs;
  #rtoMs = initialRtoMs;
  /** The least of this half of the window, and of the half before. */
  #minMs = Infinity;
  #previousMinMs = Infinity;
  #halfEndMs = -Infinity;

  constructor({ minRtoMs = 200 }: RoundTripOptions = {}) {
    this.#minRtoMs = Math.max(granularityMs, minRtoMs);
  }

  /** SRTT; `undefined` before the first sample. */
  get smoothedMs(): number | undefined {
    return this.#smoothedMs;
  }

  /** RTTVAR; 0 before the first sample. */
  get variationMs(): number {
    return this.#variationMs;
  }

  /** The least sample of the last minutes (150 s to 300 s); `Infinity` before the first. */
  get minMs(): number {
    return Math.min(this.#minMs, this.#previousMinMs);
  }

  /** RTO, the time after which to retransmit; backed off, and 60 s at most. */
  get rtoMs(): number {
    return this.#rtoMs;
  }

  /**
   * Takes a measured round trip and ends any back-off. It must not be of a segment that was sent
   * twice, unless a timestamp tells which of the two was answered (RFC 6298, 3).
   *
   * `expectedSamples` is about how many samples a round trip gives, so that many do not make the
   * estimate forget sooner: with timestamps, the bytes in flight over two segments.
   */
  sample(ms: number, nowMs: number, expectedSamples = 1): void {
    this.#remember(ms, nowMs);
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = ms;
      this.#variationMs = ms / 2;
    } else {
      const weight = 1 / Math.max(1, Math.ceil(expectedSamples));
      const error = ms - this.#smoothedMs;
      this.#variationMs += (weight / 4) * (Math.abs(error) - this.#variationMs);
      this.#smoothedMs += (weight / 8) * error;
    }
    const marginMs = Math.max(this.#minRtoMs, 4 * this.#variationMs);
    this.#setRto(this.#smoothedMs + marginMs);
  }

  /** Doubles the timeout, because it has passed (RFC 6298, 5.5). */
  backOff(): void {
    this.#rtoMs = Math.min(maxRtoMs, 2 * this.#rtoMs);
  }

  /** Sets the timeout to what the samples gave, because the peer has answered. */
  resetBackOff(): void {
    this.#rtoMs = this.#baseRtoMs;
  }

  /**
   * Sets the timeout to 3 s until the next sample. To be called when a connection is established
   * for which a SYN was sent more than once, if no sample came of that (RFC 6298, 5.7).
   */
  restartAfterLostSyn(): void {
    this.#setRto(rtoAfterLostSynMs);
  }

  #setRto(ms: number): void {
    this.#baseRtoMs = Math.min(maxRtoMs, ms);
    this.#rtoMs = this.#baseRtoMs;
  }

  #remember(ms: number, nowMs: number): void {
    if (nowMs >= this.#halfEndMs) {
      this.#previousMinMs = nowMs < this.#halfEndMs + minWindowMs / 2 ? this.#minMs : Infinity;
      this.#minMs = Infinity;
      this.#halfEndMs = nowMs + minWindowMs / 2;
    }
    if (ms < this.#minMs) this.#minMs = ms;
  }
}
