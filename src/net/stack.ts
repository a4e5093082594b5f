/** All layers over one {@link Network}: Ethernet, both versions of IP, ICMP, UDP, TCP and names. */

import { ProtocolError } from "../devices/errors.ts";
import type { Clock, Device, Ethernet, Ip, Network, Random, Stack, Udp } from "../devices/index.ts";
import { formatAddress, formatPrefix } from "./address.ts";
import { connect as connectArp } from "./arp/arp.ts";
import { quickTiming } from "./arp/claims.ts";
import { AutomaticIpv4 } from "./automatic-ipv4.ts";
import { connect as connectResolver, type DnsResolver } from "./dns/resolver.ts";
import { connect as connectEthernet } from "./ethernet/ethernet.ts";
import { connect as connectIcmp } from "./icmp/icmp.ts";
import { unspecified } from "./ipv4/address.ts";
import type { HeaderOptions } from "./ipv4/header-options.ts";
import { connect as connectIpv4, type Ipv4 } from "./ipv4/ipv4.ts";
import { connect as connectIpv6, type Ipv6 } from "./ipv6/ipv6.ts";
import { stackOf } from "./layered-stack.ts";
import type { Prefix } from "./prefix.ts";
import type { TcpSettings } from "./tcp/settings.ts";
import { connect as connectTcp } from "./tcp/tcp.ts";
import { connect as connectUdp } from "./udp/udp.ts";

/** An IPv4 address that a person chose. */
export interface StaticIpv4 {
  readonly address: Prefix;
  /** A router on its network, 4 bytes. */
  readonly gateway?: Uint8Array | undefined;
  /** Routers that take its place where it does not answer, 4 bytes each. */
  readonly spareGateways?: readonly Uint8Array[] | undefined;
}

/** IPv6 addresses that a person chose; there is one of the link, too. */
export interface StaticIpv6 {
  readonly addresses: readonly Prefix[];
  /** A router on the link, 16 bytes. */
  readonly gateway?: Uint8Array | undefined;
  /** Whether to ask routers all the same; false by default. */
  readonly autoconfigure?: boolean;
}

/** What a stack stands on, and how it is configured. */
export interface StackOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * An address, or where it comes from: `dhcp` is a server; `auto`, the default, a server or, while
   * none answers, one of the link (RFC 3927); `none` leaves IPv4 out.
   */
  readonly ipv4?: "auto" | "dhcp" | "none" | StaticIpv4 | undefined;
  /** `auto`, the default: an address of the link, and those that routers tell how to make. */
  readonly ipv6?: "auto" | "none" | StaticIpv6 | undefined;
  /** Addresses of name servers, instead of those that the network tells. */
  readonly dnsServers?: readonly string[] | undefined;
  /** Domains to search, instead of those that the network tells. */
  readonly searchDomains?: readonly string[] | undefined;
  /** Addresses of names that no server is asked for. */
  readonly hosts?: Readonly<Record<string, readonly string[]>> | undefined;
  /** What we call ourselves to a DHCP server. */
  readonly hostName?: string | undefined;
  /** The time to live of IPv4 packets, 1–255; 64 by default. IPv6 does as routers say. */
  readonly timeToLive?: number | undefined;
  /** What is done with options of IPv4 headers; without it, they are passed over and not sent. */
  readonly headerOptions?: HeaderOptions | undefined;
  readonly tcp?: Partial<TcpSettings> | undefined;
}

/**
 * Connects all layers to `network`, which it does not dispose. Addresses that a person chose can be
 * used at once; others come later, see {@link Stack.configured}.
 *
 * @throws {RangeError} if an address is none that a host can have
 * @throws {TypeError} if `hostName` is no name, or a name server no address
 */
export async function connect(options: StackOptions): Promise<Stack> {
  const assembly = new Assembly(options);
  try {
    return await assembly.stack();
  } catch (error) {
    await assembly.dispose();
    throw error;
  }
}

/** The layers as they come into being, to be taken down from the top. */
class Assembly {
  readonly #options: StackOptions;
  readonly #devices: Device[] = [];
  readonly #waits: (() => Promise<void>)[] = [];
  /** What the stack has no face for, but counts, too. */
  readonly #below: Record<string, Device> = {};
  #automatic: AutomaticIpv4 | undefined;
  #stopWatching: (() => void) | undefined;

  constructor(options: StackOptions) {
    this.#options = options;
  }

  async stack(): Promise<Stack> {
    const { network, clock, random, ipv4 = "auto", tcp: settings } = this.#options;
    const ethernet = this.#own(connectEthernet({ network }));
    this.#below["ethernet"] = ethernet;
    const v4 = ipv4 === "none" ? undefined : this.#connectIpv4(ethernet);
    const v6 = this.#connectIpv6(ethernet);
    const icmp = this.#own(connectIcmp({ v4, v6, clock, random }));
    const udp = this.#own(connectUdp({ v4, v6, icmp, random }));
    const tcp = this.#own(connectTcp({ v4, v6, icmp, clock, random, settings }));
    const resolver = this.#own(
      connectResolver({
        udp,
        tcp,
        clock,
        random,
        hosts: this.#options.hosts ?? {},
        sourceFor: (to) => (to.length === 4 ? v4 : v6)?.sourceFor(to),
      }),
    );
    if (v4 !== undefined) await this.#configureIpv4(v4, udp);
    this.#stopWatching = network.onLinkChange((isUp) => {
      if (!isUp) return;
      for (const layer of [v4, v6, this.#automatic?.dhcp]) layer?.restart();
    });
    this.#keepResolverConfigured(resolver, v6);
    return stackOf({
      v4,
      v6,
      icmp,
      udp,
      tcp,
      resolver,
      clock,
      below: this.#below,
      configured: async () => {
        await Promise.all(this.#waits.map((wait) => wait()));
      },
      dispose: () => this.dispose(),
    });
  }

  async dispose(): Promise<void> {
    this.#stopWatching?.();
    await this.#automatic?.dispose();
    for (const device of this.#devices.toReversed()) await device[Symbol.asyncDispose]();
  }

  #own<Layer extends Device>(layer: Layer): Layer {
    this.#devices.push(layer);
    return layer;
  }

  #connectIpv4(ethernet: Ethernet): Ipv4 {
    const { clock, random, timeToLive, headerOptions } = this.#options;
    const arp = this.#own(connectArp({ ethernet, clock, random, timing: quickTiming }));
    this.#below["arp"] = arp;
    return this.#own(connectIpv4({ ethernet, arp, clock, random, timeToLive, headerOptions }));
  }

  #connectIpv6(ethernet: Ethernet): Ipv6 | undefined {
    const { clock, random, ipv6 = "auto" } = this.#options;
    if (ipv6 === "none") return undefined;
    const {
      addresses = [],
      gateway,
      autoconfigure = ipv6 === "auto",
    }: Partial<StaticIpv6> = ipv6 === "auto" ? {} : ipv6;
    const v6 = this.#own(
      connectIpv6({
        ethernet,
        clock,
        random,
        addresses,
        autoconfigure,
        ...(gateway !== undefined && { gateway }),
      }),
    );
    this.#watchConflicts(v6, addresses);
    return v6;
  }

  async #configureIpv4(v4: Ipv4, udp: Udp): Promise<void> {
    const { ipv4 = "auto", network, clock, random, hostName } = this.#options;
    if (typeof ipv4 !== "string") {
      const { address, length: prefixLength } = ipv4.address;
      this.#watchConflicts(v4, [ipv4.address]);
      await v4.configure({ address, prefixLength, gateway: ipv4.gateway, isFixed: true });
      for (const each of ipv4.spareGateways ?? []) v4.addRoute(unspecified, 0, each);
      return;
    }
    const automatic = new AutomaticIpv4({
      ipv4: v4,
      udp,
      mac: network.mac,
      clock,
      random,
      hostName,
      mayBeLinkLocal: ipv4 === "auto",
    });
    this.#automatic = automatic;
    this.#below["dhcp"] = automatic.dhcp;
    this.#waits.push(() => automatic.configured());
  }

  /** What a person chose, or all there is, is lost to another host (RFC 5227, RFC 4862). */
  #watchConflicts(ip: Ip, chosen: readonly Prefix[]): void {
    this.#waits.push(async () => {
      const lost = chosen.find((prefix) => !ip.addresses.includes(formatPrefix(prefix)));
      if (lost === undefined && ip.addresses.length > 0) return;
      // Without a chosen one, it is that of the link, which IPv6 made itself.
      const what = lost === undefined ? "an address of the link" : formatAddress(lost.address);
      const message = `Cannot use ${what}: another host has it`;
      throw new ProtocolError("address-conflict", message);
    });
  }

  /** What the network tells counts where nobody has said anything else. */
  #keepResolverConfigured(resolver: DnsResolver, v6: Ipv6 | undefined): void {
    const { dnsServers, searchDomains } = this.#options;
    const update = (): void => {
      const lease = this.#automatic?.dhcp.lease;
      const told = [...(lease?.dnsServers ?? []), ...(v6?.dnsServers ?? [])];
      const domains = [...(lease?.searchDomains ?? []), ...(v6?.searchDomains ?? [])];
      resolver.setServers(dnsServers ?? [...new Set(told)]);
      resolver.setSearchDomains(searchDomains ?? [...new Set(domains)]);
    };
    this.#automatic?.dhcp.onChange(update);
    v6?.onConfigurationChange(update);
    update();
  }
}
