/**
 * IPv6 of a host on one link, with neighbour discovery and listener discovery: what a stack needs
 * to be reached. Addresses are configured, or made of what routers say.
 */

import { ProtocolError } from "../../devices/errors.ts";
import type {
  Clock,
  Ethernet,
  FrameWriter,
  Offloads,
  PacketOptions,
  PacketReceiver,
  Random,
  ReceivedPacket,
} from "../../devices/index.ts";
import { formatAddress } from "../address.ts";
import type { InternetLayer, Undeliverable } from "../internet.ts";
import { Listeners } from "../listeners.ts";
import { Loopback } from "../loopback.ts";
import { Mld } from "../mld/mld.ts";
import { mldType } from "../mld/packet.ts";
import type { AddressOutcome } from "../ndp/addresses.ts";
import type { ControlLink, ControlPacket } from "../ndp/link.ts";
import { Ndp } from "../ndp/ndp.ts";
import { ndpType } from "../ndp/packet.ts";
import { PathMtus } from "../path-mtu.ts";
import { isSameAddress, type Prefix } from "../prefix.ts";
import { timersOf, type Timers } from "../timers.ts";
import { isGroup, isLinkLocal, keyOf, loopback, unspecified } from "./address.ts";
import { ipv6Counters, type Ipv6Counters } from "./counters.ts";
import { macOf } from "./groups.ts";
import { isIntact } from "./icmp-message.ts";
import { Input } from "./input.ts";
import { etherType, Output } from "./output.ts";
import { headerBytes, minimumMtu, nextHeader, offset } from "./packet.ts";
import { Routes, type Route } from "./routes.ts";

/** How IPv6 is connected. */
export interface Ipv6Options {
  readonly ethernet: Ethernet;
  readonly clock: Clock;
  readonly random: Random;
  /** Addresses to begin with, as {@link Ipv6.configure} takes them; whoever waits for none. */
  readonly addresses?: readonly Prefix[];
  /** A router on the link, 16 bytes: it is preferred to those that advertise themselves. */
  readonly gateway?: Uint8Array;
  /** Whether to ask routers, and believe what they say; true by default. */
  readonly autoconfigure?: boolean;
  /** How often others are asked whether they have an address of ours; once by default. */
  readonly detectionCount?: number;
}

/** IPv6, with what it has beside the signature of {@link Ip}. */
export interface Ipv6 extends InternetLayer {
  readonly version: 6;
  readonly counters: Ipv6Counters;

  /** Its neighbour discovery, for a router on the same link. */
  readonly ndp: Ndp;

  /** Name servers that routers told us of, as text; empty where there are none. */
  readonly dnsServers: readonly string[];
  /** Search domains that routers told us of. */
  readonly searchDomains: readonly string[];

  /**
   * Uses an address (copied) from now on. Resolves when nobody else was found to have it, a second
   * later; rejects if somebody has, and it is not used any more. Does nothing if it is ours already.
   *
   * @throws {ProtocolError} `address-conflict`, `closed`, also when it is deconfigured meanwhile
   * @throws {RangeError} if it is no address of one node
   * @see RFC 4862, 5.4; RFC 4429
   */
  configure(prefix: Prefix): Promise<void>;

  /** Stops using an address (*borrowed*). */
  deconfigure(address: Uint8Array): void;

  /** Calls `listener` after each change of {@link Ip.addresses}. Returns what stops it. */
  onAddressesChange(listener: (addresses: readonly string[]) => void): () => void;

  /**
   * Calls `listener` with an address (*borrowed*) of ours that somebody else has too. If that was
   * found out early, it is not used any more. Returns what stops it.
   */
  onConflict(listener: (address: Uint8Array) => void): () => void;

  /** The link is back, or another: looks anew for neighbours, routers, and who has our addresses. */
  restart(): void;

  /** Calls `listener` after each change of name servers or search domains. */
  onConfigurationChange(listener: () => void): () => void;
}

/** Connects IPv6 to `ethernet`. Does not dispose it. */
export function connect(options: Ipv6Options): Ipv6 {
  return new Ipv6Layer(options);
}

class Ipv6Layer implements Ipv6 {
  readonly version = 6;
  readonly offloads: Offloads;
  readonly counters: Ipv6Counters = ipv6Counters();
  readonly #ethernet: Ethernet;
  readonly #timers: Timers;
  readonly #receivers = new Map<number, PacketReceiver>();
  readonly #batchEnds = new Listeners();
  readonly #undeliverables = new Listeners<Undeliverable>();
  readonly #addressesChanges = new Listeners<readonly string[]>();
  readonly #conflicts = new Listeners<Uint8Array>();
  readonly #configurationChanges = new Listeners();
  readonly ndp: Ndp;
  readonly #mld: Mld;
  readonly #pathMtus: PathMtus<string>;
  readonly #routes: Routes;
  readonly #output: Output;
  readonly #input: Input;
  readonly #loopback: Loopback;
  readonly #endBatches: () => void;
  /** What the listeners were told last. */
  #texts: readonly string[] = [];
  #isClosed = false;

  constructor(options: Ipv6Options) {
    const { ethernet, clock, random, addresses = [], gateway } = options;
    const { autoconfigure = true, detectionCount = 1 } = options;
    const timers = timersOf(clock);
    this.#ethernet = ethernet;
    this.#timers = timers;
    this.offloads = ethernet.offloads;
    const link: ControlLink = {
      timers,
      random,
      mac: ethernet.mac,
      mtu: ethernet.mtu,
      send: (packet) => this.#sendControl(packet),
    };
    this.#loopback = new Loopback(
      (bytes, offload) => this.#input.receive(bytes, offload, true),
      () => this.#batchEnds.call(),
    );
    this.#mld = new Mld(link, () => this.ndp.addresses.linkLocal);
    this.ndp = new Ndp({
      link,
      isListeningToRouters: autoconfigure,
      gateway: gateway?.slice(),
      detectionCount,
      join: (group) => this.#mld.join(group),
      deliver: (neighbour, packet, offload) => this.#output.deliver(neighbour, packet, offload),
      giveUp: (packet, isSilent) => this.#giveUp(packet, isSilent),
      routesChanged: () => this.#routesChanged(),
      configurationChanged: () => this.#configurationChanges.call(),
      conflict: (address) => this.#conflict(address),
    });
    this.#pathMtus = new PathMtus({
      timers,
      linkBytes: ethernet.mtu,
      leastBytes: minimumMtu,
      changed: () => this.#routes.invalidate(),
    });
    this.#routes = new Routes(this.ndp, this.#pathMtus);
    this.#output = new Output({
      ethernet,
      random,
      loopback: this.#loopback,
      parameters: this.ndp.parameters,
      neighbours: this.ndp.neighbours,
      counters: this.counters,
    });
    this.#input = new Input({
      timers,
      counters: this.counters,
      ourAddress: (bytes, at) => this.ndp.addresses.findAt(bytes, at)?.address,
      isJoined: (group) => this.#mld.has(group),
      deliver: (packet, protocol, isWhole) => this.#deliver(packet, protocol, isWhole),
      undeliverable: (undeliverable) => this.#undeliverables.call(undeliverable),
    });
    ethernet.listen(etherType, (payload, source, destination, offload) => {
      const isForMany = ((destination[0] ?? 0) & 1) === 1;
      // A hub or a bridge may send back what we sent to a group.
      if (isForMany && isSameAddress(source, ethernet.mac)) return;
      // A packet for one that the link gave to many would have many answer (RFC 4443, 2.4 (e)).
      if (isForMany && payload[offset.destination] !== 0xff) this.counters.notForUs += 1;
      else this.#input.receive(payload, offload, false);
    });
    this.#endBatches = ethernet.onBatchEnd(() => this.#batchEnds.call());
    for (const prefix of addresses) void this.configure(prefix).catch(ignore);
    this.ndp.start();
  }

  get addresses(): readonly string[] {
    return this.ndp.addresses.texts;
  }

  get dnsServers(): readonly string[] {
    return this.ndp.routers.dnsServers;
  }

  get searchDomains(): readonly string[] {
    return this.ndp.routers.searchDomains;
  }

  write(
    destination: Uint8Array,
    protocol: number,
    sizeBytes: number,
    fill: FrameWriter,
    options?: PacketOptions,
  ): void {
    this.#checkOpen("send a packet");
    const route = this.#routes.find(destination);
    if (route === undefined || !this.#isSource(options?.source, route)) {
      this.counters.noRoute += 1;
      const what = route === undefined ? "route" : "such source";
      throw new ProtocolError(
        "no-route",
        `Cannot send to ${formatAddress(destination)}: no ${what}`,
      );
    }
    this.#output.send(route, protocol, sizeBytes, fill, options);
  }

  listen(protocol: number, receiver: PacketReceiver | undefined): void {
    this.#checkOpen("listen");
    if (receiver === undefined) this.#receivers.delete(protocol);
    else this.#receivers.set(protocol, receiver);
  }

  onBatchEnd(listener: () => void): () => void {
    return this.#batchEnds.add(listener);
  }

  join(group: Uint8Array): () => void {
    this.#checkOpen("join a group");
    return this.#mld.join(group);
  }

  pathPayloadBytes(destination: Uint8Array): number {
    const mtuBytes = this.#routes.find(destination)?.mtuBytes ?? this.ndp.parameters.mtuBytes;
    return mtuBytes - headerBytes;
  }

  sourceFor(destination: Uint8Array): Uint8Array | undefined {
    return this.#routes.find(destination)?.source;
  }

  learnPathMtu(destination: Uint8Array, mtuBytes: number): void {
    // Who says less lies: what every link carries gets there (RFC 8201, 4).
    if (this.#isClosed || mtuBytes < minimumMtu) return;
    this.#pathMtus.learn(keyOf(destination), mtuBytes);
  }

  advise(destination: Uint8Array, isReached: boolean): void {
    const via = this.#routes.find(destination)?.via;
    if (via?.kind !== "neighbour" || via.neighbour === undefined) return;
    const { neighbours } = this.ndp;
    if (isReached) neighbours.confirm(via.neighbour, this.#timers.nowMs());
    else neighbours.doubt(via.neighbour);
  }

  restart(): void {
    if (!this.#isClosed) this.ndp.restart();
  }

  async configure({ address, length }: Prefix): Promise<void> {
    this.#checkOpen("configure an address");
    const isOfNobody = isSameAddress(address, unspecified) || isSameAddress(address, loopback);
    if (address.length !== 16 || isGroup(address) || isOfNobody) {
      throw new RangeError("Cannot configure an address: it is no address of one node");
    }
    const outcome = await new Promise<AddressOutcome>((settle) => {
      this.ndp.addresses.add({ address: address.slice(), prefixLength: length, settle });
    });
    if (outcome === "unique") return;
    const [code, why] =
      outcome === "duplicate"
        ? (["address-conflict", "another node has it"] as const)
        : (["closed", "it was taken away"] as const);
    throw new ProtocolError(code, `Cannot use ${formatAddress(address)}: ${why}`);
  }

  deconfigure(address: Uint8Array): void {
    this.ndp.addresses.remove(address);
  }

  onAddressesChange(listener: (addresses: readonly string[]) => void): () => void {
    return this.#addressesChanges.add(listener);
  }

  onConflict(listener: (address: Uint8Array) => void): () => void {
    return this.#conflicts.add(listener);
  }

  onConfigurationChange(listener: () => void): () => void {
    return this.#configurationChanges.add(listener);
  }

  onUndeliverable(listener: (undeliverable: Undeliverable) => void): () => void {
    return this.#undeliverables.add(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#endBatches();
    try {
      this.#ethernet.listen(etherType, undefined);
    } catch {
      // It was disposed before.
    }
    this.#receivers.clear();
    for (const part of [this.#loopback, this.#input, this.#pathMtus, this.ndp, this.#mld]) {
      part.clear();
    }
    this.#routes.invalidate();
  }

  #checkOpen(what: string): void {
    if (this.#isClosed) throw new ProtocolError("closed", `Cannot ${what}: IPv6 was disposed`);
  }

  /** Whether a packet on `route` may come from `source`; the route's own costs no search. */
  #isSource(source: Uint8Array | undefined, route: Route): boolean {
    return (
      source === undefined ||
      isSameAddress(source, route.source) ||
      this.ndp.addresses.find(source) !== undefined
    );
  }

  #deliver(packet: ReceivedPacket, protocol: number, isWhole: boolean): boolean {
    if (protocol === nextHeader.icmp && isDiscovery(packet.payload[0] ?? 0)) {
      this.#discover(packet, isWhole);
      return true;
    }
    const receiver = this.#receivers.get(protocol);
    receiver?.(packet);
    return receiver !== undefined;
  }

  /** Neighbour and listener discovery, of which fragments are not believed (RFC 6980). */
  #discover(packet: ReceivedPacket, isWhole: boolean): void {
    const { payload, source, destination, timeToLive, offload } = packet;
    if (offload?.checksumOmitted !== true && !isIntact(payload, source, destination)) {
      this.counters.badChecksum += 1;
      return;
    }
    const isNdp = (payload[0] ?? 0) >= ndpType.routerSolicitation && payload[0] !== mldType.report2;
    const isSound = isNdp
      ? isWhole && this.ndp.receive(packet)
      : isWhole && timeToLive === 1 && isLinkLocal(source) && this.#mld.receive(payload);
    if (!isSound) this.counters.badDiscovery += 1;
  }

  #sendControl(packet: ControlPacket): void {
    if (this.#isClosed) return;
    const { destination, source, payload, mac } = packet;
    const known = mac ?? (isGroup(destination) ? macOf(destination) : undefined);
    if (known !== undefined) {
      this.#output.sendControl(packet, known);
      return;
    }
    const route = this.#routes.find(destination);
    if (route === undefined) return;
    const fill: FrameWriter = (into) => {
      into.set(payload);
      return payload.length;
    };
    const options = { source, timeToLive: packet.hopLimit };
    this.#output.sendQuietly(route, packet.nextHeader, payload.length, fill, options);
  }

  #giveUp(packet: Uint8Array, isSilent: boolean): void {
    this.counters.unresolved += 1;
    if (!isSilent) return;
    this.#undeliverables.call({ reason: "neighbour", packet, pointer: 0 });
  }

  #conflict(address: Uint8Array): void {
    this.counters.conflicts += 1;
    this.#conflicts.call(address);
  }

  #routesChanged(): void {
    this.#routes.invalidate();
    const { addresses } = this;
    if (addresses === this.#texts) return;
    this.#texts = addresses;
    this.#addressesChanges.call(addresses);
  }
}

/** Types of ICMPv6 that are MLD (RFC 2710, RFC 3810) or neighbour discovery (RFC 4861). */
function isDiscovery(type: number): boolean {
  return (type >= mldType.query && type <= ndpType.redirect) || type === mldType.report2;
}

function ignore(): void {}
