/** Booting in a Node process: the entry that the bundler puts before a `config.ts`. */

import { inspect } from "node:util";
import type { NodeHost } from "../config/device.ts";
import { describe } from "../config/graph.ts";
import type { About, Unikernel } from "../config/unikernel.ts";
import { unikernelFrom } from "../config/unikernel.ts";
import { usage } from "../config/usage.ts";
import { ConsoleError } from "../devices/errors.ts";
import type { Console } from "../devices/index.ts";
import { connect as connectConsole } from "../platform-node/console-stdio.ts";
import * as exitCodes from "./exit-codes.ts";
import { Halted, haltGraceMs, serviceGraceMs, terminateAfterMs, Unresponsive } from "./exit.ts";
import type { Outcome } from "./exit.ts";
import { run } from "./run.ts";

/** The longest that a timer waits, in milliseconds. */
const longestMs = 2 ** 31 - 1;

/**
 * Runs the unikernel that a configuration's module exports with the process's arguments, and ends
 * the process with its exit code. An interrupt (Ctrl-C) or a termination signal halts it.
 *
 * @throws {TypeError} if it exports none; `file` is how the message names it
 */
export async function bootNode(
  config: object,
  file: string,
  packages: About["packages"],
): Promise<void> {
  const unikernel = unikernelFrom(config, file);
  // A unikernel that only waits, until it is halted say, has nothing else that keeps the process.
  setInterval(() => {}, longestMs);
  let console: Console | undefined;
  const host: NodeHost = { target: "node", console: () => (console ??= connectConsole()) };
  const { signal, uncaught } = processSignals();
  const argv = process.argv.slice(2);
  endProcess(unikernel, await run(unikernel, { host, argv, packages, signal, uncaught }));
}

/**
 * Ends the process as a run ended: help goes to standard output; what is wrong with the arguments,
 * and what nobody caught, to standard error.
 */
export function endProcess(unikernel: Unikernel, outcome: Outcome): void {
  const { code, misuse } = outcome;
  const exit = (): never => process.exit(code);
  if ("error" in outcome) {
    if (isBrokenPipe(outcome.error)) process.exit(exitCodes.brokenPipe);
    process.stderr.write(`Uncaught ${inspect(outcome.error)}\n`, exit);
  } else if (misuse !== undefined) {
    process.stderr.write(`${usage(describe(unikernel), misuse)}\n`, exit);
  } else if (code === exitCodes.help) {
    process.stdout.write(`${usage(describe(unikernel))}\n`, exit);
  } else {
    exit();
  }
}

/** Whoever read the output has gone, as in `morgana run … | head`: no failure worth a stack. */
function isBrokenPipe(error: unknown): boolean {
  if (!(error instanceof ConsoleError)) return false;
  return (error.cause as NodeJS.ErrnoException | undefined)?.code === "EPIPE";
}

/**
 * Halting and uncaught errors as a run wants them, from the process's own events. A device that
 * does not let go is left behind.
 */
export function processSignals(): { signal: AbortSignal; uncaught: Promise<never> } {
  const halting = new AbortController();
  const uncaught = new Promise<never>((_resolve, reject) => {
    const halt = (graceMs: number): void => {
      // A terminal interrupts every process of the command, and the parent passes it on, too.
      if (halting.signal.aborted) return;
      halting.abort(new Halted());
      const exitMs = graceMs + terminateAfterMs - haltGraceMs;
      setTimeout(() => reject(new Unresponsive()), graceMs).unref();
      setTimeout(() => process.exit(exitCodes.terminated), exitMs).unref();
    };
    for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => halt(haltGraceMs));
    process.on("SIGTERM", () => halt(serviceGraceMs));
    process.on("uncaughtException", reject);
    process.on("unhandledRejection", reject);
  });
  uncaught.catch(() => {});
  return { signal: halting.signal, uncaught };
}
