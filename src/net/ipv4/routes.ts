/** Which way packets go: our addresses, the networks they are in, and the routes beyond. */

import { isSameAddress, sharePrefix } from "../prefix.ts";
import { format, toNumber, unspecified } from "./address.ts";

/** An address of ours. */
export interface OwnAddress {
  /** 4 bytes. */
  readonly bytes: Uint8Array;
  /** Bits of its network's prefix: 0–32. */
  readonly prefixLength: number;
  /** The address with its prefix length, as text. */
  readonly text: string;
  /** The number of its network's broadcast address; `undefined` where there is none (RFC 3021). */
  readonly broadcastKey: number | undefined;
  /** The gateway that came with it. */
  readonly gateway: Uint8Array | undefined;
}

interface Route {
  readonly prefix: Uint8Array;
  readonly length: number;
  /** Who takes it further; `undefined` if the destination is on our link. */
  readonly gateway: Uint8Array | undefined;
  /** How often it did not answer. */
  silences: number;
}

/** Where a packet goes next, and which address of ours it comes from. */
export interface Hop {
  readonly nextHop: Uint8Array;
  readonly source: Uint8Array;
}

/** Destinations that gateways sent us elsewhere for; the oldest makes room. */
const maxRedirects = 256;

export class Routes {
  readonly #addresses = new Map<number, OwnAddress>();
  readonly #broadcasts = new Set<number>();
  /** The longest prefix first, and of one prefix the gateway that failed least often. */
  #routes: Route[] = [];
  /** Gateways by destination, as others told us (RFC 1122, 3.2.2.2). */
  readonly #redirects = new Map<number, Uint8Array>();

  /** Our addresses, in the order in which they were added. */
  get addresses(): readonly OwnAddress[] {
    return [...this.#addresses.values()];
  }

  isOurs(key: number): boolean {
    return this.#addresses.has(key);
  }

  /** Whether it is the broadcast address of a network of ours. */
  isBroadcast(key: number): boolean {
    return this.#broadcasts.has(key);
  }

  /** Adds an address of ours, and a route to everywhere if it comes with a gateway. */
  addAddress(address: Uint8Array, prefixLength: number, gateway: Uint8Array | undefined): void {
    this.removeAddress(address);
    if (gateway !== undefined) this.addRoute(unspecified, 0, gateway);
    const key = toNumber(address);
    const hostMask = prefixLength === 0 ? 0xffff_ffff : 2 ** (32 - prefixLength) - 1;
    this.#addresses.set(key, {
      bytes: address.slice(),
      prefixLength,
      text: `${format(address)}/${prefixLength}`,
      broadcastKey: prefixLength > 30 ? undefined : (key | hostMask) >>> 0,
      gateway,
    });
    this.#findBroadcasts();
  }

  /** Removes an address, and the route that came with it; returns whether it was there. */
  removeAddress(address: Uint8Array): boolean {
    const key = toNumber(address);
    const own = this.#addresses.get(key);
    if (own === undefined) return false;
    this.#addresses.delete(key);
    this.#redirects.clear();
    this.#routes = this.#routes.filter(({ gateway }) => gateway !== own.gateway || !gateway);
    this.#findBroadcasts();
    return true;
  }

  /** Adds a route, behind those of the same prefix. The gateway is *given*. */
  addRoute(prefix: Uint8Array, length: number, gateway: Uint8Array | undefined): void {
    this.#redirects.clear();
    this.#routes.push({ prefix: prefix.slice(), length, gateway, silences: 0 });
    this.#sort();
  }

  removeRoute(prefix: Uint8Array, length: number): void {
    this.#redirects.clear();
    this.#routes = this.#routes.filter(
      (route) => route.length !== length || !sharePrefix(route.prefix, prefix, length),
    );
  }

  /** A gateway does not answer: others of its prefixes go before it, and no redirect holds. */
  passOver(gateway: Uint8Array): void {
    this.#redirects.clear();
    for (const route of this.#routes) {
      if (route.gateway !== undefined && isSameAddress(route.gateway, gateway)) route.silences += 1;
    }
    this.#sort();
  }

  /**
   * Takes the word of a gateway that another one is better for a destination, if it is the one that
   * we would go through, and the other is on our link. Returns whether it did.
   */
  redirect(destination: Uint8Array, from: Uint8Array, to: Uint8Array): boolean {
    const nextHop = this.find(destination)?.nextHop;
    const key = toNumber(to);
    const isFromGateway =
      nextHop !== undefined && isSameAddress(nextHop, from) && !isSameAddress(destination, from);
    const isNeighbour = this.#addressNear(to) !== undefined && !this.isBroadcast(key);
    if (!isFromGateway || !isNeighbour || this.isOurs(key)) return false;
    this.#redirects.set(toNumber(destination), to.slice());
    const [oldest = 0] = this.#redirects.keys();
    if (this.#redirects.size > maxRedirects) this.#redirects.delete(oldest);
    return true;
  }

  /** Goes again where routes lead. */
  forgetRedirect(destination: Uint8Array): void {
    this.#redirects.delete(toNumber(destination));
  }

  /** Finds the way to a host, by the longest prefix that it shares (RFC 1122, 3.3.1). */
  find(destination: Uint8Array): Hop | undefined {
    const onLink = this.#addressNear(destination);
    const route = this.#routes.find(({ prefix, length }) =>
      sharePrefix(prefix, destination, length),
    );
    if (route === undefined || (onLink?.prefixLength ?? -1) >= route.length) {
      return onLink === undefined ? undefined : { nextHop: destination, source: onLink.bytes };
    }
    const nextHop = this.#redirects.get(toNumber(destination)) ?? route.gateway ?? destination;
    const source = this.#addressNear(nextHop) ?? this.addresses[0];
    return source === undefined ? undefined : { nextHop, source: source.bytes };
  }

  /** The address of ours in whose network, the smallest, `other` is. */
  #addressNear(other: Uint8Array): OwnAddress | undefined {
    let near: OwnAddress | undefined;
    for (const address of this.#addresses.values()) {
      if (!sharePrefix(address.bytes, other, address.prefixLength)) continue;
      if (near === undefined || address.prefixLength > near.prefixLength) near = address;
    }
    return near;
  }

  #sort(): void {
    this.#routes.sort((a, b) => b.length - a.length || a.silences - b.silences);
  }

  #findBroadcasts(): void {
    this.#broadcasts.clear();
    for (const { broadcastKey } of this.#addresses.values()) {
      if (broadcastKey !== undefined) this.#broadcasts.add(broadcastKey);
    }
  }
}
