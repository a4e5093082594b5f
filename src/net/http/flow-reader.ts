import { FlowError } from "../../devices/errors.ts";
import type { Clock, Flow } from "../../devices/index.ts";
import { timersOf, type Timer, type Timers } from "../timers.ts";
import { refusalError, type Refusal } from "./refusal.ts";

interface Waiter {
  resolve(isMore: boolean): void;
  reject(reason: unknown): void;
}

/** Hears what becomes of a flow, also while nobody waits for its input. */
export interface FlowWatcher {
  /** The flow has failed. */
  failed?(error: unknown): void;
  /** The peer has ended the stream. */
  ended?(): void;
}

/**
 * The input of a flow with what was read of it too far: bytes are looked at where they are, and
 * consumed when it is known whose they are. One chunk at most is read ahead of who wants it.
 */
export class FlowReader {
  /** Holds what was read and not consumed, from `start` to `end`. *Borrowed*. */
  buffer: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  /** Whether patience has ended for somebody. */
  isLate = false;
  readonly #flow: Flow;
  readonly #watcher: FlowWatcher | undefined;
  readonly #timers: Timers;
  readonly #timer: Timer;
  /** Whether the buffer was made here, with room behind its end. */
  #isOurs = false;
  #late: Refusal = "head-timed-out";
  #deadlineMs = Infinity;
  #isEnded = false;
  #failure: { readonly error: unknown } | undefined;
  #isReading = false;
  /** Read ahead, and not in the buffer yet. */
  #next: Uint8Array | undefined;
  #waiter: Waiter | undefined;

  constructor(flow: Flow, clock: Clock, watcher?: FlowWatcher) {
    this.#flow = flow;
    this.#watcher = watcher;
    this.#timers = timersOf(clock);
    this.#timer = this.#timers.timer(() => this.#expire());
  }

  /** Bytes that can be consumed at once. */
  get byteCount(): number {
    return this.end - this.start;
  }

  /** The time, as patience is measured. */
  get nowMs(): number {
    return this.#timers.nowMs();
  }

  /** Whether the peer has ended the stream, and all of it was consumed. */
  get isAtEnd(): boolean {
    return this.#isEnded && this.#next === undefined && this.start === this.end;
  }

  /**
   * Lets those wait who ask for {@link FlowReader.more} until so many milliseconds from now, then
   * fails as `late` says. `Infinity` lets them wait for as long as they want.
   */
  setPatience(durationMs: number, late: Refusal = "body-timed-out"): void {
    this.#late = late;
    this.isLate = false;
    this.#deadlineMs = durationMs === Infinity ? Infinity : this.#timers.nowMs() + durationMs;
    // Who waits already may have been given longer.
    if (this.#waiter === undefined || this.#deadlineMs >= this.#timer.deadlineMs) return;
    this.#timer.set(this.#deadlineMs);
  }

  /**
   * Resolves to true when there are more bytes than before, to false at the end of the stream. One
   * at a time.
   *
   * @throws {FlowError} as {@link Flow.read}
   * @throws {HttpError} `timed-out` when patience has an end; nothing is lost
   */
  more(): Promise<boolean> {
    if (this.#takeNext()) return Promise.resolve(true);
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    if (this.#isEnded) return Promise.resolve(false);
    if (this.#waiter !== undefined) {
      return Promise.reject(new TypeError("Cannot read: another read is waiting"));
    }
    if (this.isLate) return Promise.reject(refusalError(this.#late));
    // A timer that is only ever moved costs nothing for a request that is in time.
    if (this.#deadlineMs !== Infinity) this.#timer.set(this.#deadlineMs);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.readAhead();
    });
  }

  /** Reads a chunk, unless one is there, so that a failure is noticed while nobody wants input. */
  readAhead(): void {
    const isFull = this.#next !== undefined || this.#isEnded || this.#failure !== undefined;
    if (this.#isReading || isFull) return;
    this.#isReading = true;
    this.#flow.read().then(this.#arrived, this.#didFail);
  }

  /** Consumes bytes, at most {@link FlowReader.byteCount}. */
  consume(byteCount: number): void {
    this.start += byteCount;
  }

  /**
   * Consumes the bytes that are at hand, at most so many, and gives them: *fresh*, but for what
   * shares their buffer. `undefined` if there are none.
   */
  take(maxBytes: number): Uint8Array | undefined {
    if (this.start === this.end) this.#takeNext();
    const count = Math.min(maxBytes, this.end - this.start);
    if (count === 0) return undefined;
    const taken = this.buffer.subarray(this.start, this.start + count);
    this.start += count;
    return taken;
  }

  /** Puts bytes (*given*) before those that are still to come. */
  unread(bytes: Uint8Array): void {
    const rest = this.end - this.start;
    const joined = rest === 0 ? bytes : new Uint8Array(bytes.length + rest);
    if (rest > 0) {
      joined.set(bytes);
      joined.set(this.buffer.subarray(this.start, this.end), bytes.length);
    }
    this.buffer = joined;
    this.#isOurs = false;
    this.start = 0;
    this.end = joined.length;
  }

  /** Lets whoever waits for more fail with `reason`; what arrives later is not lost. */
  stopWaiting(reason: unknown): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.reject(reason);
  }

  /** Stops its timer. What was read stays; the flow is not touched. */
  release(): void {
    this.#timer.clear();
  }

  readonly #arrived = (bytes: Uint8Array | undefined): void => {
    this.#isReading = false;
    if (bytes === undefined) {
      this.#isEnded = true;
      this.#watcher?.ended?.();
    } else {
      this.#next = bytes;
    }
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    this.#waiter = undefined;
    waiter.resolve(this.#takeNext());
  };

  readonly #didFail = (error: unknown): void => {
    this.#isReading = false;
    this.#failure = { error: error ?? new FlowError("reset", "Cannot read: the flow failed") };
    this.#watcher?.failed?.(error);
    this.#waiter?.reject(error);
    this.#waiter = undefined;
  };

  #expire(): void {
    if (this.#waiter === undefined) return;
    if (this.#timers.nowMs() < this.#deadlineMs) {
      if (this.#deadlineMs !== Infinity) this.#timer.set(this.#deadlineMs);
      return;
    }
    this.isLate = true;
    this.stopWaiting(refusalError(this.#late));
  }

  /** Moves what was read ahead behind what is not consumed. */
  #takeNext(): boolean {
    const next = this.#next;
    if (next === undefined) return false;
    this.#next = undefined;
    const rest = this.end - this.start;
    if (rest === 0) {
      this.buffer = next;
      this.#isOurs = false;
      this.start = 0;
      this.end = next.length;
    } else if (this.end + next.length <= this.buffer.length && this.#isOurs) {
      this.buffer.set(next, this.end);
      this.end += next.length;
    } else {
      this.#join(next, rest);
    }
    return true;
  }

  /** Makes a buffer with room for as much again: small pieces are not copied over and over. */
  #join(next: Uint8Array, rest: number): void {
    const joined = new Uint8Array(2 * (rest + next.length));
    joined.set(this.buffer.subarray(this.start, this.end));
    joined.set(next, rest);
    this.buffer = joined;
    this.#isOurs = true;
    this.start = 0;
    this.end = rest + next.length;
  }
}
