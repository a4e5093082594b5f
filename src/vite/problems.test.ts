import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { formatProblem, isPlaced, problemOf, problemOfTypes } from "./problems.ts";

const folder = mkdtempSync(join(tmpdir(), "morgana-problems-"));
const config = join(folder, "config.ts");
const other = join(folder, "ports.ts");
const moved = join(folder, "moved.ts");
writeFileSync(config, 'import "./ports.ts";\n\nexport default 42;\nlast line');
writeFileSync(other, "one\ntwo\n");
afterAll(() => rmSync(folder, { recursive: true }));

function errorWith(message: string, stack: string): Error {
  return Object.assign(new Error(message), { stack: `Error: ${message}\n${stack}` });
}

/** As the bundler throws: with colours, and files relative to where the process stands. */
function bundlerError(file: string): Error {
  const shown = relative(".", file);
  const message = [
    `\u001b[31m[UNRESOLVED_IMPORT] \u001b[0mCould not resolve './x.ts' in ${shown}`,
    `   \u001b[38;5;246m╭─[\u001b[0m ${shown}:2:3 \u001b[38;5;246m]\u001b[0m`,
    "   │",
  ].join("\n");
  return Object.assign(new Error(`Build failed with 1 error:\n\n${message}`), {
    errors: [new Error(message)],
  });
}

describe("problemOf()", () => {
  test("is at the configuration's own line, when another module of the user's threw", () => {
    const stack = `    at f (${other}:1:2)\n    at ${config}:3:4\n    at run (node:internal/x:9:9)`;
    const problem = problemOf(errorWith("no", stack), config);
    expect(problem.loc).toEqual({ file: config, line: 3, column: 4 });
    expect(problem.stack).toBe(`Error: no\n    at f (${other}:1:2)\n    at ${config}:3:4`);
  });

  test("is at another module's line, when the configuration's is not in the stack", () => {
    const stack = `    at eval (file://${other}:2:1)\n    at x (/a/node_modules/b/c.js:1:1)`;
    expect(problemOf(errorWith("no", stack), config).loc).toEqual({
      file: other,
      line: 2,
      column: 1,
    });
  });

  test("is at the default export, or at the first line, when the stack is nobody's", () => {
    const error = errorWith("no", "    at x (node:internal/x:9:9)");
    expect(problemOf(error, config).loc).toEqual({ file: config, line: 3, column: 1 });
    expect(problemOf(error, other).loc).toEqual({ file: other, line: 1, column: 1 });
    expect(problemOf(error, config).stack).toBe("");
  });

  test("is where the bundler says, in plain words, when it is the bundler's", () => {
    const problem = problemOf(bundlerError(other), config);
    expect(problem.message).toBe("Could not resolve './x.ts'");
    expect(problem.loc).toEqual({ file: other, line: 2, column: 3 });
    expect(problem.id).toBe(other);
  });

  test("is where the file names what an import does not find, when the bundler errs", () => {
    writeFileSync(moved, '/** A comment. */\ntype X = 1;\n\nload(() => import("./x.ts"));\n');
    expect(problemOf(bundlerError(moved), config).loc).toEqual({
      file: moved,
      line: 4,
      column: 19,
    });
  });

  test("has no lines around it, when the file is gone", () => {
    const gone = join(folder, "gone.ts");
    expect(problemOf(new Error("no"), gone)).toMatchObject({
      loc: { file: gone, line: 1, column: 1 },
      frame: "\n",
    });
  });
});

describe("isPlaced()", () => {
  test("is false for what only Node and packages were in", () => {
    expect(isPlaced(errorWith("no", "    at x (node:internal/x:9:9)"), config)).toBe(false);
    expect(isPlaced(errorWith("no", `    at ${config}:3:4`), config)).toBe(true);
    expect(isPlaced(bundlerError(other), config)).toBe(true);
  });
});

describe("formatProblem()", () => {
  test("shows the place, what is wrong, and the lines around it", () => {
    const problem = problemOfTypes({ file: config, line: 3, column: 8, message: "TS1: no\n  why" });
    expect(formatProblem(problem, folder)).toBe(
      [
        "config.ts:3:8: TS1: no",
        "  why",
        '1 | import "./ports.ts";',
        "2 | ",
        "3 | export default 42;",
        "  |        ^",
        "4 | last line",
      ].join("\n"),
    );
  });
});
