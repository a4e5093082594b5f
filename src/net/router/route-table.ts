/**
 * Where packets go, by the longest prefix (RFC 1812, 5.2.4.3). Prefixes of one length are in one
 * map, so that a search looks once for each length that is used, however many routes there are.
 */

import { formatAddress } from "../address.ts";

/** A route. */
export interface Route {
  /** 4 or 16 bytes; what lies behind `length` is 0. */
  readonly prefix: Uint8Array;
  /** Bits: 0–32 or 0–128. */
  readonly length: number;
  /** Who takes packets further; `undefined` if the destination is on the link. */
  readonly nextHop: Uint8Array | undefined;
  /** The name of the interface. */
  readonly to: string;
}

/** How a {@link RouteTable} is made. */
export interface RouteTableOptions {
  /** The most routes; 10,000 by default. */
  readonly maxRoutes?: number;
  /** The most destinations remembered with their route; 4,096 by default. */
  readonly maxRemembered?: number;
}

/** Routes of both versions of IP. */
export class RouteTable {
  readonly #maxRoutes: number;
  readonly #maxRemembered: number;
  /** By the length of addresses in bytes, then of prefixes in bits, the longest first. */
  readonly #tables = { 4: new Map<number, Prefixes>(), 16: new Map<number, Prefixes>() };
  readonly #remembered = new Map<string, Route | undefined>();
  #count = 0;

  constructor({ maxRoutes = 10_000, maxRemembered = 4096 }: RouteTableOptions = {}) {
    this.#maxRoutes = maxRoutes;
    this.#maxRemembered = maxRemembered;
  }

  /** All routes, of each version the longest prefixes first. */
  get all(): readonly Route[] {
    const lengths = [...this.#tables[4].values(), ...this.#tables[16].values()];
    return lengths.flatMap((prefixes) => Array.from(prefixes.values()));
  }

  /**
   * Adds a route, or replaces the one of the same prefix.
   *
   * @throws {RangeError} if there are too many, or the prefix is none
   */
  add({ prefix, length, nextHop, to }: Route): void {
    const name = `${formatAddress(prefix)}/${length}`;
    if (
      (prefix.length !== 4 && prefix.length !== 16) ||
      !(length >= 0 && length <= 8 * prefix.length)
    ) {
      throw new RangeError(`Cannot add a route to ${name}: it is no prefix`);
    }
    const masked = maskedTo(prefix, length);
    const table = this.#tables[prefix.length];
    const prefixes = table.get(length) ?? new Map<string, Route>();
    const key = keyOf(masked, length);
    if (!prefixes.has(key)) {
      if (this.#count >= this.#maxRoutes) {
        throw new RangeError(`Cannot add a route to ${name}: there are ${this.#count} routes`);
      }
      this.#count += 1;
    }
    prefixes.set(key, { prefix: masked, length, nextHop: nextHop?.slice(), to });
    if (!table.has(length)) {
      table.set(length, prefixes);
      const sorted = [...table].toSorted(([a], [b]) => b - a);
      table.clear();
      for (const [each, entries] of sorted) table.set(each, entries);
    }
    this.#remembered.clear();
  }

  /** Removes a route; returns whether there was one of that prefix. */
  remove(prefix: Uint8Array, length: number): boolean {
    const table = this.#tables[prefix.length === 4 ? 4 : 16];
    const prefixes = table.get(length);
    if (prefixes?.delete(keyOf(maskedTo(prefix, length), length)) !== true) return false;
    if (prefixes.size === 0) table.delete(length);
    this.#count -= 1;
    this.#remembered.clear();
    return true;
  }

  /** The route to a destination (4 or 16 bytes, *borrowed*), if there is one. */
  find(destination: Uint8Array): Route | undefined {
    const whole = keyOf(destination, 8 * destination.length);
    const known = this.#remembered.get(whole);
    if (known !== undefined || this.#remembered.has(whole)) return known;
    const route = this.#search(destination);
    if (this.#remembered.size >= this.#maxRemembered) this.#remembered.clear();
    this.#remembered.set(whole, route);
    return route;
  }

  #search(destination: Uint8Array): Route | undefined {
    for (const [length, prefixes] of this.#tables[destination.length === 4 ? 4 : 16]) {
      const route = prefixes.get(keyOf(destination, length));
      if (route !== undefined) return route;
    }
    return undefined;
  }
}

type Prefixes = Map<string, Route>;

/** The first `length` bits of an address as a short string. */
function keyOf(address: Uint8Array, length: number): string {
  let key = "";
  for (let at = 0; 8 * at < length; at += 2) {
    const bits = Math.min(16, length - 8 * at);
    const word = ((address[at] ?? 0) << 8) | (address[at + 1] ?? 0);
    key += String.fromCharCode(word & (0xffff << (16 - bits)));
  }
  return key;
}

function maskedTo(address: Uint8Array, length: number): Uint8Array {
  return address.map((byte, index) => {
    const bits = Math.max(0, Math.min(8, length - 8 * index));
    return byte & (0xff << (8 - bits));
  });
}
