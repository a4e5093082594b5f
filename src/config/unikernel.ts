/** The configuration language: `unikernel(name, load, devices, options)`. */

import type { ArgumentTable, ArgumentValues, LooseValues } from "./arguments.ts";
import type { DeviceDescription, DevicesOf, Target } from "./device.ts";
import type { Logger } from "./log.ts";

/** What a program may end with: an exit code 0–255, or nothing, which is 0. */
// oxlint-disable-next-line typescript/no-invalid-void-type -- a `start` without `return` is fine
export type Exit = number | undefined | void;

/** What was bundled: shown by `app-info`, and by anyone who must say what runs. */
export interface About {
  readonly name: string;
  readonly version: string;
  readonly target: Target;
  /** The devices in the order they were connected. */
  readonly devices: readonly { readonly name: string; readonly signature: string }[];
  /** The npm packages whose code is in the bundle, with their versions. */
  readonly packages: readonly { readonly name: string; readonly version: string }[];
}

/** What `start` gets after its devices. */
export interface Context<Values = LooseValues> {
  /** The values of the unikernel's own arguments. */
  readonly args: Values;
  /** Aborts when the unikernel is halted; it then has a moment to end by itself. */
  readonly signal: AbortSignal;
  /** Log records, filtered by `--logs`. */
  readonly log: Logger;
  readonly about: About;
}

/** A unikernel's module: `start` takes its devices, in the order of the configuration. */
export interface UnikernelModule<Devices extends readonly unknown[], Values> {
  readonly start: (...parameters: [...Devices, Context<Values>]) => Exit | Promise<Exit>;
}

/** A unikernel, described: the default export of a `config.ts`. */
export interface Unikernel {
  readonly kind: "morgana-unikernel";
  readonly name: string;
  /** One sentence; empty if there is none. */
  readonly description: string;
  readonly version: string;
  readonly devices: readonly DeviceDescription[];
  readonly args: ArgumentTable;
  readonly load: () => Promise<UnikernelModule<never, never>>;
}

/** What a unikernel's configuration may add. */
export interface UnikernelOptions<Args extends ArgumentTable> {
  /** One sentence for the gallery and the usage text. */
  readonly description?: string;
  /** `0.0.0` by default. */
  readonly version?: string;
  /** The unikernel's own arguments; `start` finds their values in `context.args`. */
  readonly args?: Args;
}

/**
 * Describes a unikernel: its name (letters, digits and `-`, as in its URL), its module, its devices
 * in the order of `start`'s parameters. The compiler checks that they match.
 *
 * @see Mirage.register, Mirage.main
 */
export function unikernel<
  const Descriptions extends readonly DeviceDescription[],
  const Args extends ArgumentTable = Record<never, never>,
>(
  name: string,
  load: () => Promise<UnikernelModule<DevicesOf<Descriptions>, ArgumentValues<Args>>>,
  devices: Descriptions,
  options: UnikernelOptions<Args> = {},
): Unikernel {
  return {
    kind: "morgana-unikernel",
    name,
    description: options.description ?? "",
    version: options.version ?? "0.0.0",
    devices,
    args: options.args ?? {},
    load,
  };
}

/**
 * Takes the unikernel out of a configuration's module.
 *
 * @throws {TypeError} if its default export is none; `file` is how the message names it
 */
export function unikernelFrom(module: object, file: string): Unikernel {
  const exported = (module as { default?: Partial<Unikernel> }).default;
  if (exported?.kind === "morgana-unikernel") return exported as Unikernel;
  const found = exported === undefined ? "has no default export" : "exports something else";
  throw new TypeError(`${file} ${found}: write \`export default unikernel("name", …)\``);
}
