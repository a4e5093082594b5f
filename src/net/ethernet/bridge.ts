/**
 * A bridge: several networks as one Ethernet. All that it does is the switch's, and it has no address
 * of its own; what it adds is that it owns the networks, and that it refuses to join links of which
 * one carries longer frames than another: these would be dropped in silence.
 */

import type { Clock, Device, Network } from "../../devices/index.ts";
import { Switch, type SwitchPort } from "./switch.ts";

/** A bridge. Disposing it takes its networks off, and disposes them. */
export interface Bridge extends Device {
  readonly ports: readonly SwitchPort[];
}

/**
 * Bridges `networks`, which are *given*.
 *
 * @throws {RangeError} if their MTUs differ
 * @throws {NetworkError} `closed` if one was disposed
 */
export function connect({
  clock,
  networks,
}: {
  readonly clock: Clock;
  readonly networks: readonly Network[];
}): Bridge {
  const mtus = new Set(networks.map(({ mtu }) => mtu));
  if (mtus.size > 1) {
    throw new RangeError(`Cannot bridge networks of different MTUs: ${[...mtus].join(", ")}`);
  }
  const lan = new Switch({ nowMs: () => clock.monotonicMs() });
  const ports = networks.map((network) => lan.attach(network));
  return {
    ports,
    counters: {
      get framesIn() {
        return sum(ports, "framesIn");
      },
      get framesOut() {
        return sum(ports, "framesOut");
      },
      get flooded() {
        return sum(ports, "flooded");
      },
      get dropped() {
        return sum(ports, "dropped");
      },
    },
    async [Symbol.asyncDispose]() {
      for (const port of ports) port.detach();
      for (const network of networks) await network[Symbol.asyncDispose]();
    },
  };
}

function sum(ports: readonly SwitchPort[], name: keyof SwitchPort["counters"]): number {
  return ports.reduce((total, { counters }) => total + counters[name], 0);
}
