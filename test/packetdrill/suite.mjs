// node test/packetdrill/suite.mjs [--profile=own|linux|freebsd] [--json=FILE] PATH …
// Runs scripts from anywhere against our TCP. Exits with 1 if one failed.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { runnerImport } from "vite";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { profile: { type: "string", default: "own" }, json: { type: "string" } },
});
// One import for everything: modules of two would each have their own classes of errors.
const path = new URL("suite.ts", import.meta.url).pathname;
/** @type {typeof import("./suite.ts")} */
const suite = (await runnerImport(path, { logLevel: "error" })).module;
if (positionals.length === 0 || !suite.profileNames.includes(values.profile)) {
  const names = suite.profileNames.join("|");
  const usage = `node test/packetdrill/suite.mjs [--profile=${names}] [--json=FILE] PATH …`;
  process.stderr.write(`${usage}\n`);
  process.exit(64);
}
const results = [];
for (const each of positionals) results.push(...(await suite.runSuite(each, values.profile)));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
process.stdout.write(`${suite.report(results)}\n`);
process.exitCode = results.some(({ verdict }) => verdict.kind === "fail") ? 1 : 0;
