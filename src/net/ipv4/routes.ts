/** Which way packets go: our addresses, the networks they are in, and the routes beyond. */

import { sharePrefix } from "../prefix.ts";
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
}

/** Where a packet goes next, and which address of ours it comes from. */
export interface Hop {
  readonly nextHop: Uint8Array;
  readonly source: Uint8Array;
}

export class Routes {
  readonly #addresses = new Map<number, OwnAddress>();
  readonly #broadcasts = new Set<number>();
  /** The longest prefix first. */
  #routes: Route[] = [];

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
    this.#routes = this.#routes.filter(({ gateway }) => gateway !== own.gateway || !gateway);
    this.#findBroadcasts();
    return true;
  }

  /** Adds a route, or replaces the one of the same prefix. The gateway is *given*. */
  addRoute(prefix: Uint8Array, length: number, gateway: Uint8Array | undefined): void {
    this.removeRoute(prefix, length);
    this.#routes.push({ prefix: prefix.slice(), length, gateway });
    this.#routes.sort((a, b) => b.length - a.length);
  }

  removeRoute(prefix: Uint8Array, length: number): void {
    this.#routes = this.#routes.filter(
      (route) => route.length !== length || !sharePrefix(route.prefix, prefix, length),
    );
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
    const nextHop = route.gateway ?? destination;
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

  #findBroadcasts(): void {
    this.#broadcasts.clear();
    for (const { broadcastKey } of this.#addresses.values()) {
      if (broadcastKey !== undefined) this.#broadcasts.add(broadcastKey);
    }
  }
}
