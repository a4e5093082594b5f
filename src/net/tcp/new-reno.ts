import { CongestionWindow, type CongestionControl, type CongestionOptions } from "./congestion.ts";

/** How many segments one acknowledgment may add in slow start; after a timeout, fewer. */
const limit = 2;
const limitAfterTimeout = 1;

/**
 * The congestion control that others are measured by: doubles each round trip, then adds a segment
 * each round trip, halves with each loss.
 *
 * @see RFC 5681; RFC 3465 (counts bytes, not acknowledgments); RFC 6582
 */
export class NewReno implements CongestionControl {
  readonly #window: CongestionWindow;
  #limit = limit;
  /** Bytes acknowledged since the window last grew by a segment. */
  #countedBytes = 0;

  constructor(options: CongestionOptions) {
    this.#window = new CongestionWindow(options);
  }

  get windowBytes(): number {
    return Math.floor(this.#window.bytes);
  }

  get slowStartThresholdBytes(): number {
    return this.#window.thresholdBytes;
  }

  acknowledged(bytes: number, _flightBytes: number, isLimited: boolean): void {
    const window = this.#window;
    if (!isLimited) return;
    if (window.isInSlowStart) {
      window.slowStart(bytes, this.#limit);
      return;
    }
    this.#limit = limit;
    this.#countedBytes += bytes;
    if (this.#countedBytes < window.bytes) return;
    this.#countedBytes -= window.bytes;
    window.bytes += window.segmentBytes;
  }

  lost(flightBytes: number): void {
    this.#reduce(flightBytes);
    this.#window.shrink();
  }

  recovered(flightBytes: number): void {
    this.#window.recovered(flightBytes);
  }

  timedOut(flightBytes: number, _nowMs: number, isFirst: boolean): void {
    if (isFirst) this.#reduce(flightBytes);
    this.#window.bytes = this.#window.segmentBytes;
    this.#limit = limitAfterTimeout;
  }

  undo(): void {
    this.#window.undo();
    this.#limit = limit;
  }

  idled(): void {
    this.#window.idled();
  }

  setSegmentBytes(bytes: number): void {
    this.#window.setSegmentBytes(bytes);
  }

  #reduce(flightBytes: number): void {
    this.#window.reduce(flightBytes / 2);
    this.#countedBytes = 0;
  }
}
