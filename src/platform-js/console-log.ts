/**
 * The lines that a console's output comes to: what a person reads, without escape sequences. Kept
 * beside the terminal, which holds only the rows it shows, for screen readers and tests.
 *
 * It follows what programs do within a line (return, backspace, cursor left and right, erase), so
 * that a line editor's redrawing comes out as the line. **It does not follow the cursor to other
 * lines.**
 */

/** The most lines that are kept. */
export const maxLines = 10_000;

/** The longest line kept, in UTF-16 units; what is longer is cut there. */
const maxLineLength = 64 * 1024;

/** The most that is kept of all lines, in UTF-16 units; 10,000 of usual length are far from it. */
const maxUnits = 8 * 1024 * 1024;

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
  #units = 0;
  /** The unfinished line: as text while it only grows, in units from when it is edited. */
  #line: string | string[] = "";
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
    if (this.#lines.length > 2 * maxLines || this.#units > 2 * maxUnits) this.#forgetOldest();
    return finished;
  }

  /** Whether the last line has something on it. */
  get midLine(): boolean {
    return this.#line.length > 0;
  }

  /** The lines so far, the unfinished one last, joined by `\n`. */
  text(): string {
    return [...this.#lines, textOf(this.#line)].slice(-maxLines).join("\n");
  }

  /** Forgets everything. */
  clear(): void {
    this.#decoder = new TextDecoder();
    this.#unfinished = "";
    this.#lines = [];
    this.#units = 0;
    this.#line = "";
    this.#column = 0;
  }

  /** Keeps the last lines, as many as may be; now and then only, since it looks at each. */
  #forgetOldest(): void {
    let first = this.#lines.length;
    let units = 0;
    while (first > Math.max(0, this.#lines.length - maxLines)) {
      const length = this.#lines[first - 1]?.length ?? 0;
      if (units + length > maxUnits) break;
      units += length;
      first -= 1;
    }
    this.#lines = this.#lines.slice(first);
    this.#units = units;
  }

  #print(text: string): void {
    const shown = text.slice(0, Math.max(0, maxLineLength - this.#column));
    if (shown === "") return;
    if (typeof this.#line === "string" && this.#column === this.#line.length) this.#line += shown;
    else this.#overwrite(shown);
    this.#column += shown.length;
  }

  #overwrite(text: string): void {
    const units = this.#edited();
    while (units.length < this.#column) units.push(" ");
    for (let index = 0; index < text.length; index += 1) {
      units[this.#column + index] = text[index] ?? "";
    }
  }

  /** The line in units, so that a change of one does not copy them all. */
  #edited(): string[] {
    // oxlint-disable-next-line unicorn/prefer-spread -- units, not characters
    if (typeof this.#line === "string") this.#line = this.#line.split("");
    return this.#line;
  }

  /** Obeys the control at `index`, and returns where the text goes on. */
  #control(text: string, index: number): number {
    switch (text[index]) {
      case "\n":
        this.#units += this.#line.length;
        this.#lines.push(textOf(this.#line));
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
        this.#column = Math.min(this.#column + Math.max(1, count), maxLineLength);
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
        this.#edited().splice(this.#column, Math.max(1, count));
        break;
      case "@":
        this.#insert(Math.max(1, count));
        break;
      default:
        break;
    }
  }

  #insert(count: number): void {
    const units = this.#edited();
    if (this.#column >= units.length) return;
    units.splice(this.#column, 0, ...Array.from({ length: count }, () => " "));
    units.length = Math.min(units.length, maxLineLength);
  }

  #eraseInLine(mode: number): void {
    if (mode === 2) this.#line = "";
    else if (mode === 1) this.#edited().fill(" ", 0, this.#column + 1);
    else if (this.#column < this.#line.length) this.#edited().length = this.#column;
  }
}

function textOf(line: string | string[]): string {
  return typeof line === "string" ? line : line.join("");
}
