import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LogLevel } from "./log.ts";
import { createLogger, logLevels, parseLogFilter } from "./log.ts";

/** The records of three sources at every level that a filter lets through. */
function recordsOf(text: string): readonly string[] {
  const filter = parseLogFilter(text);
  if (filter === undefined) throw new Error(`${text} is no filter`);
  const lines: string[] = [];
  const logger = createLogger("app", filter, (line) => lines.push(line));
  for (const each of [logger, logger.source("tcp"), logger.source("tcp").source("tcp:in")]) {
    for (const level of logLevels) each[level]("text");
  }
  return lines.map((line) => line.replace(": text", ""));
}

describe("parseLogFilter()", () => {
  test.each([
    ["", "info", {}],
    ["debug", "debug", {}],
    ["*:debug", "debug", {}],
    ["error,debug", "debug", {}],
    ["tcp:debug", "info", { tcp: "debug" }],
    ["error,tcp:debug,arp:warning", "error", { tcp: "debug", arp: "warning" }],
    ["tcp:debug,tcp:error", "info", { tcp: "error" }],
    ["tcp:in:debug", "info", { "tcp:in": "debug" }],
    ["constructor:error,__proto__:error", "info", { constructor: "error", ["__proto__"]: "error" }],
    [",debug,,", "debug", {}],
  ])("reads %j", (text, level, sources) => {
    const filter = parseLogFilter(text);
    expect(filter?.level).toBe(level);
    expect([...(filter?.sources ?? [])]).toEqual(Object.entries(sources));
  });

  test.each(["loud", "tcp", "tcp:", "tcp:loud", "debug,loud", "DEBUG", "constructor", "0", " "])(
    "gives undefined for %j",
    (text) => {
      expect(parseLogFilter(text)).toBeUndefined();
    },
  );

  test("never throws, for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii" }), (text) => void parseLogFilter(text)),
    );
  });
});

describe("createLogger()", () => {
  test("lets through what is as important as its source's level, or more", () => {
    expect(recordsOf("warning,tcp:debug,tcp:in:error")).toEqual([
      "error app",
      "warning app",
      "error tcp",
      "warning tcp",
      "info tcp",
      "debug tcp",
      "error tcp:in",
    ]);
  });

  test("lets through more at each level", () => {
    const level = fc.constantFrom<LogLevel>(...logLevels);
    fc.assert(
      fc.property(level, level, (one, other) => {
        const difference = recordsOf(one).length - recordsOf(other).length;
        expect(Math.sign(difference)).toBe(
          Math.sign(logLevels.indexOf(one) - logLevels.indexOf(other)),
        );
      }),
    );
  });
});
