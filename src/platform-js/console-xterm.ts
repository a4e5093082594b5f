/**
 * The page's half of a console: a screen that outlives the workers whose output it shows.
 *
 * The log of lines is there from the first byte. xterm.js is loaded when there is something to
 * show, since it takes the page's thread for as long as a worker takes to start, and starting one
 * waits for that thread; it is then given what arrived before it.
 */

import { ConsoleInput, maxInputBytes } from "./console-input.ts";
import { ConsoleLog } from "./console-log.ts";
import type { PageMessage, WorkerMessage } from "./console-protocol.ts";
import { windowBytes } from "./console-protocol.ts";
import { ConsoleRegion } from "./console-region.ts";
import type { FindFrom, TerminalView } from "./console-terminal.ts";

export type { FindFrom } from "./console-terminal.ts";

/** How much output xterm.js parses before it looks at the clock. */
const pieceBytes = 4 * 1024;

/** A screen of the page. */
export interface ConsoleScreen {
  /**
   * Joins the screen to a unikernel's console, in place of the one before. The port is *given*.
   * Returns the function that closes it.
   */
  attach(port: MessagePort): () => void;
  /**
   * Types `text`, as a person would: `\n` is Enter. Kept for the next unikernel if there is none;
   * what is more than can be kept is refused whole, and the screen says so.
   */
  type(text: string): void;
  /** The output so far, without escape sequences: the last 10,000 lines. */
  text(): string;
  /** Shows text of the host's own after the output so far, on lines of its own. */
  print(text: string): void;
  /** The same for what went wrong. */
  report(text: string): void;
  /** Begins anew: forgets the output so far, and what was typed and not read. */
  clear(): void;
  focus(): void;
  /**
   * Selects a place where `text` stands; gives the row it begins in, counted from 1, or `undefined`
   * if there is none.
   */
  find(text: string, from: FindFrom): number | undefined;
  /** What xterm.js holds, with its escape sequences; empty until it has loaded. */
  serialize(): string;
  /**
   * Whether xterm.js itself speaks to a screen reader, which can then move over its rows. The log
   * of lines is silent meanwhile, lest everything be read twice.
   */
  setScreenReaderMode(on: boolean): void;
  /** Resolves when xterm.js shows the screen, after its first use; rejects if it did not load. */
  readonly ready: Promise<void>;
  /** Takes the screen off the page; {@link ConsoleScreen.text} stays. */
  dispose(): void;
}

/** Opens a screen that fills `container`. */
export function openScreen({ container }: { readonly container: HTMLElement }): ConsoleScreen {
  return new Screen(container);
}

class Screen implements ConsoleScreen {
  readonly ready: Promise<void>;
  readonly #used = Promise.withResolvers<void>();
  readonly #log = new ConsoleLog();
  readonly #region = new ConsoleRegion();
  readonly #encoder = new TextEncoder();
  readonly #input = new ConsoleInput({
    answer: (message) => this.#send(message),
    echo: (bytes) => this.#show(bytes, () => {}),
  });
  #port: MessagePort | undefined;
  #terminal: TerminalView | undefined;
  #terminalFailed = false;
  #disposed = false;
  /** Whether the last input was refused. */
  #refusing = false;
  #screenReaderMode = false;
  /** Output that waits for xterm.js, with what to do when it is shown. */
  #waiting: { bytes: Uint8Array; shown: () => void }[] = [];
  #waitingBytes = 0;
  #size: { columns: number; rows: number } | undefined;

  constructor(container: HTMLElement) {
    container.before(this.#region.element);
    this.ready = this.#load(container);
    this.ready.catch(() => {});
  }

  attach(port: MessagePort): () => void {
    this.#used.resolve();
    this.#port?.close();
    this.#port = port;
    this.#input.reset();
    port.onmessage = ({ data }: MessageEvent<WorkerMessage>) => this.#receive(data, port);
    if (this.#size !== undefined) this.#send({ kind: "size", ...this.#size });
    return () => {
      port.close();
      // What is typed from now on is for the next one.
      if (this.#port === port) this.#input.reset();
    };
  }

  type(text: string): void {
    const bytes = this.#encoder.encode(text.replaceAll("\n", "\r"));
    const taken = this.#input.type(bytes);
    // Said once: a terminal's own answers to a unikernel that floods it with questions are input
    // too.
    if (!taken && !this.#refusing) this.report(refusal(bytes.length));
    this.#refusing = !taken;
  }

  text(): string {
    return this.#log.text();
  }

  print(text: string): void {
    this.#used.resolve();
    const lines = `${this.#log.midLine ? "\n" : ""}${text}\n`;
    this.#show(this.#encoder.encode(lines), () => {});
  }

  report(text: string): void {
    this.print(text.replaceAll(/^.*$/gm, (line) => `\u001b[31m${line}\u001b[39m`));
  }

  clear(): void {
    this.#input.clear();
    this.#log.clear();
    this.#region.clear();
    this.#terminal?.clear();
    for (const { shown } of this.#takeWaiting()) shown();
  }

  focus(): void {
    this.#terminal?.focus();
  }

  find(text: string, from: FindFrom): number | undefined {
    return this.#terminal?.find(text, from);
  }

  serialize(): string {
    return this.#terminal?.serialize() ?? "";
  }

  setScreenReaderMode(on: boolean): void {
    this.#screenReaderMode = on;
    this.#terminal?.setScreenReaderMode(on);
    this.#region.element.hidden = on && this.#terminal !== undefined;
  }

  dispose(): void {
    this.#disposed = true;
    this.#port?.close();
    this.#terminal?.dispose();
    this.#terminal = undefined;
    this.#region.element.remove();
  }

  async #load(container: HTMLElement): Promise<void> {
    await this.#used.promise;
    try {
      const { openTerminal } = await import("./console-terminal.ts");
      if (this.#disposed) return;
      this.#terminal = openTerminal(container, {
        onInput: (text) => this.type(text),
        isInputWanted: () => this.#input.isWanted,
        onResize: (columns, rows) => {
          this.#size = { columns, rows };
          this.#send({ kind: "size", columns, rows });
        },
      });
      this.setScreenReaderMode(this.#screenReaderMode);
    } catch (error) {
      // The log goes on without it, and what waits for it must not hold up the unikernel.
      this.#terminalFailed = true;
      this.#region.showIn(container);
      this.report(`Cannot show the terminal: ${(error as Error).message}`);
      throw error;
    } finally {
      for (const { bytes, shown } of this.#takeWaiting()) this.#showInTerminal(bytes, shown);
    }
  }

  #receive(message: WorkerMessage, port: MessagePort): void {
    if (message instanceof Uint8Array) {
      const bytes = message.length;
      this.#show(message, () => this.#send({ kind: "credit", bytes }, port));
    } else if ("want" in message) {
      this.#input.want(message.want);
    } else {
      this.#input.unread(message.unread);
    }
  }

  #show(bytes: Uint8Array, shown: () => void): void {
    this.#region.add(this.#log.write(bytes));
    this.#showInTerminal(bytes, shown);
  }

  #showInTerminal(bytes: Uint8Array, shown: () => void): void {
    if (this.#terminal !== undefined) writeInPieces(this.#terminal, bytes, shown);
    else if (this.#terminalFailed || this.#disposed) shown();
    else this.#wait(bytes, shown);
  }

  /** Takes a window full at once: a unikernel that ends is not to wait for xterm.js to load. */
  #wait(bytes: Uint8Array, shown: () => void): void {
    this.#waitingBytes += bytes.length;
    const fits = this.#waitingBytes <= windowBytes;
    this.#waiting.push({ bytes, shown: fits ? () => {} : shown });
    if (fits) shown();
  }

  #takeWaiting(): { bytes: Uint8Array; shown: () => void }[] {
    this.#waitingBytes = 0;
    return this.#waiting.splice(0);
  }

  #send(message: PageMessage, port: MessagePort | undefined = this.#port): void {
    port?.postMessage(message);
  }
}

function refusal(bytes: number): string {
  const [given, most] = [bytes, maxInputBytes].map((count) => count.toLocaleString("en"));
  return `Cannot take ${given} bytes of input: at most ${most} wait until they are read`;
}

/** xterm.js lets the page go on between writes only, and some of what it obeys is slow. */
function writeInPieces(terminal: TerminalView, bytes: Uint8Array, shown: () => void): void {
  let offset = 0;
  for (; offset + pieceBytes < bytes.length; offset += pieceBytes) {
    terminal.write(bytes.subarray(offset, offset + pieceBytes));
  }
  terminal.write(bytes.subarray(offset), shown);
}
