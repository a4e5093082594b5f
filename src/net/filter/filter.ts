/**
 * A packet filter that knows conversations: rules decide about the first packet of each, and what
 * belongs to it passes, both ways, errors about it included. It is a {@link Stage}, for both versions
 * of IP, and needs packets put together first, which a router with stages does.
 */

import type { Clock } from "../../devices/index.ts";
import { formatAddress } from "../address.ts";
import { read } from "../icmp/quoted.ts";
import { icmp4, icmp6 } from "../icmp/versions.ts";
import { keyOf } from "../ipv6/address.ts";
import { toNumber } from "../ipv4/address.ts";
import { protocols, type RoutedPacket } from "../router/packet.ts";
import type { Stage, Verdict } from "../router/stage.ts";
import { flag } from "../tcp/packet.ts";
import { TokenBucket } from "../token-bucket.ts";
import { timersOf, type Timers } from "../timers.ts";
import { newTrack, pass, stageOf, type TcpTrack } from "../tracking/tcp-track.ts";
import {
  type Tracked,
  TrackedTable,
  trackingCounters,
  type TrackingCounters,
} from "../tracking/tracked-table.ts";
import { word } from "../words.ts";
import { matches } from "./match.ts";
import type { Action, Place, Rule, RuleSet } from "./rule.ts";

/** What a rule that is logged says. */
export interface LogEntry {
  /** `undefined` for the default. */
  readonly rule: Rule | undefined;
  readonly action: Action;
  readonly place: Place;
  /** The packet, in words. */
  readonly packet: string;
}

/** How a {@link Filter} is made. */
export interface FilterOptions extends RuleSet {
  readonly clock: Clock;
  /** Hears of packets that rules with `log` are about, no more than 50 at once and 10 a second. */
  readonly log?: (entry: LogEntry) => void;
  /** The most conversations known; 16,384 by default. */
  readonly maxConnections?: number;
  /** The most that one host began; 2,048 by default. */
  readonly maxPerHost?: number;
}

/** What passed by a rule. */
export interface RuleCounters {
  readonly rule: Rule;
  /** Packets, those of conversations that it let begin included. */
  packets: number;
  bytes: number;
}

/** What a filter counts. */
export interface FilterCounters extends TrackingCounters {
  [name: string]: number;
  allowed: number;
  denied: number;
  rejected: number;
  /** Parts of packets, and segments of TCP that belong to nothing. */
  invalid: number;
  /** Conversations known now. */
  connections: number;
}

type Kind = "opening" | "tcpEstablished" | "closing" | "oneWay" | "twoWay";

const lifetimesMs: Readonly<Record<Kind, number>> = {
  opening: 60_000,
  // RFC 5382, 5, as long as a translator keeps it.
  tcpEstablished: 7_440_000,
  closing: 60_000,
  oneWay: 30_000,
  twoWay: 180_000,
};

interface Connection extends Tracked<Kind> {
  readonly key: string;
  /** The end that began it. */
  readonly initiator: string;
  readonly tcp: TcpTrack;
  readonly counters: RuleCounters | undefined;
}

const verdicts: Readonly<Record<Action, Verdict>> = {
  allow: "pass",
  deny: "drop",
  reject: "reject",
};

/** Discovery of neighbours, and of listeners: IPv6 does not go without (RFC 4890, 4.4). */
const discovery: ReadonlySet<number> = new Set([130, 131, 132, 133, 134, 135, 136, 143]);

/** A filter. */
export class Filter implements Stage {
  readonly counters: FilterCounters;
  readonly #options: FilterOptions;
  readonly #timers: Timers;
  readonly #connections = new Map<string, Connection>();
  readonly #table: TrackedTable<Kind, Connection>;
  readonly #logLimit = new TokenBucket(50, 10);
  #rules: readonly RuleCounters[] = [];
  #defaults: RuleSet["defaults"];

  constructor(options: FilterOptions) {
    this.#options = options;
    this.#timers = timersOf(options.clock);
    const connections = this.#connections;
    this.counters = {
      allowed: 0,
      denied: 0,
      rejected: 0,
      invalid: 0,
      ...trackingCounters(),
      get connections() {
        return connections.size;
      },
    };
    this.#defaults = options.defaults;
    this.setRules(options);
    this.#table = new TrackedTable<Kind, Connection>({
      timers: this.#timers,
      counters: this.counters,
      lifetimesMs,
      evictable: ["closing", "oneWay", "opening", "twoWay"],
      maxEntries: options.maxConnections ?? 16_384,
      maxPerOwner: options.maxPerHost ?? 2048,
      removed: ({ key }) => void connections.delete(key),
    });
  }

  /** Each rule with what passed by it. */
  get rules(): readonly RuleCounters[] {
    return this.#rules;
  }

  /** Takes other rules, whose counters begin at 0. Conversations that have begun go on. */
  setRules({ rules, defaults }: RuleSet): void {
    this.#rules = rules.map((rule) => ({ rule, packets: 0, bytes: 0 }));
    this.#defaults = defaults;
  }

  /** Forgets all conversations. */
  clear(): void {
    this.#table.clear();
  }

  input(packet: RoutedPacket): Verdict {
    return this.#judge("input", packet);
  }

  forward(packet: RoutedPacket): Verdict {
    return this.#judge("forward", packet);
  }

  output(packet: RoutedPacket): Verdict {
    return this.#judge("output", packet);
  }

  #judge(place: Place, packet: RoutedPacket): Verdict {
    if (packet.isFragment || !(packet.hasTransport || isOpaque(packet.protocol)))
      return this.#invalid();
    if (isDiscovery(place, packet)) return "pass";
    const connection = this.#connectionOf(packet);
    if (connection !== undefined) return this.#goOn(packet, connection);
    if (packet.protocol === protocols.tcp) {
      const { tcpFlags } = packet;
      if ((tcpFlags & (flag.syn | flag.ack | flag.rst | flag.fin)) !== flag.syn)
        return this.#invalid();
    }
    return this.#begin(place, packet);
  }

  #invalid(): Verdict {
    this.counters.invalid += 1;
    return "drop";
  }

  /** The conversation that a packet belongs to, or, if it is an error, is about. */
  #connectionOf(packet: RoutedPacket): Connection | undefined {
    if (this.#connections.size === 0) return undefined;
    if (!isError(packet)) return this.#connections.get(keyOfEnds(endsOf(packet)));
    const quoted = packet.bytes.subarray(packet.transportStart + 8);
    const ends = quotedEnds(quoted);
    // An error goes to who sent what it is about: else it would be a way in to everybody.
    const isToSender = ends?.source.startsWith(`${addressKey(packet.destination)} `) === true;
    return isToSender ? this.#connections.get(keyOfEnds(ends)) : undefined;
  }

  #goOn(packet: RoutedPacket, connection: Connection): Verdict {
    this.counters.allowed += 1;
    count(connection.counters, packet);
    if (!isError(packet)) this.#track(packet, connection);
    return "pass";
  }

  #begin(place: Place, packet: RoutedPacket): Verdict {
    const found = this.#rules.find(({ rule }) => matches(rule, place, packet));
    const action = found?.rule.action ?? this.#defaults[place];
    count(found, packet);
    if (found?.rule.isLogged === true) this.#log(found.rule, action, place, packet);
    if (action === "allow" && !isError(packet) && !this.#remember(packet, found)) return "drop";
    this.counters[action === "allow" ? "allowed" : action === "deny" ? "denied" : "rejected"] += 1;
    return verdicts[action];
  }

  #remember(packet: RoutedPacket, counters: RuleCounters | undefined): boolean {
    const ends = endsOf(packet);
    // Nobody answers a group by its address.
    if (isToMany(packet)) return true;
    const kind: Kind = packet.protocol === protocols.tcp ? "opening" : "oneWay";
    const connection: Connection = {
      key: keyOfEnds(ends),
      owner: addressKey(packet.source),
      initiator: ends.source,
      kind,
      deadlineMs: 0,
      tcp: newTrack(),
      counters,
    };
    if (!this.#table.add(connection, this.#timers.nowMs())) return false;
    this.#connections.set(connection.key, connection);
    this.#track(packet, connection);
    return true;
  }

  #track(packet: RoutedPacket, connection: Connection): void {
    const nowMs = this.#timers.nowMs();
    const isBack = endsOf(packet).source !== connection.initiator;
    const { protocol, bytes, transportStart: at } = packet;
    if (protocol !== protocols.tcp) {
      const isTwoWay = isBack || connection.kind === "twoWay";
      this.#table.touch(connection, isTwoWay ? "twoWay" : "oneWay", nowMs);
      return;
    }
    pass(connection.tcp, isBack ? 1 : 0, {
      flags: packet.tcpFlags,
      sequenceNumber: word(bytes, at + 4) * 0x1_0000 + word(bytes, at + 6),
      acknowledgmentNumber: word(bytes, at + 8) * 0x1_0000 + word(bytes, at + 10),
    });
    const stage = stageOf(connection.tcp);
    this.#table.touch(connection, stage === "established" ? "tcpEstablished" : stage, nowMs);
  }

  #log(rule: Rule, action: Action, place: Place, packet: RoutedPacket): void {
    const { log } = this.#options;
    if (log === undefined || !this.#logLimit.take(this.#timers.nowMs())) return;
    log({ rule, action, place, packet: describe(packet) });
  }
}

/** Counts a packet by a rule. */
function count(counters: RuleCounters | undefined, { bytes }: RoutedPacket): void {
  if (counters === undefined) return;
  counters.packets += 1;
  counters.bytes += bytes.length;
}

/** Whether a protocol's header is not looked at. */
function isOpaque(protocol: number): boolean {
  return !Object.values(protocols).some((each) => each === protocol);
}

function isDiscovery(place: Place, packet: RoutedPacket): boolean {
  if (packet.version === 4 || packet.protocol !== protocols.icmp6 || place === "forward")
    return false;
  return discovery.has(packet.icmpType) && (packet.timeToLive === 255 || packet.timeToLive === 1);
}

function isError({ version, protocol, icmpType }: RoutedPacket): boolean {
  return version === 4
    ? protocol === protocols.icmp && icmp4.isError(icmpType)
    : protocol === protocols.icmp6 && icmp6.isError(icmpType);
}

function isToMany({ version, destination }: RoutedPacket): boolean {
  return version === 4 ? (destination[0] ?? 0) >= 224 : destination[0] === 0xff;
}

interface Ends {
  readonly protocol: number;
  readonly source: string;
  readonly destination: string;
}

function endsOf(packet: RoutedPacket): Ends {
  const { protocol } = packet;
  // Both ends of a query have its identifier.
  const isQuery = protocol === protocols.icmp || protocol === protocols.icmp6;
  const from = isQuery ? packet.icmpIdentifier : packet.hasPorts ? packet.sourcePort : 0;
  const to = isQuery ? packet.icmpIdentifier : packet.hasPorts ? packet.destinationPort : 0;
  return {
    protocol,
    source: `${addressKey(packet.source)} ${from}`,
    destination: `${addressKey(packet.destination)} ${to}`,
  };
}

/** The ends of a packet that an error quotes. */
function quotedEnds(quoted: Uint8Array): Ends | undefined {
  const fields = read(quoted);
  if (fields === undefined || !fields.isFirst || fields.payloadStart + 8 > quoted.length)
    return undefined;
  const { protocol, payloadStart: at } = fields;
  const isQuery = protocol === protocols.icmp || protocol === protocols.icmp6;
  const hasPorts = protocol === protocols.tcp || protocol === protocols.udp;
  const from = isQuery ? word(quoted, at + 4) : hasPorts ? word(quoted, at) : 0;
  const to = isQuery ? word(quoted, at + 4) : hasPorts ? word(quoted, at + 2) : 0;
  return {
    protocol,
    source: `${addressKey(fields.source)} ${from}`,
    destination: `${addressKey(fields.destination)} ${to}`,
  };
}

/** The same for both ways. */
function keyOfEnds({ protocol, source, destination }: Ends): string {
  return source < destination
    ? `${protocol} ${source} ${destination}`
    : `${protocol} ${destination} ${source}`;
}

function addressKey(address: Uint8Array): string {
  return address.length === 4 ? String(toNumber(address)) : keyOf(address);
}

/** Says what a packet is, such as `tcp 10.0.0.2:1000 > 192.0.2.1:80`. */
export function describe(packet: RoutedPacket): string {
  const { protocol, hasPorts, version } = packet;
  const end = (address: Uint8Array, port: number): string => {
    const text = formatAddress(address);
    if (!hasPorts) return text;
    return version === 4 ? `${text}:${port}` : `[${text}]:${port}`;
  };
  const names: Readonly<Record<number, string>> = { 1: "icmp", 6: "tcp", 17: "udp", 58: "icmp" };
  const from = end(packet.source, packet.sourcePort);
  const to = end(packet.destination, packet.destinationPort);
  return `${names[protocol] ?? `protocol ${protocol}`} ${from} > ${to}`;
}
