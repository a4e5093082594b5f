/**
 * The receiving half of a connection (RFC 9293, 3.8): what has arrived, the window that is
 * offered, and when to acknowledge.
 */

import type { SackBlock, TcpSegment } from "./packet.ts";
import { Reassembly } from "./reassembly.ts";
import { ReceiveQueue } from "./receive-queue.ts";
import { add, difference, isAtOrBefore, isBefore } from "./sequence.ts";

/** How much of the right edge must be won before it is told (RFC 9293, 3.8.6.2.2). */
const windowFraction = 0.5;

/** How a receiver is made. */
export interface ReceiverOptions {
  /** The buffer to begin with, and the most it may grow to, in bytes. */
  readonly bufferBytes: number;
  readonly maxBufferBytes: number;
  /** How long an acknowledgment may wait for company. */
  readonly delayMs: number;
}

/** The variables of RFC 9293, 3.3.1 with `rcv`, and what was received. */
export class Receiver {
  /** IRS, RCV.NXT. */
  irs = 0;
  nxt = 0;
  /** Rcv.Wind.Shift of RFC 7323. */
  shift = 0;
  /** SEG.TSval to echo, and when it came (RFC 7323, 4.3 and 5.5). */
  tsRecent = 0;
  tsRecentMs = 0;
  readonly queue: ReceiveQueue = new ReceiveQueue();
  readonly reassembly: Reassembly;
  /** Where FIN is in the stream, once it arrived in the window. */
  finSequence: number | undefined;
  /** RCV.UP: where what the peer calls urgent ends, until it is read. */
  #urgentEnd: number | undefined;
  /** Input is thrown away: the user does not read any more. */
  isDiscarding = false;
  /** An acknowledgment is to be sent at once, or then at the latest. */
  isAckDue = false;
  ackDueMs: number = Infinity;
  usesSack = false;
  /** RMSS: the data of a full segment, as the path has it; links may join several into one. */
  fullSegmentBytes = 536;
  /** The peer's segments are at most so large, as far as was seen. */
  segmentBytes = 536;

  readonly #maxBufferBytes: number;
  readonly #delayMs: number;
  #bufferBytes: number;
  /** The right edge of the window that was offered: RCV.NXT + RCV.WND. It never moves back. */
  #edge = 0;
  /** RCV.NXT when an acknowledgment was sent last. */
  #acknowledged = 0;
  /** Segments with data since then. */
  #pendingCount = 0;
  /** Data that arrived twice, to be reported once (RFC 2883). */
  #repeat: SackBlock | undefined;
  /** Buffer tuning: what was read since, in about a round trip. */
  #tuneMs = 0;
  #tunedBytes = 0;

  constructor({ bufferBytes, maxBufferBytes, delayMs }: ReceiverOptions) {
    this.#bufferBytes = Math.min(bufferBytes, maxBufferBytes);
    this.#maxBufferBytes = maxBufferBytes;
    this.#delayMs = delayMs;
    this.shift = shiftFor(maxBufferBytes);
    this.reassembly = new Reassembly(2 * maxBufferBytes);
  }

  /** RCV.WND. */
  get wnd(): number {
    return difference(this.#edge, this.nxt);
  }

  /** RCV.NXT as the last segment told it: Last.ACK.sent of RFC 7323. */
  get lastAcknowledged(): number {
    return this.#acknowledged;
  }

  /** The window field of a SYN, which is not scaled. */
  get firstWindow(): number {
    return Math.min(this.#bufferBytes, 0xffff);
  }

  /** Whether the peer's FIN has been received and everything before it. */
  get isFinReceived(): boolean {
    return this.finSequence !== undefined && isBefore(this.finSequence, this.nxt);
  }

  /** Takes the peer's initial sequence number. */
  synchronize(irs: number): void {
    this.irs = irs;
    this.nxt = this.#edge = this.#acknowledged = add(irs, 1);
    this.#edge = add(this.nxt, this.firstWindow);
  }

  /** The four cases of acceptability (RFC 9293, 3.10.7.4, first step). */
  isAcceptable(sequence: number, length: number): boolean {
    const { nxt } = this;
    const edge = this.#edge;
    if (edge === nxt) return length === 0 && sequence === nxt;
    if (isAtOrBefore(nxt, sequence) && isBefore(sequence, edge)) return true;
    const last = add(sequence, length - 1);
    return length > 0 && isAtOrBefore(nxt, last) && isBefore(last, edge);
  }

  /**
   * Takes the data and FIN of an acceptable segment. Says whether RCV.NXT moved. Data beyond the
   * window is cut off.
   */
  accept(segment: TcpSegment, sequence: number, hasFin: boolean, nowMs: number): boolean {
    const { payload } = segment;
    const before = this.nxt;
    const end = add(sequence, payload.length);
    if (hasFin && isBefore(end, this.#edge)) this.finSequence = end;
    else if (hasFin && end === this.nxt) this.finSequence = end;
    this.#noteRepeat(sequence, end);
    const start = Math.max(0, difference(this.nxt, sequence));
    const length = Math.min(payload.length, difference(this.#edge, sequence)) - start;
    const isInOrder = isAtOrBefore(sequence, this.nxt);
    if (length > 0) this.#keep(payload, sequence, start, length, isInOrder);
    if (this.finSequence === this.nxt) this.nxt = add(this.nxt, 1);
    if (payload.length > this.segmentBytes) this.segmentBytes = payload.length;
    this.#scheduleAck(before, isInOrder && length > 0, hasFin, nowMs);
    return this.nxt !== before;
  }

  /** Takes a segment's urgent pointer; says whether more is urgent now (RFC 9293, 3.8.5). */
  urge({ sequenceNumber, urgentPointer }: TcpSegment): boolean {
    const before = this.urgentBytes;
    const end = add(sequenceNumber, urgentPointer);
    if (difference(end, add(this.nxt, -this.queue.byteCount)) <= before) return false;
    this.#urgentEnd = end;
    return true;
  }

  /** What is urgent and was not read, in bytes. */
  get urgentBytes(): number {
    if (this.#urgentEnd === undefined) return 0;
    return Math.max(0, difference(this.#urgentEnd, this.nxt) + this.queue.byteCount);
  }

  /** The next bytes for the user, *fresh*. Ask {@link Receiver.isUpdateDue} afterwards. */
  read(nowMs: number, roundTripMs: number): Uint8Array | undefined {
    const bytes = this.queue.take();
    if (this.#urgentEnd !== undefined && this.urgentBytes === 0) this.#urgentEnd = undefined;
    if (bytes !== undefined) this.#tune(bytes.length, nowMs, roundTripMs);
    return bytes;
  }

  /** Takes note of data that cannot be accepted, since it was received before. */
  noteOutside(sequence: number, length: number): void {
    this.#noteRepeat(sequence, add(sequence, length));
  }

  /** Throws away what is queued, and what comes. */
  discard(): void {
    this.isDiscarding = true;
    this.queue.clear();
  }

  /** Whether the window has grown so much that the peer should know (RFC 9293, 3.8.6.2.2). */
  get isWindowWon(): boolean {
    const won = this.#freeBytes - this.wnd;
    return won >= Math.min(this.#bufferBytes * windowFraction, 2 * this.segmentBytes) && won > 0;
  }

  /** Whether to tell the peer of its window although there is nothing else to tell. */
  get isUpdateDue(): boolean {
    return this.isWindowWon && this.#freeBytes >= 2 * this.wnd;
  }

  /** The window field of a segment that leaves now, which acknowledges everything. */
  offerWindow(shift: number): number {
    if (this.isWindowWon) this.#edge = add(this.nxt, this.#freeBytes);
    this.#acknowledged = this.nxt;
    this.#pendingCount = 0;
    this.isAckDue = false;
    this.ackDueMs = Infinity;
    return Math.min(0xffff, Math.floor(this.wnd / 2 ** shift));
  }

  /** The SACK blocks of a segment that leaves now, a report of a duplicate first. */
  takeBlocks(max: number): readonly SackBlock[] {
    const repeat = this.#repeat;
    this.#repeat = undefined;
    if (repeat === undefined) return this.reassembly.blocks(max);
    return [repeat, ...this.reassembly.blocks(max - 1)];
  }

  /** Whether a segment that leaves now should carry SACK blocks. */
  get hasBlocks(): boolean {
    return this.usesSack && (this.#repeat !== undefined || this.reassembly.runCount > 0);
  }

  /** Nothing more will arrive; what has arrived can still be read. */
  stop(): void {
    this.reassembly.clear();
    this.isAckDue = false;
    this.ackDueMs = Infinity;
  }

  get #freeBytes(): number {
    return Math.max(0, this.#bufferBytes - this.queue.byteCount);
  }

  #keep(
    payload: Uint8Array,
    sequence: number,
    start: number,
    length: number,
    isInOrder: boolean,
  ): void {
    const isWhole = start === 0 && length === payload.length;
    const bytes = isWhole ? payload : payload.subarray(start, start + length);
    if (!isInOrder) {
      this.reassembly.insert(sequence, bytes);
      return;
    }
    this.nxt = add(this.nxt, length);
    if (!this.isDiscarding) this.queue.append(bytes);
    if (this.reassembly.runCount > 0) this.#join();
  }

  /** Moves what is now in order from the reassembly to the queue. */
  #join(): void {
    for (let next = this.reassembly.take(this.nxt); next; next = this.reassembly.take(this.nxt)) {
      this.nxt = add(this.nxt, next.length);
      if (!this.isDiscarding) this.queue.push(next);
    }
    // The gap was filled: the sender waits for that (RFC 5681, 4.2).
    this.isAckDue = true;
  }

  /** Remembers the first bytes that arrived before, to be reported at once (RFC 2883, 4). */
  #noteRepeat(sequence: number, end: number): void {
    if (!this.usesSack || sequence === end) return;
    const repeat = isBefore(sequence, this.nxt)
      ? { left: sequence, right: isBefore(this.nxt, end) ? this.nxt : end }
      : this.reassembly.firstHeld(sequence, end);
    if (repeat === undefined) return;
    this.#repeat = repeat;
    this.isAckDue = true;
  }

  #scheduleAck(before: number, isNewInOrder: boolean, hasFin: boolean, nowMs: number): void {
    // Every second segment or as many bytes, and at once when something is missing or ends (RFC
    // 9293, 3.8.6.3).
    this.#pendingCount += 1;
    const pendingBytes = difference(this.nxt, this.#acknowledged);
    if (!isNewInOrder || hasFin || this.nxt === before || this.reassembly.runCount > 0) {
      this.isAckDue = true;
    } else if (this.#pendingCount >= 2 || pendingBytes >= 2 * this.fullSegmentBytes) {
      this.isAckDue = true;
    } else if (this.ackDueMs === Infinity) {
      this.ackDueMs = nowMs + this.#delayMs;
    }
  }

  /**
   * Lets the buffer grow with what the user reads in a round trip, so that a window limits no path
   * (after Fisk and Feng, "Dynamic right-sizing", 2001).
   */
  #tune(bytes: number, nowMs: number, roundTripMs: number): void {
    this.#tunedBytes += bytes;
    if (nowMs - this.#tuneMs < roundTripMs) return;
    const neededBytes = 4 * this.#tunedBytes;
    if (this.#tuneMs > 0 && neededBytes > this.#bufferBytes) {
      this.#bufferBytes = Math.min(neededBytes, this.#maxBufferBytes);
    }
    this.#tuneMs = nowMs;
    this.#tunedBytes = 0;
  }
}

/** The shift with which a window of `bytes` fits its field (RFC 7323, 2.3). */
function shiftFor(bytes: number): number {
  let shift = 0;
  while (shift < 14 && bytes > 0xffff * 2 ** shift) shift += 1;
  return shift;
}
