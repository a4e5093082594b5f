// node test/simulation/run.mjs [--first=1] [--seeds=1000] [--seed=N]
// Runs trials of TCP from seeds; --seed runs one twice, and shows its plan. Exits with 1 if one
// failed.

import { parseArgs } from "node:util";
import { runnerImport } from "vite";

const { values } = parseArgs({
  options: {
    first: { type: "string", default: "1" },
    seeds: { type: "string", default: "1000" },
    seed: { type: "string" },
  },
});
const path = new URL("trial.ts", import.meta.url).pathname;
/** @type {typeof import("./trial.ts")} */
const { planFor, runTrial } = (await runnerImport(path, { logLevel: "error" })).module;

const first = Number(values.seed ?? values.first);
const count = values.seed === undefined ? Number(values.seeds) : 1;
let failed = 0;
const startMs = performance.now();
for (let seed = first; seed < first + count; seed += 1) {
  const plan = planFor(seed);
  if (values.seed !== undefined) console.log(JSON.stringify(plan, null, 1));
  try {
    const { traceHash, seconds, retransmissions } = await runTrial(plan);
    if (values.seed !== undefined) {
      const isSame = (await runTrial(plan)).traceHash === traceHash;
      console.log({ traceHash, seconds, retransmissions, isSame });
    }
  } catch (error) {
    failed += 1;
    console.log(`seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`);
  }
  if (seed % 100 === 0) console.log(`${seed - first + 1} of ${count}, ${failed} failed`);
}
const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
console.log(`${count - failed} passed, ${failed} failed in ${seconds} s`);
process.exit(failed === 0 ? 0 : 1);
