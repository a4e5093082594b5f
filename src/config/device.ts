/** Device descriptions: what a unikernel is given, as typed data, before anything is connected. */

import type { Console } from "../devices/index.ts";
import type { Simulation } from "../simulated/index.ts";
import type { ArgumentTable, LooseValues } from "./arguments.ts";

/** What a unikernel can run on. The bundler of each target picks the drivers (`#drivers`). */
export type Target = "browser" | "node" | "simulated";

interface HostBase {
  /**
   * The console that belongs to this run, connected on first use. The unikernel's console device
   * and the runtime's own messages share it, so that they keep their order.
   */
  console(): Console;
}

/** A tab's worker. */
export interface BrowserHost extends HostBase {
  readonly target: "browser";
  /** Opens a port to a service of the page, such as `console` or `network`. */
  openPort(service: string, options?: Readonly<Record<string, string>>): MessagePort;
}

/** A Node process. */
export interface NodeHost extends HostBase {
  readonly target: "node";
}

/** A simulation: every device of the run shares its clock and its seed. */
export interface SimulatedHost extends HostBase {
  readonly target: "simulated";
  readonly simulation: Simulation;
}

/** What the drivers of a run stand on. */
export type Host = BrowserHost | NodeHost | SimulatedHost;

/** What a driver is given to connect a device. */
export interface DriverContext {
  readonly host: Host;
  /** The unikernel's name. */
  readonly unikernel: string;
  /** The values of the device's own arguments. */
  readonly args: LooseValues;
  /** Aborts when the unikernel is halted. */
  readonly signal: AbortSignal;
}

/** Connects a device on the target that the bundle was made for. */
export type Driver<D> = (context: DriverContext) => D | Promise<D>;

/**
 * Looks at the values of a device's arguments before anything is connected, and names one that is
 * none of those that its declaration `expects`.
 */
export type ArgumentCheck = (values: LooseValues) => string | undefined;

/** A device of a unikernel. Two uses of one description are one device. */
export interface DeviceDescription<D = unknown> {
  /** The name among the unikernel's devices: `console`, `lottery`. */
  readonly name: string;
  /** The signature it satisfies: `Console`, `Block` … */
  readonly signature: string;
  /** The devices that it stands on; connected before it, disposed after it. */
  readonly needs: readonly DeviceDescription[];
  /** The arguments that it adds to the unikernel's. */
  readonly args: ArgumentTable;
  /** See {@link device}. */
  readonly check?: ArgumentCheck | undefined;
  /** Connects it, given its connected `needs` in their order. */
  readonly connect: (context: DriverContext, needs: readonly unknown[]) => D | Promise<D>;
}

/** The devices that a tuple of descriptions describes. */
export type DevicesOf<Descriptions extends readonly DeviceDescription[]> = {
  -readonly [Index in keyof Descriptions]: Descriptions[Index] extends DeviceDescription<infer D>
    ? D
    : never;
};

/**
 * Describes a device. `connect` is a driver (see `#drivers` for how one is chosen by target) or any
 * function that builds the device out of the ones it `needs`. `check` refuses values that a type of
 * argument alone does not.
 */
export function device<
  D,
  const Needs extends readonly DeviceDescription[] = readonly [],
>(description: {
  readonly name: string;
  readonly signature: string;
  readonly args?: ArgumentTable;
  readonly check?: ArgumentCheck;
  readonly needs?: Needs;
  readonly connect: (context: DriverContext, ...needs: DevicesOf<Needs>) => D | Promise<D>;
}): DeviceDescription<D> {
  return {
    args: {},
    needs: [],
    ...description,
    connect: (context, connected) =>
      description.connect(context, ...(connected as DevicesOf<Needs>)),
  };
}
