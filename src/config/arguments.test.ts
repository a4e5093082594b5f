import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ArgumentTable, Misuse, ParsedArguments } from "./arguments.ts";
import { flagOf, parseArguments } from "./arguments.ts";

/** One argument of each type, none of which must be given. */
const table = {
  peer: { type: "string", optional: true, doc: "Whom to call" },
  maxHops: { type: "int", default: 30, min: -5, max: 255, doc: "How far" },
  rate: { type: "number", optional: true, doc: "How often" },
  verbose: { type: "boolean", default: false, doc: "Say more" },
  mode: { type: "choice", choices: ["fast", "safe"], default: "safe", doc: "How" },
} as const satisfies ArgumentTable;

const defaults = {
  peer: undefined,
  maxHops: 30,
  rate: undefined,
  verbose: false,
  mode: "safe",
};

function values(...argv: readonly string[]): unknown {
  const parsed = parseArguments(table, argv);
  return parsed.kind === "values" ? parsed.values : parsed;
}

function misuse(problem: Misuse["problem"], word: string, text = ""): ParsedArguments {
  return { kind: "invalid", misuse: { problem, word, text } };
}

describe("flagOf()", () => {
  test.each([
    ["port", "--port"],
    ["maxHops", "--max-hops"],
    ["aBC2", "--a-b-c2"],
  ])("writes %s as %s", (name, flag) => {
    expect(flagOf(name)).toBe(flag);
  });

  test("gives each name in camel case a flag of its own", () => {
    const name = fc.stringMatching(/^[a-z][a-zA-Z0-9]{0,6}$/);
    fc.assert(
      fc.property(name, name, (one, other) => {
        expect(flagOf(one) === flagOf(other)).toBe(one === other);
      }),
    );
  });
});

describe("parseArguments()", () => {
  test("gives the defaults, when nothing is given", () => {
    expect(values()).toEqual(defaults);
  });

  test.each([
    [["--peer=Bob"], { peer: "Bob" }],
    [["--peer", "Bob"], { peer: "Bob" }],
    [["--peer="], { peer: "" }],
    [["--peer", ""], { peer: "" }],
    [["--peer=a=b"], { peer: "a=b" }],
    [["--peer=--verbose"], { peer: "--verbose" }],
    [["--peer=two\nlines"], { peer: "two\nlines" }],
    [["--peer", "-"], { peer: "-" }],
    [["--peer", "-h"], { peer: "-h" }],
    [["--peer=--help"], { peer: "--help" }],
    [["--max-hops=7"], { maxHops: 7 }],
    [["--max-hops", "-5"], { maxHops: -5 }],
    [["--max-hops=-5"], { maxHops: -5 }],
    [["--max-hops=255"], { maxHops: 255 }],
    [["--rate", "-0.5"], { rate: -0.5 }],
    [["--rate=1e3"], { rate: 1000 }],
    [["--verbose"], { verbose: true }],
    [["--verbose="], { verbose: true }],
    [["--verbose=true"], { verbose: true }],
    [["--verbose=false"], { verbose: false }],
    [["--verbose", "--no-verbose"], { verbose: false }],
    [["--no-verbose", "--verbose"], { verbose: true }],
    [["--mode=fast"], { mode: "fast" }],
    [["--mode", "fast", "--rate", "2"], { mode: "fast", rate: 2 }],
    [["--max-hops=1", "--max-hops=2"], { maxHops: 2 }],
  ])("reads %j", (argv, expected) => {
    expect(values(...argv)).toEqual({ ...defaults, ...expected });
  });

  test.each([
    [["Bob"], misuse("unexpected", "Bob")],
    [["-v"], misuse("unexpected", "-v")],
    [[""], misuse("unexpected", "")],
    [["--verbose", "yes"], misuse("unexpected", "yes")],
    [["--pear=Bob"], misuse("unknown", "--pear")],
    [["--maxHops=7"], misuse("unknown", "--maxHops")],
    [["--"], misuse("unknown", "--")],
    [["--=7"], misuse("unknown", "--")],
    [["--no-peer"], misuse("unknown", "--no-peer")],
    [["--no-verbose=true"], misuse("unknown", "--no-verbose")],
    [["--no-no-verbose"], misuse("unknown", "--no-no-verbose")],
    [["--help=yes"], misuse("unknown", "--help")],
    [["--constructor"], misuse("unknown", "--constructor")],
    [["--__proto__=7"], misuse("unknown", "--__proto__")],
    [["--to-string", "7"], misuse("unknown", "--to-string")],
    [["--peer"], misuse("no-value", "--peer")],
    [["--peer", "--verbose"], misuse("no-value", "--peer")],
    [["--max-hops"], misuse("no-value", "--max-hops")],
    [["--max-hops="], misuse("bad-value", "--max-hops")],
    [["--max-hops= "], misuse("bad-value", "--max-hops", " ")],
    [["--max-hops=1.5"], misuse("bad-value", "--max-hops", "1.5")],
    [["--max-hops=seven"], misuse("bad-value", "--max-hops", "seven")],
    [["--max-hops=-6"], misuse("bad-value", "--max-hops", "-6")],
    [["--max-hops=256"], misuse("bad-value", "--max-hops", "256")],
    [["--max-hops", "1e99"], misuse("bad-value", "--max-hops", "1e99")],
    [["--rate=Infinity"], misuse("bad-value", "--rate", "Infinity")],
    [["--rate=NaN"], misuse("bad-value", "--rate", "NaN")],
    [["--verbose=yes"], misuse("bad-value", "--verbose", "yes")],
    [["--mode=slow"], misuse("bad-value", "--mode", "slow")],
    [["--mode="], misuse("bad-value", "--mode")],
  ])("refuses %j", (argv, expected) => {
    expect(parseArguments(table, argv)).toEqual(expected);
  });

  test.each([[["--help"]], [["-h"]], [["--rate=2", "--help", "--pear"]]])(
    "gives help for %j",
    (argv) => {
      expect(parseArguments(table, argv)).toEqual({ kind: "help" });
    },
  );

  test("names the first argument that is missing, unless one is wrong", () => {
    const required: ArgumentTable = {
      peer: { type: "string", doc: "Whom to call" },
      maxHops: { type: "int", doc: "How far" },
    };
    expect(parseArguments(required, [])).toEqual(misuse("missing", "--peer"));
    expect(parseArguments(required, ["--peer="])).toEqual(misuse("missing", "--max-hops"));
    expect(parseArguments(required, ["--pear"])).toEqual(misuse("unknown", "--pear"));
  });

  test("reads an integer as exactly as it is held", () => {
    const exact: ArgumentTable = { id: { type: "int", doc: "A number" } };
    const { MAX_SAFE_INTEGER } = Number;
    const given = (text: string): ParsedArguments => parseArguments(exact, [`--id=${text}`]);
    expect(given(`${MAX_SAFE_INTEGER}`)).toEqual({
      kind: "values",
      values: { id: MAX_SAFE_INTEGER },
    });
    expect(given("9007199254740993")).toEqual(misuse("bad-value", "--id", "9007199254740993"));
  });

  test("gives only what was declared, for names that every object has", () => {
    const names = ["constructor", "toString", "valueOf", "hasOwnProperty"];
    const odd = Object.fromEntries(
      names.map((name) => [name, { type: "string", optional: true, doc: "Odd" } as const]),
    );
    expect(parseArguments(odd, ["--to-string=seven"])).toEqual({
      kind: "values",
      values: {
        constructor: undefined,
        toString: "seven",
        valueOf: undefined,
        hasOwnProperty: undefined,
      },
    });
  });

  test("gives back any values, however they are written", () => {
    const some = fc.record({
      peer: fc.option(fc.string({ unit: "grapheme" }), { nil: undefined }),
      maxHops: fc.integer({ min: -5, max: 255 }),
      rate: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: undefined }),
      verbose: fc.boolean(),
      mode: fc.constantFrom("fast", "safe"),
    });
    fc.assert(
      fc.property(some, fc.boolean(), (wanted, apart) => {
        const argv = Object.entries(wanted).flatMap(([name, value]) => {
          if (value === undefined) return [];
          const text = Object.is(value, -0) ? "-0" : String(value);
          const separable = apart && name !== "verbose" && !text.startsWith("--");
          return separable ? [flagOf(name), text] : [`${flagOf(name)}=${text}`];
        });
        expect(values(...argv)).toEqual(wanted);
      }),
    );
  });

  test("never throws, and gives every argument its type, for any words", () => {
    const word = fc.oneof(
      fc.string({ unit: "binary-ascii" }),
      fc.constantFrom(...Object.keys(table).map(flagOf), "--no-verbose", "=", "-1", "fast"),
      fc.tuple(fc.constantFrom(...Object.keys(table).map(flagOf)), fc.string()).map((both) => {
        return both.join("=");
      }),
    );
    fc.assert(
      fc.property(fc.array(word), (argv) => {
        const parsed = parseArguments(table, argv);
        if (parsed.kind !== "values") return;
        const { peer, maxHops, rate, verbose, mode } = parsed.values;
        expect(["string", "undefined"]).toContain(typeof peer);
        expect(Number.isSafeInteger(maxHops)).toBe(true);
        expect(rate === undefined || Number.isFinite(rate)).toBe(true);
        expect(verbose).toBeTypeOf("boolean");
        expect(["fast", "safe"]).toContain(mode);
      }),
    );
  });
});
