/** `morgana run`: a unikernel on Node, in a process of its own. */

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { fstatSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { findUnikernel } from "../vite/index.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./command.ts";
import { makeProgram, type Program } from "./program.ts";

/** A unikernel that blocks its thread cannot hear a signal; it is killed this much later. */
const killAfterMs = { SIGINT: 1_500, SIGHUP: 1_500, SIGTERM: 5_500 } as const;

/** What ends a run: an interrupt from the terminal, a polite kill, a terminal that closes. */
const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export const command: Command = {
  usage: "run <unikernel> [-t node|simulated] [--arg=value …]",
  summary: "Run a unikernel on Node or in a simulation",
  help: [
    "  -t <target>   node (default) or simulated",
    "  --            What follows is the unikernel's, whatever it looks like",
    "",
    "Everything else is the unikernel's: `morgana run <unikernel> --help` shows its arguments.",
    "The exit code is the unikernel's own, 63 after --help, 64 if its arguments are wrong,",
    "137 if it had to be killed, 255 for an error that nobody caught.",
  ].join("\n"),
  async run(argv) {
    const { path, target, rest } = readWords(argv);
    return runProcess(await makeProgram(findUnikernel(path), target), rest);
  },
};

interface RunWords {
  readonly path: string;
  readonly target: "node" | "simulated";
  /** The unikernel's own arguments. */
  readonly rest: readonly string[];
}

function readWords(argv: readonly string[]): RunWords {
  let path: string | undefined;
  let target: string | undefined = "node";
  const rest: string[] = [];
  const words = argv.values();
  for (const word of words) {
    if (word === "--") rest.push(...words);
    else if (word === "-t" || word === "--target") target = words.next().value;
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

/**
 * Runs it with this process's terminal; an interrupt reaches it, and ends it if it does not stop.
 */
async function runProcess(program: Program, args: readonly string[]): Promise<number> {
  let child: ChildProcess | undefined;
  let killer: NodeJS.Timeout | undefined;
  // A terminal's interrupt reaches the child by itself, too; it takes the first.
  const forward = (signal: (typeof endingSignals)[number]): void => {
    child?.kill(signal);
    killer ??= setTimeout(() => child?.kill("SIGKILL"), killAfterMs[signal]);
  };
  for (const signal of endingSignals) process.on(signal, forward);
  // Nothing is awaited before the child is there: whatever ends this process removes the folder.
  const folder = mkdtempSync(join(tmpdir(), "morgana-"));
  try {
    const file = join(folder, "unikernel.mjs");
    writeFileSync(file, program.code);
    writeFileSync(join(folder, "unikernel.js.map"), program.map);
    child = spawn(process.execPath, ["--enable-source-maps", file, ...args], {
      stdio: inherited(args),
    });
    return await exitCodeOf(child);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    clearTimeout(killer);
    for (const signal of endingSignals) process.off(signal, forward);
  }
}

/** What the process takes over: the terminal, and the descriptor of a network (`--net=fd:3`). */
function inherited(args: readonly string[]): ("inherit" | "ignore" | number)[] {
  const stdio: ("inherit" | "ignore" | number)[] = ["inherit", "inherit", "inherit"];
  for (const [, digits] of args.join("\n").matchAll(/^(?:--net=)?fd:(\d{1,3})$/gm)) {
    const fd = Number(digits);
    // One that is not there is the unikernel's to complain of.
    if (!isOpen(fd)) continue;
    while (stdio.length < fd) stdio.push("ignore");
    stdio[fd] = fd;
  }
  return stdio;
}

function isOpen(fd: number): boolean {
  try {
    return fstatSync(fd) !== undefined;
  } catch {
    return false;
  }
}

/** Resolves when it has ended; as shells have it, to 128 and more after a signal. */
function exitCodeOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
