/** The life of a unikernel, the same on every target: arguments, devices, `start`, release. */

import { parseArguments } from "../config/arguments.ts";
import type { ArgumentTable, LooseValues } from "../config/arguments.ts";
import type { DeviceDescription, Host } from "../config/device.ts";
import { argumentsOf, devicesInOrder } from "../config/graph.ts";
import { createLogger, parseLogFilter } from "../config/log.ts";
import type { LogFilter } from "../config/log.ts";
import type { About, Context, Exit, Unikernel } from "../config/unikernel.ts";
import type { Device } from "../devices/index.ts";
import { exitCodes, Halted, Unresponsive } from "./exit.ts";
import type { Outcome } from "./exit.ts";

/** What a run needs of its target. */
export interface RunOptions {
  readonly host: Host;
  readonly argv: readonly string[];
  /** The npm packages in the bundle. */
  readonly packages: About["packages"];
  /** Aborts to halt the unikernel; its reason is a {@link Halted}. */
  readonly signal: AbortSignal;
  /** Rejects with an error that nobody in the unikernel caught, or with {@link Unresponsive}. */
  readonly uncaught: Promise<never>;
  /** Called when the devices are connected, just before `start`. */
  readonly onStart?: (devices: ReadonlyMap<DeviceDescription, Device>) => void;
}

/**
 * Runs a unikernel to its end. Never rejects. When it resolves, every device is released and every
 * byte of output is with the host.
 */
export async function run(unikernel: Unikernel, options: RunOptions): Promise<Outcome> {
  const parsed = parseArguments(argumentsOf(unikernel), options.argv);
  if (parsed.kind === "help") return { code: exitCodes.help };
  if (parsed.kind === "invalid") return { code: exitCodes.badArguments, misuse: parsed.misuse };
  const text = String(parsed.values["logs"]);
  const filter = parseLogFilter(text);
  if (filter === undefined) {
    const misuse = { problem: "bad-value", word: "--logs", text } as const;
    return { code: exitCodes.badArguments, misuse };
  }
  return connectAndStart(unikernel, options, parsed.values, filter);
}

async function connectAndStart(
  unikernel: Unikernel,
  options: RunOptions,
  values: LooseValues,
  filter: LogFilter,
): Promise<Outcome> {
  const { host, signal, uncaught } = options;
  const devices = devicesInOrder(unikernel.devices);
  const connected = new Map<DeviceDescription, Device>();
  const body = async (): Promise<Exit> => {
    for (const each of devices) {
      const context = { host, unikernel: unikernel.name, args: pick(values, each.args), signal };
      const needs = each.needs.map((need) => connected.get(need));
      connected.set(each, (await each.connect(context, needs)) as Device);
      signal.throwIfAborted();
    }
    const module = await unikernel.load();
    options.onStart?.(connected);
    const context: Context = {
      args: pick(values, unikernel.args),
      signal,
      log: createLogger(unikernel.name, filter, (line) => void host.console().writeLine(line)),
      about: {
        name: unikernel.name,
        version: unikernel.version,
        target: host.target,
        devices: devices.map(({ name, signature }) => ({ name, signature })),
        packages: options.packages,
      },
    };
    const parameters = [...unikernel.devices.map((each) => connected.get(each)), context];
    return (module.start as (...all: unknown[]) => Exit | Promise<Exit>)(...parameters);
  };
  try {
    return outcomeOf(await Promise.race([body(), uncaught]));
  } catch (error) {
    if (error instanceof Unresponsive) return { code: exitCodes.terminated };
    const stopped = signal.aborted && (error === signal.reason || error instanceof Halted);
    return stopped ? { code: exitCodes.returned } : { code: exitCodes.uncaught, error };
  } finally {
    for (const device of [...connected.values()].toReversed()) await device[Symbol.asyncDispose]();
    await host.console()[Symbol.asyncDispose]();
  }
}

function outcomeOf(exit: Exit): Outcome {
  const code = exit ?? exitCodes.returned;
  if (Number.isInteger(code) && code >= 0 && code <= 255) return { code };
  const error = new RangeError(`Cannot exit with ${code}: an exit code is a whole number 0–255`);
  return { code: exitCodes.uncaught, error };
}

function pick(values: LooseValues, table: ArgumentTable): LooseValues {
  return Object.fromEntries(Object.keys(table).map((name) => [name, values[name]]));
}
