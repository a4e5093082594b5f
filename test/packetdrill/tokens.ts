import { ScriptError, type Token, type TokenKind } from "./lexer.ts";

/** A place in a list of tokens. The last token is of kind `end`, and is never passed. */
export class Tokens {
  readonly #tokens: readonly Token[];
  #index = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  peek(ahead: number = 0): Token {
    const last = this.#tokens.length - 1;
    return this.#tokens[Math.min(this.#index + ahead, last)] ?? { kind: "end", text: "", line: 0 };
  }

  get kind(): TokenKind {
    return this.peek().kind;
  }

  /** @throws {ScriptError} at the end of the script */
  take(): Token {
    const token = this.peek();
    if (token.kind === "end") throw new ScriptError(token.line, "the script ends too early");
    this.#index++;
    return token;
  }

  /** Takes the next token if it is this symbol or word. */
  accept(text: string): boolean {
    const { kind, text: found } = this.peek();
    if ((kind !== "symbol" && kind !== "word") || found !== text) return false;
    this.#index++;
    return true;
  }

  expect(text: string): void {
    const { line, text: found } = this.peek();
    if (!this.accept(text)) throw new ScriptError(line, `expected "${text}", not "${found}"`);
  }

  word(what: string): string {
    const { kind, text, line } = this.take();
    if (kind !== "word") throw new ScriptError(line, `expected ${what}, not "${text}"`);
    return text;
  }

  integer(what: string): number {
    const { kind, text, line } = this.take();
    if (kind !== "integer") throw new ScriptError(line, `expected ${what}, not "${text}"`);
    return Number(text);
  }
}
