/**
 * Loss recovery and the congestion window of one connection: what an acknowledgment delivers, what
 * is lost (RFC 8985 with SACK, RFC 6582 without), and how much may be in flight.
 */

import type { CongestionControl } from "./congestion.ts";
import type { TcpSegment } from "./packet.ts";
import { Rack } from "./rack.ts";
import type { RoundTrip } from "./round-trip.ts";
import { SentSegments, type SentSegment } from "./sent-segments.ts";
import { difference, isAtOrBefore, isBefore } from "./sequence.ts";

/** `recovery` repairs what acknowledgments show to be lost, `loss` what a timeout does. */
type Mode = "open" | "recovery" | "loss";

/** Duplicate acknowledgments that mean a loss (RFC 5681, 3.2). */
const duplicateThreshold = 3;

/** A tail loss probe that is on its way (RFC 8985, 7). */
interface TailProbe {
  readonly end: number;
  readonly isRetransmission: boolean;
}

/** Tells what timestamp a segment had. */
export interface TimestampClock {
  /** RFC 7323, 5.4. */
  timestampAt(atMs: number): number;
}

/** What is counted for all connections together. */
interface Totals {
  retransmissions: number;
  timeouts: number;
}

/** The sender's view of what happened to its segments. */
export class Recovery {
  readonly segments: SentSegments = new SentSegments();
  readonly roundTrip: RoundTrip;
  readonly congestion: CongestionControl;
  /** Both as negotiated. */
  usesSack = false;
  usesTimestamps = false;
  /** Bytes in a full segment. */
  segmentBytes = 536;
  /** When RACK looks for losses again. */
  reorderingMs: number = Infinity;
  /** The congestion window was what kept the last output from sending more. */
  isLimited = false;
  /** One retransmission may go although the window is full (RFC 6675, 5, step 4.3). */
  mayForce = false;
  /** Segments sent again, and timeouts, for the counters. */
  retransmissions = 0;
  timeouts = 0;

  readonly #rack: Rack = new Rack();
  readonly #clock: TimestampClock;
  readonly #totals: Totals;
  #mode: Mode = "open";
  /** SND.NXT when a loss was noticed: recovery ends when it is acknowledged. */
  #point: number | undefined;
  #duplicateCount = 0;
  /** SND.NXT before the first sign of a loss: what limited transmit sends beyond does not count. */
  #flightEnd = 0;
  #tailProbe: TailProbe | undefined;
  /** The timestamp of the first retransmission, by which the Eifel algorithm (RFC 3522) tells. */
  #firstRetransmission: number | undefined;
  /** Of the acknowledgment being looked at. */
  #nowMs = 0;
  #echo = 0;
  #oldestSampleMs = NaN;
  #newestSampleMs = NaN;

  constructor(
    congestion: CongestionControl,
    roundTrip: RoundTrip,
    clock: TimestampClock,
    totals: Totals,
  ) {
    this.congestion = congestion;
    this.roundTrip = roundTrip;
    this.#clock = clock;
    this.#totals = totals;
  }

  /** What is in flight; without SACK, each duplicate acknowledgment is a segment that left. */
  get flightBytes(): number {
    return Math.max(0, this.segments.flightBytes - this.#duplicateCount * this.segmentBytes);
  }

  /** Whether a loss is being repaired. */
  get isRepairing(): boolean {
    return this.#mode !== "open";
  }

  /** Whether the end of a flight may be probed instead of waiting for a timeout. */
  get mayProbeTail(): boolean {
    return (
      this.usesSack &&
      this.#mode === "open" &&
      this.#tailProbe === undefined &&
      this.segments.sackedCount === 0 &&
      this.roundTrip.smoothedMs !== undefined
    );
  }

  /** Takes note of a segment that is sent again. */
  resent(segment: SentSegment, nowMs: number): void {
    this.retransmissions += 1;
    this.#totals.retransmissions += 1;
    this.mayForce = false;
    this.segments.resend(segment, nowMs);
    this.#firstRetransmission ??= this.#clock.timestampAt(nowMs);
  }

  /** Takes note of a tail loss probe that ends before `end`. */
  probedTail(end: number, isRetransmission: boolean): void {
    this.#tailProbe = { end, isRetransmission };
  }

  /**
   * Looks at an acknowledgment between `una`, SND.UNA before it, and `nxt`. `isDuplicate` is as RFC
   * 5681, 2 defines it.
   */
  acknowledged(
    segment: TcpSegment,
    una: number,
    nxt: number,
    isDuplicate: boolean,
    nowMs: number,
  ): void {
    const flightBytes = this.flightBytes;
    const ack = segment.acknowledgmentNumber;
    const ackedBytes = difference(ack, una);
    if (this.#mode === "open" && this.segments.sackedCount === 0 && this.#duplicateCount === 0) {
      this.#flightEnd = nxt;
    }
    this.#nowMs = nowMs;
    this.#echo = segment.timestampEcho;
    this.#oldestSampleMs = this.#newestSampleMs = NaN;
    this.segments.acknowledge(ack, this);
    const isRepeat = this.#readSack(segment, ack, nxt);
    this.#sample(segment, ackedBytes, flightBytes);
    if (ackedBytes > 0) this.#advanced(ackedBytes, ack);
    else if (isDuplicate && !this.usesSack) this.#duplicateCount += 1;
    this.#checkTailProbe(ack, nxt, isRepeat, isDuplicate, flightBytes);
    this.#detect(ack, nxt);
    if (ackedBytes > 0 && this.#mode !== "recovery") {
      this.congestion.acknowledged(
        ackedBytes,
        flightBytes,
        this.isLimited,
        nowMs,
        this.#newestSampleMs,
        this.roundTrip.smoothedMs ?? NaN,
      );
    }
  }

  /** Looks for losses when the wait for reordered segments is over (RFC 8985, 6.3). */
  reorderingEnded(una: number, nxt: number, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#detect(una, nxt);
  }

  /** All that is outstanding is lost: the retransmission timer expired (RFC 6298, 5.4–5.6). */
  timedOut(nxt: number, isSyn: boolean, nowMs: number): void {
    this.timeouts += 1;
    this.#totals.timeouts += 1;
    // A receiver that has the first segment and does not acknowledge it has thrown data away.
    const first = this.segments.at(0);
    if (first?.isSacked === true) this.segments.unmarkSacked();
    const flightBytes = difference(nxt, first?.sequence ?? nxt);
    this.congestion.timedOut(flightBytes, nowMs, this.#mode === "open" && !isSyn);
    if (this.#mode !== "loss") this.#firstRetransmission = undefined;
    this.segments.markAllLost();
    this.#mode = "loss";
    this.#point = nxt;
    this.#duplicateCount = 0;
    this.#tailProbe = undefined;
    this.mayForce = true;
    this.reorderingMs = Infinity;
  }

  /** For {@link SentSegments}: takes note of what an acknowledgment delivers. */
  delivered(segment: SentSegment): void {
    this.#rack.delivered(segment, this.#nowMs, this.#mayBeOriginal(segment));
    if (segment.transmissions > 1) return;
    const sampleMs = this.#nowMs - segment.sentMs;
    if (Number.isNaN(this.#oldestSampleMs)) this.#oldestSampleMs = sampleMs;
    this.#newestSampleMs = sampleMs;
  }

  /** Whether what was delivered may be an earlier transmission of a segment sent again. */
  #mayBeOriginal(segment: SentSegment): boolean {
    if (this.usesTimestamps) return isBefore(this.#echo, this.#clock.timestampAt(segment.sentMs));
    return this.#nowMs - segment.sentMs < this.roundTrip.minMs;
  }

  /** Marks what SACK blocks cover. Says whether they report data that arrived twice (RFC 2883). */
  #readSack({ sackBlocks }: TcpSegment, ack: number, nxt: number): boolean {
    if (!this.usesSack || sackBlocks.length === 0) return false;
    let isRepeat = false;
    for (const [index, { left, right }] of sackBlocks.entries()) {
      if (!isBefore(left, right) || isBefore(nxt, right)) continue;
      if (!isBefore(ack, right) || (index === 0 && isInside(left, right, sackBlocks[1]))) {
        isRepeat ||= index === 0;
      } else if (isAtOrBefore(ack, left)) {
        this.segments.sack(left, right, this);
      }
    }
    if (isRepeat) this.#rack.duplicateArrived(ack, nxt);
    return isRepeat;
  }

  /** Takes a round trip time from segments sent once (Karn), or from timestamps (RFC 7323, 4.1). */
  #sample(segment: TcpSegment, ackedBytes: number, flightBytes: number): void {
    let sampleMs = this.#oldestSampleMs;
    if (Number.isNaN(sampleMs) && ackedBytes > 0 && this.usesTimestamps && segment.timestamps) {
      if (this.#echo === 0) return;
      sampleMs = difference(this.#clock.timestampAt(this.#nowMs), this.#echo);
    }
    if (!(sampleMs >= 0)) return;
    this.roundTrip.sample(sampleMs, this.#nowMs, flightBytes / (2 * this.segmentBytes));
  }

  /** New data was acknowledged: recovery may be over, or was in vain. */
  #advanced(ackedBytes: number, ack: number): void {
    if (this.#mode === "open") {
      this.#duplicateCount = 0;
      return;
    }
    if (this.#wasSpurious()) {
      this.congestion.undo();
      this.roundTrip.resetBackOff();
      this.segments.unmarkLost();
      this.#leave();
    } else if (this.#point === undefined || isAtOrBefore(this.#point, ack)) {
      if (this.#mode === "recovery") this.congestion.recovered(this.flightBytes, this.#nowMs);
      this.#rack.recovered();
      this.#leave();
    } else if (!this.usesSack) {
      // A partial acknowledgment: the next segment is lost too (RFC 6582, 3.2, step 3).
      const leftCount = Math.max(0, Math.ceil(ackedBytes / this.segmentBytes) - 1);
      this.#duplicateCount = Math.max(0, this.#duplicateCount - leftCount);
      const first = this.segments.at(0);
      if (first !== undefined && first.transmissions === 1) this.segments.markLost(first);
      this.mayForce = true;
    }
  }

  #leave(): void {
    this.#mode = "open";
    this.#duplicateCount = 0;
    this.#firstRetransmission = undefined;
    this.mayForce = false;
  }

  /** What is acknowledged was sent before the first retransmission (RFC 3522, 3.2). */
  #wasSpurious(): boolean {
    return (
      this.usesTimestamps &&
      this.#firstRetransmission !== undefined &&
      this.#echo !== 0 &&
      isBefore(this.#echo, this.#firstRetransmission)
    );
  }

  /** Finds out whether a tail loss probe repaired a loss (RFC 8985, 7.4.2). */
  #checkTailProbe(
    ack: number,
    nxt: number,
    isRepeat: boolean,
    isDuplicate: boolean,
    flightBytes: number,
  ): void {
    const probe = this.#tailProbe;
    if (probe === undefined || isBefore(ack, probe.end)) return;
    if (probe.isRetransmission && !isRepeat) {
      if (isBefore(probe.end, ack)) {
        this.congestion.lost(flightBytes, this.#nowMs);
        this.congestion.recovered(this.flightBytes, this.#nowMs);
      } else if (!isDuplicate && ack !== nxt) {
        return;
      }
    }
    this.#tailProbe = undefined;
  }

  /** Marks what is lost by now, and begins to repair it. */
  #detect(una: number, nxt: number): void {
    const { segments, roundTrip } = this;
    this.reorderingMs = Infinity;
    if (this.usesSack) {
      if (segments.sackedCount > 0 || this.#mode !== "open") {
        const { minMs, smoothedMs = Infinity } = roundTrip;
        this.reorderingMs = this.#rack.detect(
          segments,
          this.#nowMs,
          this.#mode !== "open",
          minMs,
          smoothedMs,
        );
      }
    } else if (this.#duplicateCount >= duplicateThreshold && this.#mode === "open") {
      // Not for duplicates of what was sent before the last timeout (RFC 6582, 3.2, step 2).
      const first = segments.at(0);
      if (first !== undefined && !isStale(una, this.#point)) segments.markLost(first);
    }
    if (segments.lostCount === 0 || this.#mode !== "open") return;
    this.#mode = "recovery";
    this.#point = nxt;
    this.#firstRetransmission = undefined;
    this.mayForce = true;
    // FlightSize of RFC 5681, 2 and 3.2.
    const end = isBefore(una, this.#flightEnd) ? this.#flightEnd : nxt;
    this.congestion.lost(difference(end, una), this.#nowMs);
  }
}

function isStale(una: number, point: number | undefined): boolean {
  return point !== undefined && isBefore(una, point);
}

/** Whether a block lies inside the one after it: then it reports a duplicate (RFC 2883, 4). */
function isInside(
  left: number,
  right: number,
  next: { readonly left: number; readonly right: number } | undefined,
): boolean {
  return next !== undefined && isAtOrBefore(next.left, left) && isAtOrBefore(right, next.right);
}
