/** Checking types beside the dev server, with the project's own TypeScript. */

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

/** A type error at a place of a file. */
export interface TypeProblem {
  /** Absolute. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly message: string;
}

/** What came of a check. */
export type TypeReport =
  | { readonly kind: "checked"; readonly problems: readonly TypeProblem[] }
  | { readonly kind: "skipped"; readonly reason: string };

/**
 * Checks the project around `dir`: the nearest `tsconfig.json` above it, with the nearest installed
 * `typescript`. Never rejects; where either is missing it says so.
 */
export async function checkTypes(dir: string): Promise<TypeReport> {
  const project = findUpward(dir, "tsconfig.json");
  if (project === undefined) return { kind: "skipped", reason: `no tsconfig.json above ${dir}` };
  const compiler = findCompiler(project);
  if (compiler === undefined) {
    return { kind: "skipped", reason: "TypeScript is not installed (npm install -D typescript)" };
  }
  const output = await runCompiler(compiler, project);
  return { kind: "checked", problems: parseProblems(output, dirname(project)) };
}

function findUpward(from: string, file: string): string | undefined {
  const candidate = join(from, file);
  if (existsSync(candidate)) return candidate;
  return dirname(from) === from ? undefined : findUpward(dirname(from), file);
}

function findCompiler(project: string): string | undefined {
  try {
    const manifest = createRequire(project).resolve("typescript/package.json");
    const { bin } = JSON.parse(readFileSync(manifest, "utf8")) as { bin: { tsc: string } };
    return join(dirname(manifest), bin.tsc);
  } catch {
    return undefined;
  }
}

function runCompiler(compiler: string, project: string): Promise<string> {
  return new Promise((settle) => {
    const options = ["--noEmit", "--pretty", "false", "-p", project];
    const child = spawn(process.execPath, [compiler, ...options], { cwd: dirname(project) });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.on("error", () => settle(output));
    child.on("close", () => settle(output));
  });
}

/** Reads lines such as `hello/config.ts(4,40): error TS2345: …` and their indented continuations. */
export function parseProblems(output: string, folder: string): readonly TypeProblem[] {
  const problems: { file: string; line: number; column: number; message: string }[] = [];
  for (const text of output.split("\n")) {
    const found = /^(.+?)\((\d+),(\d+)\): error (.*)$/.exec(text);
    const last = problems.at(-1);
    if (found !== null) {
      const [, file = "", line, column, message = ""] = found;
      problems.push({
        file: resolve(folder, file),
        line: Number(line),
        column: Number(column),
        message,
      });
    } else if (last !== undefined && text.startsWith("  ")) {
      last.message += `\n${text}`;
    }
  }
  return problems;
}
