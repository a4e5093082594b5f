/** The drivers of the `simulated` target: every device of a run shares its simulation. */

import type { Block, Clock, Network, Random } from "../../devices/index.ts";
import type { Simulation } from "../../simulated/index.ts";
import { SimulatedClock, SimulatedDisk, Wire } from "../../simulated/index.ts";
import type { Driver, DriverContext } from "../device.ts";
import { macAddressFrom } from "../mac-address.ts";

export { connectStack as stack } from "../stack-arguments.ts";

/** The wires of each simulation, by name. */
const wires = new WeakMap<Simulation, Map<string, Wire>>();

export const clock: Driver<Clock> = (context) => new SimulatedClock(simulationOf(context).timeline);

export const random: Driver<Random> = (context) => simulationOf(context).random(context.unikernel);

export const block: Driver<Block> = (context) =>
  new SimulatedDisk(simulationOf(context), {
    name: String(context.args["disk"]),
    sectorBytes: Number(context.args["sectorBytes"]),
    sectorCount: Number(context.args["sectorCount"]),
  }).connect();

export const network: Driver<Network> = (context) => {
  const simulation = simulationOf(context);
  const all = wires.get(simulation) ?? new Map<string, Wire>();
  wires.set(simulation, all);
  const name = String(context.args["link"] ?? "wire");
  const wire = all.get(name) ?? new Wire(simulation, { name });
  all.set(name, wire);
  return wire.connect(
    macAddressFrom(context.args["mac"], simulation.random(`mac${context.args["name"] ?? ""}`)),
  );
};

function simulationOf({ host }: DriverContext): Simulation {
  if (host.target === "simulated") return host.simulation;
  throw new TypeError(
    `A simulated driver needs a simulation, and this is the ${host.target} target`,
  );
}
