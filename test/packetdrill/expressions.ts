/** The arguments and results of calls. */

import { ScriptError } from "./lexer.ts";
import type { Expression } from "./script.ts";
import type { Tokens } from "./tokens.ts";

/** `(a, b, …)` */
export function parseArguments(tokens: Tokens): readonly Expression[] {
  tokens.expect("(");
  return parseList(tokens, ")");
}

/** One value, or several joined by `|`, or `name=value`. */
export function parseExpression(tokens: Tokens): Expression {
  const first = parseValue(tokens);
  if (tokens.peek().text === "|") {
    const items = [first];
    while (tokens.accept("|")) items.push(parseValue(tokens));
    return { kind: "or", items };
  }
  if (first.kind !== "word" && first.kind !== "struct") return first;
  if (!tokens.accept("=")) return first;
  const name = first.kind === "struct" ? first.name : first.text;
  return { kind: "field", name, value: parseExpression(tokens) };
}

function parseList(tokens: Tokens, end: string): readonly Expression[] {
  const items: Expression[] = [];
  while (!tokens.accept(end)) {
    items.push(parseExpression(tokens));
    if (!tokens.accept(",") && tokens.peek().text !== end) {
      throw new ScriptError(tokens.peek().line, `expected "," or "${end}"`);
    }
  }
  return items;
}

function parseValue(tokens: Tokens): Expression {
  if (tokens.accept("[")) return { kind: "list", items: parseList(tokens, "]") };
  if (tokens.accept("{")) return { kind: "struct", name: "", items: parseList(tokens, "}") };
  const { kind, text, line } = tokens.take();
  switch (kind) {
    case "ellipsis":
      return { kind };
    case "integer":
      return { kind, value: Number(text) };
    case "string":
      if (tokens.kind === "ellipsis") tokens.take();
      return { kind, text };
    case "word":
      if (!tokens.accept("(")) return { kind, text };
      return { kind: "struct", name: text, items: parseList(tokens, ")") };
    default:
      throw new ScriptError(line, `expected a value, not "${text}"`);
  }
}
