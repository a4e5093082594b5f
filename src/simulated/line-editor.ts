/** What a key does to the line that is being typed. */
export type LineEvent = "line" | "end" | undefined;

/**
 * The line that a person is typing: what a terminal's driver does in its canonical mode, for
 * Backspace (or DEL), Ctrl-U, Ctrl-W, Ctrl-D and Enter.
 *
 * @see POSIX.1-2024, XBD 11.1.6 "Canonical Mode Input Processing"
 */
export class LineEditor {
  readonly #echo: (text: string) => void;
  #characters: string[] = [];

  /** `echo` shows the person what their typing did. */
  constructor(echo: (text: string) => void) {
    this.#echo = echo;
  }

  get text(): string {
    return this.#characters.join("");
  }

  /** Takes one character. Returns `line` if it ended the line, `end` if it ended the input. */
  type(character: string): LineEvent {
    switch (character) {
      case "\r":
      case "\n":
        this.#echo("\r\n");
        return "line";
      case "\u0004":
        return this.#characters.length === 0 ? "end" : undefined;
      case "\b":
      case "\u007f":
        return this.#erase(1);
      case "\u0015":
        return this.#erase(this.#characters.length);
      case "\u0017":
        return this.#erase(this.#lastWordLength());
      default:
        this.#characters.push(character);
        this.#echo(character);
        return undefined;
    }
  }

  #erase(count: number): undefined {
    const erased = this.#characters.splice(Math.max(0, this.#characters.length - count));
    this.#echo("\b \b".repeat(erased.length));
  }

  /** The last word and the spaces after it, in characters. */
  #lastWordLength(): number {
    const end = /\S*\s*$/u.exec(this.text)?.[0] ?? "";
    return Array.from(end).length;
  }
}
