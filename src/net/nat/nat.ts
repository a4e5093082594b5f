/**
 * A translator of addresses and ports of IPv4 (NAPT) in a router: all hosts inside share one address
 * outside, as RFC 4787 (UDP), RFC 5382 (TCP) and RFC 5508 (ICMP) want it. It is a {@link Stage}, and
 * needs packets put together first, which a router with stages does.
 */

import { formatAddress } from "../address.ts";
import { toNumber } from "../ipv4/address.ts";
import { protocols, type RoutedPacket } from "../router/packet.ts";
import type { Stage, Verdict } from "../router/stage.ts";
import { flag } from "../tcp/packet.ts";
import { timersOf, type Timers } from "../timers.ts";
import { newTrack, pass, type Side, stageOf } from "../tracking/tcp-track.ts";
import { TrackedTable } from "../tracking/tracked-table.ts";
import { word } from "../words.ts";
import { endsOf, isAnswer, isError } from "./ends.ts";
import { ErrorTranslator } from "./error-translator.ts";
import { type Mapping, Mappings, remoteKeyOf, type Session, type SessionKind } from "./mappings.ts";
import {
  type ForwardedPort,
  type MappingSummary,
  type NatCounters,
  natCounters,
  type NatOptions,
} from "./options.ts";
import { Unsolicited } from "./unsolicited.ts";

/** RFC 5382, 5: 2 hours and 4 minutes, and 4 minutes; RFC 5508, 3.2: 60 seconds. */
const establishedMs = 7_440_000;
const transitoryMs = 240_000;
const queryMs = 60_000;

const protocolNames: Readonly<Record<number, "tcp" | "udp" | "icmp">> = {
  1: "icmp",
  6: "tcp",
  17: "udp",
};

/** A translator. */
export class Nat implements Stage {
  readonly counters: NatCounters = natCounters();
  readonly #options: NatOptions;
  readonly #timers: Timers;
  readonly #address: number;
  readonly #mappings: Mappings;
  readonly #errors: ErrorTranslator;
  readonly #sessions: TrackedTable<SessionKind, Session>;
  readonly #unsolicited: Unsolicited;
  readonly #localTcpPorts: ReadonlySet<number>;

  /** @throws {RangeError} if an option makes no sense */
  constructor(options: NatOptions) {
    const { clock, random, address, udpMs = 300_000, maxSessions = 16_384 } = options;
    if (address.length !== 4) throw new RangeError("Cannot translate: the address has not 4 bytes");
    if (udpMs < 120_000)
      throw new RangeError(`Cannot keep UDP for ${udpMs} ms: 120,000 is the least`);
    this.#options = options;
    this.#timers = timersOf(clock);
    this.#address = toNumber(address);
    this.#mappings = new Mappings(() => random.uint32());
    this.#errors = new ErrorTranslator(this.#mappings, address, this.counters);
    this.#localTcpPorts = new Set(options.localTcpPorts);
    this.#sessions = new TrackedTable<SessionKind, Session>({
      timers: this.#timers,
      counters: this.counters,
      lifetimesMs: {
        udpOneWay: udpMs,
        udp: udpMs,
        icmp: queryMs,
        tcpOpening: transitoryMs,
        tcpEstablished: establishedMs,
        tcpClosing: transitoryMs,
      },
      evictable: ["icmp", "tcpClosing", "tcpOpening", "udpOneWay", "udp"],
      maxEntries: maxSessions,
      maxPerOwner: options.maxPerHost ?? 2048,
      removed: (session) => this.#removed(session),
    });
    this.#unsolicited = new Unsolicited(this.#timers, (packet) => {
      this.counters.synsRefused += 1;
      options.refuse?.(packet);
    });
    for (const each of options.forwardedPorts ?? []) this.forwardPort(each);
  }

  /** How many sessions there are. */
  get sessionCount(): number {
    return this.#sessions.count;
  }

  /** All mappings now, for people to see. */
  get mappings(): readonly MappingSummary[] {
    const nowMs = this.#timers.nowMs();
    return Array.from(this.#mappings.all, (mapping) => {
      const deadlines = Array.from(mapping.sessions.values(), ({ deadlineMs }) => deadlineMs);
      return {
        protocol: protocolNames[mapping.protocol] ?? "udp",
        inside: `${formatAddress(mapping.insideAddress)}:${mapping.insidePort}`,
        externalPort: mapping.externalPort,
        sessionCount: mapping.sessions.size,
        isStatic: mapping.isStatic,
        remainingMs: mapping.isStatic ? Infinity : Math.max(...deadlines) - nowMs,
      };
    });
  }

  /**
   * Leads a port outside to an endpoint inside, for good.
   *
   * @throws {RangeError} if the port is taken
   */
  forwardPort({ protocol, externalPort, address, port }: ForwardedPort): void {
    const number = protocols[protocol];
    const inside = toNumber(address);
    const isTaken =
      this.#mappings.ofExternal(number, externalPort) !== undefined ||
      this.#mappings.ofInside(number, inside, port) !== undefined;
    if (isTaken)
      throw new RangeError(`Cannot forward ${protocol} port ${externalPort}: it is taken`);
    this.#mappings.add(number, inside, address, port, externalPort, true);
  }

  /** Forgets all sessions. */
  clear(): void {
    this.#sessions.clear();
    this.#unsolicited.clear();
  }

  /** From outside to us, or from inside to the address outside. */
  prerouting(packet: RoutedPacket): Verdict {
    if (packet.version !== 4 || toNumber(packet.destination) !== this.#address) return "pass";
    if (packet.isFragment) return this.#refuse("untranslatable");
    if (packet.from === this.#options.outside) return this.#in(packet);
    return this.#hairpin(packet);
  }

  /** From inside, or from the router itself, to outside. */
  postrouting(packet: RoutedPacket): Verdict {
    if (packet.version !== 4 || packet.to !== this.#options.outside) return "pass";
    // What came from outside, and goes back there, is not ours to translate.
    if (packet.from === this.#options.outside) return "pass";
    if (packet.isFragment) return this.#refuse("untranslatable");
    if (isError(packet)) return this.#errors.out(packet);
    const isOurs = packet.from === undefined;
    if (isOurs && isAnswer(packet)) return "pass";
    const ends = endsOf(packet);
    if (ends === undefined) return isOurs ? "pass" : this.#refuse("untranslatable");
    const session = this.#sessionOut(packet, toNumber(packet.destination), ends.to);
    if (session === undefined) return "reject";
    this.counters.translatedOut += 1;
    packet.setSource(this.#options.address, session.mapping.externalPort);
    return "pass";
  }

  #refuse(counter: "untranslatable" | "filtered" | "noMapping"): Verdict {
    this.counters[counter] += 1;
    return "drop";
  }

  #in(packet: RoutedPacket): Verdict {
    if (isError(packet)) return this.#errors.in(packet);
    const ends = endsOf(packet);
    const mapping = ends && this.#mappings.ofExternal(packet.protocol, ends.to);
    if (ends === undefined || mapping === undefined) return this.#unmapped(packet);
    const remote = toNumber(packet.source);
    if (!this.#mayEnter(mapping, remote, ends.from)) return this.#filtered(packet, ends.to);
    // For a service of the router's own there is nothing to do.
    const session = this.#sessionIn(packet, mapping, remote, ends.from);
    if (session === undefined) return "drop";
    this.counters.translatedIn += 1;
    packet.setDestination(mapping.insideAddress, mapping.insidePort);
    return "pass";
  }

  /** To a port that is no mapping's: the router's own business, except for TCP. */
  #unmapped(packet: RoutedPacket): Verdict {
    if (packet.protocol !== protocols.tcp) return "pass";
    if (!packet.hasTransport) return this.#refuse("untranslatable");
    if (this.#localTcpPorts.has(packet.destinationPort)) return "pass";
    const isSyn = (packet.tcpFlags & (flag.syn | flag.ack | flag.rst)) === flag.syn;
    return isSyn ? this.#filtered(packet, packet.destinationPort) : this.#refuse("noMapping");
  }

  #filtered(packet: RoutedPacket, port: number): Verdict {
    const isSyn =
      packet.protocol === protocols.tcp &&
      (packet.tcpFlags & (flag.syn | flag.ack | flag.rst)) === flag.syn;
    if (!isSyn) return this.#refuse("filtered");
    const remote = remoteKeyOf(toNumber(packet.source), packet.sourcePort);
    if (this.#unsolicited.hold(`${remote} ${port}`, packet.bytes)) this.counters.synsHeld += 1;
    return this.#refuse("filtered");
  }

  #mayEnter(mapping: Mapping, remote: number, port: number): boolean {
    const { filtering = "address-dependent" } = this.#options;
    if (mapping.isStatic || mapping.inside === this.#address) return true;
    if (filtering === "endpoint-independent") return true;
    if (filtering === "address-dependent") return mapping.remoteCounts.has(remote);
    return mapping.sessions.has(remoteKeyOf(remote, port));
  }

  /** From inside to inside, by the address outside (RFC 4787, 6; RFC 5382, 7.2). */
  #hairpin(packet: RoutedPacket): Verdict {
    if (isError(packet)) return this.#errors.hairpin(packet);
    const ends = endsOf(packet);
    const mapping = ends && this.#mappings.ofExternal(packet.protocol, ends.to);
    if (ends === undefined || mapping === undefined || mapping.inside === this.#address)
      return "pass";
    if (packet.from === undefined) return "pass";
    const out = this.#sessionOut(packet, this.#address, ends.to);
    if (out === undefined) return "drop";
    const from = out.mapping.externalPort;
    if (!this.#mayEnter(mapping, this.#address, from)) return this.#filtered(packet, ends.to);
    if (this.#sessionIn(packet, mapping, this.#address, from) === undefined) return "drop";
    this.counters.hairpinned += 1;
    packet.setSource(this.#options.address, from);
    packet.setDestination(mapping.insideAddress, mapping.insidePort);
    return "pass";
  }

  #sessionOut(packet: RoutedPacket, remote: number, remotePort: number): Session | undefined {
    const { protocol, source } = packet;
    const inside = toNumber(source);
    const port = endsOf(packet)?.from ?? 0;
    const known = this.#mappings.ofInside(protocol, inside, port);
    const mapping = known ?? this.#mappings.add(protocol, inside, source, port);
    if (mapping === undefined) {
      this.counters.portsFull += 1;
      return undefined;
    }
    const session = this.#session(mapping, remote, remotePort, inside);
    if (session === undefined) {
      if (known === undefined) this.#mappings.remove(mapping);
      return undefined;
    }
    if (protocol === protocols.tcp) {
      this.#unsolicited.release(`${session.remoteKey} ${mapping.externalPort}`);
    }
    this.#heard(packet, session, 0);
    return session;
  }

  #sessionIn(
    packet: RoutedPacket,
    mapping: Mapping,
    remote: number,
    port: number,
  ): Session | undefined {
    // Who comes by himself costs himself, not the host that he comes to.
    const session = this.#session(mapping, remote, port, `from ${remote}`);
    if (session !== undefined) this.#heard(packet, session, 1);
    return session;
  }

  #session(
    mapping: Mapping,
    remoteAddress: number,
    remotePort: number,
    owner: string | number,
  ): Session | undefined {
    const remoteKey = remoteKeyOf(remoteAddress, remotePort);
    const known = mapping.sessions.get(remoteKey);
    if (known !== undefined) return known;
    const kind = firstKinds[mapping.protocol] ?? "udpOneWay";
    const session: Session = {
      owner,
      kind,
      deadlineMs: 0,
      mapping,
      remoteKey,
      remoteAddress,
      remotePort,
      tcp: newTrack(),
      isAnswered: false,
    };
    // What makes room must not be the mapping's last session.
    mapping.sessions.set(remoteKey, session);
    if (!this.#sessions.add(session, this.#timers.nowMs())) {
      mapping.sessions.delete(remoteKey);
      return undefined;
    }
    const count = mapping.remoteCounts.get(remoteAddress) ?? 0;
    mapping.remoteCounts.set(remoteAddress, count + 1);
    return session;
  }

  /** A packet of a session passes: `side` 0 is inside. */
  #heard(packet: RoutedPacket, session: Session, side: Side): void {
    const nowMs = this.#timers.nowMs();
    const { protocol, bytes, transportStart: at } = packet;
    if (protocol === protocols.tcp) {
      pass(session.tcp, side, {
        flags: packet.tcpFlags,
        sequenceNumber: word(bytes, at + 4) * 0x1_0000 + word(bytes, at + 6),
        acknowledgmentNumber: word(bytes, at + 8) * 0x1_0000 + word(bytes, at + 10),
      });
      this.#sessions.touch(session, tcpKinds[stageOf(session.tcp)], nowMs);
    } else if (protocol === protocols.udp) {
      if (side === 1) session.isAnswered = true;
      const refreshes = side === 0 || this.#options.refreshesInbound === true;
      if (!refreshes) return;
      this.#sessions.touch(session, session.isAnswered ? "udp" : "udpOneWay", nowMs);
    } else if (side === 0) {
      this.#sessions.touch(session, "icmp", nowMs);
    }
  }

  #removed({ mapping, remoteKey, remoteAddress }: Session): void {
    mapping.sessions.delete(remoteKey);
    const count = (mapping.remoteCounts.get(remoteAddress) ?? 1) - 1;
    if (count > 0) mapping.remoteCounts.set(remoteAddress, count);
    else mapping.remoteCounts.delete(remoteAddress);
    if (mapping.sessions.size === 0 && !mapping.isStatic) this.#mappings.remove(mapping);
  }
}

const firstKinds: Readonly<Record<number, SessionKind>> = {
  1: "icmp",
  6: "tcpOpening",
  17: "udpOneWay",
};

const tcpKinds = {
  opening: "tcpOpening",
  established: "tcpEstablished",
  closing: "tcpClosing",
} as const;
