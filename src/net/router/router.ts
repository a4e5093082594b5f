/**
 * A router of both versions of IP (RFC 1812, RFC 8200): what comes in by one interface, and is for
 * somebody else, leaves by another, through {@link Stage}s. Nothing waits: a packet is sent, kept
 * among a bounded number until its next hop is found, or dropped, before the next one is looked at.
 */

import type { Clock, Device, FrameOffload, Random } from "../../devices/index.ts";
import { sharePrefix } from "../prefix.ts";
import { reassemblyCounters } from "../fragments.ts";
import { isLinkLocal } from "../ipv6/address.ts";
import { read as readQuoted } from "../icmp/quoted.ts";
import {
  decode as decode4,
  emptyHeader,
  hasRightChecksum,
  hasSourceRoute,
} from "../ipv4/packet.ts";
import { timersOf } from "../timers.ts";
import { Defragmenter } from "./defragmenter.ts";
import { fragment, fragment6 } from "./fragmenting.ts";
import { IcmpErrors, routerErrors, type RouterError } from "./icmp-errors.ts";
import { RouterInterface, type InterfaceOptions } from "./interface.ts";
import { isMartian4, isMartian6, isOfLink } from "./martians.ts";
import { RoutedPacket, sizeOnLink } from "./packet.ts";
import { redirect6 } from "./redirect.ts";
import { refusalOf } from "./refusal.ts";
import { type Route, RouteTable, type RouteTableOptions } from "./route-table.ts";
import { type Hook, hooksOf, type Place, type Stage, type Verdict } from "./stage.ts";

/** How a router is made. */
export interface RouterOptions extends RouteTableOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly interfaces: readonly InterfaceOptions[];
  /** Beside those to the networks of the interfaces. */
  readonly routes?: readonly Route[];
  /** In their order; with any, fragments are put together first. */
  readonly stages?: readonly Stage[];
  /**
   * Whether to drop what did not come by the interface that its source is reached by (RFC 1812,
   * 5.3.8; RFC 2827); false by default.
   */
  readonly checksReversePath?: boolean;
}

/** A router. */
export interface Router extends Device {
  readonly interfaces: ReadonlyMap<string, RouterInterface>;
  readonly routes: RouteTable;
  /** Puts a stage behind the others. Returns the function that takes it out. */
  use(stage: Stage): () => void;
  /** Routes a packet of the router's own, whole, *given*. */
  send(bytes: Uint8Array): void;
  /** Tells the sender of a packet (*borrowed*) what became of it. */
  report(bytes: Uint8Array, error: RouterError): void;
}

/**
 * Connects a router to its networks, which it does not dispose.
 *
 * @throws {ProtocolError} `address-conflict` if another host has one of its addresses
 * @throws {RangeError} if an address or a route cannot be
 */
export async function connect(options: RouterOptions): Promise<Router> {
  const router = new IpRouter(options);
  for (const each of router.interfaces.values()) await each.configure();
  return router;
}

class IpRouter implements Router {
  readonly counters = {
    forwarded: 0,
    delivered: 0,
    sentByUs: 0,
    /** Cut off, or of lengths that cannot be. */
    malformed: 0,
    badChecksum: 0,
    /** From or to an address that nobody can have, or that must not be forwarded. */
    martian: 0,
    sourceRouted: 0,
    timeExceeded: 0,
    noRoute: 0,
    tooBig: 0,
    /** The next hop did not answer. */
    unreachable: 0,
    fragmented: 0,
    redirects: 0,
    /** By a stage. */
    dropped: 0,
    rejected: 0,
    errorsOut: 0,
    errorsLimited: 0,
    ...reassemblyCounters(),
  };
  readonly interfaces: ReadonlyMap<string, RouterInterface>;
  readonly routes: RouteTable;
  readonly #options: RouterOptions;
  readonly #errors: IcmpErrors;
  readonly #defragmenter: Defragmenter;
  #hooks: Readonly<Record<Place, readonly Hook[]>>;
  #stages: readonly Stage[];
  /** Packets under way, each in the memory of its own, and how many of them: mostly one. */
  readonly #packets: RoutedPacket[] = [];
  readonly #rooms: Uint8Array[] = [];
  #depth = 0;
  readonly #header = emptyHeader();

  constructor(options: RouterOptions) {
    const { clock, random, stages = [] } = options;
    const timers = timersOf(clock);
    this.#options = options;
    this.#errors = new IcmpErrors(timers, this.counters);
    this.#defragmenter = new Defragmenter({ timers, counters: this.counters });
    this.#stages = stages;
    this.#hooks = hooksOf(stages);
    this.routes = new RouteTable(options);
    const host = {
      clock,
      random,
      received: this.#receive.bind(this),
      sent: (_from: RouterInterface, bytes: Uint8Array, offload: FrameOffload | undefined) =>
        this.#originate(bytes, offload, true),
      unreachable: (bytes: Uint8Array) => this.#giveUp(bytes),
    };
    this.interfaces = new Map(
      options.interfaces.map((each) => [each.name, new RouterInterface(each, host)]),
    );
    for (const { name, addresses } of options.interfaces) {
      for (const { address, length } of addresses) {
        this.routes.add({ prefix: address, length, nextHop: undefined, to: name });
      }
    }
    for (const route of options.routes ?? []) this.routes.add(route);
  }

  use(stage: Stage): () => void {
    this.#setStages([...this.#stages, stage]);
    return () => this.#setStages(this.#stages.filter((each) => each !== stage));
  }

  send(bytes: Uint8Array): void {
    this.#originate(bytes, undefined, true);
  }

  report(bytes: Uint8Array, error: RouterError, parameter: number = 0): void {
    const fields = readQuoted(bytes);
    if (fields === undefined) return;
    const { version, source } = fields;
    const back = this.#interfaceFor(source);
    const from = back?.addressOf(version);
    if (from === undefined) return;
    const message = this.#errors.make(bytes, routerErrors[error][version], from, parameter);
    if (message !== undefined) this.#originate(message, undefined, false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#defragmenter.clear();
    for (const each of this.interfaces.values()) await each.dispose();
  }

  #setStages(stages: readonly Stage[]): void {
    this.#stages = stages;
    this.#hooks = hooksOf(stages);
  }

  /** What came in: checked, put together, and copied, since stages change it. */
  #receive(
    from: RouterInterface,
    bytes: Uint8Array,
    offload: FrameOffload | undefined,
    isForMany: boolean,
  ): void {
    const refusal = this.#refusal(bytes);
    if (refusal !== undefined) {
      this.counters[refusal] += 1;
      return;
    }
    this.#within(bytes.length, (packet, room) => {
      room.set(bytes);
      if (!packet.take(room, offload)) {
        this.counters.malformed += 1;
        return;
      }
      packet.from = from.name;
      if (packet.isFragment && this.#stages.length > 0 && !isForMany) {
        const whole = this.#defragmenter.add(packet.bytes);
        if (whole === undefined || !packet.take(whole.bytes)) return;
        packet.fragmentBytes = whole.fragmentBytes;
      }
      this.#take(from, packet, isForMany);
    });
  }

  #refusal(bytes: Uint8Array): "malformed" | "badChecksum" | "sourceRouted" | undefined {
    if ((bytes[0] ?? 0) >> 4 === 6) return undefined;
    const header = decode4(bytes, this.#header);
    if (header === undefined) return "malformed";
    if (!hasRightChecksum(bytes, header.headerBytes)) return "badChecksum";
    return hasSourceRoute(header.options) ? "sourceRouted" : undefined;
  }

  #take(from: RouterInterface, packet: RoutedPacket, isForMany: boolean): void {
    const isLocal = isForMany || isOfLink(packet.destination) || this.#isOfLinkSource(packet);
    if (!isLocal) {
      // Before anything is translated: that may make it come from an address of ours.
      if (this.#isMartianSource(from, packet)) return this.#refuse(packet, "martian", undefined);
      if (!this.#pass("prerouting", packet)) return;
      const owner = this.#ownerOf(packet.destination);
      if (owner === undefined) return this.#forward(from, packet);
      return this.#deliver(owner, packet, false);
    }
    this.#deliver(from, packet, isForMany);
  }

  /** From an address of the link packets go to us, or nowhere. */
  #isOfLinkSource({ version, source, destination }: RoutedPacket): boolean {
    return version === 6 && isLinkLocal(source) && this.#ownerOf(destination) !== undefined;
  }

  #deliver(to: RouterInterface, packet: RoutedPacket, isForMany: boolean): void {
    if (!this.#pass("input", packet)) return;
    this.counters.delivered += 1;
    to.deliver(packet.version, packet.bytes, packet.offload, isForMany);
  }

  #forward(from: RouterInterface, packet: RoutedPacket): void {
    const { source, destination, version } = packet;
    if (version === 6 && isLinkLocal(source)) return this.#refuse(packet, "martian", "beyondScope");
    if (this.#isMartianDestination(packet)) return this.#refuse(packet, "martian", undefined);
    if (packet.timeToLive <= 1) return this.#refuse(packet, "timeExceeded", "timeExceeded");
    const route = this.routes.find(destination);
    const to = route === undefined ? undefined : this.interfaces.get(route.to);
    if (route === undefined || to === undefined) {
      return this.#refuse(packet, "noRoute", "networkUnreachable");
    }
    packet.to = to.name;
    if (!this.#pass("forward", packet)) return;
    const nextHop = route.nextHop ?? destination;
    if (to === from) this.#redirect(from, packet, nextHop);
    packet.decrementTimeToLive();
    this.counters.forwarded += 1;
    this.#leave(to, nextHop, packet);
  }

  #refuse(
    packet: RoutedPacket,
    counter: "martian" | "timeExceeded" | "noRoute" | "tooBig",
    error: RouterError | undefined,
    parameter: number = 0,
  ): void {
    this.counters[counter] += 1;
    if (error !== undefined) this.report(packet.bytes, error, parameter);
  }

  /** Whether a packet comes from where none can (RFC 1812, 5.3.7). */
  #isMartianSource(from: RouterInterface, { source, version }: RoutedPacket): boolean {
    const isNobody = version === 4 ? isMartian4(source) : isMartian6(source);
    if (isNobody || this.#ownerOf(source) !== undefined) return true;
    if (version === 4 && this.#isBroadcast(source)) return true;
    // From an address of the link no route leads back.
    const isChecked = this.#options.checksReversePath === true && !isOfLink(source);
    return isChecked && this.routes.find(source)?.to !== from.name;
  }

  #isMartianDestination({ destination, version }: RoutedPacket): boolean {
    if (version === 6) return isMartian6(destination);
    return isMartian4(destination) || this.#isBroadcast(destination);
  }

  #isBroadcast(address: Uint8Array): boolean {
    for (const each of this.interfaces.values()) if (each.isBroadcast(address)) return true;
    return false;
  }

  /** A packet of our own, *given*; errors pass no filter. */
  #originate(bytes: Uint8Array, offload: FrameOffload | undefined, isFiltered: boolean): void {
    this.#within(0, (packet) => {
      packet.from = undefined;
      if (!packet.take(bytes, offload)) return;
      if (this.#ownerOf(packet.destination) !== undefined) {
        // A stage may know that it is meant for somebody behind us.
        if (!this.#pass("prerouting", packet)) return;
        const owner = this.#ownerOf(packet.destination);
        if (owner !== undefined) return this.#deliver(owner, packet, false);
      }
      const route = this.routes.find(packet.destination);
      const to = route === undefined ? undefined : this.interfaces.get(route.to);
      if (route === undefined || to === undefined) {
        this.counters.noRoute += 1;
        return;
      }
      packet.to = to.name;
      if (isFiltered && !this.#pass("output", packet)) return;
      this.counters.sentByUs += 1;
      this.#leave(to, route.nextHop ?? packet.destination, packet);
    });
  }

  /** The way out of `to`: in one piece if it fits, else in fragments where that is allowed. */
  #leave(to: RouterInterface, nextHop: Uint8Array, packet: RoutedPacket): void {
    // The next hop may be a view of an address that a stage changes.
    const hop =
      packet.to !== undefined && this.#hooks.postrouting.length > 0 ? nextHop.slice() : nextHop;
    const { mtu } = to;
    const isTooLong = sizeOnLink(packet) > mtu;
    const wasWhole = packet.fragmentBytes === 0;
    if (isTooLong && packet.dontFragment && (wasWhole || packet.fragmentBytes > mtu)) {
      return this.#refuse(packet, "tooBig", "tooBig", mtu);
    }
    if (!this.#pass("postrouting", packet)) return;
    const { version, bytes, offload } = packet;
    if (!isTooLong && wasWhole) {
      to.send(version, hop, bytes, offload);
      return;
    }
    this.counters.fragmented += 1;
    const mostBytes = wasWhole ? mtu : Math.min(mtu, packet.fragmentBytes);
    const send = (part: Uint8Array): void => to.send(version, hop, part, undefined);
    if (version === 4) fragment(packet, mostBytes, send);
    else fragment6(packet, mostBytes, this.#options.random.uint32(), send);
  }

  /** Tells a host of a better first hop, on its own network (RFC 1812, 5.2.7.2; RFC 4861, 8.2). */
  #redirect(on: RouterInterface, packet: RoutedPacket, nextHop: Uint8Array): void {
    const { version, source, bytes } = packet;
    const near = (version === 4 ? on.addresses4 : on.addresses6).some(
      ({ address, length }) =>
        sharePrefix(address, source, length) &&
        (sharePrefix(address, nextHop, length) || (version === 6 && isLinkLocal(nextHop))),
    );
    const from = version === 4 ? on.addressOf(4) : on.v6.ndp.addresses.linkLocal;
    if (!near || from === undefined) return;
    if (version === 6) {
      if (!this.#errors.mayReport()) return;
      this.counters.redirects += 1;
      const message = redirect6(from, packet, nextHop);
      on.send(6, source, message, undefined);
      return;
    }
    const gateway = new DataView(nextHop.buffer, nextHop.byteOffset, 4).getUint32(0);
    const message = this.#errors.make(bytes, [5, 1], from, gateway);
    if (message === undefined) return;
    this.counters.redirects += 1;
    this.#originate(message, undefined, false);
  }

  #pass(place: Place, packet: RoutedPacket): boolean {
    for (const hook of this.#hooks[place]) {
      const verdict: Verdict = hook(packet);
      if (verdict === "pass") continue;
      if (verdict === "drop") this.counters.dropped += 1;
      else if (verdict === "reject") {
        this.counters.rejected += 1;
        const refusal = refusalOf(packet);
        if (refusal === undefined) this.report(packet.bytes, "prohibited");
        else if (refusal.length > 0) this.#originate(refusal, undefined, false);
      }
      return false;
    }
    return true;
  }

  #giveUp(bytes: Uint8Array): void {
    this.counters.unreachable += 1;
    this.report(bytes, "hostUnreachable");
  }

  #ownerOf(address: Uint8Array): RouterInterface | undefined {
    for (const each of this.interfaces.values()) if (each.owns(address)) return each;
    return undefined;
  }

  #interfaceFor(address: Uint8Array): RouterInterface | undefined {
    const route = this.routes.find(address);
    return route === undefined ? undefined : this.interfaces.get(route.to);
  }

  /** Lends a packet and room for its bytes: the first pair again and again, unless it is in use. */
  #within(sizeBytes: number, use: (packet: RoutedPacket, room: Uint8Array) => void): void {
    const depth = this.#depth;
    const packet = (this.#packets[depth] ??= new RoutedPacket());
    let room = this.#rooms[depth];
    if (room === undefined || room.length < sizeBytes) {
      room = this.#rooms[depth] = new Uint8Array(Math.max(2048, sizeBytes));
    }
    this.#depth += 1;
    try {
      use(packet, room.subarray(0, sizeBytes));
    } finally {
      this.#depth -= 1;
    }
  }
}
