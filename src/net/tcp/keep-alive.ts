/** Whether a peer that says nothing is still there (RFC 9293, 3.8.4). */

import type { TcpSettings } from "./settings.ts";

/** When to ask a silent peer, and how often in vain. */
export class KeepAlive {
  readonly #idleMs: number;
  readonly #settings: TcpSettings;
  #heardMs = 0;
  #probeCount = 0;

  constructor(idleMs: number, settings: TcpSettings) {
    this.#idleMs = idleMs;
    this.#settings = settings;
  }

  /** When to ask next. */
  get nextMs(): number {
    return this.#heardMs + this.#idleMs + this.#probeCount * this.#settings.keepAliveIntervalMs;
  }

  /** The peer was heard. */
  heard(nowMs: number): void {
    this.#heardMs = nowMs;
    this.#probeCount = 0;
  }

  /** Whether to ask once more; no, if the peer was asked often enough. */
  takeProbe(): boolean {
    this.#probeCount += 1;
    return this.#probeCount <= this.#settings.keepAliveCount;
  }
}
