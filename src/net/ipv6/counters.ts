import { reassemblyCounters, type ReassemblyCounters } from "../fragments.ts";

/** What became of packets. */
export interface Ipv6Counters extends ReassemblyCounters {
  [name: string]: number;
  /** Packets for us, fragments one by one. */
  packetsIn: number;
  /** Packets sent, fragments one by one; to ourselves not. */
  packetsOut: number;
  /** Packets in that are no IPv6, not whole, or whose headers make no sense. */
  malformed: number;
  /** Packets in that say that they come from us, from a group, or from another node's loopback. */
  badSource: number;
  /** Packets in for addresses and groups that are not ours. */
  notForUs: number;
  /** Packets in with an option or a route that we must not pass over. */
  badHeader: number;
  /** Packets in of a protocol that nobody listens to. */
  unknownProtocol: number;
  /** Messages of neighbour or listener discovery with a wrong checksum. */
  badChecksum: number;
  /** Such messages that fail another check: a hop limit, a length, an address. */
  badDiscovery: number;
  /** Times that somebody else turned out to use an address of ours. */
  conflicts: number;
  /** Packets out without a route. */
  noRoute: number;
  /** Packets out whose next hop did not answer, or too many of which waited for it. */
  unresolved: number;
  /** Packets out that the link, or the queue to ourselves, did not take. */
  droppedOut: number;
  /** Fragments sent. */
  fragmentsOut: number;
}

/** Counters that stand at 0. */
export function ipv6Counters(): Ipv6Counters {
  return {
    packetsIn: 0,
    packetsOut: 0,
    malformed: 0,
    badSource: 0,
    notForUs: 0,
    badHeader: 0,
    unknownProtocol: 0,
    badChecksum: 0,
    badDiscovery: 0,
    conflicts: 0,
    noRoute: 0,
    unresolved: 0,
    droppedOut: 0,
    fragmentsOut: 0,
    ...reassemblyCounters(),
  };
}
