/** `morgana run`: a unikernel on Node, in a process of its own. */

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import type { Target } from "../config/index.ts";
import { bundle, findUnikernel, formatProblem, problemOf } from "../vite/index.ts";
import type { UnikernelFolder } from "../vite/index.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./command.ts";

/** A unikernel that blocks its thread cannot hear a signal; it is killed this much later. */
const killAfterMs = 1_500;

export const command: Command = {
  usage: "run <unikernel> [-t node|simulated] [--arg=value …]",
  summary: "Run a unikernel on Node or in a simulation",
  help: "  -t <target>   node (default) or simulated; everything else is the unikernel's",
  async run(argv) {
    const { path, target, rest } = readWords(argv);
    const unikernel = findUnikernel(path);
    const folder = await mkdtemp(join(tmpdir(), "morgana-"));
    try {
      const file = await writeBundle(unikernel, target, folder);
      return await runProcess(file, rest);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

interface RunWords {
  readonly path: string;
  readonly target: Target;
  /** The unikernel's own arguments. */
  readonly rest: readonly string[];
}

function readWords(argv: readonly string[]): RunWords {
  let path: string | undefined;
  let target: string | undefined = "node";
  const rest: string[] = [];
  const words = argv.values();
  for (const word of words) {
    if (word === "-t" || word === "--target") target = words.next().value;
    else if (word.startsWith("--target=")) target = word.slice("--target=".length);
    else if (path === undefined && !word.startsWith("-")) path = word;
    else if (path === undefined) throw new UsageError(`The unikernel must come before "${word}"`);
    else rest.push(word);
  }
  if (path === undefined) throw new UsageError("The unikernel is missing");
  if (target !== "node" && target !== "simulated") {
    throw new UsageError(`-t must be node or simulated, not "${target ?? ""}"`);
  }
  return { path, target, rest };
}

async function writeBundle(
  unikernel: UnikernelFolder,
  target: Target,
  folder: string,
): Promise<string> {
  const file = join(folder, "unikernel.mjs");
  try {
    const { code, map } = await bundle(unikernel, { target });
    await writeFile(file, code);
    await writeFile(join(folder, "unikernel.js.map"), map);
    return file;
  } catch (error) {
    throw new Error(formatProblem(problemOf(error as Error, unikernel.config), "."), {
      cause: error,
    });
  }
}

/** Runs it with this process's terminal; an interrupt reaches it, and ends it if it does not stop. */
async function runProcess(file: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, ["--enable-source-maps", file, ...args], {
    stdio: "inherit",
  });
  let killer: NodeJS.Timeout | undefined;
  const forward = (signal: NodeJS.Signals): void => {
    // A terminal's interrupt has reached the child already; it takes the first of each.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    killer ??= setTimeout(() => child.kill("SIGKILL"), killAfterMs);
  };
  process.on("SIGINT", forward);
  process.on("SIGTERM", forward);
  try {
    return await new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
      });
    });
  } finally {
    clearTimeout(killer);
    process.off("SIGINT", forward);
    process.off("SIGTERM", forward);
  }
}
