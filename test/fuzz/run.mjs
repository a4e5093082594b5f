// node test/fuzz/run.mjs [--inputs=1000000] [--seed=1]
// Feeds mutated frames to two whole stacks, and one in ten to every decoder. Exits with 1 if
// something throws or the memory grows.

import { parseArgs } from "node:util";
import { runnerImport } from "vite";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
  },
});
const load = async (/** @type {string} */ file) =>
  (await runnerImport(new URL(file, import.meta.url).pathname, { logLevel: "error" })).module;
/** @type {typeof import("./live.ts")} */
const { fuzzStack } = await load("live.ts");
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
  await fuzzStack(Number(values.seed), inputs, (frame) => {
    last = frame;
    count += 1;
    if (count % 10 === 0) decodeEverywhere(frame);
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
