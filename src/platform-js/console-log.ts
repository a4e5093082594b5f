/**
 * The lines that a console's output comes to: what a person reads, without escape sequences. Kept
 * beside the terminal, which holds only the rows it shows, for screen readers and tests.
 *
 * It follows what programs do within a line (return, backspace, cursor left and right, erase), so that
 * a line editor's redrawing comes out as the line. **It does not follow the cursor to other lines.**
 */

/** The most lines that are kept. */
export const maxLines = 10_000;

/** The longest line kept, in UTF-16 units; what is longer is cut there. */
const maxLineLength = 64 * 1024;

/** An escape sequence that has not ended after so many units is no escape sequence. */
const maxEscapeLength = 4096;

// oxlint-disable no-control-regex -- control characters are what this file is about
/** Control characters, and DEL. */
const control = /[\u0000-\u001f\u007f]/g;
/** ECMA-48: a control sequence, a string (OSC, DCS, SOS, PM, APC) or a two-character escape. */
const escapeSequence =
  /^\u001b(?:\[[0-?]*[ -/]*([@-~])|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]+[0-~]|[0-Z\\`-~])/;
/** The beginning of one that may yet end. */
const escapeBeginning = /^\u001b(?:\[[0-?]*[ -/]*|[\]PX^_][^\u0007\u001b]*\u001b?|[ -/]*)$/;
// oxlint-enable no-control-regex

/** Takes output in pieces and keeps the last {@link maxLines} lines of it. */
export class ConsoleLog {
  #decoder = new TextDecoder();
  #lines: string[] = [];
  #line = "";
  #column = 0;
  /** An escape sequence whose end has not arrived. */
  #unfinished = "";

  /**
   * Takes more output, UTF-8 cut anywhere, and returns the last of the lines that it finished. The
   * bytes are *borrowed*.
   */
  write(bytes: Uint8Array): readonly string[] {
    const before = this.#lines.length;
    const text = this.#unfinished + this.#decoder.decode(bytes, { stream: true });
    this.#unfinished = "";
    let start = 0;
    control.lastIndex = 0;
    for (let found = control.exec(text); found !== null; found = control.exec(text)) {
      this.#print(text.slice(start, found.index));
      start = this.#control(text, found.index);
      control.lastIndex = start;
    }
    this.#print(text.slice(start));
    const finished = this.#lines.slice(Math.max(before, this.#lines.length - maxLines));
    if (this.#lines.length > 2 * maxLines) this.#lines = this.#lines.slice(-maxLines);
    return finished;
  }

  /** Whether the last line has something on it. */
  get midLine(): boolean {
    return this.#line !== "";
  }

  /** The lines so far, the unfinished one last, joined by `\n`. */
  text(): string {
    return [...this.#lines, this.#line].slice(-maxLines).join("\n");
  }

  /** Forgets everything. */
  clear(): void {
    this.#decoder = new TextDecoder();
    this.#unfinished = "";
    this.#lines = [];
    this.#line = "";
    this.#column = 0;
  }

  #print(text: string): void {
    if (text === "") return;
    const before = this.#line.slice(0, this.#column).padEnd(this.#column);
    const after = this.#line.slice(this.#column + text.length);
    this.#line = (before + text + after).slice(0, maxLineLength);
    this.#column = Math.min(this.#column + text.length, maxLineLength);
  }

  /** Obeys the control at `index`, and returns where the text goes on. */
  #control(text: string, index: number): number {
    switch (text[index]) {
      case "\n":
        this.#lines.push(this.#line);
        this.#line = "";
        this.#column = 0;
        return index + 1;
      case "\r":
        this.#column = 0;
        return index + 1;
      case "\b":
        this.#column = Math.max(0, this.#column - 1);
        return index + 1;
      case "\t":
        this.#print(" ".repeat(8 - (this.#column % 8)));
        return index + 1;
      case "\u001b":
        return this.#escape(text, index);
      default:
        return index + 1;
    }
  }

  #escape(text: string, index: number): number {
    const rest = text.slice(index, index + maxEscapeLength);
    const found = escapeSequence.exec(rest);
    if (found !== null) {
      const [sequence, final] = found;
      if (final !== undefined) this.#controlSequence(sequence.slice(2, -1), final);
      return index + sequence.length;
    }
    if (rest.length < maxEscapeLength && escapeBeginning.test(rest)) {
      this.#unfinished = rest;
      return text.length;
    }
    return index + 1;
  }

  #controlSequence(parameters: string, final: string): void {
    const count = Math.min(Number.parseInt(parameters, 10) || 0, maxLineLength);
    switch (final) {
      case "C":
        this.#column += Math.max(1, count);
        break;
      case "D":
        this.#column = Math.max(0, this.#column - Math.max(1, count));
        break;
      case "G":
        this.#column = Math.max(0, count - 1);
        break;
      case "K":
        this.#eraseInLine(count);
        break;
      case "P":
        this.#line =
          this.#line.slice(0, this.#column) + this.#line.slice(this.#column + Math.max(1, count));
        break;
      case "@": {
        const gap = " ".repeat(Math.max(1, count));
        this.#line = this.#line.slice(0, this.#column) + gap + this.#line.slice(this.#column);
        break;
      }
      default:
        break;
    }
  }

  #eraseInLine(mode: number): void {
    if (mode === 0) this.#line = this.#line.slice(0, this.#column);
    else if (mode === 1) this.#line = " ".repeat(this.#column) + this.#line.slice(this.#column);
    else this.#line = "";
  }
}
