/** The page's keeping of what was typed, until the unikernel asks for it. */

import { LineDiscipline } from "./console-line.ts";
import type { PageMessage, Want } from "./console-protocol.ts";

/** Input that nobody reads is kept up to here, in bytes: room for what people paste. */
export const maxInputBytes: number = 1024 * 1024;

/** Where input goes. */
export interface InputEvents {
  /** Answers what the unikernel wanted. */
  answer(message: PageMessage): void;
  /** Shows what is typed into a line; the bytes are *given*. */
  echo(bytes: Uint8Array): void;
}

/** A queue of typed bytes, handed out as they are or as edited lines. */
export class ConsoleInput {
  readonly #events: InputEvents;
  #line = new LineDiscipline();
  #bytes = new Uint8Array();
  #want: Want = "nothing";
  #ended = false;

  constructor(events: InputEvents) {
    this.#events = events;
  }

  /**
   * Takes typed bytes, *borrowed*: all of them, or none if they are more than can be kept. Half of what
   * was pasted may mean something else than the whole.
   */
  type(bytes: Uint8Array): boolean {
    if (this.#ended) return true;
    if (this.#bytes.length + bytes.length > maxInputBytes) return false;
    this.#bytes = join(this.#bytes, bytes);
    this.#serve();
    return true;
  }

  /** Forgets what was typed and not read. */
  clear(): void {
    this.reset();
    this.#bytes = new Uint8Array();
  }

  /** There will be no more. */
  end(): void {
    this.#ended = true;
    this.#serve();
  }

  /** Whether the unikernel waits for input. */
  get isWanted(): boolean {
    return this.#want !== "nothing";
  }

  /** Says how the unikernel wants its next input. */
  want(want: Want): void {
    this.#want = want;
    this.#serve();
  }

  /** Puts back what the unikernel did not read, *given*, before everything else. */
  unread(bytes: Uint8Array): void {
    this.#bytes = join(bytes, this.#bytes);
  }

  /** Begins anew for another unikernel: forgets the line that was begun, keeps what nobody read. */
  reset(): void {
    this.#want = "nothing";
    this.#ended = false;
    this.#line = new LineDiscipline();
  }

  #serve(): void {
    if (this.#want === "bytes" && this.#bytes.length > 0) this.#answerBytes();
    if (this.#want === "line" && this.#bytes.length > 0) this.#edit();
    if (this.#want === "nothing" || !this.#ended || this.#bytes.length > 0) return;
    const line = this.#want === "line" ? this.#line.rest() : undefined;
    this.#answer(line === undefined ? { kind: "end" } : { kind: "line", line });
  }

  #answerBytes(): void {
    const bytes = this.#bytes.slice();
    this.#bytes = new Uint8Array();
    this.#answer({ kind: "bytes", bytes });
  }

  #edit(): void {
    const { echo, usedBytes, result } = this.#line.feed(this.#bytes);
    // Not a copy: a paste of many lines would be copied once for each.
    this.#bytes = this.#bytes.subarray(usedBytes);
    if (echo.length > 0) this.#events.echo(echo);
    if (result === "pending") return;
    if (result.line === undefined) this.#finish();
    else this.#answer({ kind: "line", line: result.line });
  }

  /** The person ended the input (Ctrl-D), which is for good until {@link ConsoleInput.reset}. */
  #finish(): void {
    this.#ended = true;
    this.#bytes = new Uint8Array();
    this.#answer({ kind: "end" });
  }

  #answer(message: PageMessage): void {
    this.#want = "nothing";
    this.#events.answer(message);
  }
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
