// node test/fuzz/run.mjs [--inputs=1000000] [--seed=1] [--names]
// Feeds mutated frames to two whole stacks, and one in ten to every decoder; with --names, mutated
// zone files, and messages to name servers and to a host of multicast DNS instead. Exits with 1 if something throws or the
// memory grows.

import { parseArgs } from "node:util";
import { runnerImport } from "vite";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
    names: { type: "boolean", default: false },
  },
});
const load = async (/** @type {string} */ file) =>
  (await runnerImport(new URL(file, import.meta.url).pathname, { logLevel: "error" })).module;
/** @type {typeof import("./live.ts")} */
const { fuzzStack } = await load("live.ts");
/** @type {typeof import("./names.ts")} */
const { fuzzNames } = await load("names.ts");
/** @type {typeof import("./decoders.ts")} */
const { decodeEverywhere } = await load("decoders.ts");

const maxHeapBytes = 512 * 1024 * 1024;
const inputs = Number(values.inputs);
let count = 0;
/** @type {Uint8Array} */
let last = new Uint8Array();
const startMs = performance.now();
process.on("uncaughtException", fail);
try {
  const fuzz = values.names ? fuzzNames : fuzzStack;
  await fuzz(Number(values.seed), inputs, (frame) => {
    last = frame;
    count += 1;
    if (count % 10 === 0 && !values.names) decodeEverywhere(frame);
    if (count % 1_000_000 !== 0) return;
    const heapBytes = process.memoryUsage().heapUsed;
    console.log(`${count} inputs, ${Math.round(heapBytes / 1e6)} MB of heap`);
    if (heapBytes > maxHeapBytes) throw new Error(`The heap has grown to ${heapBytes} bytes`);
  });
} catch (error) {
  fail(error);
}
const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
console.log(`${count} inputs without a throw in ${seconds} s`);
process.exit(0);

/** @param {unknown} error */
function fail(error) {
  console.log(`Input ${count} of seed ${values.seed}: ${Buffer.from(last).toString("hex")}`);
  console.log(error instanceof Error ? error.stack : String(error));
  process.exit(1);
}
