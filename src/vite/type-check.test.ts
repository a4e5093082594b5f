import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkTypes, parseProblems } from "./type-check.ts";

describe("parseProblems()", () => {
  test("reads places and the lines that explain them", () => {
    const output = [
      "hello/config.ts(4,40): error TS2345: Argument of type 'A' is not assignable.",
      "  Types of property 'start' are incompatible.",
      "    Type 'B' is missing.",
      "../shared/ports.ts(1,2): error TS1: no",
      "Found 2 errors.",
      "",
    ];
    expect(parseProblems(output.join("\r\n"), "/project/site")).toEqual([
      {
        file: "/project/site/hello/config.ts",
        line: 4,
        column: 40,
        message:
          "TS2345: Argument of type 'A' is not assignable.\n" +
          "  Types of property 'start' are incompatible.\n    Type 'B' is missing.",
      },
      { file: "/project/shared/ports.ts", line: 1, column: 2, message: "TS1: no" },
    ]);
  });

  test("takes names with brackets and spaces, and passes over everything else", () => {
    const output = "error TS18003: No inputs\n  none\na (1)/b c.ts(7,1): error TS2: no\n";
    expect(parseProblems(output, "/p")).toEqual([
      { file: "/p/a (1)/b c.ts", line: 7, column: 1, message: "TS2: no" },
    ]);
    expect(parseProblems("", "/p")).toEqual([]);
  });
});

describe("checkTypes()", () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "morgana-types-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  test("says what is missing", async () => {
    expect(await checkTypes(folder)).toEqual({
      kind: "skipped",
      reason: `there is no tsconfig.json in or above ${folder}`,
    });
    writeFileSync(join(folder, "tsconfig.json"), "{}");
    expect(await checkTypes(folder)).toEqual({
      kind: "skipped",
      reason: "TypeScript is not installed (npm install -D typescript)",
    });
    writeFileSync(join(folder, "tsconfig.json"), '{ "files": [ ], "references": [] }');
    expect(await checkTypes(folder)).toEqual({
      kind: "skipped",
      reason: `${join(folder, "tsconfig.json")} lists no files of its own`,
    });
  });
});
