/** Booting in a deterministic simulation, on Node: the same devices, on virtual time and a seed. */

import type { SimulatedHost } from "../config/device.ts";
import type { About } from "../config/unikernel.ts";
import { unikernelFrom } from "../config/unikernel.ts";
import { SimulatedConsole, Simulation } from "../simulated/index.ts";
import { exitCodes } from "./exit.ts";
import type { Outcome } from "./exit.ts";
import { endProcess, processSignals } from "./node.ts";
import { run } from "./run.ts";

/**
 * Simulates the unikernel that a configuration's module exports, with the process's arguments, and
 * ends the process with its exit code. `--seed=<n>` (1 by default) and `--until-ms=<n>` (no bound by
 * default) are the simulation's own. Piped standard input is typed before the run begins.
 *
 * @throws {TypeError} if it exports none; `file` is how the message names it
 */
export async function bootSimulated(
  config: object,
  file: string,
  packages: About["packages"],
): Promise<void> {
  const found = unikernelFrom(config, file);
  const { seed, untilMs, argv } = simulationArguments(process.argv.slice(2));
  const simulation = new Simulation({
    seed,
    turn: () => new Promise((done) => setImmediate(done)),
  });
  // Loading a module is not the simulation's to see: virtual time stands still meanwhile.
  const unikernel = { ...found, load: () => simulation.outside(found.load()) };
  const console = new SimulatedConsole(simulation, { name: "console", input: await pipedInput() });
  console.endInput();
  const host: SimulatedHost = { target: "simulated", simulation, console: () => console };
  let outcome: Outcome;
  try {
    outcome = await simulation.run(
      () => run(unikernel, { host, argv, packages, ...processSignals() }),
      untilMs,
    );
  } catch (error) {
    outcome = { code: exitCodes.uncaught, error };
  }
  await writeAll(console.output);
  endProcess(unikernel, outcome);
}

function simulationArguments(words: readonly string[]): {
  seed: number;
  untilMs: number;
  argv: readonly string[];
} {
  const own = /^--(seed|until-ms)=(.*)$/;
  const given = new Map(
    words.flatMap((word) => {
      const [, name = "", value = ""] = own.exec(word) ?? [];
      return name === "" ? [] : [[name, Number(value)] as const];
    }),
  );
  return {
    seed: given.get("seed") ?? 1,
    untilMs: given.get("until-ms") ?? Number.POSITIVE_INFINITY,
    argv: words.filter((word) => !own.test(word)),
  };
}

async function pipedInput(): Promise<string> {
  if (process.stdin.isTTY) return "";
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function writeAll(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}
