/** The life of a unikernel, the same on every target: arguments, devices, `start`, release. */

import { parseArguments } from "../config/arguments.ts";
import type { ArgumentTable, LooseValues } from "../config/arguments.ts";
import type { DeviceDescription, Host } from "../config/device.ts";
import { argumentsOf, describe, devicesInOrder } from "../config/graph.ts";
import { createLogger, parseLogFilter } from "../config/log.ts";
import type { LogFilter, Logger } from "../config/log.ts";
import type { About, Context, Exit, Unikernel } from "../config/unikernel.ts";
import type { Device } from "../devices/index.ts";
import * as exitCodes from "./exit-codes.ts";
import { Unresponsive } from "./exit.ts";
import type { Outcome } from "./exit.ts";

/** What a run needs of its target. */
export interface RunOptions {
  readonly host: Host;
  readonly argv: readonly string[];
  /** The npm packages in the bundle. */
  readonly packages: About["packages"];
  /** Aborts to halt the unikernel; its reason is a {@link Halted}. */
  readonly signal: AbortSignal;
  /**
   * Rejects with an error that nobody in the unikernel caught, or with {@link Unresponsive}. Heard
   * until `start` has returned: what the unikernel leaves behind fails when its devices go.
   */
  readonly uncaught: Promise<never>;
  /** Called when the devices are connected, just before `start`. */
  readonly onStart?: (devices: ReadonlyMap<DeviceDescription, Device>) => void;
}

/**
 * Runs a unikernel to its end. Never rejects. When it resolves, every device is released, also
 * after one that failed to be, and every byte of output is with the host. A device that never lets
 * go is the host's to end.
 */
export async function run(unikernel: Unikernel, options: RunOptions): Promise<Outcome> {
  const filterIn = ({ logs }: LooseValues): LogFilter | undefined => parseLogFilter(`${logs}`);
  const wrongIn = (values: LooseValues): string | undefined =>
    filterIn(values)
      ? devicesInOrder(unikernel.devices)
          .map((each) => each.check?.(values))
          .find(Boolean)
      : "logs";
  const parsed = parseArguments(argumentsOf(unikernel), options.argv, wrongIn);
  if (parsed.kind === "help") return { code: exitCodes.help };
  if (parsed.kind === "invalid") return { code: exitCodes.badArguments, misuse: parsed.misuse };
  // That it is a filter has just been found.
  const log = createLogger(unikernel.name, filterIn(parsed.values) as LogFilter, (line) => {
    // A line that the console cannot take is lost, and not the unikernel with it.
    const written = options.host.console().writeLine(line);
    written.catch(() => {});
  });
  return connectAndStart(unikernel, options, parsed.values, log);
}

async function connectAndStart(
  unikernel: Unikernel,
  options: RunOptions,
  values: LooseValues,
  log: Logger,
): Promise<Outcome> {
  const { host, signal, uncaught } = options;
  const connected = new Map<DeviceDescription, Device>();
  const errors: unknown[] = [];
  const note = (error: unknown): void => {
    // To stop because one was asked to is no error.
    if (!signal.aborted || error !== signal.reason) errors.push(error);
  };
  const body = async (): Promise<number> => {
    for (const each of devicesInOrder(unikernel.devices)) {
      signal.throwIfAborted();
      const context = { host, unikernel: unikernel.name, args: pick(values, each.args), signal };
      const needs = each.needs.map((need) => connected.get(need));
      connected.set(each, (await each.connect(context, needs)) as Device);
    }
    const module = await unikernel.load();
    signal.throwIfAborted();
    // Something that nobody caught has ended the run meanwhile.
    if (errors.length > 0) throw errors[0];
    options.onStart?.(connected);
    const { name, version, devices } = describe(unikernel);
    const context: Context = {
      args: pick(values, unikernel.args),
      signal,
      log,
      about: { name, version, target: host.target, devices, packages: options.packages },
    };
    const parameters = [...unikernel.devices.map((each) => connected.get(each)), context];
    const start = module.start as (...all: unknown[]) => Exit | Promise<Exit>;
    return codeOf(await start(...parameters));
  };
  const code = await Promise.race([body(), uncaught]).catch(note);
  for (const device of [host.console(), ...connected.values()].toReversed()) {
    try {
      await device[Symbol.asyncDispose]();
    } catch (error) {
      note(error);
    }
  }
  if (errors.length === 0) return { code: code ?? exitCodes.returned };
  const [error] = errors;
  if (error instanceof Unresponsive) return { code: exitCodes.terminated };
  return { code: exitCodes.uncaught, error };
}

/** @throws {RangeError} if what `start` returned is none */
function codeOf(exit: Exit): number {
  const code = exit ?? exitCodes.returned;
  if ((code & 255) === code) return code;
  throw new RangeError(`Cannot exit with ${code}: an exit code is a whole number 0–255`);
}

function pick(values: LooseValues, table: ArgumentTable): LooseValues {
  return Object.fromEntries(Object.keys(table).map((name) => [name, values[name]]));
}
