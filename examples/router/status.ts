import type { Filter } from "fata-morgana/net/filter/filter";
import { print } from "fata-morgana/net/filter/print";
import { formatAddress, formatPrefix } from "fata-morgana/net/address";
import type { Nat } from "fata-morgana/net/nat/nat";
import type { Router } from "fata-morgana/net/router/router";
import type { ShapedLink } from "fata-morgana/net/shaper/shaped-link";

/** How many mappings are printed. */
const maxMappings = 20;

/** How everything stands, a line each; the page draws them. `status` is the last. */
export function statusOf(
  router: Router,
  filter: Filter,
  nat: Nat,
  shaper: ShapedLink,
): readonly string[] {
  const { forwarded = 0, timeExceeded = 0, noRoute = 0 } = router.counters ?? {};
  const { queuedFrames, queuedFlows, shapedDrops } = shaper.counters;
  return [
    ...router.routes.all.map(
      ({ prefix, length, nextHop, to }) =>
        `route ${formatPrefix({ address: prefix, length })} ${to}` +
        (nextHop === undefined ? "" : ` through ${formatAddress(nextHop)}`),
    ),
    ...Array.from(
      router.interfaces.values(),
      ({ name, counters }) =>
        `link ${name} ${counters["packetsIn"]} in ${counters["packetsOut"]} out`,
    ),
    ...filter.rules.map(({ rule, packets, bytes }) => `rule ${packets} ${bytes} ${print(rule)}`),
    ...nat.mappings
      .slice(0, maxMappings)
      .map(
        ({ protocol, inside, externalPort, sessionCount, remainingMs }) =>
          `nat ${protocol} ${inside} ${externalPort} ${sessionCount} ` +
          (remainingMs === Infinity ? "always" : `${Math.ceil(remainingMs / 1000)}`),
      ),
    `queue ${queuedFrames} frames of ${queuedFlows} flows, ${shapedDrops} dropped`,
    `status ${forwarded} forwarded, ${filter.counters.connections} conversations, ` +
      `${filter.counters.denied} denied, ${filter.counters.rejected} rejected, ` +
      `${timeExceeded} out of time, ${noRoute} without a route`,
  ];
}
