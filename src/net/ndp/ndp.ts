/**
 * Neighbour discovery (RFC 4861): checks the messages, answers them, and tells the tables what they
 * say. What fails a check of section 6.1, 7.1 or 8.1 is counted and changes nothing.
 */

import type { FrameOffload, ReceivedPacket } from "../../devices/index.ts";
import { isGroup, isLinkLocal, keyOf, unspecified } from "../ipv6/address.ts";
import { allNodes, allRouters, solicitedNode } from "../ipv6/groups.ts";
import { seal } from "../ipv6/icmp-message.ts";
import { nextHeader } from "../ipv6/packet.ts";
import { isSameAddress } from "../prefix.ts";
import { fraction } from "../random.ts";
import { Addresses, type LocalAddress } from "./addresses.ts";
import { Autoconfiguration } from "./autoconfiguration.ts";
import type { ControlLink } from "./link.ts";
import { Neighbours, type Neighbour } from "./neighbours.ts";
import { macIn, optionType, type NdpOption } from "./options.ts";
import { decode, encode, ndpType, type NdpPacket } from "./packet.ts";
import { prefixesIn, Routers, type LinkParameters } from "./routers.ts";

/** Destinations that routers sent us elsewhere for. */
const maxRedirects = 256;

/** Longest message that we send: an advertisement with our MAC address. */
const maxMessageBytes = 32;

/** What the layer above the link does for neighbour discovery. */
export interface NdpOptions {
  readonly link: ControlLink;
  /** Whether to believe what routers say. */
  readonly isListeningToRouters: boolean;
  /** A router that is not advertised, 16 bytes: it is preferred to all that are. */
  readonly gateway: Uint8Array | undefined;
  /** How often others are asked whether they have an address of ours: 0 is not at all. */
  readonly detectionCount: number;
  readonly join: (group: Uint8Array) => () => void;
  /** Sends a packet that waited for its neighbour. */
  readonly deliver: (neighbour: Neighbour, packet: Uint8Array, offload?: FrameOffload) => void;
  /** Takes back a packet whose neighbour did not answer, or for which there was no more room. */
  readonly giveUp: (packet: Uint8Array, isSilent: boolean) => void;
  /** What packets are sent from or through may be different now. */
  readonly routesChanged: () => void;
  /** Name servers or search domains changed. */
  readonly configurationChanged: () => void;
  /** Somebody else has an address of ours. */
  readonly conflict: (address: Uint8Array) => void;
}

export class Ndp {
  readonly parameters: LinkParameters;
  readonly addresses: Addresses;
  readonly neighbours: Neighbours;
  readonly routers: Routers;
  /** Whether to say in advertisements that we are a router. */
  isRouter = false;
  readonly #options: NdpOptions;
  readonly #link: ControlLink;
  readonly #autoconfiguration: Autoconfiguration;
  /** Next hops by destination, as routers redirected us; the oldest makes room. */
  readonly #redirects = new Map<string, Uint8Array>();

  constructor(options: NdpOptions) {
    const { link, join, routesChanged } = options;
    const { timers, random } = link;
    this.#options = options;
    this.#link = link;
    const parameters = {
      hopLimit: 64,
      mtuBytes: link.mtu,
      reachableMs: 0,
      retransmitMs: 1000,
      detectionCount: options.detectionCount,
    };
    this.parameters = parameters;
    this.addresses = new Addresses({
      timers,
      times: parameters,
      join,
      probe: (address) => this.#probe(address),
      announce: (local) => this.#advertise(local, allNodes, false),
      changed: routesChanged,
    });
    this.routers = new Routers({
      timers,
      parameters,
      linkMtuBytes: link.mtu,
      fraction: () => fraction(random),
      routesChanged,
      configurationChanged: options.configurationChanged,
    });
    this.neighbours = new Neighbours({
      timers,
      times: parameters,
      solicit: (neighbour) => this.#solicit(neighbour),
      deliver: (neighbour, { packet, offload }) => options.deliver(neighbour, packet, offload),
      giveUp: options.giveUp,
      removed: (neighbour, isSilent) => this.#forget(neighbour, isSilent),
      stoppedRouting: ({ address }) => this.routers.remove(address),
    });
    this.#autoconfiguration = new Autoconfiguration(
      link,
      this.addresses,
      () => this.#solicitRouters(),
      options.conflict,
    );
  }

  /** Makes an address for the link, unless there is one, and asks for routers. */
  start(): void {
    if (isSameAddress(this.addresses.linkLocal, unspecified)) {
      this.#autoconfiguration.addLinkLocal();
    }
    if (this.#options.isListeningToRouters) this.#autoconfiguration.solicitRouters();
  }

  /** The link is back, or another: neighbours, routers and duplicates are asked for anew. */
  restart(): void {
    this.neighbours.clear();
    this.addresses.restart();
    this.#autoconfiguration.clear();
    this.start();
    this.#options.routesChanged();
  }

  /** Where a packet to `destination`, no group, goes next; `undefined` if nobody takes it. */
  nextHop(destination: Uint8Array): Uint8Array | undefined {
    const redirect = this.#redirects.get(keyOf(destination));
    if (redirect !== undefined) return redirect;
    const isOnLink =
      isLinkLocal(destination) ||
      this.addresses.isOnLink(destination) ||
      this.routers.isOnLink(destination);
    return isOnLink ? destination : (this.#options.gateway ?? this.routers.choose());
  }

  /** Takes in a message whose checksum is right; false if it fails another check. */
  receive({ payload, source, destination, timeToLive }: ReceivedPacket): boolean {
    // 255: no router passed it on, so that it comes from the link.
    const message = timeToLive === 255 ? decode(payload) : undefined;
    switch (message?.type) {
      case ndpType.routerSolicitation:
        return true;
      case ndpType.routerAdvertisement:
        return this.#hearRouter(message, source);
      case ndpType.neighbourSolicitation:
        return this.#hearSolicitation(message, source, destination);
      case ndpType.neighbourAdvertisement:
        return this.#hearAdvertisement(message, destination);
      case ndpType.redirect:
        return this.#hearRedirect(message, source);
      case undefined:
        return false;
    }
  }

  /** Forgets everything; nothing more is sent. */
  clear(): void {
    this.#autoconfiguration.clear();
    this.addresses.clear();
    this.neighbours.clear();
    this.routers.clear();
    this.#redirects.clear();
  }

  #hearRouter(message: NdpPacket & { readonly type: 134 }, source: Uint8Array): boolean {
    if (!isLinkLocal(source)) return false;
    if (!this.#options.isListeningToRouters) return true;
    this.#learnMac(source, message.options, optionType.sourceMac);
    this.neighbours.markRouter(source);
    this.routers.advertised(source, message);
    this.#autoconfiguration.advertised(prefixesIn(message.options));
    return true;
  }

  #hearSolicitation(
    { target, options }: NdpPacket & { readonly type: 135 },
    source: Uint8Array,
    destination: Uint8Array,
  ): boolean {
    const isProbe = isSameAddress(source, unspecified);
    if (isGroup(target)) return false;
    if (isProbe) {
      const isToSolicited = isSameAddress(destination, solicitedNode(target));
      if (!isToSolicited || macIn(options, optionType.sourceMac) !== undefined) return false;
    }
    const local = this.addresses.find(target);
    if (local === undefined) return true;
    if (!isProbe) this.#learnMac(source, options, optionType.sourceMac);
    if (isProbe && local.isOptimistic) this.#conflict(target);
    else this.#advertise(local, isProbe ? allNodes : source, !isProbe);
    return true;
  }

  #hearAdvertisement(
    message: NdpPacket & { readonly type: 136 },
    destination: Uint8Array,
  ): boolean {
    const { target, isSolicited, options } = message;
    if (isGroup(target) || (isGroup(destination) && isSolicited)) return false;
    if (this.addresses.find(target) !== undefined) this.#conflict(target);
    else this.neighbours.advertised(message, macIn(options, optionType.targetMac));
    return true;
  }

  #hearRedirect(message: NdpPacket & { readonly type: 137 }, source: Uint8Array): boolean {
    const { target, destination, options } = message;
    const isDestination = isSameAddress(target, destination);
    if (!isLinkLocal(source) || isGroup(destination)) return false;
    if (!isDestination && !isLinkLocal(target)) return false;
    // Only who we send through can send us elsewhere.
    const nextHop = this.nextHop(destination);
    if (nextHop === undefined || !isSameAddress(nextHop, source)) return false;
    if (!this.#options.isListeningToRouters) return true;
    const key = keyOf(destination);
    this.#redirects.delete(key);
    this.#redirects.set(key, target.slice());
    const [oldest] = this.#redirects.keys();
    if (this.#redirects.size > maxRedirects && oldest !== undefined) {
      this.#redirects.delete(oldest);
    }
    this.#learnMac(target, options, optionType.targetMac);
    if (!isDestination) this.neighbours.markRouter(target);
    this.#options.routesChanged();
    return true;
  }

  /** Somebody else uses, or asks for, an address of ours. */
  #conflict(address: Uint8Array): void {
    const local = this.addresses.find(address);
    if (local === undefined) return;
    this.addresses.foundDuplicate(address);
    // Another one is made in place of an automatic one, as often as makes sense.
    if (!local.isAutomatic || !local.isOptimistic) this.#options.conflict(local.address);
  }

  #learnMac(address: Uint8Array, options: readonly NdpOption[], type: 1 | 2): void {
    const mac = macIn(options, type);
    if (mac !== undefined && this.addresses.find(address) === undefined) {
      this.neighbours.heard(address, mac);
    }
  }

  /** A neighbour is forgotten: whoever did not answer is not sent through again (7.3.3). */
  #forget({ address }: Neighbour, isSilent: boolean): void {
    if (isSilent) {
      this.routers.markSilent(address);
      for (const [key, nextHop] of this.#redirects) {
        if (isSameAddress(nextHop, address)) this.#redirects.delete(key);
      }
    }
    this.#options.routesChanged();
  }

  #solicit({ address, mac, state, source }: Neighbour): void {
    const local = this.addresses.find(source);
    // An address that may be another's must not be told with our MAC address (RFC 4429, 3.2); that
    // for the link, 64 random bits, is taken for ours.
    const { linkLocal } = this.addresses;
    const isTold = local?.isOptimistic === false || isSameAddress(linkLocal, unspecified);
    const from = isTold ? source : linkLocal;
    const isProbe = state === "probe";
    const destination = isProbe ? address : solicitedNode(address);
    this.#send(
      { type: ndpType.neighbourSolicitation, target: address, options: this.#ourMac(1) },
      from,
      destination,
      isProbe ? mac : undefined,
    );
  }

  /** Asks whether somebody has an address that we want (RFC 4862, 5.4.2). */
  #probe(target: Uint8Array): void {
    const message: NdpPacket = { type: ndpType.neighbourSolicitation, target, options: [] };
    this.#send(message, unspecified, solicitedNode(target));
  }

  #advertise(local: LocalAddress, destination: Uint8Array, isSolicited: boolean): void {
    const message: NdpPacket = {
      type: ndpType.neighbourAdvertisement,
      isRouter: this.isRouter,
      isSolicited,
      isOverride: !local.isOptimistic,
      target: local.address,
      options: this.#ourMac(2),
    };
    this.#send(message, local.address, destination);
  }

  #solicitRouters(): void {
    const source = this.addresses.linkLocal;
    const isKnownOurs = this.addresses.find(source)?.isOptimistic === false;
    const options = isKnownOurs ? this.#ourMac(1) : [];
    this.#send({ type: ndpType.routerSolicitation, options }, source, allRouters);
  }

  #ourMac(type: 1 | 2): readonly NdpOption[] {
    return [{ type, body: this.#link.mac }];
  }

  #send(message: NdpPacket, source: Uint8Array, destination: Uint8Array, mac?: Uint8Array): void {
    const room = new Uint8Array(maxMessageBytes);
    const payload = room.subarray(0, encode(message, room));
    seal(payload, source, destination);
    this.#link.send({
      source,
      destination,
      nextHeader: nextHeader.icmp,
      hopLimit: 255,
      payload,
      ...(mac !== undefined && { mac }),
    });
  }
}
