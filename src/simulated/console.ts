import { ConsoleError, type Console, type ConsoleSize } from "../devices/index.ts";
import { LineEditor } from "./line-editor.ts";
import type { Simulation } from "./simulation.ts";

/** What a {@link SimulatedConsole} is like. */
export interface SimulatedConsoleOptions {
  /** Names the console in the trace and in reports of a deadlock. */
  readonly name?: string;
  /** The screen's size; unless given, there is no screen: no echo and no editing. */
  readonly size?: ConsoleSize;
  /** What is typed before anybody reads. */
  readonly input?: string;
  /**
   * Gets all output as it comes, echo included, instead of {@link SimulatedConsole.output}: what is
   * written without end is then not kept without bound. The bytes are *borrowed*, and stay as they are.
   */
  readonly onOutput?: (bytes: Uint8Array) => void;
}

/** What an attempt to read gives while there is not enough input. */
const notYet: unique symbol = Symbol("not yet");

/** Somebody who waits for input. */
interface Reader {
  /** Tries again. */
  readonly attempt: () => void;
  readonly close: () => void;
}

/**
 * A {@link Console} that keeps what is written, without bound unless `onOutput` gets it, and is typed
 * at by a program. Input that nobody reads is kept without bound too.
 */
export class SimulatedConsole implements Console {
  readonly counters = { bytesIn: 0, bytesOut: 0 };
  readonly #simulation: Simulation;
  readonly #name: string;
  readonly #output: Uint8Array[] = [];
  readonly #onOutput: ((bytes: Uint8Array) => void) | undefined;
  readonly #resizeListeners = new Set<{ readonly call: (size: ConsoleSize) => void }>();
  #size: ConsoleSize | undefined;
  #input: string;
  #isInputEnded = false;
  #isClosed = false;
  #isAfterReturn = false;
  #reader: Reader | undefined;

  constructor(simulation: Simulation, options: SimulatedConsoleOptions = {}) {
    this.#simulation = simulation;
    this.#name = options.name ?? simulation.nameOf("console");
    this.#size = options.size;
    this.#input = options.input ?? "";
    this.#onOutput = options.onOutput;
  }

  get size(): ConsoleSize | undefined {
    return this.#size;
  }

  /**
   * Everything on the console so far: what was written and, on a screen, what was echoed. Empty where
   * `onOutput` gets it.
   */
  get output(): string {
    const decoder = new TextDecoder();
    const pieces = this.#output.map((bytes) => decoder.decode(bytes, { stream: true }));
    return pieces.join("") + decoder.decode();
  }

  /** Types `text`, as a person would: Enter is `\r`. */
  type(text: string): void {
    this.#input += text;
    this.#reader?.attempt();
  }

  /** Ends the input, after what was typed. */
  endInput(): void {
    this.#isInputEnded = true;
    this.#reader?.attempt();
  }

  /** Changes the size of the screen. */
  resize(columns: number, rows: number): void {
    const size = { columns, rows };
    this.#size = size;
    for (const { call } of this.#resizeListeners) call(size);
  }

  async write(data: string | Uint8Array): Promise<void> {
    this.#checkOpen("write");
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data.slice();
    this.counters.bytesOut += bytes.length;
    this.#simulation.trace(`${this.#name} writes ${bytes.length} bytes`, bytes);
    this.#show(bytes);
  }

  writeLine(text: string): Promise<void> {
    return this.write(`${text}\n`);
  }

  read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#wait(() => {
      if (this.#input === "") return this.#isInputEnded ? undefined : notYet;
      const bytes = new TextEncoder().encode(this.#input);
      this.#take(this.#input);
      return bytes;
    }, signal);
  }

  readLine(signal?: AbortSignal): Promise<string | undefined> {
    return this.#size === undefined ? this.#readPlainLine(signal) : this.#readEditedLine(signal);
  }

  onResize(listener: (size: ConsoleSize) => void): () => void {
    const entry = { call: listener };
    this.#resizeListeners.add(entry);
    return () => void this.#resizeListeners.delete(entry);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#reader?.close();
  }

  #readPlainLine(signal?: AbortSignal): Promise<string | undefined> {
    return this.#wait(() => {
      const found = /^(.*?)(\r\n|\r|\n)/su.exec(this.#input);
      if (found === null && !this.#isInputEnded) return notYet;
      const line = found?.[1] ?? this.#input;
      const isEnd = found === null && line === "";
      this.#take(found?.[0] ?? line);
      return isEnd ? undefined : line;
    }, signal);
  }

  #readEditedLine(signal?: AbortSignal): Promise<string | undefined> {
    const editor = new LineEditor((text) => this.#echo(text));
    const giveBack = (): void => void (this.#input = editor.text + this.#input);
    return this.#wait(() => this.#edit(editor), signal, giveBack);
  }

  /** Types the input into `editor` as far as it goes. */
  #edit(editor: LineEditor): string | undefined | typeof notYet {
    for (const character of this.#input) {
      this.#take(character);
      const isRestOfEnter = this.#isAfterReturn && character === "\n";
      this.#isAfterReturn = character === "\r";
      if (isRestOfEnter) continue;
      const event = editor.type(character);
      if (event === "line") return editor.text;
      if (event === "end") {
        this.#input = "";
        this.#isInputEnded = true;
      }
    }
    if (!this.#isInputEnded) return notYet;
    return editor.text === "" ? undefined : editor.text;
  }

  #take(text: string): void {
    this.#input = this.#input.slice(text.length);
    this.counters.bytesIn += new TextEncoder().encode(text).length;
  }

  #echo(text: string): void {
    this.#show(new TextEncoder().encode(text));
  }

  #show(bytes: Uint8Array): void {
    if (this.#onOutput === undefined) this.#output.push(bytes);
    else this.#onOutput(bytes);
  }

  /** Waits until `attempt` gives something. `undo` runs if the wait is given up. */
  async #wait<T>(
    attempt: () => T | typeof notYet,
    signal: AbortSignal | undefined,
    undo: () => void = () => {},
  ): Promise<T> {
    this.#checkOpen("read");
    if (this.#reader !== undefined) {
      const message = `Cannot read from ${this.#name}: another read is waiting`;
      throw new ConsoleError("input-busy", message);
    }
    signal?.throwIfAborted();
    const first = attempt();
    return first === notYet ? this.#waitOn(attempt, signal, undo) : first;
  }

  #waitOn<T>(
    attempt: () => T | typeof notYet,
    signal: AbortSignal | undefined,
    undo: () => void,
  ): Promise<T> {
    const stopWaiting = this.#simulation.waitsFor(`input on ${this.#name}`);
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#reader = undefined;
        stopWaiting();
        signal?.removeEventListener("abort", abort);
      };
      const giveUp = (reason: unknown): void => {
        settle();
        undo();
        reject(reason);
      };
      const abort = (): void => giveUp(signal?.reason);
      signal?.addEventListener("abort", abort);
      this.#reader = {
        attempt: () => {
          const result = attempt();
          if (result === notYet) return;
          settle();
          resolve(result);
        },
        close: () => giveUp(this.#closedError("read from")),
      };
    });
  }

  #checkOpen(operation: "read" | "write"): void {
    if (this.#isClosed) throw this.#closedError(operation === "read" ? "read from" : "write to");
  }

  #closedError(what: string): ConsoleError {
    return new ConsoleError("closed", `Cannot ${what} ${this.#name}: it was disposed`);
  }
}
