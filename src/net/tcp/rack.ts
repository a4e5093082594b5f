/**
 * Loss detection by time (RFC 8985, 6): a segment is lost if one that was sent sufficiently later
 * has been delivered. Works for retransmissions too, and waits where the network reorders.
 */

import { isBefore, add } from "./sequence.ts";
import type { SentSegment, SentSegments } from "./sent-segments.ts";

/** Segments delivered out of order after which one before them is lost, where nothing reorders. */
const duplicateThreshold = 3;

/** Recoveries for which a widened window is kept (RFC 8985, 6.2, step 4). */
const windowPersistence = 16;

/** The state of RACK for one connection. */
export class Rack {
  /** Of the delivered segment that was sent last: RACK.xmit_ts, RACK.end_seq, RACK.rtt. */
  #sentMs = -Infinity;
  #end = 0;
  #roundTripMs = 0;
  /** The end of the furthest delivered segment: RACK.fack. */
  #furthest: number | undefined;
  /** Whether segments of this connection have arrived out of order. */
  #hasSeenReordering = false;
  #windowMultiplier = 1;
  #windowPersists = 0;
  /** SND.NXT when the window was widened last: once in a round trip is enough. */
  #duplicateRound: number | undefined;

  /**
   * Notes that a segment was delivered (steps 2 and 3). `mayBeOriginal` says that what was
   * acknowledged may be a transmission before the last, which then tells nothing.
   */
  delivered(segment: SentSegment, nowMs: number, mayBeOriginal: boolean): void {
    const end = add(segment.sequence, segment.length);
    if (this.#furthest === undefined || isBefore(this.#furthest, end)) this.#furthest = end;
    else if (end !== this.#furthest && segment.transmissions === 1) this.#hasSeenReordering = true;
    if (segment.transmissions > 1 && mayBeOriginal) return;
    if (!isSentAfter(segment.sentMs, end, this.#sentMs, this.#end)) return;
    this.#sentMs = segment.sentMs;
    this.#end = end;
    this.#roundTripMs = nowMs - segment.sentMs;
  }

  /** Widens the window: a retransmission was in vain, as a duplicate SACK says (step 4). */
  duplicateArrived(una: number, nxt: number): void {
    if (this.#duplicateRound !== undefined && isBefore(una, this.#duplicateRound)) return;
    this.#duplicateRound = nxt;
    this.#windowMultiplier += 1;
    this.#windowPersists = windowPersistence;
  }

  /** Narrows the window again after enough recoveries without duplicates. */
  recovered(): void {
    if (this.#windowPersists > 0) this.#windowPersists -= 1;
    if (this.#windowPersists === 0) this.#windowMultiplier = 1;
  }

  /**
   * Marks what is lost by now (step 5), and returns when to look again: `Infinity` if what is left
   * was not sent before anything delivered.
   */
  detect(
    segments: SentSegments,
    nowMs: number,
    isRecovering: boolean,
    minMs: number,
    smoothedMs: number,
  ): number {
    const windowMs = this.#windowMs(segments, isRecovering, minMs, smoothedMs);
    let againMs = Infinity;
    for (let index = 0; index < segments.count; index += 1) {
      const segment = segments.at(index);
      if (segment === undefined) break;
      const end = add(segment.sequence, segment.length);
      if (!isSentAfter(this.#sentMs, this.#end, segment.sentMs, end)) {
        // Those after it were sent later still, unless they were sent again.
        if (segment.transmissions === 1 && segments.sackedCount === 0) break;
        continue;
      }
      if (segment.isSacked || segment.isLost) continue;
      const lostMs = segment.sentMs + this.#roundTripMs + windowMs;
      if (lostMs <= nowMs) segments.markLost(segment);
      else againMs = Math.min(againMs, lostMs);
    }
    return againMs;
  }

  #windowMs(
    segments: SentSegments,
    isRecovering: boolean,
    minMs: number,
    smoothedMs: number,
  ): number {
    if (!this.#hasSeenReordering) {
      if (isRecovering || segments.sackedCount >= duplicateThreshold) return 0;
    }
    return Math.min((this.#windowMultiplier * minMs) / 4, smoothedMs);
  }
}

/** RACK_sent_after(): ties in time are broken by sequence. */
function isSentAfter(sentMs: number, end: number, otherMs: number, otherEnd: number): boolean {
  return sentMs > otherMs || (sentMs === otherMs && isBefore(otherEnd, end));
}
