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
  readonly #bytes = new ByteQueue();
  #line = new LineDiscipline();
  #want: Want = "nothing";
  #ended = false;

  constructor(events: InputEvents) {
    this.#events = events;
  }

  /**
   * Takes typed bytes, *borrowed*: all of them, or none if they are more than can be kept. Half of
   * what was pasted may mean something else than the whole.
   */
  type(bytes: Uint8Array): boolean {
    if (this.#ended) return true;
    if (this.#bytes.length + bytes.length > maxInputBytes) return false;
    this.#bytes.append(bytes);
    this.#serve();
    return true;
  }

  /** Forgets what was typed and not read. */
  clear(): void {
    this.reset();
    this.#bytes.clear();
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
    const later = this.#bytes.waiting().slice();
    this.#bytes.clear();
    this.#bytes.append(bytes);
    this.#bytes.append(later);
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
    const bytes = this.#bytes.waiting().slice();
    this.#bytes.clear();
    this.#answer({ kind: "bytes", bytes });
  }

  #edit(): void {
    const { echo, usedBytes, result } = this.#line.feed(this.#bytes.waiting());
    this.#bytes.drop(usedBytes);
    if (echo.length > 0) this.#events.echo(echo);
    if (result === "pending") return;
    if (result.line === undefined) this.#finish();
    else this.#answer({ kind: "line", line: result.line });
  }

  /** The person ended the input (Ctrl-D), which is for good until {@link ConsoleInput.reset}. */
  #finish(): void {
    this.#ended = true;
    this.#bytes.clear();
    this.#answer({ kind: "end" });
  }

  #answer(message: PageMessage): void {
    this.#want = "nothing";
    this.#events.answer(message);
  }
}

/** Bytes in the order they came; appending and dropping copy each only now and then. */
class ByteQueue {
  #buffer = new Uint8Array(64);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** What is in it, *borrowed* until it changes. */
  waiting(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  append(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#buffer.length) {
      const grown = new Uint8Array(2 * (this.length + bytes.length));
      grown.set(this.waiting());
      this.#buffer = grown;
      this.#end = this.length;
      this.#start = 0;
    }
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  drop(count: number): void {
    this.#start += count;
    if (this.length === 0) this.clear();
  }

  clear(): void {
    this.#buffer = new Uint8Array(64);
    this.#start = 0;
    this.#end = 0;
  }
}
