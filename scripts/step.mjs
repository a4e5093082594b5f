// Running other programs: with their output shown as it comes, or kept until somebody asks for it.

import { spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's folder; every program runs there. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** Programs that the packages bring come first, however this script was started. */
process.env.PATH = join(root, "node_modules", ".bin") + delimiter + (process.env.PATH ?? "");

/**
 * Tells whether a module is the program that was started, rather than imported.
 *
 * @param {string} url the module's `import.meta.url`
 */
export function isMain(url) {
  const main = process.argv[1];
  return main !== undefined && realpathSync(main) === fileURLToPath(url);
}

/**
 * Says on standard output what happens next.
 *
 * @param {string} text
 */
export function say(text) {
  console.log(`\n▸ ${text}`);
}

/**
 * Says on standard error why it cannot go on.
 *
 * @param {unknown} error
 */
export function complain(error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
}

/**
 * Runs a program with its output shown, and without input, so that nothing can wait for a person.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env] added to this process's environment
 * @returns {Promise<number>} the exit code, as {@link exitCode} has it
 */
export function run(command, args, env = {}) {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit"],
  });
  return exitCode(child);
}

/**
 * Runs a program and keeps what it writes, both streams in one.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env] added to this process's environment
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function capture(command, args, env = {}) {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => (output += text));
  }
  const code = await exitCode(child);
  return { code, output };
}

/**
 * Waits for a program to end. A signal that stops this process stops the program first.
 *
 * @param {import("node:child_process").ChildProcess} child
 * @returns {Promise<number>} the exit code; as shells have it, 127 if the program cannot be started
 *   and 128 and more after a signal
 */
export async function exitCode(child) {
  /** @type {NodeJS.Signals | undefined} */
  let stoppedBy;
  const stop = (/** @type {NodeJS.Signals} */ signal) => {
    stoppedBy = signal;
    // A terminal's interrupt has reached the program already, and some take a second one as an
    // order. Playwright stops its servers after an interrupt only.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill("SIGINT");
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  const code = await new Promise((resolve) => {
    child.on("error", () => resolve(127));
    child.on("close", (code, signal) => resolve(code ?? codeOf(signal)));
  });
  process.off("SIGINT", stop).off("SIGTERM", stop);
  if (stoppedBy !== undefined) process.exit(codeOf(stoppedBy));
  return code;
}

/** @param {NodeJS.Signals | null} signal */
function codeOf(signal) {
  return 128 + (signal ? constants.signals[signal] : 0);
}
