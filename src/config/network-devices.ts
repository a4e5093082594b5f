/** The layers of a network stack: all of them, or one by one, to be put together by hand. */

import * as drivers from "#drivers";
import type { Ethernet, Icmp, Ip, Network, Resolver, Stack, Tcp, Udp } from "../devices/index.ts";
import { type ArpLayer, connect as connectArp } from "../net/arp/arp.ts";
import { quickTiming } from "../net/arp/claims.ts";
import { connect as connectResolver } from "../net/dns/resolver.ts";
import { connect as connectEthernet } from "../net/ethernet/ethernet.ts";
import { connect as connectIcmp } from "../net/icmp/icmp.ts";
import type { InternetLayer } from "../net/internet.ts";
import { connect as connectIpv4, type Ipv4 } from "../net/ipv4/ipv4.ts";
import { connect as connectIpv6, type Ipv6 } from "../net/ipv6/ipv6.ts";
import { type AddressedIp, stackOf as stackOfLayers } from "../net/layered-stack.ts";
import { connect as connectTcp } from "../net/tcp/tcp.ts";
import { connect as connectUdp } from "../net/udp/udp.ts";
import type { ArgumentTable, LooseValues } from "./arguments.ts";
import { device, type DeviceDescription, type DriverContext } from "./device.ts";
import { defaultClock, defaultRandom, networkArguments } from "./devices.ts";
import {
  addressOf,
  ipv4Arguments,
  ipv4PrefixOf,
  ipv6Arguments,
  ipv6OptionsFrom,
  resolverArguments,
  serversOf,
  stackArguments,
  wrongOfIpv4,
  wrongOfIpv6,
  wrongOfResolver,
  wrongOfStack,
} from "./stack-arguments.ts";

/** An interface for a stack that may as well be the host's own. */
const stackNetwork: DeviceDescription<Network> = /* @__PURE__ */ device({
  name: "network",
  signature: "Network",
  args: networkArguments,
  connect: (context) => drivers.network({ ...context, args: { ...context.args, stack: true } }),
});

/**
 * Everything that most unikernels need of a network: TCP, UDP, ICMP and names over both versions of
 * IP. Over an Ethernet of the page or the simulation; on Node over what `--net` names, and where it
 * names nothing, the system's own sockets. With a `network` given it is always over that.
 *
 * Without `--ipv4` it asks for an address by DHCP and, while nobody answers, picks one of the link.
 */
export function genericStack(
  network: DeviceDescription<Network> = stackNetwork,
): DeviceDescription<Stack> {
  return device({
    name: "stack",
    signature: "Stack",
    args: stackArguments,
    check: wrongOfStack,
    needs: [network, defaultClock, defaultRandom],
    connect: drivers.stack,
  });
}

/** Ethernet over a network. */
export function ethernet(network: DeviceDescription<Network>): DeviceDescription<Ethernet> {
  return layer("Ethernet", { network }, (_context, below) => connectEthernet(below));
}

/** Finds IPv4 neighbours, and claims addresses. */
export function arp(over: DeviceDescription<Ethernet>): DeviceDescription<ArpLayer> {
  return layer("Arp", { ethernet: over, ...ambient }, (_context, below) =>
    connectArp({ ...below, timing: quickTiming }),
  );
}

/** IPv4, with the address of `--ipv4`; `address` is its default, such as `10.0.0.2/24`. */
export function ipv4(
  over: DeviceDescription<Ethernet>,
  neighbours: DeviceDescription<ArpLayer>,
  address: string = "none",
): DeviceDescription<Ipv4> {
  const needs = { ethernet: over, arp: neighbours, ...ambient };
  const connect = async ({ args }: DriverContext, below: LayersOf<typeof needs>): Promise<Ipv4> => {
    const ip = connectIpv4(below);
    const prefix = ipv4PrefixOf(args["ipv4"]);
    if (prefix !== undefined) {
      const { address, length: prefixLength } = prefix;
      const gateway = addressOf(args["ipv4Gateway"], 4);
      await ip.configure({ address, prefixLength, gateway, isFixed: true });
    }
    return ip;
  };
  return layer("Ipv4", needs, connect, { args: ipv4Arguments(address), check: wrongOfIpv4 });
}

/** IPv6, with the addresses of `--ipv6`, or those that it makes itself. */
export function ipv6(over: DeviceDescription<Ethernet>): DeviceDescription<Ipv6> {
  const connect = ({ args }: DriverContext, below: LayersOf<typeof needs>): Ipv6 => {
    const { gateway, ...options } = ipv6OptionsFrom(args);
    return connectIpv6({ ...below, ...options, ...(gateway !== undefined && { gateway }) });
  };
  const needs = { ethernet: over, ...ambient };
  return layer("Ipv6", needs, connect, { args: ipv6Arguments, check: wrongOfIpv6 });
}

/** Echo and errors over one version of IP or both. */
export function icmp(over: {
  readonly v4?: DeviceDescription<InternetLayer>;
  readonly v6?: DeviceDescription<InternetLayer>;
}): DeviceDescription<Icmp> {
  return layer("Icmp", { ...over, ...ambient }, (_context, below) => connectIcmp(below));
}

/** What a transport stands on. */
export interface TransportNeeds {
  readonly v4?: DeviceDescription<Ip>;
  readonly v6?: DeviceDescription<Ip>;
  readonly icmp?: DeviceDescription<Icmp>;
}

/** Datagrams over one version of IP or both. */
export function udp(over: TransportNeeds): DeviceDescription<Udp> {
  return layer("Udp", { ...over, ...ambient }, (_context, below) => connectUdp(below));
}

/** Byte streams over one version of IP or both. */
export function tcp(over: TransportNeeds): DeviceDescription<Tcp> {
  return layer("Tcp", { ...over, ...ambient }, (_context, below) => connectTcp(below));
}

/** Names, asked of the servers of `--dns`. */
export function resolver(over: {
  readonly udp: DeviceDescription<Udp>;
  readonly tcp?: DeviceDescription<Tcp>;
}): DeviceDescription<Resolver> {
  return layer(
    "Resolver",
    { ...over, ...ambient },
    ({ args }, below) => connectResolver({ ...below, servers: serversOf(args["dns"]) ?? [] }),
    { args: resolverArguments, check: wrongOfResolver },
  );
}

/** A {@link Stack} of layers that were put together by hand. */
export function stackOf(layers: {
  readonly v4?: DeviceDescription<AddressedIp>;
  readonly v6?: DeviceDescription<AddressedIp>;
  readonly icmp?: DeviceDescription<Icmp>;
  readonly udp: DeviceDescription<Udp>;
  readonly tcp: DeviceDescription<Tcp>;
  readonly resolver: DeviceDescription<Resolver>;
}): DeviceDescription<Stack> {
  return layer("Stack", { ...layers, clock: defaultClock }, (_context, below) =>
    stackOfLayers(below),
  );
}

const ambient = { clock: defaultClock, random: defaultRandom } as const;

type Needs = Readonly<Record<string, DeviceDescription | undefined>>;

/** The devices that descriptions by name describe. */
type LayersOf<N> = {
  readonly [Name in keyof N]: N[Name] extends DeviceDescription<infer D> | undefined ? D : never;
};

/** A device that is called as its signature, over devices by name, of which some may be missing. */
function layer<D, const N extends Needs>(
  signature: string,
  needs: N,
  connect: (context: DriverContext, below: LayersOf<N>) => D | Promise<D>,
  rest: {
    readonly args?: ArgumentTable;
    readonly check?: (values: LooseValues) => string | undefined;
  } = {},
): DeviceDescription<D> {
  const present = Object.entries(needs).filter((entry) => entry[1] !== undefined);
  return {
    name: signature.toLowerCase(),
    signature,
    args: {},
    needs: present.flatMap(([, need]) => need ?? []),
    connect: (context, connected) =>
      connect(
        context,
        Object.fromEntries(present.map(([name], index) => [name, connected[index]])) as LayersOf<N>,
      ),
    ...rest,
  };
}
