/** Makes events of a script's text. */

import { parseExpression, parseArguments } from "./expressions.ts";
import { ScriptError, tokenize } from "./lexer.ts";
import type { Action, EventTime, Script, ScriptEvent } from "./script.ts";
import { parsePacket } from "./segments.ts";
import { Tokens } from "./tokens.ts";

const now: EventTime = { kind: "relative", startMs: 0 };

/**
 * Parses a script. `defined` are the names that its `#ifdef`s may ask for.
 *
 * @throws {ScriptError}
 */
export function parse(text: string, defined?: ReadonlySet<string>): Script {
  const tokens = new Tokens(tokenize(text, defined));
  const options = new Map<string, string>();
  while (tokens.kind === "option") {
    const name = tokens.take().text;
    options.set(name, tokens.accept("=") ? optionValue(tokens) : "");
  }
  const events: ScriptEvent[] = [];
  while (tokens.kind !== "end") events.push(parseEvent(tokens));
  return { options, events };
}

/** A value is one token, or `NAME=value`. */
function optionValue(tokens: Tokens): string {
  const text = tokens.take().text;
  return tokens.accept("=") ? `${text}=${tokens.take().text}` : text;
}

function parseEvent(tokens: Tokens): ScriptEvent {
  const { line } = tokens.peek();
  // Commands that set up or clean up have no time of their own.
  const time = tokens.kind === "command" ? now : parseTime(tokens);
  const action = parseAction(tokens);
  if (!isWait(action) && (time.kind === "any" || time.endMs !== undefined)) {
    throw new ScriptError(line, "only an outbound packet may come within a range of time");
  }
  return { line, time, action };
}

function isWait(action: Action): boolean {
  return action.kind === "unsupported" || ("isInbound" in action && !action.isInbound);
}

function parseTime(tokens: Tokens): EventTime {
  if (tokens.accept("*")) return { kind: "any" };
  const isRelative = tokens.accept("+");
  const kind = isRelative ? "relative" : "absolute";
  const startMs = parseMs(tokens);
  if (!tokens.accept("~")) return { kind, startMs };
  if (isRelative) tokens.expect("+");
  const endMs = parseMs(tokens);
  if (endMs < startMs) throw new ScriptError(tokens.peek().line, "the range of time is backwards");
  return { kind, startMs, endMs };
}

function parseMs(tokens: Tokens): number {
  const { kind, text, line } = tokens.take();
  const seconds = kind === "integer" || kind === "float" ? Number(text) : Number.NaN;
  if (!(seconds >= 0)) throw new ScriptError(line, `expected a time in seconds, not "${text}"`);
  return Math.round(seconds * 1e6) / 1e3;
}

function parseAction(tokens: Tokens): Action {
  if (tokens.kind === "command") return { kind: "command", text: tokens.take().text };
  if (tokens.kind === "code") return { kind: "code", text: tokens.take().text };
  if (tokens.accept("<")) return parsePacket(tokens, true);
  if (tokens.accept(">")) return parsePacket(tokens, false);
  return parseCall(tokens);
}

function parseCall(tokens: Tokens): Action {
  const endMs = tokens.kind === "ellipsis" ? (tokens.take(), parseMs(tokens)) : undefined;
  const name = tokens.word("the name of a call");
  const args = parseArguments(tokens);
  tokens.expect("=");
  const result = parseExpression(tokens);
  const errorName = tokens.kind === "word" ? tokens.take().text : undefined;
  // A note in parentheses says in words what the result means.
  if (tokens.accept("(")) while (!tokens.accept(")")) tokens.take();
  return { kind: "call", name, args, result, errorName, endMs };
}
