/**
 * How much may be under way without an acknowledgment, so that the path is not flooded. All sizes
 * are in bytes; times are of the stack's clock.
 *
 * What is new is reported by {@link CongestionControl.acknowledged}, but not during recovery: from
 * `lost` to `recovered` the window stays at the threshold, and what to send in it is decided by
 * whoever counts what is in flight (RFC 6675).
 */
export interface CongestionControl {
  /** cwnd, a whole number. */
  readonly windowBytes: number;

  /** ssthresh; `Infinity` until the first loss. */
  readonly slowStartThresholdBytes: number;

  /**
   * New data was acknowledged outside recovery.
   *
   * @param bytes how much
   * @param flightBytes what is still unacknowledged
   * @param isLimited whether the window was what limited sending; only then does it grow (RFC 7661)
   * @param nowMs the time
   * @param roundTripMs what this acknowledgment measured; `NaN` if nothing
   * @param smoothedMs the smoothed round trip; `NaN` if there is none
   */
  acknowledged(
    bytes: number,
    flightBytes: number,
    isLimited: boolean,
    nowMs: number,
    roundTripMs: number,
    smoothedMs: number,
  ): void;

  /** A loss was detected while `flightBytes` were unacknowledged: recovery begins. */
  lost(flightBytes: number, nowMs: number): void;

  /** Everything that was sent before the loss was detected is acknowledged: recovery is over. */
  recovered(flightBytes: number, nowMs: number): void;

  /**
   * The retransmission timer ran out while `flightBytes` were unacknowledged. The window is one
   * segment. The threshold changes only if `isFirst`: not again for the same data (RFC 5681, 3.1),
   * nor if it timed out during recovery, nor for a SYN, which says nothing of a path's width.
   */
  timedOut(flightBytes: number, nowMs: number, isFirst: boolean): void;

  /** The last loss or timeout was none (RFC 4015): takes back what it changed. */
  undo(): void;

  /** Nothing was sent for longer than a retransmission timeout (RFC 5681, 4.1). */
  idled(nowMs: number): void;

  /** The segment size changed, with the path's MTU. */
  setSegmentBytes(bytes: number): void;
}

/** Options of a {@link CongestionControl}. */
export interface CongestionOptions {
  /** SMSS: the payload of a full segment. */
  readonly segmentBytes: number;
  /** The window to begin with; unless given, about ten segments (RFC 6928). */
  readonly initialWindowBytes?: number;
}

/**
 * Window and threshold, with what every algorithm does with them in the same way. The window has
 * fractions of bytes, since it may grow by less than one for each acknowledgment.
 */
export class CongestionWindow {
  bytes: number;
  thresholdBytes: number = Infinity;
  segmentBytes: number;
  readonly #initialBytes: number | undefined;
  #undoBytes = 0;
  #undoThresholdBytes = 0;

  constructor({ segmentBytes, initialWindowBytes }: CongestionOptions) {
    this.segmentBytes = segmentBytes;
    this.#initialBytes = initialWindowBytes;
    this.bytes = this.#restartBytes;
  }

  get isInSlowStart(): boolean {
    return this.bytes < this.thresholdBytes;
  }

  /** Grows by what was acknowledged, by `limit` segments at most (RFC 3465), up to the threshold. */
  slowStart(bytes: number, limit: number): void {
    const grown = this.bytes + Math.min(bytes, limit * this.segmentBytes);
    this.bytes = Math.min(grown, this.thresholdBytes);
  }

  /** Sets the threshold, to two segments at least, and remembers what was before. */
  reduce(thresholdBytes: number): void {
    this.#undoBytes = this.bytes;
    this.#undoThresholdBytes = this.thresholdBytes;
    this.thresholdBytes = Math.max(Math.round(thresholdBytes), 2 * this.segmentBytes);
  }

  /** Goes down to the threshold; not up, if what is in flight was sent when there was more room. */
  shrink(): void {
    this.bytes = Math.min(this.bytes, this.thresholdBytes);
  }

  /** Ends recovery at the threshold, but with no more to send at once than at the beginning. */
  recovered(flightBytes: number): void {
    const allowed = Math.max(flightBytes + this.segmentBytes, this.#restartBytes);
    this.bytes = Math.min(this.thresholdBytes, allowed);
  }

  undo(): void {
    this.bytes = Math.max(this.bytes, this.#undoBytes);
    this.thresholdBytes = Math.max(this.thresholdBytes, this.#undoThresholdBytes);
  }

  /** Goes back to the initial window, and keeps in the threshold what the path could bear. */
  idled(): void {
    this.thresholdBytes = Math.max(this.thresholdBytes, 0.75 * this.bytes);
    this.bytes = Math.min(this.bytes, this.#restartBytes);
  }

  /**
   * A smaller segment makes the window as much smaller, so that as many segments are under way; but
   * the initial window is what it is for the size on which both ends agree.
   */
  setSegmentBytes(bytes: number): void {
    const isInitial = this.#initialBytes === undefined && this.bytes === this.#restartBytes;
    const scaledBytes = this.bytes * Math.min(1, bytes / this.segmentBytes);
    this.thresholdBytes = Math.max(2 * bytes, this.thresholdBytes);
    this.segmentBytes = bytes;
    this.bytes = isInitial ? this.#restartBytes : Math.max(bytes, scaledBytes);
  }

  /** RFC 6928, section 2. */
  get #restartBytes(): number {
    const { segmentBytes } = this;
    const most = Math.max(2 * segmentBytes, 14_600);
    return this.#initialBytes ?? Math.min(10 * segmentBytes, most);
  }
}
