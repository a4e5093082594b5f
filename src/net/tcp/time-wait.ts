/**
 * Connections in TIME-WAIT (RFC 9293, 3.6.1): what is left of each is a few numbers, and of all
 * together no more than a bound.
 */

import type { Timer, Timers } from "../timers.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionEnds } from "./connection-table.ts";
import { emptySegment, flag, type TcpHeader, type TcpSegment } from "./packet.ts";
import { add, difference, isBefore } from "./sequence.ts";

/** What is left of a connection. */
export class TimeWait implements ConnectionEnds {
  readonly local: Uint8Array;
  readonly localPort: number;
  readonly remote: Uint8Array;
  readonly remotePort: number;
  readonly sndNxt: number;
  readonly rcvNxt: number;
  readonly wnd: number;
  readonly windowField: number;
  readonly usesTimestamps: boolean;
  readonly tsRecent: number;
  /** The timestamp clock's value at time 0. */
  readonly timestampOffset: number;
  endMs = 0;

  constructor(connection: Connection) {
    const { sender, receiver } = connection;
    this.local = connection.local;
    this.localPort = connection.localPort;
    this.remote = connection.remote;
    this.remotePort = connection.remotePort;
    this.sndNxt = sender.nxt;
    this.rcvNxt = receiver.nxt;
    this.wnd = receiver.wnd;
    this.windowField = Math.min(0xffff, Math.floor(this.wnd / 2 ** receiver.shift));
    this.usesTimestamps = connection.usesTimestamps;
    this.tsRecent = receiver.tsRecent;
    this.timestampOffset = connection.timestampAt(0);
  }

  /** Whether a SYN may open the connection anew (RFC 6191, 2). */
  mayReopen(segment: TcpSegment): boolean {
    if ((segment.flags & (flag.syn | flag.ack | flag.rst)) !== flag.syn) return false;
    if (this.usesTimestamps && segment.timestamps) {
      if (isBefore(this.tsRecent, segment.timestampValue)) return true;
      if (isBefore(segment.timestampValue, this.tsRecent)) return false;
    }
    return isBefore(this.rcvNxt, segment.sequenceNumber);
  }

  /** What repeats the last acknowledgment. */
  acknowledgment(nowMs: number): TcpHeader {
    const header = emptySegment(this.localPort, this.remotePort);
    header.flags = flag.ack;
    header.sequenceNumber = this.sndNxt;
    header.acknowledgmentNumber = this.rcvNxt;
    header.windowField = this.windowField;
    header.timestamps = this.usesTimestamps;
    if (this.usesTimestamps) {
      header.timestampValue = add(this.timestampOffset, Math.floor(nowMs));
      header.timestampEcho = this.tsRecent;
    }
    return header;
  }
}

/** All of them, the oldest first. */
export class TimeWaits {
  readonly #entries = new Set<TimeWait>();
  readonly #timer: Timer;
  readonly #durationMs: number;
  readonly #maxCount: number;
  readonly #ended: (entry: TimeWait) => void;

  /** `ended` is called with each that has waited long enough, or has to make room. */
  constructor(
    timers: Timers,
    durationMs: number,
    maxCount: number,
    ended: (entry: TimeWait) => void,
  ) {
    this.#durationMs = durationMs;
    this.#maxCount = maxCount;
    this.#ended = ended;
    this.#timer = timers.timer((nowMs) => this.#expire(nowMs));
  }

  /** How many wait. */
  get count(): number {
    return this.#entries.size;
  }

  /** Lets an entry wait for 2 MSL from now on, also one that waits already. */
  add(entry: TimeWait, nowMs: number): void {
    this.#entries.delete(entry);
    this.#entries.add(entry);
    entry.endMs = nowMs + this.#durationMs;
    if (this.#entries.size > this.#maxCount) this.#endFirst();
    if (this.#timer.deadlineMs === Infinity) this.#timer.set(entry.endMs);
  }

  /** Ends the wait of an entry. */
  end(entry: TimeWait): void {
    this.#entries.delete(entry);
    if (this.#entries.size === 0) this.#timer.clear();
    this.#ended(entry);
  }

  /** Handles a segment of such a connection; gives what to answer (RFC 9293, 3.10.7.4). */
  receive(entry: TimeWait, segment: TcpSegment, nowMs: number): TcpHeader | undefined {
    const { flags, payload, sequenceNumber } = segment;
    if ((flags & flag.rst) !== 0) {
      // As in every state (RFC 5961, 3.2): only the very next number is believed.
      const ahead = difference(sequenceNumber, entry.rcvNxt);
      if (ahead === 0) this.end(entry);
      return ahead > 0 && ahead < entry.wnd ? entry.acknowledgment(nowMs) : undefined;
    }
    if ((flags & (flag.ack | flag.syn)) === 0) return undefined;
    if ((flags & flag.fin) !== 0) this.add(entry, nowMs);
    const isBare = payload.length === 0 && (flags & (flag.fin | flag.syn)) === 0;
    if (isBare && sequenceNumber === entry.rcvNxt) return undefined;
    return entry.acknowledgment(nowMs);
  }

  /** Ends the wait of all of them. */
  clear(): void {
    this.#timer.clear();
    while (this.#entries.size > 0) this.#endFirst();
  }

  #endFirst(): void {
    const [first] = this.#entries;
    if (first === undefined) return;
    this.#entries.delete(first);
    this.#ended(first);
  }

  #expire(nowMs: number): void {
    for (const entry of this.#entries) {
      if (entry.endMs > nowMs) {
        this.#timer.set(entry.endMs);
        return;
      }
      this.#endFirst();
    }
  }
}
