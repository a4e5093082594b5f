/**
 * One TCP connection: the transmission control block of RFC 9293, 3.3.1. It is synchronous, and
 * time is an argument; what arrives is handled in {@link ./arrives.ts}.
 */

import type { TcpOptions } from "../../devices/index.ts";
import type { Timer } from "../timers.ts";
import { segmentArrives } from "./arrives.ts";
import type { ConnectionEnds } from "./connection-table.ts";
import type { TcpCounters } from "./counters.ts";
import { Cubic } from "./cubic.ts";
import { departs, send } from "./departs.ts";
import { KeepAlive } from "./keep-alive.ts";
import { NewReno } from "./new-reno.ts";
import { emptySegment, flag, type TcpHeader, type TcpSegment } from "./packet.ts";
import { Receiver } from "./receiver.ts";
import { Recovery } from "./recovery.ts";
import { report, unanswered } from "./reports.ts";
import { RoundTrip } from "./round-trip.ts";
import type { SendQueue } from "./send-queue.ts";
import { Sender } from "./sender.ts";
import { add } from "./sequence.ts";
import { defaultBufferBytes, defaultUserTimeoutMs, type TcpSettings } from "./settings.ts";
import { follow, isSynchronized, type State, type StateEvent } from "./states.ts";

/** Why a connection ended without both FINs. */
export type ConnectionFailure = "closed" | "refused" | "reset" | "timed-out" | "unreachable";

/** Is told what happens to a connection; the user's side of it. */
export interface ConnectionUser {
  /** It is in ESTABLISHED, or past it. */
  established(): void;
  /** There is something to read, or the end of it. */
  hasInput(): void;
  /** There is room to write, or everything was acknowledged. */
  hasRoom(): void;
  /** It is over: both sides closed, or it failed. */
  ended(failure: ConnectionFailure | undefined): void;
}

/** What a connection needs of the layer that it belongs to. */
export interface ConnectionLayer {
  readonly counters: TcpCounters;
  readonly settings: TcpSettings;
  /** Sends a segment with `length` bytes of `queue` from `offset` on. All are *borrowed*. */
  transmit(
    connection: Connection,
    header: TcpHeader,
    queue: SendQueue | undefined,
    offset: number,
    length: number,
  ): void;
  /** Data bytes that a segment may carry: in one packet, and in one that is cut. */
  segmentBytes(ends: ConnectionEnds): { readonly plain: number; readonly large: number };
  /** The connection's next deadline may have changed. */
  schedule(connection: Connection): void;
  /** The connection's state changed: it may be over, or be in TIME-WAIT. */
  stateChanged(connection: Connection, nowMs: number): void;
  /** Answers a segment with a reset (RFC 9293, 3.10.7.1). */
  reject(ends: ConnectionEnds, segment: TcpSegment): void;
  /** IP may know whether what a connection sends gets there. */
  advise(connection: Connection, isReached: boolean): void;
  /** Takes a token for a challenge acknowledgment (RFC 5961, 7). */
  mayChallenge(nowMs: number): boolean;
}

/** Bytes of the options that every segment of a connection with timestamps has. */
const timestampBytes = 12;

/** What the send buffer takes at least; it takes more as the congestion window grows. */
const minSendBufferBytes = 64 * 1024;

/** A connection. */
export class Connection implements ConnectionEnds {
  readonly local: Uint8Array;
  readonly localPort: number;
  readonly remote: Uint8Array;
  readonly remotePort: number;
  readonly layer: ConnectionLayer;
  readonly sender: Sender;
  readonly receiver: Receiver;
  readonly recovery: Recovery;
  readonly options: TcpOptions;
  /** One for all segments: see {@link ./departs.ts}. */
  readonly header: TcpHeader;
  user: ConnectionUser | undefined;
  state: State = "CLOSED";
  failure: ConnectionFailure | undefined;
  /** As negotiated (RFC 7323). */
  usesTimestamps = false;
  usesWindowScale = false;
  /** The most data that the peer takes in a segment. */
  peerSegmentBytes = 536;
  /** The SYN that opened it, if it brought data or FIN that wait for the handshake to end. */
  early: TcpSegment | undefined;
  /** The user has let go of it: what arrives is answered with a reset (RFC 9293, 3.6.1). */
  isOrphan = false;
  /** Whether it is in the layer's list of those to be flushed when the batch ends. */
  isTouched = false;
  /** IP refused a segment that is too large for the path, as it knows by now. */
  isPathNarrower = false;
  /** Wakes it for {@link Connection.expire}; the layer's. */
  timer: Timer | undefined;
  /** The last report that it cannot be reached, which need not be so for long (RFC 1122). */
  softFailure: ConnectionFailure | undefined;
  /** When IP is told next that the peer gets what we send. */
  adviceMs = 0;

  readonly #timestampOffset: number;
  /** The last try to connect that led to a report, by the timeouts before it. */
  #failedTry = -Infinity;
  readonly #keepAlive: KeepAlive | undefined;
  #finWait2Ms = Infinity;

  constructor(
    ends: ConnectionEnds,
    layer: ConnectionLayer,
    options: TcpOptions,
    iss: number,
    timestampOffset: number,
  ) {
    this.local = ends.local;
    this.localPort = ends.localPort;
    this.remote = ends.remote;
    this.remotePort = ends.remotePort;
    this.layer = layer;
    this.options = options;
    this.#timestampOffset = timestampOffset;
    const { settings } = layer;
    const segmentBytes = layer.segmentBytes(this).plain;
    const congestion =
      settings.congestion === "cubic" ? new Cubic({ segmentBytes }) : new NewReno({ segmentBytes });
    const roundTrip = new RoundTrip({ minRtoMs: settings.minRtoMs });
    this.recovery = new Recovery(congestion, roundTrip, this, layer.counters);
    this.sender = new Sender(iss, this.recovery, this);
    this.sender.noDelay = options.noDelay ?? false;
    this.sender.mayProbeTail = settings.tailLossProbe;
    this.receiver = new Receiver({
      bufferBytes: settings.initialReceiveBytes,
      maxBufferBytes: options.receiveBufferBytes ?? defaultBufferBytes,
      delayMs: settings.ackDelayMs,
    });
    if (options.keepAliveMs !== undefined) {
      this.#keepAlive = new KeepAlive(options.keepAliveMs, settings);
    }
    this.header = emptySegment(ends.localPort, ends.remotePort);
  }

  /** The timestamp clock at a time: milliseconds from an offset of its own (RFC 7323, 5.4). */
  timestampAt(atMs: number): number {
    return (Math.floor(atMs) + this.#timestampOffset) >>> 0;
  }

  /** For the sender: sends a part of the stream. */
  depart(sequence: number, length: number, nowMs: number): void {
    departs(this, sequence, length, nowMs);
  }

  /** For the sender: so many retransmissions in a row had no answer. */
  unanswered(count: number): void {
    unanswered(this, count);
  }

  /** Begins an active open. */
  open(nowMs: number): void {
    this.follow("active open", nowMs);
    this.sender.open(nowMs);
    this.layer.schedule(this);
  }

  /** Both sides know that the connection is there. */
  establish(event: StateEvent, nowMs: number): void {
    this.follow(event, nowMs);
    this.learnSegmentBytes();
    const { roundTrip, timeouts } = this.recovery;
    if (timeouts > 0 && roundTrip.smoothedMs === undefined) roundTrip.restartAfterLostSyn();
    this.user?.established();
  }

  /** Sets the size of segments from what the peer takes and the path carries (RFC 6691). */
  learnSegmentBytes(): void {
    const path = this.layer.segmentBytes(this);
    const optionBytes = this.usesTimestamps ? timestampBytes : 0;
    const plain = Math.max(1, Math.min(this.peerSegmentBytes, path.plain) - optionBytes);
    // The urgent pointer counts from each segment: nobody else may cut them.
    const isCut = path.large > path.plain && this.sender.urgentEnd === undefined;
    const large = isCut ? path.large - optionBytes : plain;
    this.sender.setSegmentBytes(plain, Math.max(plain, large - (large % plain)));
  }

  /** Sends again what was too large for the path, which IP has learned about (RFC 1191, 6.5). */
  narrow(nowMs: number): void {
    this.isPathNarrower = false;
    const before = this.sender.segmentBytes;
    this.learnSegmentBytes();
    if (this.sender.segmentBytes < before) this.sender.resendLost(nowMs);
  }

  /** A segment has arrived. Call {@link Connection.flush} when there are no more. */
  receive(segment: TcpSegment, nowMs: number): void {
    this.#keepAlive?.heard(nowMs);
    segmentArrives(this, segment, nowMs);
  }

  /** Sends what can be sent, and what is due, after segments have arrived or the user acted. */
  flush(nowMs: number): void {
    // Of TIME-WAIT the layer takes care.
    if (this.state === "CLOSED" || this.state === "TIME-WAIT") return;
    if (isSynchronized(this.state)) this.sender.output(nowMs);
    if (this.isPathNarrower) this.narrow(nowMs);
    if (this.receiver.isAckDue) this.acknowledge(nowMs);
    this.layer.schedule(this);
  }

  /** When {@link Connection.expire} wants to be called; `Infinity` for not. */
  get nextMs(): number {
    const { sender } = this;
    const waitMs = Math.min(sender.deadlineMs, this.recovery.reorderingMs);
    const giveUpMs = sender.deadlineMs === Infinity ? Infinity : this.#giveUpMs;
    return Math.min(waitMs, giveUpMs, this.receiver.ackDueMs, this.#probeMs, this.#finWait2Ms);
  }

  /** Does what is due. */
  expire(nowMs: number): void {
    const { sender, receiver, recovery } = this;
    if (sender.deadlineMs !== Infinity && nowMs >= this.#giveUpMs) {
      this.fail(this.softFailure ?? "timed-out", nowMs);
      return;
    }
    if (nowMs >= this.#finWait2Ms) {
      this.#end(nowMs);
      return;
    }
    if (nowMs >= recovery.reorderingMs) sender.expireReordering(nowMs);
    if (nowMs >= sender.deadlineMs) sender.expire(nowMs);
    if (nowMs >= receiver.ackDueMs) receiver.isAckDue = true;
    if (nowMs >= this.#probeMs && !this.#probe(nowMs)) return;
    this.flush(nowMs);
  }

  /** Adds bytes (*given*) to the stream; all until then may be urgent. */
  write(bytes: Uint8Array, nowMs: number, isUrgent: boolean): void {
    this.sender.queue.append(bytes);
    if (isUrgent) {
      this.sender.urge();
      this.learnSegmentBytes();
    }
    this.flush(nowMs);
  }

  /** Whether the send buffer has room: as much as the path takes in two round trips. */
  get isWritable(): boolean {
    const most = this.options.sendBufferBytes ?? defaultBufferBytes;
    const wanted = Math.max(minSendBufferBytes, 2 * this.recovery.congestion.windowBytes);
    return this.sender.queue.byteCount < Math.min(most, wanted);
  }

  /** The next bytes, *fresh*, or `undefined` if none have arrived. */
  read(nowMs: number): Uint8Array | undefined {
    const bytes = this.receiver.read(nowMs, this.recovery.roundTrip.smoothedMs ?? 0);
    if (bytes !== undefined && this.receiver.isUpdateDue && isSynchronized(this.state)) {
      this.acknowledge(nowMs);
    }
    return bytes;
  }

  /** Closes the sending side: FIN follows what was written. */
  close(nowMs: number): void {
    if (this.state === "SYN-SENT") {
      this.#end(nowMs);
      return;
    }
    this.sender.close();
    this.follow("close", nowMs);
    this.flush(nowMs);
  }

  /** Nobody will read or write any more. */
  orphan(nowMs: number): void {
    this.isOrphan = this.sender.isOrphan = true;
    this.receiver.discard();
    if (this.state === "FIN-WAIT-2") this.#finWait2Ms = nowMs + this.layer.settings.finWait2Ms;
    this.layer.schedule(this);
  }

  /** Drops the connection and tells the peer (RFC 9293, 3.10.5). */
  abort(nowMs: number): void {
    if (this.state === "CLOSED") return;
    if (this.state !== "SYN-SENT") send(this, this.sender.nxt, flag.rst | flag.ack, 0, 0, nowMs);
    this.failure = "closed";
    this.#end(nowMs);
  }

  /** Ends the connection with a failure. */
  fail(failure: ConnectionFailure, nowMs: number): void {
    if (this.state === "CLOSED") return;
    if (failure === "timed-out" && isSynchronized(this.state)) {
      send(this, this.sender.nxt, flag.rst | flag.ack, 0, 0, nowMs);
    }
    this.failure = failure;
    this.#end(nowMs);
  }

  /**
   * Takes a report that the peer cannot be reached. It need not stay so (RFC 1122, 4.2.3.9): an
   * attempt to connect fails if two tries in a row have led to such a report.
   */
  noteUnreachable(nowMs: number): void {
    this.softFailure = "unreachable";
    report(this, "unreachable");
    const { timeouts } = this.recovery;
    const isConnecting = this.state === "SYN-SENT" || this.state === "SYN-RECEIVED";
    if (!isConnecting || timeouts === this.#failedTry) return;
    const isSecond = this.#failedTry === timeouts - 1;
    this.#failedTry = timeouts;
    if (isSecond && timeouts >= 2) this.fail("unreachable", nowMs);
  }

  /** Goes where an event leads. */
  follow(event: StateEvent, nowMs: number): void {
    const before = this.state;
    this.state = follow(before, event);
    if (this.state === before) return;
    if (this.state === "FIN-WAIT-2" && this.isOrphan) {
      this.#finWait2Ms = nowMs + this.layer.settings.finWait2Ms;
    }
    if (this.state === "TIME-WAIT" || this.state === "CLOSED") this.#finish(nowMs);
  }

  /** Sends an acknowledgment of everything, without data. */
  acknowledge(nowMs: number): void {
    send(this, this.sender.nxt, flag.ack, 0, 0, nowMs);
  }

  /** Answers what may be an attack, within limits (RFC 5961, 7). */
  challenge(nowMs: number): void {
    if (this.layer.mayChallenge(nowMs)) this.acknowledge(nowMs);
  }

  #end(nowMs: number): void {
    this.state = "CLOSED";
    this.#finish(nowMs);
  }

  #finish(nowMs: number): void {
    if (this.receiver.isAckDue && this.state === "TIME-WAIT") this.acknowledge(nowMs);
    this.sender.stop();
    this.receiver.stop();
    this.#finWait2Ms = Infinity;
    this.layer.stateChanged(this, nowMs);
    this.user?.ended(this.failure);
  }

  /** When to ask whether the peer is still there: only while nothing is under way. */
  get #probeMs(): number {
    if (this.#keepAlive === undefined || !isSynchronized(this.state)) return Infinity;
    return this.sender.isIdle ? this.#keepAlive.nextMs : Infinity;
  }

  /** Asks by a sequence number that the peer has had (RFC 9293, 3.8.4), or gives up. */
  #probe(nowMs: number): boolean {
    if (this.#keepAlive?.takeProbe() === true) {
      send(this, add(this.sender.nxt, -1), flag.ack, 0, 0, nowMs);
      return true;
    }
    this.fail("timed-out", nowMs);
    return false;
  }

  get #giveUpMs(): number {
    return this.sender.progressMs + (this.options.userTimeoutMs ?? defaultUserTimeoutMs);
  }
}
