// npm run interop: unikernels on Node beside the Linux kernel and its programs, on one Ethernet.
// Every file of checks runs in a network namespace of its own. With names, only these files.

import { join } from "node:path";
import { ensurePackages } from "../scripts/packages.mjs";
import { root, run, say } from "../scripts/step.mjs";
import { ensurePrograms, whyNoLab } from "./lab.mjs";

const topics = ["carriers", "faults"];

const reason = whyNoLab();
if (reason === undefined) {
  process.exitCode = await runTopics(process.argv.length > 2 ? process.argv.slice(2) : topics);
} else {
  console.log(`Interop is skipped: ${reason}.`);
}

/**
 * @param {readonly string[]} names
 * @returns {Promise<number>}
 */
async function runTopics(names) {
  const unknown = names.find((name) => !topics.includes(name));
  if (unknown !== undefined) {
    console.error(`There are no checks "${unknown}": use ${topics.join(", ")}`);
    return 64;
  }
  await ensurePackages();
  await ensurePrograms();
  let code = await run("tsc", ["-b"]);
  if (code !== 0) return code;
  for (const name of names) {
    say(name);
    code ||= await run(process.execPath, [join(root, "interop", `${name}.mjs`)]);
  }
  return code;
}
