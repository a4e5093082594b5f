// npm run interop: unikernels on Node beside the Linux kernel and its programs, on one Ethernet.
// Every file of checks runs in a network namespace of its own. With names, only these files; with
// --quick, as npm test has it, large transfers are smaller.

import { join } from "node:path";
import { ensurePackages } from "../scripts/packages.mjs";
import { root, run, say } from "../scripts/step.mjs";
import { ensurePrograms, report, whyNoLab } from "./lab.mjs";

const topics = [
  "carriers",
  "faults",
  "ping",
  "tcp",
  "bulk",
  "tcp-faults",
  "configuration",
  "services",
  "routers",
  "names",
  "mdns",
  "unikernels",
  "http",
  "proxy",
];

const isQuick = process.argv.includes("--quick");
const named = process.argv.slice(2).filter((word) => word !== "--quick");

const reason = whyNoLab();
if (reason === undefined) {
  process.exitCode = await runTopics(named.length > 0 ? named : topics);
} else {
  report("skipped");
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
    const file = join(root, "interop", `${name}.mjs`);
    const topicCode = await run(process.execPath, [file, ...(isQuick ? ["--quick"] : [])]);
    code ||= topicCode;
  }
  return code;
}
