/** How a translator is told what to do, and what it says of itself. */

import type { Clock, Random } from "../../devices/index.ts";
import { trackingCounters, type TrackingCounters } from "../tracking/tracked-table.ts";

/** A port outside that leads inside for good. */
export interface ForwardedPort {
  readonly protocol: "tcp" | "udp";
  readonly externalPort: number;
  /** 4 bytes. */
  readonly address: Uint8Array;
  readonly port: number;
}

/** Who may send in through a mapping: those that were sent to, their hosts, or anybody. */
export type Filtering = "endpoint-independent" | "address-dependent" | "address-and-port-dependent";

/** How a translator is made. */
export interface NatOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** The name of the interface whose side is outside. */
  readonly outside: string;
  /** The address that stands for all inside, 4 bytes: one of the router's, outside. */
  readonly address: Uint8Array;
  /** `address-dependent` by default (RFC 4787, 5; RFC 5382, 4.3). */
  readonly filtering?: Filtering;
  readonly forwardedPorts?: readonly ForwardedPort[];
  /** Ports of TCP outside at which the router itself listens. */
  readonly localTcpPorts?: readonly number[];
  /** Whether what comes in keeps a mapping of UDP, too; false by default (RFC 4787, 4.3). */
  readonly refreshesInbound?: boolean;
  /** How long a mapping of UDP stays, at least 120,000; 300,000 by default (RFC 4787, 4.3). */
  readonly udpMs?: number;
  /** The most sessions; 16,384 by default. */
  readonly maxSessions?: number;
  /** The most sessions of one host; 2,048 by default. */
  readonly maxPerHost?: number;
  /** Tells the sender of a packet (*borrowed*) that nobody listens to its port. */
  readonly refuse?: (packet: Uint8Array) => void;
}

/** A mapping as it is shown. */
export interface MappingSummary {
  readonly protocol: "tcp" | "udp" | "icmp";
  /** Address and port inside. */
  readonly inside: string;
  readonly externalPort: number;
  readonly sessionCount: number;
  readonly isStatic: boolean;
  /** How long until it ends, if nothing is heard of it, in milliseconds; `Infinity` for static. */
  readonly remainingMs: number;
}

/** What a translator counts. */
export interface NatCounters extends TrackingCounters {
  [name: string]: number;
  translatedOut: number;
  translatedIn: number;
  hairpinned: number;
  errorsTranslated: number;
  /** In, from who may not send through that mapping. */
  filtered: number;
  /** In, to a port that is no mapping's and not the router's. */
  noMapping: number;
  /** Parts of packets, damaged errors, protocols without ports. */
  untranslatable: number;
  /** Mappings not made: there was no port. */
  portsFull: number;
  synsHeld: number;
  synsRefused: number;
}

/** Counters that stand at 0. */
export function natCounters(): NatCounters {
  return {
    translatedOut: 0,
    translatedIn: 0,
    hairpinned: 0,
    errorsTranslated: 0,
    filtered: 0,
    noMapping: 0,
    untranslatable: 0,
    portsFull: 0,
    synsHeld: 0,
    synsRefused: 0,
    ...trackingCounters(),
  };
}
