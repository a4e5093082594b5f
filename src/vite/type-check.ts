/** Checking types beside the dev server and the build, with the project's own TypeScript. */

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
 * `typescript`. Never rejects; where either is missing it says so. Stops when `signal` aborts, and
 * has then found nothing.
 */
export async function checkTypes(dir: string, signal?: AbortSignal): Promise<TypeReport> {
  const project = findUpward(dir, "tsconfig.json");
  if (project === undefined) return skipped(`there is no tsconfig.json in or above ${dir}`);
  // What a solution's references list is not checked through it.
  if (/"files"\s*:\s*\[\s*\]/.test(readFileSync(project, "utf8"))) {
    return skipped(`${project} lists no files of its own`);
  }
  const compiler = findCompiler(project);
  if (compiler === undefined) {
    return skipped("TypeScript is not installed (npm install -D typescript)");
  }
  const { code, output } = await runCompiler(compiler, project, signal);
  const problems = parseProblems(output, dirname(project));
  const failed = code !== 0 && problems.length === 0 && signal?.aborted !== true;
  return failed ? skipped(`tsc failed: ${output.trim()}`) : { kind: "checked", problems };
}

function skipped(reason: string): TypeReport {
  return { kind: "skipped", reason };
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

/**
 * Resolves when the compiler has ended: to its exit code, `null` if it was stopped, and its words.
 */
function runCompiler(
  compiler: string,
  project: string,
  signal: AbortSignal | undefined,
): Promise<{ code: number | null; output: string }> {
  return new Promise((settle) => {
    const options = ["--noEmit", "--pretty", "false", "-p", project];
    const child = spawn(process.execPath, [compiler, ...options], {
      cwd: dirname(project),
      ...(signal === undefined ? {} : { signal }),
    });
    let output = "";
    const take = (text: string): void => void (output += text);
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    child.on("error", ({ message }) => settle({ code: null, output: message }));
    child.on("close", (code) => settle({ code, output }));
  });
}

/**
 * Reads lines such as `hello/config.ts(4,40): error TS2345: …` and their indented continuations.
 */
export function parseProblems(output: string, folder: string): readonly TypeProblem[] {
  const problems: { file: string; line: number; column: number; message: string }[] = [];
  for (const text of output.split(/\r?\n/)) {
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
