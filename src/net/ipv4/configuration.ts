/** What IPv4 is connected with, and what it is told of an address. */

import type { Clock, Ethernet, Random } from "../../devices/index.ts";
import type { ArpLayer } from "../arp/arp.ts";
import type { HeaderOptions } from "./header-options.ts";

/** What IPv4 stands on. */
export interface Ipv4Options {
  readonly ethernet: Ethernet;
  readonly arp: ArpLayer;
  readonly clock: Clock;
  readonly random: Random;
  /** The time to live of packets that say nothing else, 1–255; 64 by default. */
  readonly timeToLive?: number | undefined;
  /** What is done with options of headers; without it, they are passed over and not sent. */
  readonly headerOptions?: HeaderOptions | undefined;
}

/** An address for us, and the way out of its network. */
export interface Ipv4Configuration {
  /** 4 bytes, copied. */
  readonly address: Uint8Array;
  /** Bits of the prefix that all on the link share: 0–32. */
  readonly prefixLength: number;
  /** Who takes packets to everywhere else, 4 bytes, copied. */
  readonly gateway?: Uint8Array | undefined;
  /** Whether a person chose it: see {@link ArpLayer.claim}. */
  readonly isFixed?: boolean;
}
