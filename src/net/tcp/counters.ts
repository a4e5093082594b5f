/** Counters of a whole TCP layer. */
export interface TcpCounters extends Record<string, number> {
  /** Connections that there are now, also those in TIME-WAIT. */
  readonly connections: number;
  segmentsIn: number;
  segmentsOut: number;
  /** Connections that we opened, and that others did. */
  opened: number;
  accepted: number;
  /** Segments sent again, and the timeouts among the reasons. */
  retransmissions: number;
  timeouts: number;
  /** Resets that answered what belongs to no connection. */
  resetsOut: number;
  /** Segments dropped: cut short, or with a wrong checksum. */
  malformed: number;
  badChecksum: number;
  /** Segments that IP did not take: no route, or a path that has become narrower. */
  unsent: number;
  /** Acknowledgments that answered what may be an attack (RFC 5961). */
  challenges: number;
  /** SYNs that found the backlog full, and the connections that came of them all the same. */
  backlogFull: number;
  synCookies: number;
}

/** All of them at 0, but for the connections that there are. */
export function makeCounters(table: { readonly count: number }): TcpCounters {
  return {
    get connections() {
      return table.count;
    },
    segmentsIn: 0,
    segmentsOut: 0,
    opened: 0,
    accepted: 0,
    retransmissions: 0,
    timeouts: 0,
    resetsOut: 0,
    malformed: 0,
    badChecksum: 0,
    unsent: 0,
    challenges: 0,
    backlogFull: 0,
    synCookies: 0,
  };
}
