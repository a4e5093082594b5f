/**
 * The console of a process: its standard input and output. On a terminal the kernel echoes and
 * edits lines (termios(3), canonical mode), and `read` switches that off; on a pipe there is
 * neither.
 */

import type { ReadStream, WriteStream } from "node:tty";
import { ConsoleError } from "../devices/errors.ts";
import type { Console, ConsoleCounters, ConsoleSize } from "../devices/index.ts";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** The streams of a console; a terminal's, a pipe's or a file's. */
export interface StdioOptions {
  /** `process.stdin` by default. */
  readonly input?: NodeJS.ReadableStream & Partial<Pick<ReadStream, "isTTY" | "setRawMode">>;
  /** `process.stdout` by default. */
  readonly output?: NodeJS.WritableStream &
    Partial<Pick<WriteStream, "isTTY" | "columns" | "rows">>;
}

/**
 * Connects to the process's streams. Nothing is read, and nothing keeps the process, until asked.
 */
export function connect({ input, output }: StdioOptions = {}): Console {
  return new StdioConsole(input ?? process.stdin, output ?? process.stdout);
}

interface Reader {
  /** Tries to take what it wants from the input; says whether it is done. */
  attempt(): boolean;
  reject(error: unknown): void;
}

class StdioConsole implements Console {
  readonly counters: ConsoleCounters & { bytesIn: number; bytesOut: number } = {
    bytesIn: 0,
    bytesOut: 0,
  };
  readonly #input: NonNullable<StdioOptions["input"]>;
  readonly #output: NonNullable<StdioOptions["output"]>;
  readonly #resizeListeners = new Set<{ readonly call: (size: ConsoleSize) => void }>();
  #bytes: Buffer = Buffer.alloc(0);
  #listening = false;
  #ended = false;
  #raw = false;
  /** The last line ended with a return, and a line feed right after it belongs to that. */
  #afterReturn = false;
  #reader: Reader | undefined;
  /** Writes under way; the last of them settles last. */
  #lastWrite: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;
  /** Why output goes nowhere: whoever read it has gone. */
  #broken: Error | undefined;

  constructor(
    input: NonNullable<StdioOptions["input"]>,
    output: NonNullable<StdioOptions["output"]>,
  ) {
    this.#input = input;
    this.#output = output;
    output.on("error", this.#onOutputError);
    output.on("resize", this.#onResize);
  }

  get size(): ConsoleSize | undefined {
    const { isTTY, columns, rows } = this.#output;
    if (isTTY !== true || columns === undefined || rows === undefined) return undefined;
    return { columns: Math.max(1, columns), rows: Math.max(1, rows) };
  }

  async write(data: string | Uint8Array): Promise<void> {
    this.#checkOpen("write to");
    if (this.#broken !== undefined) throw broken(this.#broken);
    // The stream takes no copy, and the bytes are only borrowed.
    const bytes = Buffer.from(data as Uint8Array);
    this.counters.bytesOut += bytes.length;
    const written = new Promise<void>((resolve, reject) => {
      this.#output.write(bytes, (error) => (error ? reject(broken(error)) : resolve()));
    });
    this.#lastWrite = written.catch(() => {});
    await written;
  }

  writeLine(text: string): Promise<void> {
    return this.write(`${text}\n`);
  }

  read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#await("bytes", signal, () => {
      if (this.#bytes.length === 0) return this.#ended ? { value: undefined } : undefined;
      return { value: Uint8Array.from(this.#take(this.#bytes.length)) };
    });
  }

  readLine(signal?: AbortSignal): Promise<string | undefined> {
    return this.#await("line", signal, () => {
      if (this.#afterReturn && this.#bytes[0] === lineFeed) this.#take(1);
      if (this.#bytes.length > 0) this.#afterReturn = false;
      const end = this.#bytes.findIndex((byte) => byte === lineFeed || byte === carriageReturn);
      if (end >= 0) {
        const line = this.#take(end).toString("utf8");
        this.#afterReturn = this.#take(1)[0] === carriageReturn;
        return { value: line };
      }
      if (!this.#ended) return undefined;
      const rest = this.#take(this.#bytes.length).toString("utf8");
      return { value: rest === "" ? undefined : rest };
    });
  }

  onResize(listener: (size: ConsoleSize) => void): () => void {
    const entry = { call: listener };
    this.#resizeListeners.add(entry);
    return () => this.#resizeListeners.delete(entry);
  }

  /** Resolves when the stream has taken all output. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#takeReader()?.reject(closed("read from"));
    this.#setRaw(false);
    this.#input.pause();
    this.#input.off("data", this.#onData);
    this.#input.off("end", this.#onEnd);
    this.#input.off("error", this.#onEnd);
    await this.#lastWrite;
    this.#output.off("resize", this.#onResize);
  }

  /** Waits until `take` gives a value. */
  async #await<T>(
    mode: "bytes" | "line",
    signal: AbortSignal | undefined,
    take: () => { readonly value: T } | undefined,
  ): Promise<T> {
    this.#checkOpen("read from");
    signal?.throwIfAborted();
    if (this.#reader !== undefined) {
      throw new ConsoleError("input-busy", "Cannot read from the console: another read is waiting");
    }
    this.#setRaw(mode === "bytes");
    const ready = take();
    if (ready !== undefined) return ready.value;
    const abort = (): void => this.#takeReader()?.reject(signal?.reason);
    signal?.addEventListener("abort", abort);
    try {
      return await new Promise<T>((resolve, reject) => {
        const attempt = (): boolean => {
          const taken = take();
          if (taken === undefined) return false;
          resolve(taken.value);
          return true;
        };
        this.#reader = { attempt, reject };
        this.#listen();
      });
    } finally {
      signal?.removeEventListener("abort", abort);
      // A process that nobody types for may end.
      if (this.#reader === undefined) this.#input.pause();
    }
  }

  #listen(): void {
    if (!this.#listening) {
      this.#listening = true;
      this.#input.on("data", this.#onData);
      this.#input.on("end", this.#onEnd);
      this.#input.on("error", this.#onEnd);
    }
    this.#input.resume();
  }

  readonly #onData = (chunk: Buffer | string): void => {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    this.counters.bytesIn += bytes.length;
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    this.#serve();
    // What nobody waits for is kept where it comes from.
    if (this.#reader === undefined) this.#input.pause();
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#serve();
  };

  readonly #onOutputError = (error: Error): void => {
    this.#broken = error;
  };

  readonly #onResize = (): void => {
    const { size } = this;
    if (size === undefined) return;
    for (const { call } of this.#resizeListeners) call(size);
  };

  #serve(): void {
    if (this.#reader?.attempt() === true) this.#reader = undefined;
  }

  #take(count: number): Buffer {
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  #takeReader(): Reader | undefined {
    const reader = this.#reader;
    this.#reader = undefined;
    return reader;
  }

  /** A terminal is left as it was found, also when the process ends by itself. */
  #setRaw(raw: boolean): void {
    if (this.#raw === raw || this.#input.isTTY !== true) return;
    this.#raw = raw;
    this.#input.setRawMode?.(raw);
    if (raw) process.on("exit", this.#restore);
    else process.off("exit", this.#restore);
  }

  readonly #restore = (): void => {
    this.#input.setRawMode?.(false);
  };

  #checkOpen(what: string): void {
    if (this.#closing !== undefined) throw closed(what);
  }
}

function broken(cause: Error): ConsoleError {
  return new ConsoleError("closed", `Cannot write to the console: ${cause.message}`, { cause });
}

function closed(what: string): ConsoleError {
  return new ConsoleError("closed", `Cannot ${what} the console: it was disposed`);
}
