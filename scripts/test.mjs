// npm test: everything that must hold, from a fresh clone too. Installs what is missing, runs every
// check, those against the Linux kernel where there is one, and the trials, builds the static site,
// then runs the browser tests. Arguments are those of `playwright test`, as in `npm test -- hello`.
// Ends with a line `N passed, N failed`.

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBrowser } from "./browser.mjs";
import { check } from "./check.mjs";
import { ensurePackages } from "./packages.mjs";
import { complain, run, say } from "./step.mjs";

/** @typedef {{ passed: number, failed: number, skipped: number }} Count */

const nothing = { passed: 0, failed: 0, skipped: 0 };
const oneFailure = { ...nothing, failed: 1 };

/** What tries the network stack for longer than a check may take. */
const longTrials = [
  ["TCP on 200 wires with faults", "node", "test/simulation/run.mjs", "--seeds=200"],
  ["200,000 mutated frames", "node", "test/fuzz/run.mjs", "--inputs=200000"],
  ["attacks and mutated requests, in full", "vitest", "run", "test/attacks", "test/fuzz"],
  ["what other stacks get wrong, in 70,000 connections", "vitest", "run", "test/peers"],
];

const reports = mkdtempSync(join(tmpdir(), "morgana-test-"));
process.on("exit", () => rmSync(reports, { recursive: true, force: true }));

const counts = [await prepare()];
if (sum("failed") === 0) {
  counts.push(await checks());
  counts.push(await interop());
  counts.push(await trials());
  const built = await site();
  counts.push(built.failed === 0 ? await browserTests(process.argv.slice(2)) : built);
}

const passed = sum("passed");
const failed = sum("failed");
const skipped = sum("skipped");
const tail = skipped > 0 ? `, ${skipped} skipped` : "";
console.log(`\n${passed} passed, ${failed} failed${tail}`);
process.exitCode = failed > 0 ? 1 : 0;

/** @returns {Promise<Count>} a failure if something is missing that cannot be installed */
async function prepare() {
  try {
    await ensurePackages();
    process.env.MORGANA_BROWSER = await ensureBrowser();
    return nothing;
  } catch (error) {
    complain(error);
    return oneFailure;
  }
}

/** @returns {Promise<Count>} the unit tests, and a failure for each other step that failed */
async function checks() {
  const unitReport = join(reports, "unit.json");
  const results = await check({ unitReport });
  const unit = results.find(({ name }) => name === "unit");
  const others = results.filter((step) => step !== unit && !step.ok).length;
  const count = atLeastOneFailureUnless(unit?.ok === true, countUnitTests(unitReport));
  return { ...count, failed: count.failed + others };
}

/** @returns {Promise<Count>} one for each of them */
async function trials() {
  const count = { ...nothing };
  for (const [what = "", command = "", ...args] of longTrials) {
    say(`Trying ${what} (${[command, ...args].join(" ")}).`);
    if ((await run(command, args, { MORGANA_LONG: "1" })) === 0) count.passed += 1;
    else count.failed += 1;
  }
  return count;
}

/** @returns {Promise<Count>} the checks against the Linux kernel; skipped where there is none */
async function interop() {
  say("Checking against the Linux kernel (npm run interop -- --quick).");
  const report = join(reports, "interop.txt");
  const env = { MORGANA_INTEROP_REPORT: report };
  const code = await run("node", ["interop/index.mjs", "--quick"], env);
  return atLeastOneFailureUnless(code === 0, countInterop(report));
}

/** @returns {Promise<Count>} */
async function site() {
  say("Building the static site (npm run build).");
  const code = await run("npm", ["run", "build", "--silent"]);
  if (code === 0) return nothing;
  complain("Cannot run the browser tests: the static site was not built (see above).");
  return oneFailure;
}

/**
 * @param {readonly string[]} args
 * @returns {Promise<Count>}
 */
async function browserTests(args) {
  say(`Running the browser tests in ${process.env.MORGANA_BROWSER} (playwright test).`);
  const report = join(reports, "browser.json");
  // A reporter that was asked for replaces those of the configuration.
  const counted = args.map((arg, index) =>
    arg.startsWith("--reporter=") || args[index - 1] === "--reporter" ? `${arg},json` : arg,
  );
  const env = { PLAYWRIGHT_JSON_OUTPUT_FILE: report };
  const code = await run("playwright", ["test", ...counted], env);
  return atLeastOneFailureUnless(code === 0, countBrowserTests(report));
}

/**
 * A run may fail without a failing test: a file that cannot be loaded, no test at all, a crash.
 *
 * @param {boolean} ok
 * @param {Count} count
 * @returns {Count}
 */
function atLeastOneFailureUnless(ok, count) {
  return ok || count.failed > 0 ? count : { ...count, failed: 1 };
}

/**
 * @param {string} report
 * @returns {Count}
 */
function countUnitTests(report) {
  const unit = readReport(report);
  return {
    passed: unit?.numPassedTests ?? 0,
    failed: unit?.numFailedTests ?? 0,
    skipped: (unit?.numPendingTests ?? 0) + (unit?.numTodoTests ?? 0),
  };
}

/**
 * @param {string} report
 * @returns {Count}
 */
function countBrowserTests(report) {
  const stats = readReport(report)?.stats;
  return {
    passed: (stats?.expected ?? 0) + (stats?.flaky ?? 0),
    failed: stats?.unexpected ?? 0,
    skipped: stats?.skipped ?? 0,
  };
}

/**
 * @param {string} report
 * @returns {Count}
 */
function countInterop(report) {
  const lines = existsSync(report) ? readFileSync(report, "utf8").split("\n") : [];
  const count = (/** @type {string} */ result) => lines.filter((line) => line === result).length;
  return { passed: count("passed"), failed: count("failed"), skipped: count("skipped") };
}

/** @param {string} report */
function readReport(report) {
  try {
    return JSON.parse(readFileSync(report, "utf8"));
  } catch {
    // The runner was stopped, or could not start.
    return undefined;
  }
}

/** @param {keyof Count} key */
function sum(key) {
  return counts.reduce((total, count) => total + count[key], 0);
}
