/** What is said of a unikernel's arguments, the same on every target. */

import type { Argument, Misuse } from "./arguments.ts";
import { flagOf } from "./arguments.ts";
import type { Description } from "./graph.ts";

/**
 * The usage text: a line for each argument, aligned, with its type, its documentation and its
 * default; before it, what is wrong with the arguments that were given.
 */
export function usage({ name, description, args }: Description, misuse?: Misuse): string {
  const byFlag = new Map(Object.entries(args).map(([key, arg]) => [flagOf(key), arg]));
  const rows = [...byFlag].map(
    ([flag, arg]) => [`${flag}${placeholder(arg)}`, docOf(arg)] as const,
  );
  rows.push(["--help", "Show this text"]);
  const width = Math.max(...rows.map(([flag]) => flag.length));
  return [
    ...(misuse === undefined ? [] : [wordsOf(misuse, byFlag.get(misuse.word)), ""]),
    description === "" ? name : `${name}: ${description}`,
    "",
    ...rows.map(([flag, doc]) => `  ${flag.padEnd(width)}  ${doc}`),
  ].join("\n");
}

function wordsOf(misuse: Misuse, arg: Argument | undefined): string {
  const word = visible(misuse.word);
  const text = visible(misuse.text ?? "");
  switch (misuse.problem) {
    case "unexpected":
      return `Unexpected argument "${word}"`;
    case "unknown":
      return `Unknown argument ${word}`;
    case "no-value":
      return `${word} needs a value`;
    case "bad-value":
      return `${word} must be ${arg === undefined ? "something else" : expected(arg)}, not "${text}"`;
    case "missing":
      return `${word} is required: ${arg?.doc ?? ""}`;
  }
}

/** Text as it stands, its control characters as `\u001b`: a link's words are not the terminal's. */
function visible(text: string): string {
  return text.replaceAll(
    /\p{Cc}/gu,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function expected(arg: Argument): string {
  if (arg.expects !== undefined) return arg.expects;
  switch (arg.type) {
    case "string":
      return "text";
    case "boolean":
      return "true or false";
    case "choice":
      return `one of ${arg.choices.join(", ")}`;
    default: {
      const kind = arg.type === "int" ? "a whole number" : "a number";
      if (arg.min !== undefined && arg.max !== undefined) {
        return `${kind} from ${arg.min} to ${arg.max}`;
      }
      if (arg.min !== undefined) return `${kind}, at least ${arg.min}`;
      return arg.max === undefined ? kind : `${kind}, at most ${arg.max}`;
    }
  }
}

function placeholder(arg: Argument): string {
  switch (arg.type) {
    case "boolean":
      return "";
    case "choice":
      return `=${arg.choices.join("|")}`;
    default:
      return `=<${arg.type === "string" ? "text" : arg.type}>`;
  }
}

function docOf(arg: Argument): string {
  if (arg.default !== undefined) return `${arg.doc} (default ${arg.default})`;
  return arg.optional === true ? arg.doc : `${arg.doc} (required)`;
}
