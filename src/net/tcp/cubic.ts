import { CongestionWindow, type CongestionControl, type CongestionOptions } from "./congestion.ts";
import { HyStart } from "./hystart.ts";

/** The C of RFC 9438, in segments per second cubed. */
const aggressiveness = 0.4;

/** The β: what is left of the window after a loss. */
const decrease = 0.7;

/** The α that gives as much as Reno's additions do, on average, with this β. */
const renoIncrease = (3 * (1 - decrease)) / (1 + decrease);

/** The most segments that one acknowledgment adds in slow start (RFC 9406, 4.3). */
const slowStartLimit = 8;

/** A stage of congestion avoidance; windows in segments. */
interface Epoch {
  /** When it began, later by as long as the window did not limit sending since then. */
  startMs: number;
  /** When the last acknowledgment came. */
  lastMs: number;
  /** W_max: where the curve is flat, `flatSeconds` (K) after the start. */
  readonly flatSegments: number;
  readonly flatSeconds: number;
  /** W_est: what Reno would have. */
  renoSegments: number;
}

/**
 * The congestion control of most hosts: the window grows with the cube of the time since the last
 * loss, whatever the round trip, slowly near the size where that loss was.
 *
 * @see RFC 9438; RFC 9406 for the end of the first slow start
 */
export class Cubic implements CongestionControl {
  readonly #window: CongestionWindow;
  readonly #hyStart = new HyStart();
  #epoch: Epoch | undefined;
  /** W_max of the next epoch; 0 to take the window that it begins with. */
  #flatSegments = 0;
  /** cwnd_prior: the window before the last loss or timeout. */
  #priorSegments = 0;
  #undoEpoch: Epoch | undefined;
  #undoFlatSegments = 0;
  #undoPriorSegments = 0;

  constructor(options: CongestionOptions) {
    this.#window = new CongestionWindow(options);
  }

  get windowBytes(): number {
    return Math.floor(this.#window.bytes);
  }

  get slowStartThresholdBytes(): number {
    return this.#window.thresholdBytes;
  }

  acknowledged(
    bytes: number,
    flightBytes: number,
    isLimited: boolean,
    nowMs: number,
    roundTripMs: number,
    smoothedMs: number,
  ): void {
    if (this.#window.isInSlowStart) this.#slowStart(bytes, flightBytes, isLimited, roundTripMs);
    else this.#avoidCongestion(bytes, isLimited, nowMs, smoothedMs);
  }

  lost(flightBytes: number): void {
    this.#reduce(flightBytes, true);
    this.#window.shrink();
  }

  recovered(flightBytes: number): void {
    this.#window.recovered(flightBytes);
  }

  timedOut(flightBytes: number, _nowMs: number, isFirst: boolean): void {
    if (isFirst) this.#reduce(flightBytes, false);
    this.#window.bytes = this.#window.segmentBytes;
  }

  undo(): void {
    this.#window.undo();
    this.#epoch = this.#undoEpoch;
    this.#flatSegments = this.#undoFlatSegments;
    this.#priorSegments = this.#undoPriorSegments;
  }

  idled(nowMs: number): void {
    this.#window.idled();
    if (this.#epoch !== undefined) pause(this.#epoch, nowMs);
  }

  setSegmentBytes(bytes: number): void {
    this.#window.setSegmentBytes(bytes);
    this.#epoch = undefined;
    this.#flatSegments = 0;
  }

  #slowStart(bytes: number, flightBytes: number, isLimited: boolean, roundTripMs: number): void {
    const window = this.#window;
    let divisor = 1;
    if (window.thresholdBytes === Infinity) {
      const isOver = this.#hyStart.acknowledged(bytes, flightBytes, roundTripMs);
      divisor = this.#hyStart.growthDivisor;
      if (isOver) {
        window.thresholdBytes = window.bytes;
        return;
      }
    }
    if (isLimited) window.slowStart(bytes / divisor, slowStartLimit / divisor);
  }

  /** RFC 9438, sections 4.2 to 4.5, and 5.8 for the time that counts. */
  #avoidCongestion(bytes: number, isLimited: boolean, nowMs: number, smoothedMs: number): void {
    const window = this.#window;
    const segments = window.bytes / window.segmentBytes;
    const epoch = (this.#epoch ??= this.#begin(segments, nowMs));
    if (!isLimited) {
      pause(epoch, nowMs);
      return;
    }
    epoch.lastMs = nowMs;
    const acked = bytes / window.segmentBytes;
    const increase = epoch.renoSegments < this.#priorSegments ? renoIncrease : 1;
    epoch.renoSegments += (increase * acked) / segments;
    const passedMs = nowMs - epoch.startMs;
    if (curve(epoch, passedMs) < epoch.renoSegments) {
      window.bytes = Math.max(window.bytes, epoch.renoSegments * window.segmentBytes);
      return;
    }
    // An acknowledgment of many segments counts as often, but does not go beyond the target.
    const ahead = curve(epoch, passedMs + (smoothedMs >= 0 ? smoothedMs : 0));
    const target = Math.max(segments, Math.min(ahead, 1.5 * segments));
    const grown = segments + ((target - segments) * acked) / segments;
    window.bytes = Math.min(grown, target) * window.segmentBytes;
  }

  #begin(segments: number, nowMs: number): Epoch {
    const flatSegments = Math.max(segments, this.#flatSegments);
    return {
      startMs: nowMs,
      lastMs: nowMs,
      flatSegments,
      flatSeconds: Math.cbrt((flatSegments - segments) / aggressiveness),
      renoSegments: segments,
    };
  }

  /** RFC 9438, sections 4.6 to 4.8: after a timeout the old maximum says nothing. */
  #reduce(flightBytes: number, hasMaximum: boolean): void {
    const window = this.#window;
    const segments = window.bytes / window.segmentBytes;
    this.#undoEpoch = this.#epoch;
    this.#undoFlatSegments = this.#flatSegments;
    this.#undoPriorSegments = this.#priorSegments;
    // Less than at the last loss: others want a share, so aim lower.
    const isLess = segments < this.#flatSegments;
    const maximum = isLess ? (segments * (1 + decrease)) / 2 : segments;
    this.#epoch = undefined;
    this.#flatSegments = hasMaximum ? maximum : 0;
    this.#priorSegments = segments;
    window.reduce(flightBytes * decrease);
  }
}

/** W_cubic: the window in segments, some time after an epoch began. */
function curve({ flatSegments, flatSeconds }: Epoch, passedMs: number): number {
  const seconds = passedMs / 1000 - flatSeconds;
  return flatSegments + aggressiveness * seconds * seconds * seconds;
}

/** Stops an epoch's time since the last acknowledgment. */
function pause(epoch: Epoch, nowMs: number): void {
  epoch.startMs += nowMs - epoch.lastMs;
  epoch.lastMs = nowMs;
}
