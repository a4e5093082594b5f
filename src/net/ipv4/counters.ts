/** What IPv4 counts. */

import { reassemblyCounters, type ReassemblyCounters } from "../fragments.ts";

/** The counters of the layer. */
export interface Ipv4Counters extends ReassemblyCounters, Record<string, number> {
  packetsIn: number;
  packetsOut: number;
  fragmentsIn: number;
  fragmentsOut: number;
  /** Cut off, or of lengths that cannot be. */
  malformed: number;
  badChecksum: number;
  notForUs: number;
  /** From an address that no other host can have. */
  badSource: number;
  sourceRouted: number;
  unknownProtocol: number;
  /** Messages about groups (IGMP) that were malformed, or from far. */
  badMembership: number;
  /** Destinations for which a gateway named a better one. */
  redirects: number;
  /** Not sent: no route. */
  noRoute: number;
  /** Not sent: the next hop did not answer. */
  unresolved: number;
  /** Not sent: too much waited for an answer, or for us. */
  noRoom: number;
}

/** All of them, at zero. */
export function ipv4Counters(): Ipv4Counters {
  return {
    packetsIn: 0,
    packetsOut: 0,
    fragmentsIn: 0,
    fragmentsOut: 0,
    malformed: 0,
    badChecksum: 0,
    notForUs: 0,
    badSource: 0,
    sourceRouted: 0,
    unknownProtocol: 0,
    badMembership: 0,
    redirects: 0,
    noRoute: 0,
    unresolved: 0,
    noRoom: 0,
    ...reassemblyCounters(),
  };
}
