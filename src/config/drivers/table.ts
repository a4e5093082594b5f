/** What every target's table of drivers provides. */

import type { Block, Clock, Network, Random, Stack } from "../../devices/index.ts";
import type { Driver, DriverContext } from "../device.ts";

/** Connects a stack that stands on other devices. */
export type StackDriver = (
  context: DriverContext,
  network: Network,
  clock: Clock,
  random: Random,
) => Stack | Promise<Stack>;

/** The stock drivers of one target. (The console comes from the host: see `Host.console`.) */
export interface Drivers {
  readonly clock: Driver<Clock>;
  readonly random: Driver<Random>;
  readonly block: Driver<Block>;
  readonly network: Driver<Network>;
  /** A stack over a network, or beside it, where the host has one of its own. */
  readonly stack: StackDriver;
}
