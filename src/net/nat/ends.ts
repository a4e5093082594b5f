/** What of a packet a translator goes by. */

import { protocols, type RoutedPacket } from "../router/packet.ts";

/** Queries of ICMP and their answers (RFC 792): echo, timestamp. */
const queryTypes: ReadonlySet<number> = new Set([8, 13]);
const answerTypes: ReadonlySet<number> = new Set([0, 14]);
const errorTypes: ReadonlySet<number> = new Set([3, 4, 11, 12]);

/** The ports of a packet, or twice the identifier of a query; `undefined` where there is neither. */
export function endsOf(
  packet: RoutedPacket,
): { readonly from: number; readonly to: number } | undefined {
  if (packet.hasPorts) return { from: packet.sourcePort, to: packet.destinationPort };
  const { protocol, hasTransport } = packet;
  if (protocol !== protocols.icmp || !hasTransport) return undefined;
  if (queryTypes.has(packet.icmpType)) return { from: packet.icmpIdentifier, to: 0 };
  return answerTypes.has(packet.icmpType) ? { from: 0, to: packet.icmpIdentifier } : undefined;
}

/** Whether it is an error of ICMP. */
export function isError({ protocol, hasTransport, icmpType }: RoutedPacket): boolean {
  return protocol === protocols.icmp && hasTransport && errorTypes.has(icmpType);
}

/** Whether it is an answer of ICMP. */
export function isAnswer({ protocol, hasTransport, icmpType }: RoutedPacket): boolean {
  return protocol === protocols.icmp && hasTransport && answerTypes.has(icmpType);
}
