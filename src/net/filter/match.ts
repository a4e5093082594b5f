/** Whether a packet is what a rule is about. */

import { sharePrefix } from "../prefix.ts";
import { protocols, type RoutedPacket } from "../router/packet.ts";
import { icmpNumbers, type Place, type Range, type Rule, type Side } from "./rule.ts";

/** Whether all parts of a rule match. */
export function matches(rule: Rule, place: Place, packet: RoutedPacket): boolean {
  return (
    (rule.place === undefined || rule.place === place) &&
    (rule.in === undefined || rule.in === packet.from) &&
    (rule.out === undefined || rule.out === packet.to) &&
    isOfProtocol(rule, packet) &&
    matchesSide(rule.from, packet.source, packet, 0) &&
    matchesSide(rule.to, packet.destination, packet, 2)
  );
}

function isOfProtocol({ protocol, icmpTypes }: Rule, packet: RoutedPacket): boolean {
  if (protocol === undefined) return true;
  if (protocol !== "icmp") return protocol === packet.protocol;
  if (packet.protocol !== (packet.version === 4 ? protocols.icmp : protocols.icmp6)) return false;
  return (
    icmpTypes === undefined ||
    icmpTypes.some((type) => {
      const number =
        typeof type === "number" ? type : icmpNumbers[type][packet.version === 4 ? 0 : 1];
      return number === packet.icmpType;
    })
  );
}

function matchesSide(
  side: Side,
  address: Uint8Array,
  packet: RoutedPacket,
  portAt: 0 | 2,
): boolean {
  const { prefixes, isNegated, ports } = side;
  if (prefixes !== undefined) {
    const isIn = prefixes.some(
      (prefix) =>
        prefix.address.length === address.length &&
        sharePrefix(prefix.address, address, prefix.length),
    );
    if (isIn === isNegated) return false;
  }
  if (ports === undefined) return true;
  return (
    packet.hasTransport && isIn(ports, portAt === 0 ? packet.sourcePort : packet.destinationPort)
  );
}

function isIn(ranges: readonly Range[], number: number): boolean {
  return ranges.some(([first, last]) => first <= number && number <= last);
}
