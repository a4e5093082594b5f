/**
 * What stands in a router's way of packets: a filter, a translator of addresses, or a function of
 * one's own. A stage sees each packet at the places it has a function for:
 *
 *     in → prerouting ─┬─ for others → forward ────────┬─ postrouting → out
 *                      └─ for the router → input       │
 *                         from the router → output ────┘
 *
 * Stages see packets in the order of the router's list; in postrouting in the same order.
 */

import type { RoutedPacket } from "./packet.ts";

/**
 * What becomes of a packet: it goes on, it is dropped in silence, its sender is told, or the stage
 * has taken a copy, and does with it what it wants.
 */
export type Verdict = "pass" | "drop" | "reject" | "taken";

/** Looks at a packet, *borrowed*, and may change it through its methods. It must not throw. */
export type Hook = (packet: RoutedPacket) => Verdict;

/** One of the boxes in a router. */
export interface Stage {
  /** A packet came in; where it goes is looked up afterwards. */
  readonly prerouting?: Hook;
  /** It is for the router itself. */
  readonly input?: Hook;
  /** It goes from one interface to another. */
  readonly forward?: Hook;
  /** The router made it. */
  readonly output?: Hook;
  /** It leaves. */
  readonly postrouting?: Hook;
}

/** One of the places where a packet is seen. */
export type Place = keyof Stage;

/** The functions of stages by place, in the order of the stages. */
export function hooksOf(stages: readonly Stage[]): Readonly<Record<Place, readonly Hook[]>> {
  const at = (place: Place): readonly Hook[] =>
    stages.flatMap((stage) => {
      const hook = stage[place];
      return hook === undefined ? [] : [hook.bind(stage)];
    });
  return {
    prerouting: at("prerouting"),
    input: at("input"),
    forward: at("forward"),
    output: at("output"),
    postrouting: at("postrouting"),
  };
}
