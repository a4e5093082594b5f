import type { Timer, Timers } from "../timers.ts";

/** How long a connection may be silent. */
export interface KeepAliveOptions {
  readonly timers: Timers;
  /** Silence before a Ping, in milliseconds; `Infinity` for none. */
  readonly keepAliveMs: number;
  /** Silence after the Ping, in milliseconds. */
  readonly pongTimeoutMs: number;
  /** Sends a Ping, and calls `sent` when the flow has taken it. */
  ping(sent: () => void): void;
  /** Called once, when nothing was heard after a Ping. */
  lost(): void;
}

/** Finds out whether a silent peer is still there (RFC 6455, 5.5.2). Anything it sends says so. */
export class KeepAlive {
  /** Nothing is read now: the answer may be there, so that no time runs. */
  isPaused = false;
  readonly #options: KeepAliveOptions;
  readonly #timer: Timer;
  #awaitsPong = false;

  constructor(options: KeepAliveOptions) {
    this.#options = options;
    this.#timer = options.timers.timer(() => this.#expire());
    this.heard();
  }

  /** Something came from the peer. */
  heard(): void {
    this.#awaitsPong = false;
    this.#set(this.#options.keepAliveMs);
  }

  stop(): void {
    this.#awaitsPong = false;
    this.#timer.clear();
  }

  #expire(): void {
    const { pongTimeoutMs } = this.#options;
    if (this.isPaused) {
      this.heard();
    } else if (this.#awaitsPong) {
      this.#options.lost();
    } else {
      this.#awaitsPong = true;
      // Behind what the peer does not take, the Ping waits too, and no time runs: whether such a
      // peer is there is for the flow to find out.
      this.#options.ping(() => {
        if (this.#awaitsPong) this.#set(pongTimeoutMs);
      });
    }
  }

  #set(durationMs: number): void {
    this.#timer.set(this.#options.timers.nowMs() + durationMs);
  }
}
