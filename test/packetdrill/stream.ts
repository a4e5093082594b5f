import { FlowError, ProtocolError, type TcpFlow } from "../../src/devices/index.ts";
import { pattern, patternAt } from "./conversation.ts";
import type { World } from "./world.ts";

/** What a read or write came to: a count, an `errno`, or nothing for as long as it would wait. */
export type Transfer = number | { readonly errorName: string } | "blocked";

const errorNames: Readonly<Record<string, string>> = {
  refused: "ECONNREFUSED",
  reset: "ECONNRESET",
  "timed-out": "ETIMEDOUT",
  unreachable: "EHOSTUNREACH",
  "no-route": "ENETUNREACH",
  "address-in-use": "EADDRINUSE",
  "no-buffer": "ENOBUFS",
  "too-large": "EMSGSIZE",
  closed: "EPIPE",
};

/**
 * The `errno` for an error of a flow or of TCP. One that neither may give is told in full, so that
 * it is what no script expects.
 */
export function errorNameOf(error: unknown): string {
  const isKnown = error instanceof FlowError || error instanceof ProtocolError;
  return (isKnown ? errorNames[error.code] : undefined) ?? String(error);
}

/** A flow as a file descriptor sees it: reads of any count, peeking, never more than asked for. */
export class Stream {
  readonly flow: TcpFlow;
  readonly #world: World;
  /** What was read from the flow and not by the script. */
  #buffered = new Uint8Array(0);
  #ending: "end" | { readonly errorName: string } | undefined;
  #readBytes = 0;
  #writtenBytes = 0;
  #isWriting = false;
  #writeError: string | undefined;
  #isFaulty = false;

  constructor(flow: TcpFlow, world: World) {
    this.flow = flow;
    this.#world = world;
  }

  get bufferedBytes(): number {
    return this.#buffered.length;
  }

  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Whether what was read is what the peer sent, in order. */
  get isIntact(): boolean {
    return !this.#isFaulty;
  }

  async read(count: number, isPeek: boolean, mayBlock: boolean): Promise<Transfer> {
    while (this.#buffered.length < count && this.#ending === undefined) {
      const isEmpty = this.#buffered.length === 0;
      if (!(await this.#pull(isEmpty && mayBlock))) break;
    }
    const length = Math.min(count, this.#buffered.length);
    if (length === 0) return this.#ending === "end" ? 0 : (this.#ending ?? "blocked");
    if (!isPeek) this.#consume(length);
    return length;
  }

  async write(count: number, mayBlock: boolean): Promise<Transfer> {
    if (this.#isWriting && !mayBlock) return "blocked";
    const bytes = pattern(1 + this.#writtenBytes, count);
    this.#isWriting = true;
    const done = this.flow.write(bytes).then(
      () => void (this.#isWriting = false),
      (error: unknown) => void (this.#writeError = errorNameOf(error)),
    );
    await (mayBlock ? done : this.#world.settle());
    if (this.#writeError !== undefined) return { errorName: this.#writeError };
    this.#writtenBytes += count;
    return count;
  }

  /** The error that has befallen the flow; it is told once. */
  async takeError(): Promise<string | undefined> {
    if (this.#ending === undefined) await this.#pull(false);
    const ending = this.#ending;
    if (ending === undefined || ending === "end") return undefined;
    this.#ending = "end";
    return ending.errorName;
  }

  /** Whether a read would return at once. */
  async isReadable(): Promise<boolean> {
    if (this.#buffered.length === 0 && this.#ending === undefined) await this.#pull(false);
    return this.#buffered.length > 0 || this.#ending !== undefined;
  }

  get isWritable(): boolean {
    return !this.#isWriting;
  }

  close(isAbort: boolean): void {
    if (isAbort || this.#buffered.length > 0) this.flow.abort();
    else void this.flow[Symbol.asyncDispose]();
  }

  /** Takes what the flow has next; whether there was anything. */
  async #pull(mayBlock: boolean): Promise<boolean> {
    const abort = new AbortController();
    let isSettled = false;
    const reading = this.#readFlow(abort.signal).finally(() => void (isSettled = true));
    if (!mayBlock) {
      await this.#world.settle();
      if (!isSettled) abort.abort();
    }
    await reading;
    return !abort.signal.aborted;
  }

  async #readFlow(signal: AbortSignal): Promise<void> {
    try {
      const bytes = await this.flow.read(signal);
      if (bytes === undefined) this.#ending = "end";
      else this.#buffered = joined(this.#buffered, bytes);
    } catch (error) {
      if (!signal.aborted) this.#ending = { errorName: errorNameOf(error) };
    }
  }

  #consume(length: number): void {
    const first = 1 + this.#readBytes;
    const taken = this.#buffered.subarray(0, length);
    this.#isFaulty ||= taken.some((byte, index) => byte !== patternAt(first + index));
    this.#readBytes += length;
    this.#buffered = this.#buffered.slice(length);
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
