/**
 * The sending half of a connection (RFC 9293, 3.8): what was written and not acknowledged, the
 * peer's window, and when to send, to send again and to probe.
 */

import type { TcpSegment } from "./packet.ts";
import type { Recovery } from "./recovery.ts";
import { SendQueue } from "./send-queue.ts";
import { add, difference, isAtOrBefore, isBefore } from "./sequence.ts";

/** What the timer of a sender waits for. */
type Wait = "nothing" | "retransmission" | "tail probe" | "window probe";

/** Bounds of the wait between window probes (RFC 9293, 3.8.6.1), as for retransmission. */
const maxProbeMs = 60_000;

/** How long a receiver may delay an acknowledgment, as a tail loss probe reckons. */
const maxAckDelayMs = 200;

/** What a sender sends through. */
export interface Departures {
  /** Sends sequence numbers: SYN, data and FIN, as their place in the stream says. */
  depart(sequence: number, length: number, nowMs: number): void;
  /** So many retransmissions in a row had no answer. */
  unanswered(count: number): void;
}

/** The variables of RFC 9293, 3.3.1 with `snd`, and what is to be sent. */
export class Sender {
  readonly iss: number;
  /** SND.UNA, SND.NXT. */
  una: number;
  nxt: number;
  /** SND.WND in bytes, SND.WL1, SND.WL2, and MAX.SND.WND. */
  wnd = 0;
  wl1 = 0;
  wl2 = 0;
  maxWnd = 0;
  /** Snd.Wind.Shift of RFC 7323. */
  shift = 0;
  /** Data bytes in a segment, and in one that the link will cut. */
  segmentBytes = 536;
  largeSegmentBytes = 536;
  readonly queue: SendQueue = new SendQueue();
  readonly recovery: Recovery;
  noDelay = false;
  mayProbeTail = true;
  /** Nobody waits for the peer any more: a closed window is no excuse for ever. */
  isOrphan = false;
  /** Where FIN is in the stream, once the user has closed. */
  finSequence: number | undefined;
  /** SND.UP: where what the user called urgent ends, until it is acknowledged. */
  urgentEnd: number | undefined;
  /** When the timer expires. */
  deadlineMs: number = Infinity;
  /** When the peer last acknowledged something new, or answered while its window was closed. */
  progressMs = 0;

  readonly #departures: Departures;
  #wait: Wait = "nothing";
  #probeCount = 0;
  /** Timeouts since something was acknowledged. */
  #timeoutCount = 0;
  /** What was sent beyond the closed window, if nothing else is under way. */
  #probeSequence: number | undefined;
  /** The end of the last segment that was not full. */
  #smallEnd: number;
  #sentMs = 0;

  constructor(iss: number, recovery: Recovery, departures: Departures) {
    this.iss = this.una = this.nxt = this.#smallEnd = iss;
    this.recovery = recovery;
    this.#departures = departures;
  }

  /** Where the queue's first byte is in the stream. */
  get #dataStart(): number {
    return this.una === this.iss ? add(this.iss, 1) : this.una;
  }

  /** Bytes written that were never sent. */
  get unsentBytes(): number {
    return Math.max(0, this.queue.byteCount - difference(this.nxt, this.#dataStart));
  }

  /** Whether FIN was sent. */
  get isFinSent(): boolean {
    return this.finSequence !== undefined && isBefore(this.finSequence, this.nxt);
  }

  /** Whether FIN was acknowledged. */
  get isFinAcknowledged(): boolean {
    return this.finSequence !== undefined && isBefore(this.finSequence, this.una);
  }

  /** Whether all that was sent was acknowledged. */
  get isIdle(): boolean {
    return this.una === this.nxt;
  }

  /** The place in the queue of a sequence number of data. */
  offsetOf(sequence: number): number {
    return difference(sequence, this.#dataStart);
  }

  /** Sends SYN. */
  open(nowMs: number): void {
    this.progressMs = nowMs;
    this.#sendNew(1, nowMs);
    this.#arm(nowMs);
  }

  /** Sends SYN again. */
  reopen(nowMs: number): void {
    const syn = this.recovery.segments.at(0);
    if (syn === undefined || this.una !== this.iss) return;
    this.recovery.resent(syn, nowMs);
    this.#resend(this.iss, 1, nowMs);
  }

  /** All that was written is urgent. */
  urge(): void {
    this.urgentEnd = add(this.#dataStart, this.queue.byteCount);
  }

  /** No more is written: FIN follows what the queue holds. */
  close(): void {
    this.finSequence ??= add(this.#dataStart, this.queue.byteCount);
  }

  /** Takes an acknowledgment that lies between SND.UNA and SND.NXT. */
  acknowledged(segment: TcpSegment, isDuplicate: boolean, nowMs: number): void {
    const ack = segment.acknowledgmentNumber;
    const { una } = this;
    const dataEnd = this.finSequence ?? ack;
    const dataStart = this.#dataStart;
    const isNew = ack !== una;
    this.recovery.acknowledged(segment, una, this.nxt, isDuplicate, nowMs);
    if (isNew) {
      this.una = ack;
      const end = isBefore(dataEnd, ack) ? dataEnd : ack;
      if (isBefore(dataStart, end)) this.queue.release(difference(end, dataStart));
    }
    if (isNew) this.#probeCount = this.#timeoutCount = 0;
    if (isNew || (this.wnd === 0 && !this.isOrphan)) this.progressMs = nowMs;
    if (isNew || this.recovery.isRepairing) this.#rearm(nowMs, isNew);
  }

  /** Takes the peer's window from a segment that is new enough (RFC 9293, 3.10.7.4). */
  updateWindow(segment: TcpSegment, shift: number): void {
    const { sequenceNumber, acknowledgmentNumber, windowField } = segment;
    const isOlder =
      isBefore(sequenceNumber, this.wl1) ||
      (sequenceNumber === this.wl1 && isBefore(acknowledgmentNumber, this.wl2));
    if (isOlder) return;
    const wasClosed = this.wnd === 0;
    this.wl1 = sequenceNumber;
    this.wl2 = acknowledgmentNumber;
    this.wnd = windowField * 2 ** shift;
    if (this.wnd > this.maxWnd) this.maxWnd = this.wnd;
    if (!wasClosed || this.wnd === 0) return;
    this.#probeCount = 0;
    // What probed the closed window was thrown away there: as if it had not been sent.
    if (this.una === this.#probeSequence) {
      this.recovery.segments.clear();
      this.nxt = this.#smallEnd = this.una;
    } else {
      this.recovery.segments.markAllLost();
    }
    this.#probeSequence = undefined;
  }

  /** Sends what both windows allow. */
  output(nowMs: number): void {
    const { recovery } = this;
    if (this.isIdle && this.#sentMs > 0 && nowMs - this.#sentMs > recovery.roundTrip.rtoMs) {
      if (this.unsentBytes > 0) recovery.congestion.idled(nowMs);
    }
    recovery.isLimited = false;
    let count = 0;
    while (this.#sendLost(nowMs) || this.#sendNext(nowMs)) count += 1;
    if (count > 0 || this.#wait === "nothing") this.#armIfNeeded(nowMs, count > 0);
  }

  /** The timer expired. */
  expire(nowMs: number): void {
    const wait = this.#wait;
    this.#wait = "nothing";
    this.deadlineMs = Infinity;
    if (this.isIdle || this.wnd === 0) {
      if (this.una !== this.iss) this.#probeWindow(nowMs);
      else this.#retransmit(nowMs);
    } else if (wait === "tail probe") this.#probeTail(nowMs);
    else this.#retransmit(nowMs);
    this.#arm(nowMs);
  }

  /** RACK has waited long enough for reordered segments. */
  expireReordering(nowMs: number): void {
    this.recovery.reorderingEnded(this.una, this.nxt, nowMs);
    this.output(nowMs);
  }

  /** Sends everything outstanding again, in segments of the present size (RFC 1191, 6.5). */
  resendLost(nowMs: number): void {
    this.recovery.segments.markAllLost();
    this.recovery.mayForce = true;
    this.output(nowMs);
  }

  /** Sets how much data goes into a segment. */
  setSegmentBytes(segmentBytes: number, largeSegmentBytes: number): void {
    this.segmentBytes = segmentBytes;
    this.largeSegmentBytes = largeSegmentBytes;
    this.recovery.segmentBytes = segmentBytes;
    this.recovery.congestion.setSegmentBytes(segmentBytes);
  }

  /** Forgets everything that waits. */
  stop(): void {
    this.#wait = "nothing";
    this.deadlineMs = Infinity;
    this.recovery.reorderingMs = Infinity;
    this.recovery.segments.clear();
    this.queue.clear();
  }

  /** How far the peer's window reaches beyond SND.NXT; negative if it shrank. */
  get #windowRoom(): number {
    return this.wnd - difference(this.nxt, this.una);
  }

  get #congestionRoom(): number {
    return this.recovery.congestion.windowBytes - this.recovery.flightBytes;
  }

  /** Sends the first lost segment again, if it is in the window; says whether it did. */
  #sendLost(nowMs: number): boolean {
    const { recovery } = this;
    const lost = recovery.segments.firstLost();
    if (lost === undefined || (this.wnd === 0 && this.una !== this.iss)) return false;
    const room = this.#congestionRoom;
    if (room < Math.min(lost.length, this.segmentBytes) && !recovery.mayForce) {
      if (recovery.flightBytes > 0) {
        recovery.isLimited = true;
        return false;
      }
    }
    recovery.segments.cutLost(this.#sizeFor(lost.length, Math.max(room, this.segmentBytes)));
    this.#resend(lost.sequence, lost.length, nowMs);
    recovery.resent(lost, nowMs);
    return true;
  }

  #resend(sequence: number, length: number, nowMs: number): void {
    this.#sentMs = nowMs;
    this.#departures.depart(sequence, length, nowMs);
  }

  /** Sends new data or FIN, if there is some and it may go; says whether it did. */
  #sendNext(nowMs: number): boolean {
    const { unsentBytes } = this;
    const hasFin = this.finSequence !== undefined && !this.isFinSent;
    if ((unsentBytes === 0 && !hasFin) || this.una === this.iss) return false;
    const windowRoom = this.#windowRoom;
    if (windowRoom <= 0) return false;
    let size = this.#sizeFor(unsentBytes, windowRoom);
    const congestionRoom = this.#congestionRoom;
    if (size > congestionRoom && this.recovery.flightBytes > 0) {
      if (congestionRoom < Math.min(size, this.segmentBytes)) {
        this.recovery.isLimited = true;
        return false;
      }
      size = this.#sizeFor(size, congestionRoom);
      this.recovery.isLimited = true;
    }
    const isLast = size === unsentBytes;
    if (size < this.segmentBytes && !this.#isWorthSending(size, isLast, hasFin)) return false;
    this.#sendNew(hasFin && isLast && windowRoom > size ? size + 1 : size, nowMs);
    return true;
  }

  /** The largest that a segment of `length` can be in so much room: whole segments if large. */
  #sizeFor(length: number, room: number): number {
    const most = Math.min(length, room, this.largeSegmentBytes);
    if (most === length || most <= this.segmentBytes) return most;
    return most - (most % this.segmentBytes);
  }

  /**
   * Whether to send less than a full segment: RFC 9293, 3.8.6.2.1, with Nagle's algorithm as Minshall
   * changed it: a small segment waits only for another small one, so that the end of a long write
   * does not wait for a delayed acknowledgment.
   */
  #isWorthSending(size: number, isLast: boolean, hasFin: boolean): boolean {
    if (isLast) return hasFin || this.noDelay || !isBefore(this.una, this.#smallEnd);
    return size >= this.maxWnd / 2;
  }

  #sendNew(length: number, nowMs: number): void {
    const sequence = this.nxt;
    if (this.isIdle) this.progressMs = nowMs;
    this.nxt = add(sequence, length);
    if (length < this.segmentBytes) this.#smallEnd = this.nxt;
    // SYN is a segment of its own, to be told by its place.
    const mostBytes = sequence === this.iss ? 0 : this.segmentBytes;
    this.recovery.segments.push(sequence, length, nowMs, mostBytes);
    this.#sentMs = nowMs;
    this.#departures.depart(sequence, length, nowMs);
  }

  /** Retransmits after a timeout. */
  #retransmit(nowMs: number): void {
    this.recovery.timedOut(this.nxt, this.una === this.iss, nowMs);
    this.recovery.roundTrip.backOff();
    this.#timeoutCount += 1;
    this.#departures.unanswered(this.#timeoutCount);
    this.output(nowMs);
  }

  /** Sends a byte that the closed window does not allow, so that the peer tells its window. */
  #probeWindow(nowMs: number): void {
    this.#probeCount += 1;
    const first = this.recovery.segments.at(0);
    if (first !== undefined) {
      this.#resend(first.sequence, first.length, nowMs);
      this.recovery.resent(first, nowMs);
      return;
    }
    const { unsentBytes } = this;
    const hasFin = this.finSequence !== undefined && !this.isFinSent;
    if (unsentBytes === 0 && !hasFin) return;
    if (this.wnd === 0) this.#probeSequence = this.nxt;
    const room = Math.max(1, Math.min(this.#windowRoom, this.segmentBytes));
    this.#sendNew(Math.max(1, Math.min(unsentBytes, room)), nowMs);
  }

  /** Sends new data, or the last segment again, to hear what the peer has (RFC 8985, 7.3). */
  #probeTail(nowMs: number): void {
    const { segments } = this.recovery;
    const { unsentBytes } = this;
    const room = this.#windowRoom;
    if (unsentBytes > 0 && room > 0) {
      this.#sendNew(Math.min(unsentBytes, room, this.segmentBytes), nowMs);
      this.recovery.probedTail(this.nxt, false);
      return;
    }
    const excess = (segments.last?.length ?? 0) - this.segmentBytes;
    if (excess > 0) segments.split(segments.count - 1, excess);
    const { last } = segments;
    if (last === undefined) return;
    this.#resend(last.sequence, last.length, nowMs);
    this.recovery.resent(last, nowMs);
    this.recovery.probedTail(this.nxt, true);
  }

  /** Something was acknowledged: the timer starts anew (RFC 6298, 5.2 and 5.3). */
  #rearm(nowMs: number, isNew: boolean): void {
    if (isNew || this.#wait !== "retransmission") {
      this.#wait = "nothing";
      this.deadlineMs = Infinity;
      this.#arm(nowMs);
    }
  }

  /** Starts the timer if something was sent and it does not run, or if it ran for the tail. */
  #armIfNeeded(nowMs: number, hasSent: boolean): void {
    if (this.#wait !== "retransmission" || !hasSent) this.#arm(nowMs);
  }

  #arm(nowMs: number): void {
    const { roundTrip } = this.recovery;
    if (!this.isIdle && (this.wnd > 0 || this.una === this.iss)) {
      const isTail = this.mayProbeTail && this.recovery.mayProbeTail;
      const waitMs = isTail ? Math.min(this.#tailProbeMs(), roundTrip.rtoMs) : roundTrip.rtoMs;
      this.#wait = isTail ? "tail probe" : "retransmission";
      this.deadlineMs = nowMs + waitMs;
    } else if (!this.isIdle || this.unsentBytes > 0 || this.#isFinWaiting()) {
      this.#wait = "window probe";
      const waitMs = Math.min(roundTrip.rtoMs * 2 ** Math.min(this.#probeCount, 16), maxProbeMs);
      this.deadlineMs = nowMs + waitMs;
    } else {
      this.#wait = "nothing";
      this.deadlineMs = Infinity;
    }
  }

  #isFinWaiting(): boolean {
    return this.finSequence !== undefined && isAtOrBefore(this.nxt, this.finSequence);
  }

  /** PTO of RFC 8985, 7.2. */
  #tailProbeMs(): number {
    const { segments, roundTrip } = this.recovery;
    const { smoothedMs = 1000 } = roundTrip;
    return 2 * smoothedMs + (segments.count === 1 ? maxAckDelayMs : 0);
  }
}
