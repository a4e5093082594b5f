// npm run check: everything that must hold and needs no browser. It runs every step, also after one
// that fails, shows the output of the failing ones, and ends with a table of times.

import { ensurePackages } from "./packages.mjs";
import { capture, complain, isMain, say } from "./step.mjs";

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {readonly string[]} command
 */

/** @typedef {{ name: string, ok: boolean, seconds: number }} Result */

/** What takes seconds even in short; `npm test` runs it in full. */
const longOnes = ["attacks/**", "fuzz/**", "peers.test.ts"].flatMap((each) => [
  "--exclude",
  `test/${each}`,
]);

/**
 * Two lanes for two cores, each in order: what reads the built package waits for it in its lane.
 *
 * @param {string | undefined} unitReport
 * @returns {readonly (readonly Step[])[]}
 */
function lanes(unitReport) {
  const reporters = unitReport
    ? ["--reporter=default", "--reporter=json", `--outputFile.json=${unitReport}`]
    : [];
  return [
    [
      { name: "types", command: ["tsc", "-b"] },
      { name: "page", command: ["node", "scripts/build-page.mjs"] },
      // Vitest leaves one core alone; the other lane has long ended by then.
      { name: "unit", command: ["vitest", "run", "--maxWorkers=100%", ...longOnes, ...reporters] },
    ],
    [
      { name: "format", command: ["oxfmt", "--check"] },
      { name: "lint", command: ["oxlint"] },
      { name: "knip", command: ["knip"] },
    ],
  ];
}

/**
 * Runs all steps.
 *
 * @param {{ unitReport?: string }} [options] `unitReport`: where vitest writes its report as JSON
 * @returns {Promise<readonly Result[]>}
 */
export async function check({ unitReport } = {}) {
  say("Checking types, format, lint, unused code and unit tests (npm run check).");
  const results = await Promise.all(lanes(unitReport).map(runLane));
  const all = results.flat();
  console.log(`\n${all.map(row).join("\n")}`);
  return all;
}

/**
 * @param {readonly Step[]} lane
 * @returns {Promise<readonly Result[]>}
 */
async function runLane(lane) {
  const results = [];
  for (const { name, command } of lane) {
    const [program = "", ...args] = command;
    const started = performance.now();
    const { code, output } = await capture(program, args);
    const ok = code === 0;
    results.push({ name, ok, seconds: (performance.now() - started) / 1000 });
    if (!ok) console.log(`\n✗ ${name}: ${command.join(" ")}\n\n${output.trim()}`);
  }
  return results;
}

/** @param {Result} result */
function row({ name, ok, seconds }) {
  return `${ok ? "✓" : "✗"} ${name.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s`;
}

if (isMain(import.meta.url)) {
  try {
    await ensurePackages();
    const results = await check();
    process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
  } catch (error) {
    complain(error);
    process.exitCode = 1;
  }
}
