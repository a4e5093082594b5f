/** Cuts a script into tokens. Comments and white space go; every token knows its line. */

/** What a token is; `symbol` is a single character that stands for itself. */
export type TokenKind =
  | "word"
  | "integer"
  | "float"
  | "string"
  | "command"
  | "code"
  | "option"
  | "address"
  | "ellipsis"
  | "symbol"
  | "end";

export interface Token {
  readonly kind: TokenKind;
  /** The token without its quotes or its leading `--`. */
  readonly text: string;
  /** From 1 on. */
  readonly line: number;
}

/** A script that cannot be understood. The message begins with the line. */
export class ScriptError extends Error {
  override readonly name = "ScriptError";
  readonly line: number;

  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`);
    this.line = line;
  }
}

const ipv6 = /(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|(?:[0-9a-fA-F]{0,4}:){1,7}:[0-9a-fA-F.:]*/y;

/** In the order in which ties are broken: the longest match wins, as in the language's own lexer. */
const patterns: readonly (readonly [TokenKind, RegExp])[] = [
  ["ellipsis", /\.\.\./y],
  ["option", /--[A-Za-z0-9_]+/y],
  ["float", /-?[0-9]*\.[0-9]+/y],
  ["integer", /-?[0-9]+/y],
  ["integer", /0x[0-9a-fA-F]+/y],
  ["word", /[A-Za-z0-9_]+/y],
  ["string", /"(?:\\[^]|[^"\\])*"/y],
  ["command", /`(?:\\[^]|[^`\\])*`/y],
  ["code", /%\{[^]*?\}%/y],
  ["address", /[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+/y],
  ["address", ipv6],
  ["symbol", /[^\s]/y],
];

const skipped = /(?:\s+|\/\/[^\n]*|\/\*[^]*?\*\/)+/y;

/**
 * Returns the tokens of a script, the last of kind `end`. Of `#ifdef NAME … #else … #endif` only
 * the part that `defined` chooses is read.
 *
 * @throws {ScriptError}
 */
export function tokenize(text: string, defined: ReadonlySet<string> = new Set()): readonly Token[] {
  const source = chooseBranches(text, defined);
  const tokens: Token[] = [];
  let offset = 0;
  let line = 1;
  const advance = (length: number): void => {
    for (const end = offset + length; offset < end; offset++) if (source[offset] === "\n") line++;
  };
  for (;;) {
    advance(matchAt(skipped, source, offset).length);
    if (offset >= source.length) break;
    const [kind, raw] = longest(source, offset);
    tokens.push({ kind, text: strip(kind, raw), line });
    advance(raw.length);
  }
  return [...tokens, { kind: "end", text: "", line }];
}

function longest(source: string, offset: number): readonly [TokenKind, string] {
  let best: readonly [TokenKind, string] = ["symbol", ""];
  for (const [kind, pattern] of patterns) {
    const text = matchAt(pattern, source, offset);
    if (text.length > best[1].length) best = [kind, text];
  }
  return best;
}

function matchAt(pattern: RegExp, source: string, offset: number): string {
  pattern.lastIndex = offset;
  return pattern.exec(source)?.[0] ?? "";
}

function strip(kind: TokenKind, raw: string): string {
  if (kind === "string" || kind === "command") return raw.slice(1, -1);
  if (kind === "code") return raw.slice(2, -2).trim();
  return kind === "option" ? raw.slice(2) : raw;
}

/** Blanks what is not chosen, so that lines keep their numbers. */
function chooseBranches(text: string, defined: ReadonlySet<string>): string {
  const open: boolean[] = [];
  const lines = text.split("\n").map((line, index) => {
    const [, directive, name = ""] = /^\s*#\s*(ifdef|ifndef|else|endif)\b\s*(\w*)/.exec(line) ?? [];
    if (directive === undefined) return open.every(Boolean) ? line : "";
    if (directive === "ifdef" || directive === "ifndef") {
      open.push(defined.has(name) === (directive === "ifdef"));
      return "";
    }
    const last = open.pop();
    if (last === undefined) throw new ScriptError(index + 1, `#${directive} without #ifdef`);
    if (directive === "else") open.push(!last);
    return "";
  });
  if (open.length > 0) throw new ScriptError(lines.length, "#ifdef without #endif");
  return lines.join("\n");
}
