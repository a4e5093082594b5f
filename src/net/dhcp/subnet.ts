/** What a server gives on one network: addresses, and what is to be known of it. */

import { formatAddress, parseAddress, parsePrefix } from "../address.ts";
import { sharePrefix } from "../prefix.ts";
import { encodeName, isName, nameBytes } from "../dns/name.ts";
import { toNumber } from "../ipv4/address.ts";
import { keyOf, type Client } from "./identity.ts";
import { option, type DhcpOptions } from "./packet.ts";
import { serverOption } from "./server-options.ts";

/** What a person decides of a network. Addresses are text. */
export interface SubnetOptions {
  /** The network, such as `10.0.0.0/24`. */
  readonly network: string;
  /** The first and the last of the addresses to give away; none for reservations alone. */
  readonly ranges?: readonly (readonly [first: string, last: string])[] | undefined;
  readonly reservations?: readonly Reservation[] | undefined;
  readonly routers?: readonly string[] | undefined;
  readonly dnsServers?: readonly string[] | undefined;
  readonly ntpServers?: readonly string[] | undefined;
  readonly domainName?: string | undefined;
  readonly searchDomains?: readonly string[] | undefined;
  /** 68–65,535. */
  readonly mtuBytes?: number | undefined;
  /** How long an address is given for at most; 3,600 by default, `Infinity` for good. */
  readonly leaseSeconds?: number | undefined;
  /** When a client asks again (T1), then anybody (T2); half and seven eighths by default. */
  readonly renewSeconds?: number | undefined;
  readonly rebindSeconds?: number | undefined;
  /** Other options by their numbers; they count more than those above. */
  readonly options?: DhcpOptions | undefined;
}

/** An address that nobody but one client gets. */
export interface Reservation {
  /** A MAC address, such as `02:00:00:00:00:01`, or the bytes of a client identifier. */
  readonly client: string | Uint8Array;
  /** It need not be in a range. */
  readonly address: string;
  /** What the client is to call itself. */
  readonly hostName?: string | undefined;
}

/** A reservation that was read. */
interface ReservedAddress {
  readonly address: number;
  readonly hostName: string | undefined;
}

/** A network with addresses to give. */
export class Subnet {
  /** As text, with its length. */
  readonly network: string;
  readonly options: DhcpOptions;
  readonly leaseSeconds: number;
  readonly renewSeconds: number | undefined;
  readonly rebindSeconds: number | undefined;
  /** How many addresses its ranges hold. */
  readonly poolSize: number;
  readonly #address: Uint8Array;
  readonly #length: number;
  readonly #ranges: readonly (readonly [first: number, last: number])[];
  /** Addresses of a range that somebody else has: us, a router, the network itself. */
  readonly #excluded = new Set<number>();
  readonly #byClient = new Map<string, ReservedAddress>();
  readonly #reserved = new Set<number>();

  /**
   * @param own our address (4 bytes)
   * @throws {TypeError} if a text is no address, network or name
   * @throws {RangeError} if an address is not of the network, or a number makes no sense
   */
  constructor(options: SubnetOptions, own: Uint8Array) {
    const prefix = parsePrefix(options.network);
    if (prefix?.address.length !== 4)
      throw new TypeError(`Cannot serve ${options.network}: no network`);
    this.network = options.network;
    this.#address = prefix.address;
    this.#length = prefix.length;
    this.leaseSeconds = checkedSeconds(options.leaseSeconds ?? 3600);
    this.renewSeconds = options.renewSeconds;
    this.rebindSeconds = options.rebindSeconds;
    this.#ranges = (options.ranges ?? []).map(([first, last]) => this.#range(first, last));
    this.poolSize = this.#ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
    for (const reservation of options.reservations ?? []) this.#reserve(reservation);
    const size = 2 ** (32 - this.#length);
    const mask = size === 2 ** 32 ? 0 : ~(size - 1);
    const first = (toNumber(this.#address) & mask) >>> 0;
    const last = first + size - 1;
    this.options = optionsOf(options, bytesOf(mask >>> 0), bytesOf(last));
    const routers = (options.routers ?? []).map((router) => toNumber(addressOf(router)));
    for (const each of [toNumber(own), ...routers]) this.#excluded.add(each);
    if (this.#length < 31) this.#excluded.add(first).add(last);
  }

  /** How many addresses are kept from being given to just anybody. */
  get exceptionCount(): number {
    return this.#excluded.size + this.#reserved.size;
  }

  contains(address: number): boolean {
    return sharePrefix(bytesOf(address), this.#address, this.#length);
  }

  /** What is reserved for a client, by its identifier or by its MAC address. */
  reservationOf({ key, mac }: Client): ReservedAddress | undefined {
    return this.#byClient.get(key) ?? this.#byClient.get(keyOf(undefined, mac));
  }

  /** Whether anybody may be given the address. */
  mayGive(address: number): boolean {
    const isInRange = this.#ranges.some(([first, last]) => address >= first && address <= last);
    return isInRange && !this.#excluded.has(address) && !this.#reserved.has(address);
  }

  /** The address at a place of the ranges, from 0 to {@link poolSize} − 1. */
  addressAt(index: number): number {
    let left = index;
    for (const [first, last] of this.#ranges) {
      if (left <= last - first) return first + left;
      left -= last - first + 1;
    }
    throw new RangeError(`Cannot find address ${index} of ${this.network}: it has fewer`);
  }

  #range(firstText: string, lastText: string): readonly [number, number] {
    const [first, last] = [toNumber(addressOf(firstText)), toNumber(addressOf(lastText))];
    if (first <= last && this.contains(first) && this.contains(last)) return [first, last];
    throw new RangeError(`Cannot give ${firstText} to ${lastText}: no range of ${this.network}`);
  }

  #reserve({ client, address: text, hostName }: Reservation): void {
    const address = toNumber(addressOf(text));
    if (!this.contains(address)) {
      throw new RangeError(`Cannot reserve ${text}: it is not of ${this.network}`);
    }
    if (hostName !== undefined) checkName(hostName);
    this.#reserved.add(address);
    const key = typeof client === "string" ? keyOf(undefined, macOf(client)) : keyOf(client);
    this.#byClient.set(key, { address, hostName });
  }
}

/** Writes an address of which only the number is known. */
export function bytesOf(address: number): Uint8Array {
  return Uint8Array.of(address >>> 24, address >>> 16, address >>> 8, address);
}

/** Seconds as an option holds them; all ones is for ever. */
export function secondsOf(seconds: number): Uint8Array {
  return bytesOf(seconds === Infinity ? 0xffff_ffff : Math.floor(seconds));
}

/** Options that say what a message is, and not what a network is like. */
const ours: ReadonlySet<number> = new Set([
  option.requestedAddress,
  option.leaseTime,
  option.overload,
  option.messageType,
  option.serverId,
  option.parameterList,
  serverOption.message,
  serverOption.maxMessageBytes,
  option.clientId,
  serverOption.relayAgent,
]);

function optionsOf(options: SubnetOptions, mask: Uint8Array, broadcast: Uint8Array): DhcpOptions {
  const { routers, dnsServers, ntpServers, domainName, searchDomains, mtuBytes } = options;
  const made = new Map<number, Uint8Array>([
    [option.subnetMask, mask],
    [serverOption.broadcastAddress, broadcast],
  ]);
  const lists = [
    [option.routers, routers],
    [option.dnsServers, dnsServers],
    [serverOption.ntpServers, ntpServers],
  ] as const;
  for (const [number, addresses = []] of lists) {
    if (addresses.length === 0) continue;
    const value = new Uint8Array(4 * addresses.length);
    addresses.forEach((each, index) => value.set(addressOf(each), 4 * index));
    made.set(number, value);
  }
  if (domainName !== undefined) {
    made.set(option.domainName, new TextEncoder().encode(checkName(domainName)));
  }
  if (searchDomains !== undefined) made.set(option.searchDomains, searchListOf(searchDomains));
  if (mtuBytes !== undefined) {
    if (!Number.isInteger(mtuBytes) || mtuBytes < 68 || mtuBytes > 0xffff) {
      throw new RangeError(`Cannot tell an MTU of ${mtuBytes} bytes: it is 68 to 65535`);
    }
    made.set(option.mtu, Uint8Array.of(mtuBytes >> 8, mtuBytes));
  }
  for (const [number, value] of options.options ?? []) {
    if (!Number.isInteger(number) || number < 1 || number > 254 || ours.has(number)) {
      throw new RangeError(`Cannot tell option ${number}: it is the server's, or none`);
    }
    made.set(number, value.slice());
  }
  return made;
}

/** Writes domains; what one ends with as one before it did is a pointer there (RFC 3397, 2). */
function searchListOf(domains: readonly string[]): Uint8Array {
  const bytes: number[] = [];
  const known = new Map<string, number>();
  for (const domain of domains) {
    const labels = checkName(domain).toLowerCase().replace(/\.$/, "").split(".");
    let pointer: number | undefined;
    while (labels.length > 0 && pointer === undefined) {
      const rest = labels.join(".");
      pointer = known.get(rest);
      if (pointer !== undefined) break;
      if (bytes.length < 0x4000) known.set(rest, bytes.length);
      const [label = ""] = labels.splice(0, 1);
      const into = new Uint8Array(nameBytes(label));
      encodeName(label, into, 0);
      bytes.push(...into.subarray(0, -1));
    }
    if (pointer === undefined) bytes.push(0);
    else bytes.push(0xc0 | (pointer >> 8), pointer & 0xff);
  }
  return Uint8Array.from(bytes);
}

/** Reads an IPv4 address. */
export function addressOf(text: string): Uint8Array {
  const address = parseAddress(text);
  if (address?.length === 4) return address;
  throw new TypeError(`Cannot use ${JSON.stringify(text)}: it is no IPv4 address`);
}

/** Writes an address. */
export function textOf(address: number): string {
  return formatAddress(bytesOf(address));
}

function macOf(text: string): Uint8Array {
  if (/^[\da-f]{2}(?::[\da-f]{2}){5}$/i.test(text)) {
    return Uint8Array.from(text.split(":"), (byte) => Number.parseInt(byte, 16));
  }
  throw new TypeError(`Cannot use ${JSON.stringify(text)}: it is no MAC address`);
}

function checkName(name: string): string {
  if (isName(name)) return name;
  throw new TypeError(`Cannot use ${JSON.stringify(name)}: it is no name`);
}

function checkedSeconds(seconds: number): number {
  if (seconds >= 1 && (seconds === Infinity || seconds < 0xffff_ffff)) return seconds;
  throw new RangeError(`Cannot give addresses for ${seconds} s: it is 1 or more`);
}
