/** Runs every script below a directory, and says how many passed, folder by folder. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { profiles } from "./profile.ts";
import { run } from "./run.ts";
import { connect } from "./subject.ts";
import type { Verdict } from "./verdict.ts";

/** What became of one script of a suite. */
export interface Result {
  /** Relative to the suite's directory. */
  readonly script: string;
  readonly verdict: Verdict;
}

/** Lists the scripts at a path: itself, or all below it, in order. */
export function scriptsAt(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path, { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".pkt"))
    .sort()
    .map((name) => join(path, name));
}

/** The profiles that there are. */
export const profileNames: readonly string[] = Object.keys(profiles);

/**
 * Runs the scripts at a path one after the other.
 *
 * @throws {RangeError} for a profile that there is not
 */
export async function runSuite(path: string, profileName: string): Promise<readonly Result[]> {
  const profile = profiles[profileName];
  if (profile === undefined) throw new RangeError(`There is no profile "${profileName}"`);
  const results: Result[] = [];
  for (const script of scriptsAt(path)) {
    const verdict = await run(readFileSync(script, "utf8"), { profile, connect });
    results.push({ script: relative(path, script) || script, verdict });
  }
  return results;
}

/** A row for each folder, then what failed and why, then what could not be run and why. */
export function report(results: readonly Result[]): string {
  const folders = [...new Set(results.map(({ script }) => dirname(script)))];
  const rows = folders.map((folder) =>
    row(
      folder,
      results.filter(({ script }) => dirname(script) === folder),
    ),
  );
  const failures = results.flatMap(({ script, verdict }) =>
    verdict.kind === "fail"
      ? [`${script}:${verdict.line}\n  expected ${verdict.expected}\n  got      ${verdict.got}`]
      : [],
  );
  return [
    "passed failed unsupported",
    row("total", results),
    ...(rows.length > 1 ? rows : []),
    ...section("Failed", failures),
    ...section("Unsupported", reasons(results)),
  ].join("\n");
}

function row(name: string, results: readonly Result[]): string {
  const count = (kind: Verdict["kind"]): number =>
    results.filter(({ verdict }) => verdict.kind === kind).length;
  const cells = [
    String(count("pass")).padStart(6),
    String(count("fail")).padStart(6),
    String(count("unsupported")).padStart(11),
  ];
  return `${cells.join(" ")}  ${name}`;
}

function reasons(results: readonly Result[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { verdict } of results) {
    if (verdict.kind !== "unsupported") continue;
    counts.set(verdict.reason, (counts.get(verdict.reason) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, one], [, other]) => other - one);
  return sorted.map(([reason, count]) => `${String(count).padStart(6)}  ${reason}`);
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", title, ...lines];
}
