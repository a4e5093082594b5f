/** What every target's table of drivers provides. */

import type { Block, Clock, Network, Random } from "../../devices/index.ts";
import type { Driver } from "../device.ts";

/** The stock drivers of one target. (The console comes from the host: see `Host.console`.) */
export interface Drivers {
  readonly clock: Driver<Clock>;
  readonly random: Driver<Random>;
  readonly block: Driver<Block>;
  readonly network: Driver<Network>;
}
