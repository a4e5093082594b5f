// Results: a table for people, JSON for whoever compares runs.

import { mkdirSync, writeFileSync } from "node:fs";

/**
 * @typedef {object} Row
 * @property {string} measure
 * @property {string} target
 * @property {string} unit
 * @property {"higher" | "lower"} better
 * @property {number} median
 * @property {number} low
 * @property {number} high
 * @property {number | null} aim
 * @property {readonly { name: string, median: number }[]} beside
 */

/**
 * The middle, and the ends, of a sample.
 *
 * @param {readonly number[]} sample
 * @returns {{ median: number, low: number, high: number }}
 */
export function spread(sample) {
  const sorted = [...sample].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  const lower = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  return {
    median: (upper + lower) / 2,
    low: sorted[0] ?? Number.NaN,
    high: sorted.at(-1) ?? Number.NaN,
  };
}

/**
 * Prints a suite's rows and writes them to `bench/results/<suite>.json`.
 *
 * @param {string} suite
 * @param {readonly Row[]} rows
 */
export function report(suite, rows) {
  const number = (/** @type {number} */ value) =>
    value >= 100 ? value.toFixed(0) : value.toFixed(2);
  const cells = rows.map(({ measure, unit, better, median, low, high, aim, beside }) => {
    const met =
      aim === null ? "" : (better === "lower" ? median <= aim : median >= aim) ? "met" : "MISSED";
    return [
      measure,
      `${number(median)} ${unit}`,
      low === high ? "" : `${number(low)}–${number(high)}`,
      aim === null ? "" : `${better === "lower" ? "≤" : "≥"} ${number(aim)} ${met}`,
      beside.map((each) => `${each.name} ${number(each.median)}`).join(", "),
    ];
  });
  const table = [["measure", "median", "spread", "aim", "beside"], ...cells];
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(...table.map((line) => (line[column] ?? "").length)),
  );
  for (const line of table) {
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  }
  const folder = new URL("results/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${suite}.json`, folder), `${JSON.stringify(rows, null, 2)}\n`);
}
