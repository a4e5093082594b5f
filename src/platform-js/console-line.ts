/**
 * The line discipline of a console: what a kernel's terminal does in its canonical mode
 * (termios(3), ICANON and ECHO). Bytes in, echo and finished lines out.
 */

/** What came of input: what to echo, and how far a line was found. */
export interface Fed {
  readonly echo: Uint8Array;
  /** How many of the bytes were used; the rest belong to later lines. */
  readonly usedBytes: number;
  /** The finished line, `undefined` at the end of input, or `pending`. */
  readonly result: { readonly line: string | undefined } | "pending";
}

const backspace = 0x08;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const escape = 0x1b;
const erase = [0x08, 0x20, 0x08];

/** One line being edited. Lives as long as its console, so that an aborted read loses nothing. */
export class LineDiscipline {
  /** The line so far, one UTF-8 sequence each. */
  #characters: number[][] = [];
  /** `text`, or inside an escape sequence that a cursor key sent. */
  #state: "text" | "escape" | "sequence" = "text";
  #lastWasReturn = false;

  /** Takes bytes until a line is finished or there are no more. */
  feed(bytes: Uint8Array): Fed {
    const echo: number[] = [];
    for (let index = 0; index < bytes.length; index += 1) {
      const byte = bytes[index] ?? 0;
      const skipped = byte === lineFeed && this.#lastWasReturn;
      this.#lastWasReturn = byte === carriageReturn;
      const result = skipped ? "pending" : this.#take(byte, echo);
      if (result !== "pending") {
        return { echo: Uint8Array.from(echo), usedBytes: index + 1, result };
      }
    }
    return { echo: Uint8Array.from(echo), usedBytes: bytes.length, result: "pending" };
  }

  /** The line so far, as the last line of an input that ended; `undefined` if there is nothing. */
  rest(): string | undefined {
    return this.#characters.length === 0 ? undefined : this.#finish();
  }

  #take(byte: number, echo: number[]): Fed["result"] {
    if (this.#state !== "text") {
      this.#skipEscape(byte);
      return "pending";
    }
    switch (byte) {
      case carriageReturn:
      case lineFeed:
        echo.push(lineFeed);
        return { line: this.#finish() };
      case 0x03: // Ctrl-C
        this.#characters = [];
        echo.push(0x5e, 0x43, lineFeed);
        return "pending";
      case 0x04: // Ctrl-D
        return this.#characters.length === 0 ? { line: undefined } : "pending";
      case 0x7f:
      case backspace:
        this.#erase(1, echo);
        return "pending";
      case 0x15: // Ctrl-U
        this.#erase(this.#characters.length, echo);
        return "pending";
      case 0x17: // Ctrl-W
        this.#erase(this.#lastWordLength(), echo);
        return "pending";
      case escape:
        this.#state = "escape";
        return "pending";
      default:
        this.#insert(byte, echo);
        return "pending";
    }
  }

  #insert(byte: number, echo: number[]): void {
    if (byte < 0x20 && byte !== 0x09) return;
    const continuation = (byte & 0xc0) === 0x80;
    if (continuation) this.#characters.at(-1)?.push(byte);
    else this.#characters.push([byte]);
    echo.push(byte);
  }

  #skipEscape(byte: number): void {
    if (this.#state === "escape") {
      this.#state = byte === 0x5b || byte === 0x4f ? "sequence" : "text";
    } else if (byte >= 0x40 && byte <= 0x7e) {
      this.#state = "text";
    }
  }

  #erase(count: number, echo: number[]): void {
    for (const character of this.#characters.splice(this.#characters.length - count, count)) {
      for (let cell = cells(character); cell > 0; cell -= 1) echo.push(...erase);
    }
  }

  #lastWordLength(): number {
    const text = this.#characters.map(([first]) => (first === 0x20 ? " " : "x")).join("");
    return /x*\s*$/.exec(text)?.[0].length ?? 0;
  }

  #finish(): string {
    const line = new TextDecoder().decode(Uint8Array.from(this.#characters.flat()));
    this.#characters = [];
    return line;
  }
}

/**
 * How many cells a character takes on the screen: two for most of what takes three bytes or more.
 */
function cells(character: readonly number[]): number {
  const [first = 0, second = 0] = character;
  if (first < 0xe1) return 1;
  if (first === 0xe1 && second < 0x84) return 1;
  return first === 0xe2 ? 1 : 2;
}
