/** Errors with a place, as Vite's overlay and the terminal show them. */

import { readFileSync } from "node:fs";
import { relative } from "node:path";
import type { ErrorPayload } from "vite";
import type { TypeProblem } from "./type-check.ts";

/** What Vite's overlay shows. */
export type Problem = ErrorPayload["err"];

/** Makes a problem of an error thrown by the bundler or by a `config.ts`. */
export function problemOf(error: Error, file: string): Problem {
  const { loc, frame } = error as { loc?: Problem["loc"]; frame?: string };
  const place = loc ?? placeInStack(error.stack ?? "", file);
  return {
    message: error.message,
    stack: error.stack ?? "",
    id: file,
    plugin: "morgana",
    ...(place === undefined ? {} : { loc: place }),
    ...(frame === undefined && place === undefined ? {} : { frame: frame ?? frameAt(place) }),
  };
}

/** Makes a problem of a type error. */
export function problemOfTypes(problem: TypeProblem): Problem {
  const { file, line, column, message } = problem;
  const loc = { file, line, column };
  return { message, stack: "", id: file, plugin: "typescript", loc, frame: frameAt(loc) };
}

/** A problem in a few lines for the terminal: the place, what is wrong, the lines around it. */
export function formatProblem(problem: Problem, root: string): string {
  const { loc, message, frame, id = "" } = problem;
  const file = relative(root, loc?.file ?? id);
  const place = loc === undefined ? file : `${file}:${loc.line}:${loc.column}`;
  return [`${place}: ${message}`, ...(frame === undefined ? [] : [frame])].join("\n");
}

/** The first position of a stack that lies in `file`. */
function placeInStack(stack: string, file: string): Problem["loc"] {
  for (const line of stack.split("\n")) {
    const at = line.indexOf(file);
    const found = at < 0 ? null : /^:(\d+):(\d+)/.exec(line.slice(at + file.length));
    if (found !== null) return { file, line: Number(found[1]), column: Number(found[2]) };
  }
  return undefined;
}

/** The lines around a place, numbered, with a caret under the column. */
function frameAt(place: Problem["loc"]): string {
  if (place?.file === undefined) return "";
  const lines = readFileSync(place.file, "utf8").split("\n");
  const first = Math.max(1, place.line - 2);
  return lines
    .slice(first - 1, place.line + 2)
    .flatMap((text, index) => {
      const line = first + index;
      const numbered = `${String(line).padStart(4)} | ${text}`;
      return line === place.line
        ? [numbered, `     | ${" ".repeat(place.column - 1)}^`]
        : [numbered];
    })
    .join("\n");
}
