/**
 * The console of a unikernel in a worker: the worker's half. The page's half is a screen
 * ({@link ./console-xterm.ts}).
 *
 * Output leaves at once, so that it is seen even if the unikernel then blocks its thread, as long
 * as the page keeps up; when it does not, output is gathered into large messages and `write` waits.
 */

import { ConsoleError } from "../devices/errors.ts";
import type { Console, ConsoleCounters, ConsoleSize } from "../devices/index.ts";
import type { PageMessage, Want, WorkerMessage } from "./console-protocol.ts";
import { windowBytes } from "./console-protocol.ts";

/** The largest message, in bytes. */
const maxMessageBytes = 64 * 1024;

/** Messages that may be under way before small writes are gathered into large ones. */
const maxMessagesUnderWay = 256;

/** What a read comes to; `undefined` is the end of input. */
type Input = Uint8Array | string | undefined;

interface Reader {
  readonly resolve: (input: Input) => void;
  readonly reject: (error: unknown) => void;
}

/** Connects to the page's screen at the other end of `port`, which is *given*. */
export function connect({ port }: { readonly port: MessagePort }): Console {
  return new PortConsole(port);
}

class PortConsole implements Console {
  readonly counters: ConsoleCounters & { bytesIn: number; bytesOut: number } = {
    bytesIn: 0,
    bytesOut: 0,
  };
  size: ConsoleSize | undefined;

  readonly #port: MessagePort;
  readonly #encoder = new TextEncoder();
  readonly #resizeListeners = new Set<{ readonly call: (size: ConsoleSize) => void }>();
  /** Output that has not been posted, and what to do when it is. */
  #queue: { readonly bytes: Uint8Array; readonly posted: () => void }[] = [];
  /** Sizes of the messages under way, oldest first, and their sum. */
  #underWay: number[] = [];
  #underWayBytes = 0;
  #credit = 0;
  #reader: Reader | undefined;
  #closing: Promise<void> | undefined;
  #drained: (() => void) | undefined;

  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<PageMessage>) => this.#receive(data);
  }

  async write(data: string | Uint8Array): Promise<void> {
    this.#checkOpen("write to");
    const bytes = typeof data === "string" ? this.#encoder.encode(data) : data;
    this.counters.bytesOut += bytes.length;
    let posted: Promise<void> | undefined;
    for (let offset = 0; offset < bytes.length; offset += maxMessageBytes) {
      const piece = bytes.slice(offset, offset + maxMessageBytes);
      if (this.#queue.length === 0 && this.#hasRoom()) this.#post(piece);
      else posted = new Promise((resolve) => this.#queue.push({ bytes: piece, posted: resolve }));
    }
    return posted;
  }

  writeLine(text: string): Promise<void> {
    return this.write(`${text}\n`);
  }

  async read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const input = await this.#ask("bytes", signal);
    return typeof input === "string" ? this.#encoder.encode(input) : input;
  }

  async readLine(signal?: AbortSignal): Promise<string | undefined> {
    return (await this.#ask("line", signal)) as string | undefined;
  }

  onResize(listener: (size: ConsoleSize) => void): () => void {
    const entry = { call: listener };
    this.#resizeListeners.add(entry);
    return () => this.#resizeListeners.delete(entry);
  }

  /** Resolves when the page has taken all output. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#takeReader()?.reject(closed("read from"));
    if (this.#underWayBytes > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
    this.#port.close();
  }

  #checkOpen(what: string): void {
    if (this.#closing !== undefined) throw closed(what);
  }

  #hasRoom(): boolean {
    return this.#underWayBytes < windowBytes && this.#underWay.length < maxMessagesUnderWay;
  }

  #post(bytes: Uint8Array): void {
    this.#underWay.push(bytes.length);
    this.#underWayBytes += bytes.length;
    this.#port.postMessage(bytes, [bytes.buffer]);
  }

  /** Posts what was queued, gathered into messages as large as they may be. */
  #pump(): void {
    while (this.#queue.length > 0 && this.#hasRoom()) {
      let count = 0;
      let size = 0;
      for (const { bytes } of this.#queue) {
        if (count > 0 && size + bytes.length > maxMessageBytes) break;
        size += bytes.length;
        count += 1;
      }
      const message = new Uint8Array(size);
      let offset = 0;
      for (const { bytes, posted } of this.#queue.splice(0, count)) {
        message.set(bytes, offset);
        offset += bytes.length;
        posted();
      }
      this.#post(message);
    }
    if (this.#underWayBytes === 0) this.#drained?.();
  }

  #receive(message: PageMessage): void {
    switch (message.kind) {
      case "credit":
        this.#takeCredit(message.bytes);
        break;
      case "size":
        this.size = { columns: message.columns, rows: message.rows };
        for (const { call } of this.#resizeListeners) call(this.size);
        break;
      case "bytes":
        this.#receiveInput(message.bytes, message.bytes);
        break;
      case "line":
        this.#receiveInput(message.line, this.#encoder.encode(`${message.line}\r`));
        break;
      case "end":
        this.#takeReader()?.resolve(undefined);
        break;
    }
  }

  #takeCredit(bytes: number): void {
    this.#credit += bytes;
    let done = 0;
    for (const size of this.#underWay) {
      if (size > this.#credit) break;
      this.#credit -= size;
      this.#underWayBytes -= size;
      done += 1;
    }
    this.#underWay.splice(0, done);
    this.#pump();
  }

  /** Hands input to its reader; one that has gone meanwhile did not take it. */
  #receiveInput(input: Input, typed: Uint8Array): void {
    const reader = this.#takeReader();
    if (reader === undefined) {
      this.#send({ unread: typed });
    } else {
      this.counters.bytesIn += typed.length;
      reader.resolve(input);
    }
  }

  async #ask(want: Want, signal: AbortSignal | undefined): Promise<Input> {
    this.#checkOpen("read from");
    signal?.throwIfAborted();
    if (this.#reader !== undefined) {
      throw new ConsoleError("input-busy", "Cannot read from the console: another read is waiting");
    }
    const abort = (): void => {
      this.#send({ want: "nothing" });
      this.#takeReader()?.reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort);
    try {
      return await new Promise<Input>((resolve, reject) => {
        this.#reader = { resolve, reject };
        this.#send({ want });
      });
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  #takeReader(): Reader | undefined {
    const reader = this.#reader;
    this.#reader = undefined;
    return reader;
  }

  #send(message: WorkerMessage): void {
    this.#port.postMessage(message);
  }
}

function closed(what: string): ConsoleError {
  return new ConsoleError("closed", `Cannot ${what} the console: it was disposed`);
}
