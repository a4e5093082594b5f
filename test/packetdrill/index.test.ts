/** Our own scripts, which say what the RFCs ask for, and the report of a suite. */

import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "./parser.ts";
import { profiles, type Profile } from "./profile.ts";
import { run } from "./run.ts";
import { connect } from "./subject.ts";
import { report, runSuite, scriptsAt } from "./suite.ts";

const folder = join(import.meta.dirname, "scripts");
const scripts = scriptsAt(folder).map(
  (path) => [basename(path), readFileSync(path, "utf8")] as const,
);
const { own } = profiles as { own: Profile };

test.each(scripts)("%s parses, and says which RFC asks for it", (_, text) => {
  expect(parse(text).events.length).toBeGreaterThan(3);
  expect(text).toMatch(/^(?:--.*\n)*\/\/[^]*RFC \d+, \d/);
});

test.each(scripts)("%s passes", async (_, text) => {
  const verdict = await run(text, { profile: own, connect });
  expect(verdict).toMatchObject({ kind: "pass" });
});

test("runSuite() runs all scripts below a directory, and refuses an unknown profile", async () => {
  const results = await runSuite(folder, "own");
  expect(results.map(({ script }) => script)).toEqual(scripts.map(([name]) => name));
  await expect(runSuite(folder, "other")).rejects.toThrow('There is no profile "other"');
});

test("report() counts by folder, and groups the reasons", () => {
  const text = report([
    { script: "a/1.pkt", verdict: { kind: "pass", unchecked: [] } },
    { script: "a/2.pkt", verdict: { kind: "fail", line: 7, expected: "x", got: "y" } },
    { script: "b/1.pkt", verdict: { kind: "unsupported", reason: "z" } },
    { script: "b/2.pkt", verdict: { kind: "unsupported", reason: "z" } },
  ]);
  expect(text.split("\n").map((line) => line.trim())).toEqual([
    "passed failed unsupported",
    "1      1           2  total",
    "1      1           0  a",
    "0      0           2  b",
    "",
    "Failed",
    "a/2.pkt:7",
    "expected x",
    "got      y",
    "",
    "Unsupported",
    "2  z",
  ]);
});
