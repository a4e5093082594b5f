/** What a server gives: an address for some time, and what is to be known of the network. */

import { formatAddress } from "../address.ts";
import { decodeName } from "../dns/name.ts";
import { isGroup, toNumber } from "../ipv4/address.ts";
import type { Prefix } from "../prefix.ts";
import { option, type DhcpOptions, type DhcpPacket } from "./packet.ts";

/** Where packets for a network go; through no router if `gateway` is `undefined`. */
export interface Route {
  readonly prefix: Prefix;
  readonly gateway: Uint8Array | undefined;
}

/** A lease. Addresses are 4 bytes, except where they are text. */
export interface Lease {
  readonly address: Uint8Array;
  /** Bits of the network's prefix. */
  readonly prefixLength: number;
  readonly serverId: Uint8Array;
  /** The default route is that of length 0, if there is any. */
  readonly routes: readonly Route[];
  /** As text, for a resolver. */
  readonly dnsServers: readonly string[];
  readonly domainName: string | undefined;
  /** Domains to search, the domain itself where the server names no others. */
  readonly searchDomains: readonly string[];
  /** The MTU of the link, 68 or more. */
  readonly mtuBytes: number | undefined;
  /** When to ask its server again (T1), then any server (T2), and when it ends; from its begin. */
  readonly renewMs: number;
  readonly rebindMs: number;
  readonly expireMs: number;
}

/** As many are asked as routers may tell: a server could name hundreds, each with seconds to wait. */
const maxServers = 8;
const maxDomains = 8;

/** Reads the lease that a message offers or grants; `undefined` if it makes none. */
export function readLease({ yiaddr, options }: DhcpPacket): Lease | undefined {
  const serverId = addressesIn(options, option.serverId)[0];
  const seconds = numberIn(options, option.leaseTime, 4) ?? 0;
  const isHost = yiaddr[0] !== 0 && yiaddr[0] !== 127 && (yiaddr[0] ?? 0) < 240 && !isGroup(yiaddr);
  if (serverId === undefined || seconds === 0 || !isHost) return undefined;
  const domainName = nameIn(options);
  const searchDomains = searchDomainsIn(options);
  const mtuBytes = numberIn(options, option.mtu, 2) ?? 0;
  return {
    address: yiaddr.slice(),
    prefixLength: prefixLengthOf(options, yiaddr),
    serverId: serverId.slice(),
    routes: routesIn(options),
    dnsServers: addressesIn(options, option.dnsServers).slice(0, maxServers).map(formatAddress),
    domainName,
    searchDomains:
      searchDomains.length > 0 || domainName === undefined ? searchDomains : [domainName],
    mtuBytes: mtuBytes < 68 ? undefined : mtuBytes,
    ...timesIn(options, seconds),
  };
}

/** T1 and T2, where the server's make sense, else half and seven eighths (RFC 2131, 4.4.5). */
function timesIn(
  options: DhcpOptions,
  seconds: number,
): { renewMs: number; rebindMs: number; expireMs: number } {
  if (seconds === 0xffff_ffff) return { renewMs: Infinity, rebindMs: Infinity, expireMs: Infinity };
  const renew = numberIn(options, option.renewalTime, 4) ?? seconds / 2;
  const rebind = numberIn(options, option.rebindingTime, 4) ?? (seconds * 7) / 8;
  const areSound = renew > 0 && renew <= rebind && rebind <= seconds;
  return {
    renewMs: 1000 * (areSound ? renew : seconds / 2),
    rebindMs: 1000 * (areSound ? rebind : (seconds * 7) / 8),
    expireMs: 1000 * seconds,
  };
}

/** The leading ones of the mask; without one, what the address's class says. */
function prefixLengthOf(options: DhcpOptions, address: Uint8Array): number {
  const mask = addressesIn(options, option.subnetMask)[0];
  if (mask !== undefined) return Math.clz32(~toNumber(mask));
  const first = address[0] ?? 0;
  if (first < 128) return 8;
  return first < 192 ? 16 : 24;
}

/** Classless routes count instead of routers (RFC 3442), the most preferred of which is first. */
function routesIn(options: DhcpOptions): readonly Route[] {
  const classless = options.get(option.classlessRoutes);
  if (classless !== undefined) return classlessRoutesIn(classless);
  const prefix = { address: new Uint8Array(4), length: 0 };
  return addressesIn(options, option.routers).map((each) => ({ prefix, gateway: each.slice() }));
}

/** Reads prefixes, of which only the bytes that count are there, each with a router. */
function classlessRoutesIn(value: Uint8Array): readonly Route[] {
  const routes: Route[] = [];
  for (let at = 0; at < value.length;) {
    const length = value[at] ?? 0;
    const end = at + 1 + Math.ceil(length / 8);
    if (length > 32 || end + 4 > value.length) break;
    const address = new Uint8Array(4);
    address.set(value.subarray(at + 1, end));
    const router = value.slice(end, end + 4);
    const gateway = toNumber(router) === 0 ? undefined : router;
    routes.push({ prefix: { address, length }, gateway });
    at = end + 4;
  }
  return routes;
}

/** Names, the later of which may point into the earlier (RFC 3397, 2). */
function searchDomainsIn(options: DhcpOptions): readonly string[] {
  const value = options.get(option.searchDomains) ?? new Uint8Array(0);
  const domains: string[] = [];
  for (let at = 0; at < value.length && domains.length < maxDomains;) {
    const named = decodeName(value, at);
    if (named === undefined) break;
    if (named.name !== "") domains.push(named.name);
    at = named.end;
  }
  return domains;
}

function nameIn(options: DhcpOptions): string | undefined {
  const text = String.fromCharCode(...(options.get(option.domainName) ?? []));
  return /^[\w.-]+/.exec(text)?.[0];
}

/** Reads the addresses of an option, 4 bytes each, views of it; none if it is not there. */
export function addressesIn(options: DhcpOptions, code: number): readonly Uint8Array[] {
  const value = options.get(code) ?? new Uint8Array(0);
  const count = Math.floor(value.length / 4);
  return Array.from({ length: count }, (_, index) => value.subarray(4 * index, 4 * index + 4));
}

/** Reads an unsigned number of just so many bytes. */
export function numberIn(options: DhcpOptions, code: number, bytes: number): number | undefined {
  const value = options.get(code);
  if (value?.length !== bytes) return undefined;
  return value.reduce((total, byte) => total * 256 + byte, 0);
}
