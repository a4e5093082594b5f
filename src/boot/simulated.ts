/** Booting in a deterministic simulation, on Node: the same devices, on virtual time and a seed. */

import type { ArgumentTable, LooseValues } from "../config/arguments.ts";
import { flagOf, parseArguments } from "../config/arguments.ts";
import type { SimulatedHost } from "../config/device.ts";
import { argumentsOf } from "../config/graph.ts";
import type { About, Unikernel } from "../config/unikernel.ts";
import { unikernelFrom } from "../config/unikernel.ts";
import { ConsoleError } from "../devices/errors.ts";
import { SimulatedConsole, Simulation } from "../simulated/index.ts";
import * as exitCodes from "./exit-codes.ts";
import type { Outcome } from "./exit.ts";
import { endProcess, processSignals } from "./node.ts";
import { run } from "./run.ts";

/** The simulation's own arguments; those of no unikernel may be called so. */
export const simulationArguments: ArgumentTable = {
  seed: { type: "int", default: 1, doc: "What all that is random follows from" },
  untilMs: { type: "number", min: 0, optional: true, doc: "Virtual time to give up at, in ms" },
};

/**
 * Simulates the unikernel that a configuration's module exports, with the process's arguments, and
 * ends the process with its exit code. Piped standard input is typed before the run begins.
 *
 * @throws {TypeError} if it exports none; `file` is how the message names it
 */
export async function bootSimulated(
  config: object,
  file: string,
  packages: About["packages"],
): Promise<void> {
  const unikernel = unikernelFrom(config, file);
  const { own, rest } = splitWords(process.argv.slice(2));
  const parsed = parseArguments(simulationArguments, own);
  const outcome =
    parsed.kind === "values"
      ? await simulate(unikernel, parsed.values, rest, packages)
      : { code: exitCodes.badArguments, ...parsed };
  const args = { ...unikernel.args, ...simulationArguments };
  endProcess({ ...unikernel, args }, outcome);
}

async function simulate(
  found: Unikernel,
  values: LooseValues,
  argv: readonly string[],
  packages: About["packages"],
): Promise<Outcome> {
  const simulation = new Simulation({
    seed: Number(values["seed"]),
    turn: () => new Promise((done) => setImmediate(done)),
  });
  // Loading a module is not the simulation's to see: virtual time stands still meanwhile.
  const unikernel = { ...found, load: () => simulation.outside(found.load()) };
  // Nobody need end his input to be told that his words are wrong.
  const runs = parseArguments(argumentsOf(found), argv).kind === "values";
  const input = runs ? await pipedInput() : "";
  // Printed at once: one that blocks its thread has nobody left who could print it later.
  const onOutput = (bytes: Uint8Array): void => void process.stdout.write(bytes);
  const console = new SimulatedConsole(simulation, { name: "console", input, onOutput });
  console.endInput();
  const host: SimulatedHost = { target: "simulated", simulation, console: () => console };
  const untilMs = Number(values["untilMs"] ?? Number.POSITIVE_INFINITY);
  try {
    const main = (): Promise<Outcome> =>
      run(unikernel, { host, argv, packages, ...processSignals() });
    return await Promise.race([simulation.run(main, untilMs), brokenOutput()]);
  } catch (error) {
    return { code: exitCodes.uncaught, error };
  } finally {
    await printed();
  }
}

/**
 * Separates the simulation's own words of a command line, with their values, from the unikernel's.
 */
function splitWords(argv: readonly string[]): { own: readonly string[]; rest: readonly string[] } {
  const flags = new Set(Object.keys(simulationArguments).map(flagOf));
  const own: string[] = [];
  const rest: string[] = [];
  const words = argv.values();
  for (const word of words) {
    const [flag = ""] = word.split("=", 1);
    if (!flags.has(flag)) {
      rest.push(word);
      continue;
    }
    const value = flag === word ? words.next().value : undefined;
    own.push(word, ...(value === undefined ? [] : [value]));
  }
  return { own, rest };
}

async function pipedInput(): Promise<string> {
  if (process.stdin.isTTY) return "";
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * Rejects when whoever read the output has gone, or it cannot be kept: an endless run ends then.
 */
function brokenOutput(): Promise<never> {
  return new Promise((_resolve, reject) => {
    process.stdout.on("error", (cause) => {
      const message = `Cannot write to the console: ${cause.message}`;
      reject(new ConsoleError("closed", message, { cause }));
    });
  });
}

/** Resolves when the host has taken all output, or takes no more. */
function printed(): Promise<void> {
  return new Promise((resolve) => process.stdout.write("", () => resolve()));
}
