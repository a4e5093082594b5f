import { describe, expect, test } from "vitest";
import type { ArgumentTable, Misuse } from "./arguments.ts";
import { parseArguments } from "./arguments.ts";
import type { Description } from "./graph.ts";
import { usage } from "./usage.ts";

const args: ArgumentTable = {
  peer: { type: "string", doc: "Whom to call" },
  maxHops: { type: "int", default: 30, min: 1, max: 255, doc: "How far" },
  rate: { type: "number", optional: true, doc: "How often" },
  quiet: { type: "boolean", default: false, doc: "Say less" },
  mode: { type: "choice", choices: ["fast", "safe"], default: "safe", doc: "How" },
};

function about(table: ArgumentTable, description = ""): Description {
  return { name: "caller", description, version: "1.0.0", devices: [], start: [], args: table };
}

/** The first line: what is said of the words given. */
function complaint(table: ArgumentTable, argv: readonly string[]): string | undefined {
  const parsed = parseArguments(table, argv);
  if (parsed.kind !== "invalid") throw new Error("There is nothing wrong with these");
  return usage(about(table), parsed.misuse).split("\n")[0];
}

describe("usage()", () => {
  test("lists each argument with its type, its meaning and its default", () => {
    expect(usage(about(args, "Calls somebody"))).toBe(
      [
        "caller: Calls somebody",
        "",
        "  --peer=<text>     Whom to call (required)",
        "  --max-hops=<int>  How far (default 30)",
        "  --rate=<number>   How often",
        "  --quiet           Say less (default false)",
        "  --mode=fast|safe  How (default safe)",
        "  --help            Show this text",
      ].join("\n"),
    );
  });

  test("begins with what is wrong, and says the name alone without a description", () => {
    const misuse: Misuse = { problem: "unknown", word: "--pear" };
    expect(usage(about({}), misuse)).toBe(
      ["Unknown argument --pear", "", "caller", "", "  --help  Show this text"].join("\n"),
    );
  });

  test.each([
    [["Bob"], 'Unexpected argument "Bob"'],
    [["--pear"], "Unknown argument --pear"],
    [["--peer"], "--peer needs a value"],
    [["--max-hops=0"], '--max-hops must be a whole number from 1 to 255, not "0"'],
    [["--rate=often"], '--rate must be a number, not "often"'],
    [["--quiet=very"], '--quiet must be true or false, not "very"'],
    [["--mode="], '--mode must be one of fast, safe, not ""'],
    [[], "--peer is required: Whom to call"],
  ])("explains what is wrong with %j", (argv, expected) => {
    expect(complaint(args, argv)).toBe(expected);
  });

  test.each([
    [{ min: 1 }, "a whole number, at least 1"],
    [{ max: 9 }, "a whole number, at most 9"],
    [{}, "a whole number"],
    [{ expects: "an even number" }, "an even number"],
  ])("says which values there are, for %j", (bounds, expected) => {
    const table: ArgumentTable = { count: { type: "int", doc: "How many", ...bounds } };
    expect(complaint(table, ["--count=x"])).toBe(`--count must be ${expected}, not "x"`);
  });

  test("shows control characters and does not send them", () => {
    expect(complaint(args, ["--mode=\u001b[2Jfast\u009b\r\n"])).toBe(
      String.raw`--mode must be one of fast, safe, not "\u001b[2Jfast\u009b\u000d\u000a"`,
    );
    expect(complaint(args, ["--\u0007"])).toBe(String.raw`Unknown argument --\u0007`);
  });
});
