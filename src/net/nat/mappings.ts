/**
 * Which endpoint outside stands for which inside: the same for whatever destination (RFC 4787, 4.1),
 * with the port kept where that is possible, else one of the same range and parity (4.2).
 */

import { protocols } from "../router/packet.ts";
import type { TcpTrack } from "../tracking/tcp-track.ts";
import type { Tracked } from "../tracking/tracked-table.ts";

/** How a session stands. */
export type SessionKind =
  | "udpOneWay"
  | "udp"
  | "icmp"
  | "tcpOpening"
  | "tcpEstablished"
  | "tcpClosing";

/** A conversation through a mapping. */
export interface Session extends Tracked<SessionKind> {
  readonly mapping: Mapping;
  readonly remoteKey: string;
  readonly remoteAddress: number;
  readonly remotePort: number;
  readonly tcp: TcpTrack;
  /** Whether anything came in. */
  isAnswered: boolean;
}

/** An endpoint inside, and the one outside that stands for it. */
export interface Mapping {
  /** TCP, UDP, or ICMP, whose ports are the identifiers of queries. */
  readonly protocol: number;
  readonly inside: number;
  /** 4 bytes. */
  readonly insideAddress: Uint8Array;
  readonly insidePort: number;
  readonly externalPort: number;
  /** Whether a person made it: it stays. */
  readonly isStatic: boolean;
  /** By {@link remoteKeyOf}. */
  readonly sessions: Map<string, Session>;
  /** How many of its sessions are with a host. */
  readonly remoteCounts: Map<number, number>;
}

/** An endpoint outside as a key. */
export function remoteKeyOf(address: number, port: number): string {
  return `${address}:${port}`;
}

/** Tries to find a port before it counts as not to be found. */
const maxTries = 512;

export class Mappings {
  readonly #random: () => number;
  readonly #byInside = new Map<string, Mapping>();
  readonly #byExternal = new Map<number, Mapping>();

  /** @param random gives 32 random bits */
  constructor(random: () => number) {
    this.#random = random;
  }

  get count(): number {
    return this.#byExternal.size;
  }

  get all(): Iterable<Mapping> {
    return this.#byExternal.values();
  }

  /** The mapping of an endpoint inside. */
  ofInside(protocol: number, address: number, port: number): Mapping | undefined {
    return this.#byInside.get(insideKey(protocol, address, port));
  }

  /** The mapping that a port outside belongs to. */
  ofExternal(protocol: number, port: number): Mapping | undefined {
    return this.#byExternal.get(externalKey(protocol, port));
  }

  /** Makes a mapping; `undefined` if there is no port for it. */
  add(
    protocol: number,
    inside: number,
    insideAddress: Uint8Array,
    insidePort: number,
    externalPort: number | undefined = this.#findPort(protocol, insidePort),
    isStatic: boolean = false,
  ): Mapping | undefined {
    if (externalPort === undefined) return undefined;
    const mapping: Mapping = {
      protocol,
      inside,
      insideAddress: insideAddress.slice(),
      insidePort,
      externalPort,
      isStatic,
      sessions: new Map(),
      remoteCounts: new Map(),
    };
    this.#byInside.set(insideKey(protocol, inside, insidePort), mapping);
    this.#byExternal.set(externalKey(protocol, externalPort), mapping);
    return mapping;
  }

  remove({ protocol, inside, insidePort, externalPort }: Mapping): void {
    this.#byInside.delete(insideKey(protocol, inside, insidePort));
    this.#byExternal.delete(externalKey(protocol, externalPort));
  }

  #findPort(protocol: number, wanted: number): number | undefined {
    const isFree = (port: number): boolean => !this.#byExternal.has(externalKey(protocol, port));
    if (isFree(wanted)) return wanted;
    const isQuery = protocol === protocols.icmp;
    const isLow = wanted < 1024 && !isQuery;
    const first = isLow || isQuery ? 0 : 1024;
    const count = (isLow ? 1024 : 65_536) - first;
    // Parity matters to who takes pairs of ports, such as RTP and RTCP (RFC 3550, 11).
    const start = this.#random() % count;
    for (let tries = 0; tries < maxTries; tries += 1) {
      const port = first + ((((start + 2 * tries) % count) & ~1) | (wanted & 1));
      if (port !== 0 && isFree(port)) return port;
    }
    return undefined;
  }
}

function insideKey(protocol: number, address: number, port: number): string {
  return `${protocol} ${address} ${port}`;
}

function externalKey(protocol: number, port: number): number {
  return protocol * 65_536 + port;
}
