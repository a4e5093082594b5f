import type { Clock } from "../../devices/index.ts";

/** The `Date` of answers (RFC 9110, 5.6.7), made once a second. */
export class HttpDate {
  readonly #clock: Clock;
  #second = -1;
  #line = "";

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The line for now, such as `date: Sun, 06 Nov 1994 08:49:37 GMT`, with its end. */
  get line(): string {
    const nowMs = this.#clock.wallMs();
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#line = `date: ${new Date(nowMs).toUTCString()}\r\n`;
    }
    return this.#line;
  }
}
