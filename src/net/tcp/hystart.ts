const minThresholdMs = 4;
const maxThresholdMs = 16;
const thresholdDivisor = 8;
const minSamples = 8;
const growthDivisor = 4;
const maxConservativeRounds = 5;

/**
 * Tells when slow start should end before it floods the path: when round trips get longer, because
 * a queue builds up somewhere. Then the window grows a quarter as fast, and after five round
 * trips, unless they get shorter again, slow start is over.
 *
 * @see RFC 9406 (HyStart++)
 */
export class HyStart {
  /** What the window's growth in slow start is divided by: 1, or 4 once round trips got longer. */
  growthDivisor = 1;
  /** Bytes still to be acknowledged in this round, of what was in flight when it began. */
  #roundBytes = 0;
  #roundMinMs = Infinity;
  #previousMinMs = Infinity;
  #sampleCount = 0;
  #baselineMs = Infinity;
  #conservativeRounds = 0;

  /**
   * Takes note of an acknowledgment in slow start: of `bytes`, with `flightBytes` still
   * unacknowledged, which measured `roundTripMs` (`NaN` if nothing). True if slow start is over.
   */
  acknowledged(bytes: number, flightBytes: number, roundTripMs: number): boolean {
    this.#roundBytes -= bytes;
    if (roundTripMs >= 0) {
      this.#roundMinMs = Math.min(this.#roundMinMs, roundTripMs);
      this.#sampleCount += 1;
      if (this.#sampleCount >= minSamples) this.#compare();
    }
    if (this.#roundBytes > 0) return false;
    this.#roundBytes = flightBytes;
    this.#previousMinMs = this.#roundMinMs;
    this.#roundMinMs = Infinity;
    this.#sampleCount = 0;
    if (this.growthDivisor === 1) return false;
    this.#conservativeRounds += 1;
    return this.#conservativeRounds >= maxConservativeRounds;
  }

  #compare(): void {
    if (this.growthDivisor > 1) {
      if (this.#roundMinMs < this.#baselineMs) this.growthDivisor = 1;
      return;
    }
    const step = this.#previousMinMs / thresholdDivisor;
    const thresholdMs = Math.max(minThresholdMs, Math.min(step, maxThresholdMs));
    if (this.#roundMinMs < this.#previousMinMs + thresholdMs) return;
    this.growthDivisor = growthDivisor;
    this.#baselineMs = this.#roundMinMs;
    this.#conservativeRounds = 0;
  }
}
