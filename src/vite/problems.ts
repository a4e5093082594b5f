/** Errors with a place, as Vite's overlay and the terminal show them. */

import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import type { ErrorPayload } from "vite";
import type { TypeProblem } from "./type-check.ts";

/** What Vite's overlay shows. */
export type Problem = ErrorPayload["err"];

/** A place in a file: its absolute path, the line and the column from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * What in a stack is not the user's: Node, packages, this one as it is built and as it is written.
 */
const otherCode: readonly string[] = [
  "node:",
  "/node_modules/",
  ...["dist/", "src/"].map((folder) => fileURLToPath(new URL(`../../${folder}`, import.meta.url))),
];

/**
 * Makes a problem of an error thrown by the bundler or by the `config.ts` that is `file`. One that
 * tells no place, such as an export that is missing, is at the default export or at the first line.
 */
export function problemOf(error: Error, file: string): Problem {
  const [first = error] = (error as { errors?: readonly Error[] }).errors ?? [];
  const bundled = parseBundlerMessage(first.message);
  const place = bundled?.place ?? placeInStack(error.stack ?? "", file) ?? placeOfExport(file);
  return makeProblem("morgana", bundled?.message ?? error.message, place, userFrames(error));
}

/** Makes a problem of a type error. */
export function problemOfTypes({ file, line, column, message }: TypeProblem): Problem {
  return makeProblem("typescript", message, { file, line, column }, "");
}

/** A problem in a few lines for the terminal: the place, what is wrong, the lines around it. */
export function formatProblem(problem: Problem, root: string): string {
  const { loc, message, frame, id = "" } = problem;
  const file = relative(root, loc?.file ?? id);
  const place = loc === undefined ? file : `${file}:${loc.line}:${loc.column}`;
  return [`${place}: ${message}`, ...(frame === undefined ? [] : [frame.trimEnd()])].join("\n");
}

/** Tells whether an error names its place: in the bundler's words, or by a line of `file`. */
export function isPlaced(error: Error, file: string): boolean {
  const bundled = (error as { errors?: readonly Error[] }).errors?.[0];
  if (bundled !== undefined) return parseBundlerMessage(bundled.message) !== undefined;
  return placeInStack(error.stack ?? "", file) !== undefined;
}

function makeProblem(plugin: string, message: string, place: Place, stack: string): Problem {
  return { message, stack, id: place.file, plugin, loc: { ...place }, frame: frameAt(place) };
}

/**
 * Takes the place, from 1, out of a message that draws the source below `╭─[ file:line:column ]`.
 */
function parseBundlerMessage(text: string): { message: string; place: Place } | undefined {
  const plain = stripVTControlCharacters(text);
  const found = /╭─\[ (.+):(\d+):(\d+) \]/.exec(plain);
  if (found === null) return undefined;
  const [, file = "", line, column] = found;
  const message = plain
    .slice(0, found.index)
    .trim()
    .replace(/^\[[^\]]*\] /, "")
    // The place says it already.
    .replace(` in ${file}`, "");
  // The bundler's files are relative to where the process stands.
  const place = { file: resolve(file), line: Number(line), column: Number(column) };
  return { message, place: placeOfImport(message, place) };
}

/**
 * Where an import is that leads nowhere. The bundler may count in what it made of the file, which
 * has neither types nor comments; then it is where the file first says so.
 */
function placeOfImport(message: string, place: Place): Place {
  const specifier = /^Could not resolve '(.+)'/.exec(message)?.[1];
  if (specifier === undefined) return place;
  const lines = linesOf(place.file);
  const columnIn = (text: string = ""): number =>
    1 + Math.max(text.indexOf(`"${specifier}"`), text.indexOf(`'${specifier}'`));
  if (columnIn(lines[place.line - 1]) > 0) return place;
  const index = lines.findIndex((text) => columnIn(text) > 0);
  return index < 0 ? place : { ...place, line: index + 1, column: columnIn(lines[index]) };
}

/** The first position of a stack that lies in `file`, else in any other file of the user's. */
function placeInStack(stack: string, file: string): Place | undefined {
  const places = userLines(stack)
    .map(placeOfLine)
    .filter((place) => place !== undefined);
  return places.find((place) => place.file === file) ?? places[0];
}

function placeOfLine(line: string): Place | undefined {
  const found = /(?:^ {4}at |\()(?:file:\/\/)?(\/.+?|[A-Za-z]:[\\/].+?):(\d+):(\d+)\)?$/.exec(line);
  if (found === null) return undefined;
  const [, file = "", atLine, column] = found;
  return { file, line: Number(atLine), column: Number(column) };
}

/** A stack's first line and what of it is the user's own, for reading. */
function userFrames(error: Error): string {
  const lines = userLines(error.stack ?? "");
  return lines.length === 0 ? "" : [`${error.name}: ${error.message}`, ...lines].join("\n");
}

function userLines(stack: string): readonly string[] {
  return stack
    .split("\n")
    .filter((line) => /^ {4}at .*:\d+:\d+\)?$/.test(line))
    .filter((line) => otherCode.every((other) => !line.includes(other)));
}

/** Where a configuration exports its unikernel; its first line if it does not. */
function placeOfExport(file: string): Place {
  const lines = linesOf(file);
  const index = Math.max(
    0,
    lines.findIndex((text) => text.startsWith("export default")),
  );
  return { file, line: index + 1, column: 1 };
}

/** The lines around a place, numbered, with a caret under the column. */
function frameAt(place: Place): string {
  const lines = linesOf(place.file);
  const first = Math.max(1, place.line - 2);
  // No blanks before the first number: the overlay would take them away, and only those.
  const width = String(place.line + 2).length;
  const numbered = lines.slice(first - 1, place.line + 2).flatMap((text, index) => {
    const line = first + index;
    const row = `${String(line).padEnd(width)} | ${text}`;
    const caret = `${" ".repeat(width)} | ${" ".repeat(place.column - 1)}^`;
    return line === place.line ? [row, caret] : [row];
  });
  // The overlay takes a frame for one only if its lines end.
  return `${numbered.join("\n")}\n`;
}

/** A file that went away meanwhile has no lines. */
function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split(/\r?\n/);
  } catch {
    return [];
  }
}
