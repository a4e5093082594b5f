/** How a person configures a stack: its arguments, what they may be, and what they mean. */

import type { Clock, Network, Random, Stack } from "../devices/index.ts";
import { parseAddress, parsePrefix } from "../net/address.ts";
import { isName } from "../net/dns/name.ts";
import { toNumber } from "../net/ipv4/address.ts";
import { isGroup, loopback, unspecified } from "../net/ipv6/address.ts";
import { type Prefix, sharePrefix } from "../net/prefix.ts";
import { connect, type StackOptions, type StaticIpv6 } from "../net/stack.ts";
import type { Argument, ArgumentTable, ArgumentValue, LooseValues } from "./arguments.ts";
import type { DriverContext } from "./device.ts";

const ipv4Gateway: Argument = {
  type: "string",
  optional: true,
  doc: "Router to other networks, such as 10.0.0.1",
  expects: "an IPv4 address in the network of an address that --ipv4 gives",
};

/** Arguments of IPv4 alone, whose address is `address` by default. */
export function ipv4Arguments(address: string): ArgumentTable {
  return {
    ipv4: {
      type: "string",
      default: address,
      doc: "Address with prefix length, such as 10.0.0.2/24, or none",
      expects: "an address of a host with its prefix length, such as 10.0.0.2/24, or none",
    },
    ipv4Gateway,
  };
}

/** Arguments of IPv6. */
export const ipv6Arguments: ArgumentTable = {
  ipv6: {
    type: "string",
    default: "auto",
    doc: "Addresses with prefix lengths, such as fd00::2/64, auto to ask routers, or none",
    expects: "addresses of a host with prefix lengths, such as fd00::2/64, auto, or none",
  },
  ipv6Gateway: {
    type: "string",
    optional: true,
    doc: "Router to other networks, such as fe80::1",
    expects: "an IPv6 address of a host",
  },
};

/** The argument of a resolver. */
export const resolverArguments: ArgumentTable = {
  dns: {
    type: "string",
    optional: true,
    doc: "Name servers, such as 10.0.0.1,fd00::1",
    expects: "addresses with commas between them, such as 10.0.0.1,fd00::1",
  },
};

/** Arguments of a whole stack. */
export const stackArguments: ArgumentTable = {
  ipv4: {
    type: "string",
    default: "auto",
    doc: "Address with prefix length, such as 10.0.0.2/24, or auto, dhcp or none",
    expects:
      "an address of a host with its prefix length, such as 10.0.0.2/24, or auto, dhcp or none",
  },
  ipv4Gateway,
  ...ipv6Arguments,
  ...resolverArguments,
  hostname: {
    type: "string",
    optional: true,
    doc: "What to call ourselves to a DHCP server",
    expects: "a name of letters, digits, hyphens and dots",
  },
};

const words: ReadonlySet<ArgumentValue> = new Set(["auto", "dhcp", "none"]);

/** Names the argument of IPv4 that makes no sense. */
export function wrongOfIpv4({ ipv4, ipv4Gateway }: LooseValues): string | undefined {
  const chosen = ipv4PrefixOf(ipv4);
  if (chosen === undefined && ipv4 !== "none") return "ipv4";
  if (ipv4Gateway === undefined) return undefined;
  const gateway = addressOf(ipv4Gateway, 4);
  const isNear =
    chosen !== undefined &&
    gateway !== undefined &&
    sharePrefix(gateway, chosen.address, chosen.length);
  return isNear ? undefined : "ipv4Gateway";
}

/** Names the argument of IPv6 that makes no sense. */
export function wrongOfIpv6({ ipv6, ipv6Gateway }: LooseValues): string | undefined {
  if (ipv6 !== "none" && readIpv6(ipv6) === undefined) return "ipv6";
  if (ipv6Gateway === undefined) return undefined;
  const gateway = addressOf(ipv6Gateway, 16);
  return gateway !== undefined && isHost6(gateway) ? undefined : "ipv6Gateway";
}

/** Names the argument of a resolver that makes no sense. */
export function wrongOfResolver({ dns }: LooseValues): string | undefined {
  const isRight = serversOf(dns)?.every((server) => parseAddress(server) !== undefined) ?? true;
  return isRight ? undefined : "dns";
}

/** Names the argument of a stack that makes no sense. */
export function wrongOfStack(values: LooseValues): string | undefined {
  const { ipv4, hostname } = values;
  const isNamed = hostname === undefined || isName(String(hostname));
  return (
    wrongOfIpv4(words.has(ipv4) ? { ...values, ipv4: "none" } : values) ??
    wrongOfIpv6(values) ??
    wrongOfResolver(values) ??
    (isNamed ? undefined : "hostname")
  );
}

/** Reads what `--ipv4` chooses; `undefined` if it is no address of a host. */
export function ipv4PrefixOf(text: ArgumentValue): Prefix | undefined {
  const prefix = parsePrefix(String(text));
  const [first = 0] = prefix?.address ?? [];
  if (prefix?.address.length !== 4 || first === 0 || first === 127 || first >= 224)
    return undefined;
  return isForAll(prefix) ? undefined : prefix;
}

/** Whether it is a network's own or its broadcast address (RFC 1122, 3.2.1.3; RFC 3021). */
function isForAll({ address, length }: Prefix): boolean {
  if (length > 30) return false;
  const hostBits = 2 ** (32 - length) - 1;
  const host = (toNumber(address) & hostBits) >>> 0;
  return host === 0 || host === hostBits;
}

/** Reads addresses, of which one may be `auto`; `undefined` if anything else is among them. */
function readIpv6(text: ArgumentValue): StaticIpv6 | undefined {
  const parts = String(text).split(",");
  const texts = parts.filter((part) => part !== "auto");
  const addresses = texts.flatMap((part) => parsePrefix(part) ?? []);
  const isRight = addresses.every(({ address }) => address.length === 16 && isHost6(address));
  if (!isRight || addresses.length < texts.length) return undefined;
  return { addresses, autoconfigure: texts.length < parts.length };
}

function isHost6(address: Uint8Array): boolean {
  const isNobody = [unspecified, loopback].some((each) => sharePrefix(each, address, 128));
  return !isNobody && !isGroup(address);
}

/** Reads an address of `lengthBytes` bytes. */
export function addressOf(text: ArgumentValue, lengthBytes: 4 | 16): Uint8Array | undefined {
  const address = text === undefined ? undefined : parseAddress(String(text));
  return address?.length === lengthBytes ? address : undefined;
}

/** What the right arguments of IPv6 say. */
export function ipv6OptionsFrom({ ipv6, ipv6Gateway }: LooseValues): StaticIpv6 {
  const { addresses = [], autoconfigure = false } = readIpv6(ipv6) ?? {};
  return { addresses, autoconfigure, gateway: addressOf(ipv6Gateway, 16) };
}

/** Name servers as they are given. */
export function serversOf(dns: ArgumentValue): readonly string[] | undefined {
  return dns === undefined ? undefined : String(dns).split(",");
}

/** Connects all layers over a network, as the arguments say. */
export function connectStack(
  { args }: DriverContext,
  network: Network,
  clock: Clock,
  random: Random,
): Promise<Stack> {
  const { ipv4, ipv4Gateway, ipv6, dns, hostname } = args;
  const address = ipv4PrefixOf(ipv4);
  return connect({
    network,
    clock,
    random,
    ipv4:
      address === undefined
        ? (ipv4 as StackOptions["ipv4"])
        : { address, gateway: addressOf(ipv4Gateway, 4) },
    ipv6: ipv6 === "none" ? "none" : ipv6OptionsFrom(args),
    dnsServers: serversOf(dns),
    hostName: hostname === undefined ? undefined : String(hostname),
  });
}
