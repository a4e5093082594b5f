/**
 * What routers say of the link and of themselves (RFC 4861, 6.3; RFC 8106): default routers,
 * prefixes that are on the link, name servers and search domains, each for a time and each bounded.
 */

import { formatAddress } from "../address.ts";
import { isLinkLocal, keyOf } from "../ipv6/address.ts";
import { minimumMtu } from "../ipv6/packet.ts";
import { sharePrefix } from "../prefix.ts";
import type { Timers } from "../timers.ts";
import { long } from "../words.ts";
import { endMs, Leases } from "./leases.ts";
import {
  bodyOf,
  decodeDnsServers,
  decodePrefix,
  decodeSearchDomains,
  optionType,
  type DnsInformation,
  type NdpOption,
  type PrefixInformation,
} from "./options.ts";
import type { RouterAdvertisement } from "./packet.ts";

/** How many of each are remembered. */
const maxRouters = 8;
const maxPrefixes = 32;
const maxDns = 8;

/** What a router may make us wait between solicitations, and how long a neighbour is reachable. */
const retransmitRangeMs = { least: 100, most: 10_000 } as const;
const reachableRangeMs = { least: 1000, most: 3_600_000 } as const;

/** Preferences of a router (RFC 4191, 2.1): low is 0b11, medium 0b00, high 0b01. */
const preferences: readonly number[] = [0, 1, 0, -1];

interface Router {
  readonly address: Uint8Array;
  preference: number;
  /** Whether it did not answer when it was last asked, and said nothing since. */
  isSilent: boolean;
}

interface OnLinkPrefix {
  readonly prefix: Uint8Array;
  readonly length: number;
}

/** Parameters of the link, which routers may change. */
export interface LinkParameters {
  /** What to send with unless a packet says otherwise. */
  hopLimit: number;
  /** The longest packet, IP header included. */
  mtuBytes: number;
  /** How long a neighbour counts as reachable, drawn at random around what routers say. */
  reachableMs: number;
  /** Between solicitations, and for detection of duplicates. */
  retransmitMs: number;
}

/** What is heard of what changed. */
export interface RoutersOptions {
  readonly timers: Timers;
  readonly parameters: LinkParameters;
  /** What the device carries. */
  readonly linkMtuBytes: number;
  /** A number from 0 to 1, at random. */
  readonly fraction: () => number;
  /** Routers, prefixes on the link or the MTU changed: routes must be looked up anew. */
  readonly routesChanged: () => void;
  /** Name servers or search domains changed. */
  readonly configurationChanged: () => void;
}

export class Routers {
  readonly #options: RoutersOptions;
  readonly #routers: Leases<Router>;
  readonly #prefixes: Leases<OnLinkPrefix>;
  readonly #dnsServers: Leases<string>;
  readonly #searchDomains: Leases<string>;
  #baseReachableMs = 30_000;

  constructor(options: RoutersOptions) {
    const { timers, routesChanged, configurationChanged } = options;
    this.#options = options;
    this.#routers = new Leases(timers, maxRouters, routesChanged);
    this.#prefixes = new Leases(timers, maxPrefixes, routesChanged);
    this.#dnsServers = new Leases(timers, maxDns, configurationChanged);
    this.#searchDomains = new Leases(timers, maxDns, configurationChanged);
    this.#drawReachable();
  }

  /** Name servers, as text. */
  get dnsServers(): readonly string[] {
    return this.#dnsServers.values;
  }

  get searchDomains(): readonly string[] {
    return this.#searchDomains.values;
  }

  /** Whether a prefix on the link holds an address. */
  isOnLink(address: Uint8Array): boolean {
    return this.#prefixes.values.some(({ prefix, length }) => sharePrefix(prefix, address, length));
  }

  /**
   * The router to send through: of those that answer, one that is most preferred; else the one that
   * was longest not tried (RFC 4861, 6.3.6; RFC 4191, 3.2).
   */
  choose(): Uint8Array | undefined {
    const all = this.#routers.values;
    let best: Router | undefined;
    for (const router of all) {
      if (router.isSilent) continue;
      if (best === undefined || router.preference > best.preference) best = router;
    }
    return (best ?? all[0])?.address;
  }

  /** A router did not answer. */
  markSilent(address: Uint8Array): void {
    const router = this.#routers.get(keyOf(address));
    if (router === undefined) return;
    router.isSilent = true;
    this.#routers.moveToEnd(keyOf(address));
  }

  /** A node is no router any more. */
  remove(address: Uint8Array): void {
    this.#routers.delete(keyOf(address));
  }

  /** Takes in what a router advertises of itself and the link, but for addresses to be made. */
  advertised(router: Uint8Array, advertisement: RouterAdvertisement): void {
    const nowMs = this.#options.timers.nowMs();
    this.#setParameters(advertisement);
    this.#setRouter(router, advertisement, nowMs);
    for (const { type, body } of advertisement.options) {
      if (type === optionType.dnsServers) {
        renew(this.#dnsServers, decodeDnsServers(body), formatAddress, nowMs);
      } else if (type === optionType.searchDomains) {
        renew(this.#searchDomains, decodeSearchDomains(body), String, nowMs);
      }
    }
    for (const each of prefixesIn(advertisement.options)) {
      if (each.isOnLink) this.#setPrefix(each, nowMs);
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.#routers.clear();
    this.#prefixes.clear();
    this.#dnsServers.clear();
    this.#searchDomains.clear();
  }

  #setParameters({ hopLimit, reachableMs, retransmitMs, options }: RouterAdvertisement): void {
    const { parameters, linkMtuBytes, routesChanged } = this.#options;
    if (hopLimit !== 0) parameters.hopLimit = hopLimit;
    if (retransmitMs !== 0) parameters.retransmitMs = within(retransmitRangeMs, retransmitMs);
    if (reachableMs !== 0) {
      const baseMs = within(reachableRangeMs, reachableMs);
      if (baseMs !== this.#baseReachableMs) {
        this.#baseReachableMs = baseMs;
        this.#drawReachable();
      }
    }
    const body = bodyOf(options, optionType.mtu, 6);
    const mtuBytes = body === undefined ? 0 : long(body, 2);
    if (mtuBytes < minimumMtu || mtuBytes > linkMtuBytes) return;
    if (mtuBytes === parameters.mtuBytes) return;
    parameters.mtuBytes = mtuBytes;
    routesChanged();
  }

  #setRouter(address: Uint8Array, advertisement: RouterAdvertisement, nowMs: number): void {
    const key = keyOf(address);
    const preference = preferences[(advertisement.flags >> 3) & 3] ?? 0;
    const known = this.#routers.get(key);
    const router = known ?? { address: address.slice(), preference, isSilent: false };
    const isChange = router.isSilent || router.preference !== preference;
    router.isSilent = false;
    router.preference = preference;
    this.#routers.set(key, router, nowMs + 1000 * advertisement.routerLifetimeS, nowMs);
    if (isChange) this.#options.routesChanged();
  }

  #setPrefix({ prefix, length, validLifetimeS }: PrefixInformation, nowMs: number): void {
    if (isLinkLocal(prefix)) return;
    const masked = new Uint8Array(16);
    for (let bit = 0; bit < length; bit += 8) {
      const mask = length - bit < 8 ? 0xff << (8 - (length - bit)) : 0xff;
      masked[bit / 8] = (prefix[bit / 8] ?? 0) & mask;
    }
    const key = keyOf(masked) + String.fromCharCode(length);
    this.#prefixes.set(key, { prefix: masked, length }, endMs(nowMs, validLifetimeS), nowMs);
  }

  /** ReachableTime: 0.5 to 1.5 of what routers say (RFC 4861, 6.3.2). */
  #drawReachable(): void {
    const factor = 0.5 + this.#options.fraction();
    this.#options.parameters.reachableMs = factor * this.#baseReachableMs;
  }
}

/** The prefixes of an advertisement that make sense. */
export function prefixesIn(options: readonly NdpOption[]): PrefixInformation[] {
  return options.flatMap(({ type, body }) => {
    const prefix = type === optionType.prefix ? decodePrefix(body) : undefined;
    return prefix === undefined ? [] : [prefix];
  });
}

function renew<Item>(
  leases: Leases<string>,
  { lifetimeS, items }: DnsInformation<Item>,
  format: (item: Item) => string,
  nowMs: number,
): void {
  for (const item of items) {
    const text = format(item);
    leases.set(text, text, endMs(nowMs, lifetimeS), nowMs);
  }
}

function within(range: { readonly least: number; readonly most: number }, value: number): number {
  return Math.min(Math.max(value, range.least), range.most);
}
