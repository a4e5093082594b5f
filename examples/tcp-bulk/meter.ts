import type { Clock, Console } from "fata-morgana/devices";

const intervalMs = 1000;
const barCells = 30;

/** Counts bytes, and shows once a second how fast they come. */
export class Meter {
  readonly #console: Console;
  readonly #clock: Clock;
  readonly #startMs: number;
  #totalBytes = 0;
  #shownBytes = 0;
  #shownMs: number;
  #fastest = 1;

  constructor(console: Console, clock: Clock) {
    this.#console = console;
    this.#clock = clock;
    this.#startMs = this.#shownMs = clock.monotonicMs();
  }

  /** Counts bytes that were sent, or have arrived. */
  async count(bytes: number): Promise<void> {
    this.#totalBytes += bytes;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#shownMs < intervalMs) return;
    const rate = megabytes(this.#totalBytes - this.#shownBytes) / ((nowMs - this.#shownMs) / 1000);
    this.#shownBytes = this.#totalBytes;
    this.#shownMs = nowMs;
    this.#fastest = Math.max(this.#fastest, rate);
    const bar = "▇".repeat(Math.round((rate / this.#fastest) * barCells)).padEnd(barCells);
    await this.#console.writeLine(
      `${format(rate)} MB/s ${bar} ${format(megabytes(this.#totalBytes))} MB`,
    );
  }

  /** Says how much it was, and how fast on the whole. */
  async end(what: string): Promise<void> {
    const seconds = (this.#clock.monotonicMs() - this.#startMs) / 1000;
    const total = megabytes(this.#totalBytes);
    await this.#console.writeLine(
      `${what} ${total.toFixed(0)} MB in ${seconds.toFixed(1)} s: ${(total / seconds).toFixed(0)} MB/s`,
    );
  }
}

function megabytes(bytes: number): number {
  return bytes / 1e6;
}

function format(value: number): string {
  return value.toFixed(0).padStart(7);
}
