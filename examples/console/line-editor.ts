import type { Console } from "fata-morgana/devices";

/** The most lines that are remembered. */
const maxHistory = 100;

/** What the cursor keys and their like send, after ESC (ECMA-48, xterm). */
const keys: Readonly<Record<string, (editor: LineEditor) => void>> = {
  "[A": (editor) => editor.recall(-1),
  "[B": (editor) => editor.recall(1),
  "[C": (editor) => editor.move(1),
  "[D": (editor) => editor.move(-1),
  "[F": (editor) => editor.move(Infinity),
  "[H": (editor) => editor.move(-Infinity),
  "[3~": (editor) => editor.deleteForward(),
};

/** Control characters, as Emacs and every shell have them. */
const controls: Readonly<Record<string, (editor: LineEditor) => void>> = {
  "\u0001": (editor) => editor.move(-Infinity),
  "\u0002": (editor) => editor.move(-1),
  "\u0005": (editor) => editor.move(Infinity),
  "\u0006": (editor) => editor.move(1),
  "\b": (editor) => editor.deleteBackward(),
  "\u000b": (editor) => editor.kill(),
  "\u000e": (editor) => editor.recall(1),
  "\u0010": (editor) => editor.recall(-1),
  "\u0015": (editor) => editor.clear(),
  "\u007f": (editor) => editor.deleteBackward(),
};

/** Reads lines from a console's raw input, with a cursor that moves and a history. */
export class LineEditor {
  readonly history: string[] = [];
  readonly #console: Console;
  readonly #prompt: string;
  readonly #decoder = new TextDecoder();
  /** The line, a character each. */
  #line: string[] = [];
  #cursor = 0;
  /** Where in the history the line came from; its length for a new one. */
  #position = 0;
  #pending = "";
  /** What stands on the screen after the prompt, and whether the cursor is behind it. */
  #shown = "";
  #isAtEnd = true;

  constructor(console: Console, prompt: string) {
    this.#console = console;
    this.#prompt = prompt;
  }

  /** Resolves to the next line, or `undefined` at the end of input. */
  async readLine(signal: AbortSignal): Promise<string | undefined> {
    this.clear();
    this.#position = this.history.length;
    [this.#shown, this.#isAtEnd] = ["", true];
    await this.#console.write(this.#prompt);
    let done = this.#take();
    while (done === undefined) {
      await this.#show();
      const bytes = await this.#console.read(signal);
      this.#pending += this.#decoder.decode(bytes, { stream: true });
      done = bytes === undefined ? this.#lastLine() : this.#take();
    }
    this.move(Infinity);
    await this.#show();
    await this.#console.write("\n");
    this.#remember(done.line);
    return done.line;
  }

  move(characters: number): void {
    this.#cursor = Math.min(Math.max(0, this.#cursor + characters), this.#line.length);
  }

  recall(lines: number): void {
    const position = Math.min(Math.max(0, this.#position + lines), this.history.length);
    if (position === this.#position) return;
    this.#position = position;
    this.#line = [...(this.history[position] ?? "")];
    this.#cursor = this.#line.length;
  }

  deleteBackward(): void {
    if (this.#cursor > 0) this.#line.splice(--this.#cursor, 1);
  }

  deleteForward(): void {
    this.#line.splice(this.#cursor, 1);
  }

  kill(): void {
    this.#line.length = this.#cursor;
  }

  clear(): void {
    this.#line = [];
    this.#cursor = 0;
  }

  /** Takes pending input until a line ends: the line, or no line at the end of input. */
  #take(): { readonly line: string | undefined } | undefined {
    while (this.#pending !== "") {
      const escape = /^\u001b(\[[0-9;]*[A-Za-z~]|O[A-Z])/.exec(this.#pending);
      if (escape !== null) {
        this.#pending = this.#pending.slice(escape[0].length);
        keys[(escape[1] ?? "").replace(/^O/, "[")]?.(this);
        continue;
      }
      if (/^\u001b(?:\[[0-9;]*|O)?$/.test(this.#pending)) return undefined;
      const [character = ""] = this.#pending;
      this.#pending = this.#pending.slice(character.length);
      if (character === "\r" || character === "\n") {
        return { line: this.#line.join("") };
      }
      if (character === "\u0004" && this.#line.length === 0) return { line: undefined };
      if (character === "\u0003") this.clear();
      else if (controls[character] !== undefined) controls[character](this);
      else if (character >= " ") this.#line.splice(this.#cursor++, 0, character);
    }
    return undefined;
  }

  /** What there is at the end of input: a line without an end is one. */
  #lastLine(): { readonly line: string | undefined } {
    return { line: this.#line.length > 0 ? this.#line.join("") : undefined };
  }

  /**
   * Shows what changed: what was added at the end, as it is, and anything else as the whole line
   * again. So lines from a pipe come out without an escape sequence.
   */
  async #show(): Promise<void> {
    const line = this.#line.join("");
    const back = this.#line.length - this.#cursor;
    if (this.#isAtEnd && back === 0 && line.startsWith(this.#shown)) {
      await this.#console.write(line.slice(this.#shown.length));
    } else {
      const left = back > 0 ? `\u001b[${back}D` : "";
      await this.#console.write(`\r${this.#prompt}${line}\u001b[K${left}`);
    }
    this.#shown = line;
    this.#isAtEnd = back === 0;
  }

  #remember(line: string | undefined): void {
    if (line === undefined || line.trim() === "" || line === this.history.at(-1)) return;
    this.history.push(line);
    if (this.history.length > maxHistory) this.history.shift();
  }
}
