/**
 * SYNs from outside that nobody asked for (RFC 5382, 4.3): they may be one half of a simultaneous
 * open, whose other half is about to come from inside, so nothing answers them for six seconds.
 */

import type { Timer, Timers } from "../timers.ts";

const heldMs = 6000;
const maxHeld = 256;

/** What of a packet is kept: enough for a report that quotes it. */
const keptBytes = 128;

interface Held {
  readonly packet: Uint8Array;
  readonly deadlineMs: number;
}

export class Unsolicited {
  readonly #timers: Timers;
  readonly #timer: Timer;
  readonly #refuse: (packet: Uint8Array) => void;
  readonly #held = new Map<string, Held>();

  /** @param refuse tells the sender of a SYN that nobody wants it */
  constructor(timers: Timers, refuse: (packet: Uint8Array) => void) {
    this.#timers = timers;
    this.#timer = timers.timer((nowMs) => this.#expire(nowMs));
    this.#refuse = refuse;
  }

  get count(): number {
    return this.#held.size;
  }

  /** Keeps what a SYN (*borrowed*) begins with; one too many is forgotten at once. */
  hold(key: string, packet: Uint8Array): boolean {
    if (this.#held.has(key) || this.#held.size >= maxHeld) return false;
    const deadlineMs = this.#timers.nowMs() + heldMs;
    this.#held.set(key, { packet: packet.slice(0, keptBytes), deadlineMs });
    if (this.#held.size === 1) this.#timer.set(deadlineMs);
    return true;
  }

  /** The other half has come: the SYN is forgotten in silence. */
  release(key: string): void {
    if (this.#held.size > 0) this.#held.delete(key);
  }

  clear(): void {
    this.#held.clear();
    this.#timer.clear();
  }

  #expire(nowMs: number): void {
    for (const [key, { packet, deadlineMs }] of this.#held) {
      if (deadlineMs > nowMs) {
        this.#timer.set(deadlineMs);
        return;
      }
      this.#held.delete(key);
      this.#refuse(packet);
    }
  }
}
