import { FlowError } from "../../devices/errors.ts";
import type { Clock, TcpFlow } from "../../devices/index.ts";
import { timersOf, type Timer, type Timers } from "../timers.ts";
import { HeadWriter } from "./head-writer.ts";

/** A client that is slow, but not too slow, takes so much before its time is up. */
const pieceBytes = 262_144;

/** What a server sends on a connection: small things are gathered until they are flushed. */
export class Output {
  readonly flow: TcpFlow;
  readonly writer: HeadWriter = new HeadWriter();
  readonly #timeoutMs: number;
  readonly #timers: Timers;
  readonly #timer: Timer;
  readonly #stalled: () => void;
  /** Since when somebody has waited for room to write. */
  #writingSinceMs = Infinity;

  /** `stalled` is called when the client has taken nothing for `timeoutMs`. */
  constructor(flow: TcpFlow, clock: Clock, timeoutMs: number, stalled: () => void) {
    this.flow = flow;
    this.#timeoutMs = timeoutMs;
    this.#stalled = stalled;
    this.#timers = timersOf(clock);
    this.#timer = this.#timers.timer((nowMs) => this.#check(nowMs));
  }

  /**
   * Sends what was gathered, and waits until there is room for more.
   *
   * @throws {FlowError} as {@link Flow.write}
   */
  async flush(): Promise<void> {
    if (this.writer.byteCount > 0) await this.untilRoom(this.flow.write(this.writer.take()));
  }

  /** Sends what was gathered and `bytes` (*given*) behind it, and waits as {@link Output.flush}. */
  async flushWith(bytes: Uint8Array): Promise<void> {
    const head = this.flow.write(this.writer.take());
    const first = this.flow.write(bytes.subarray(0, pieceBytes));
    await this.untilRoom(Promise.all([head, first]));
    for (const piece of piecesOf(bytes, pieceBytes)) {
      await this.untilRoom(this.flow.write(piece));
    }
  }

  /** Waits for a write on the flow, but not for ever. */
  async untilRoom(writing: Promise<unknown>): Promise<void> {
    const nowMs = this.#timers.nowMs();
    this.#writingSinceMs = nowMs;
    // It goes on while nobody waits: a timer for each write would cost more than the write.
    if (this.#timer.deadlineMs === Infinity) this.#timer.set(nowMs + this.#timeoutMs);
    try {
      await writing;
    } finally {
      this.#writingSinceMs = Infinity;
    }
  }

  /** Stops its timer. */
  release(): void {
    this.#timer.clear();
  }

  #check(nowMs: number): void {
    if (this.#writingSinceMs === Infinity) return;
    const deadlineMs = this.#writingSinceMs + this.#timeoutMs;
    if (deadlineMs > nowMs) this.#timer.set(deadlineMs);
    else this.#stalled();
  }
}

/** Cuts bytes from `start` on into pieces, each of which has a time of its own to be taken in. */
export function* piecesOf(bytes: Uint8Array, start: number = 0): Iterable<Uint8Array> {
  for (let at = start; at < bytes.length; at += pieceBytes) {
    yield at === 0 && bytes.length <= pieceBytes ? bytes : bytes.subarray(at, at + pieceBytes);
  }
}

/** Why a connection is aborted whose client takes nothing. */
export function stalledError(): FlowError {
  return new FlowError("timed-out", "Cannot send the response: its client takes nothing");
}
