/** What a call should have come to, and what it did. */

import type { Action, Expression } from "./script.ts";
import type { Outcome } from "./sockets.ts";

type Call = Extract<Action, { kind: "call" }>;

/** Names for the same error. */
const synonyms: Readonly<Record<string, string>> = { EWOULDBLOCK: "EAGAIN" };

/** Whether a call came to what the script says. */
export function isExpected(call: Call, outcome: Outcome): boolean {
  if (outcome.isBlocked === true) return false;
  const { result, errorName } = call;
  if (result.kind === "integer" && outcome.value !== undefined && result.value !== outcome.value) {
    return false;
  }
  if (errorName !== undefined && canonical(errorName) !== canonical(outcome.errorName ?? "")) {
    return false;
  }
  const { output } = outcome;
  if (output === undefined) return true;
  const expected = call.args[output.index];
  return expected === undefined || formatExpression(expected) === formatExpression(output.value);
}

/** A call as a script writes it: as it should be, or with its outcome. */
export function formatCall(call: Call, outcome?: Outcome): string {
  const args = call.args.map((arg, index) =>
    formatExpression(outcome?.output?.index === index ? outcome.output.value : arg),
  );
  const head = `${call.name}(${args.join(", ")})`;
  if (outcome?.isBlocked === true) return `${head} waiting`;
  const value = outcome === undefined ? formatExpression(call.result) : String(outcome.value);
  const errorName = outcome === undefined ? call.errorName : outcome.errorName;
  return `${head} = ${[value, errorName].filter(Boolean).join(" ")}`;
}

function canonical(errorName: string): string {
  return synonyms[errorName] ?? errorName;
}

function formatExpression(expression: Expression): string {
  switch (expression.kind) {
    case "integer":
      return String(expression.value);
    case "word":
      return expression.text;
    case "string":
      return JSON.stringify(expression.text);
    case "ellipsis":
      return "...";
    case "list":
      return `[${expression.items.map(formatExpression).join(", ")}]`;
    case "struct":
      return `${expression.name}{${expression.items.map(formatExpression).join(", ")}}`;
    case "field":
      return `${expression.name}=${formatExpression(expression.value)}`;
    case "or":
      return expression.items.map(formatExpression).join(" | ");
  }
}
