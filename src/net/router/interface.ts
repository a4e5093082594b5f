/**
 * An interface of a router: Ethernet, ARP, both versions of IP and ICMP, as a host has them, with the
 * router between Ethernet and IP. It takes every packet in before the layers do, and every packet of
 * theirs out; so they know nothing of each other, and a packet that another interface owns an
 * address for gets there, too.
 */

import type {
  Clock,
  Ethernet,
  FrameOffload,
  Icmp,
  Network,
  PayloadReceiver,
  Random,
} from "../../devices/index.ts";
import { formatPrefix } from "../address.ts";
import { type ArpLayer, connect as connectArp } from "../arp/arp.ts";
import { quickTiming } from "../arp/claims.ts";
import { connect as connectEthernet } from "../ethernet/ethernet.ts";
import { headerBytes as ethernetHeaderBytes } from "../ethernet/packet.ts";
import { connect as connectIcmp } from "../icmp/icmp.ts";
import { Listeners } from "../listeners.ts";
import { toNumber } from "../ipv4/address.ts";
import { type Prefix } from "../prefix.ts";
import { connect as connectIpv4, type Ipv4 } from "../ipv4/ipv4.ts";
import { Neighbours as Neighbours4 } from "../ipv4/neighbours.ts";
import { isLinkLocal } from "../ipv6/address.ts";
import { isSameAddress } from "../prefix.ts";
import { connect as connectIpv6, type Ipv6 } from "../ipv6/ipv6.ts";
import { ndpType } from "../ndp/packet.ts";
import { Advertiser, type AdvertiserOptions } from "./advertiser.ts";
import { FrameOutput } from "./frame-output.ts";

/** How an interface is made. */
export interface InterfaceOptions {
  /** What routes and stages call it. */
  readonly name: string;
  readonly network: Network;
  /** Our addresses with the prefixes of their networks, of both versions. */
  readonly addresses: readonly Prefix[];
  /** Whether hosts are told of prefixes of version 6, and how; they are by default. */
  readonly advertise?: boolean | AdvertiserOptions;
}

/** What the router does for an interface. */
export interface InterfaceHost {
  readonly clock: Clock;
  readonly random: Random;
  /** A packet that came in, *borrowed*, and whether its frame was for many. */
  readonly received: (
    from: RouterInterface,
    bytes: Uint8Array,
    offload: FrameOffload | undefined,
    isForMany: boolean,
  ) => void;
  /** A packet that a layer of ours sends to somebody, *given*. */
  readonly sent: (
    from: RouterInterface,
    bytes: Uint8Array,
    offload: FrameOffload | undefined,
  ) => void;
  /** A packet whose next hop did not answer, *given*. */
  readonly unreachable: (bytes: Uint8Array) => void;
}

const etherTypes = { 4: 0x0800, 6: 0x86dd } as const;

/** The subnet-router anycast address of the link: whom our own layer sends through. */
const ourselves: Uint8Array = Uint8Array.of(0xfe, 0x80, ...new Uint8Array(14));

/** An interface, with the layers that the router's own services stand on. */
export class RouterInterface {
  readonly name: string;
  readonly network: Network;
  readonly ethernet: Ethernet;
  readonly arp: ArpLayer;
  readonly v4: Ipv4;
  readonly v6: Ipv6;
  readonly icmp: Icmp;
  /** Our addresses of version 4. */
  readonly addresses4: readonly Prefix[];
  /** Our addresses of version 6, but for that of the link. */
  readonly addresses6: readonly Prefix[];
  readonly #host: InterfaceHost;
  readonly #receivers = new Map<number, PayloadReceiver>();
  readonly #neighbours4: Neighbours4;
  readonly #advertiser: Advertiser;
  readonly #frames: FrameOutput;
  readonly #leaveGroup: () => void;
  readonly #counters: {
    packetsIn: number;
    packetsOut: number;
    bytesIn: number;
    bytesOut: number;
    droppedOut: number;
  };

  constructor(options: InterfaceOptions, host: InterfaceHost) {
    const { clock, random } = host;
    this.name = options.name;
    this.network = options.network;
    this.#host = host;
    this.#counters = { packetsIn: 0, packetsOut: 0, bytesIn: 0, bytesOut: 0, droppedOut: 0 };
    this.addresses4 = options.addresses.filter(({ address }) => address.length === 4);
    this.addresses6 = options.addresses.filter(({ address }) => address.length === 16);
    this.ethernet = connectEthernet({ network: options.network });
    this.#frames = new FrameOutput(this.ethernet);
    this.arp = connectArp({ ethernet: this.ethernet, clock, random, timing: quickTiming });
    const ethernet = this.#between();
    this.v4 = connectIpv4({ ethernet, arp: this.#arpOfOurs(), clock, random });
    this.v6 = connectIpv6({
      ethernet,
      clock,
      random,
      addresses: this.addresses6,
      gateway: ourselves,
      autoconfigure: false,
    });
    this.v6.ndp.isRouter = true;
    this.icmp = connectIcmp({ v4: this.v4, v6: this.v6, clock, random });
    this.#neighbours4 = new Neighbours4({
      arp: this.arp,
      send: (mac, { bytes, offload }) => this.transmit(4, mac, bytes, offload),
      giveUp: ({ bytes }) => host.unreachable(bytes),
      // There is no other router to turn to.
      lost: () => {},
    });
    this.v6.onUndeliverable(({ reason, packet }) => {
      if (reason === "neighbour") host.unreachable(packet.slice());
    });
    const { advertise = true } = options;
    this.#advertiser = new Advertiser({
      ...(typeof advertise === "object" && advertise),
      isOn: advertise !== false && this.addresses6.length > 0,
      prefixes: this.addresses6,
      ndp: this.v6.ndp,
      ethernet: this.ethernet,
      clock,
      random,
    });
    this.#leaveGroup = this.v6.join(Advertiser.group);
  }

  get counters(): Readonly<Record<string, number>> {
    return this.#counters;
  }

  get mtu(): number {
    return this.ethernet.mtu;
  }

  /** Claims our addresses of version 4. Those of version 6 are used while they are being claimed. */
  async configure(): Promise<void> {
    for (const { address, length } of this.addresses4) {
      await this.v4.configure({ address, prefixLength: length, isFixed: true });
    }
    // What our own services send goes to the router, which knows where to.
    this.v4.addRoute(new Uint8Array(4), 0, undefined);
    this.#advertiser.start();
  }

  /** Whether an address is one of ours. */
  owns(address: Uint8Array): boolean {
    if (address.length === 4) return this.addresses4.some((own) => isSame4(own.address, address));
    return this.v6.ndp.addresses.find(address) !== undefined;
  }

  /** Whether it is the broadcast address of a network of ours, or the old one, all zeros. */
  isBroadcast(address: Uint8Array): boolean {
    const key = toNumber(address);
    return this.addresses4.some((own) => {
      if (own.length > 30) return false;
      const hostBits = 2 ** (32 - own.length) - 1;
      const network = toNumber(own.address) - (toNumber(own.address) % (hostBits + 1));
      return key === network || key === network + hostBits;
    });
  }

  /** The address of ours to report from; `undefined` if there is none of that version. */
  addressOf(version: 4 | 6): Uint8Array | undefined {
    if (version === 4) return this.addresses4[0]?.address;
    return this.addresses6[0]?.address ?? this.v6.ndp.addresses.linkLocal;
  }

  /** Hands a packet (*borrowed*) to our own layers. */
  deliver(
    version: 4 | 6,
    bytes: Uint8Array,
    offload: FrameOffload | undefined,
    isForMany: boolean,
  ): void {
    const { mac } = this.ethernet;
    const receiver = this.#receivers.get(etherTypes[version]);
    receiver?.(bytes, isForMany ? this.#source : mac, isForMany ? this.#destination : mac, offload);
    // What is delivered may have come in by another interface, or have been sent by ourselves.
    if (this.#isBatchOpen) return;
    this.#isBatchOpen = true;
    queueMicrotask(() => this.#endBatch());
  }

  /** Sends a packet (*borrowed*) to a neighbour; returns at once, whether or not it is known. */
  send(
    version: 4 | 6,
    nextHop: Uint8Array,
    bytes: Uint8Array,
    offload: FrameOffload | undefined,
  ): void {
    if (version === 4) {
      const neighbour = this.#neighbours4.get(nextHop);
      const mac = neighbour.find();
      if (mac !== undefined) this.transmit(4, mac, bytes, offload);
      else if (!neighbour.isWaiting) this.#host.unreachable(bytes.slice());
      else if (!neighbour.hold({ bytes: bytes.slice(), offload })) this.#counters.droppedOut += 1;
      return;
    }
    const { neighbours, addresses } = this.v6.ndp;
    const neighbour = neighbours.find(nextHop, addresses.linkLocal);
    if (neighbour.state === "incomplete") {
      neighbours.wait(neighbour, { packet: bytes.slice(), offload });
      return;
    }
    this.transmit(6, neighbour.mac, bytes, offload);
    if (neighbour.state === "stale") neighbours.sent(neighbour);
  }

  /** Puts a packet (*borrowed*) on the link, and first does what the link needs of it. */
  transmit(
    version: 4 | 6,
    mac: Uint8Array,
    bytes: Uint8Array,
    offload: FrameOffload | undefined,
  ): void {
    this.#counters.bytesOut += bytes.length;
    this.#counters.packetsOut += 1;
    if (!this.#frames.send(etherTypes[version], mac, bytes, offload)) {
      this.#counters.droppedOut += 1;
    }
  }

  /** Says goodbye to hosts, and disposes the layers; the network stays its owner's. */
  async dispose(): Promise<void> {
    await this.#advertiser.dispose();
    this.#leaveGroup();
    this.#neighbours4.clear();
    for (const layer of [this.icmp, this.v6, this.v4, this.arp, this.ethernet]) {
      await layer[Symbol.asyncDispose]();
    }
  }

  /** Addresses of the frame that is being received. */
  #source: Uint8Array = new Uint8Array();
  #destination: Uint8Array = new Uint8Array();

  readonly #batchEnds = new Listeners();
  #isBatchOpen = false;

  #endBatch(): void {
    this.#isBatchOpen = false;
    this.#batchEnds.call();
  }

  /** Ethernet as our own layers see it. */
  #between(): Ethernet {
    const { ethernet } = this;
    ethernet.onBatchEnd(() => this.#endBatch());
    for (const etherType of [etherTypes[4], etherTypes[6]]) {
      ethernet.listen(etherType, (bytes, source, destination, offload) => {
        this.#source = source;
        this.#destination = destination;
        const isForMany = ((destination[0] ?? 0) & 1) === 1;
        this.#counters.packetsIn += 1;
        this.#counters.bytesIn += bytes.length;
        if (etherType === etherTypes[6] && isForMany) this.#advertiser.hear(bytes);
        this.#host.received(this, bytes, offload, isForMany);
      });
    }
    const write: Ethernet["write"] = (mac, etherType, sizeBytes, fill, offload, takesStart) => {
      const room = new Uint8Array(ethernetHeaderBytes + sizeBytes);
      const length =
        takesStart === true
          ? fill(room, ethernetHeaderBytes)
          : fill(room.subarray(ethernetHeaderBytes));
      this.#write(
        mac,
        etherType,
        room.subarray(ethernetHeaderBytes, ethernetHeaderBytes + length),
        offload,
      );
    };
    return {
      mac: ethernet.mac,
      mtu: ethernet.mtu,
      // What is sent may leave by an interface that cannot finish a packet.
      offloads: { checksum: false, segmentationBytes: 0 },
      counters: ethernet.counters ?? {},
      write,
      listen: (etherType, receiver) => {
        if (receiver === undefined) this.#receivers.delete(etherType);
        else this.#receivers.set(etherType, receiver);
      },
      onBatchEnd: (listener) => this.#batchEnds.add(listener),
      [Symbol.asyncDispose]: async () => {},
    };
  }

  /** Takes a packet of our own layers: those for the link alone go there, others are routed. */
  #write(
    mac: Uint8Array,
    etherType: number,
    bytes: Uint8Array,
    offload: FrameOffload | undefined,
  ): void {
    const version = etherType === etherTypes[6] ? 6 : 4;
    const isForMany = ((mac[0] ?? 0) & 1) === 1;
    if (isForMany || (version === 6 && this.#isOfLink(bytes))) {
      if (version === 4 || !this.#isForOurselves(bytes)) {
        this.transmit(version, mac, bytes, offload);
      }
    } else {
      this.#host.sent(this, bytes, offload);
    }
  }

  /** Whether a packet is for the link, or was routed already, and only waited for its neighbour. */
  #isOfLink(bytes: Uint8Array): boolean {
    const type = bytes[6] === 58 ? (bytes[40] ?? 0) : 0;
    if (type >= ndpType.routerSolicitation && type <= ndpType.redirect) return true;
    return isLinkLocal(bytes.subarray(24, 40)) || !this.owns(bytes.subarray(8, 24));
  }

  /** Answers our own layer's question for {@link ourselves}; returns whether it was one. */
  #isForOurselves(bytes: Uint8Array): boolean {
    if (bytes[6] !== 58 || bytes[40] !== ndpType.neighbourSolicitation) return false;
    const target = bytes.subarray(48, 64);
    if (!isSameAddress(target, ourselves)) return false;
    queueMicrotask(() => {
      const answer = {
        type: 136,
        isRouter: true,
        isSolicited: true,
        isOverride: true,
        options: [],
      } as const;
      this.v6.ndp.neighbours.advertised({ ...answer, target: ourselves }, this.ethernet.mac);
    });
    return true;
  }

  /** ARP as our own layer sees it: the router takes whatever it sends, at once. */
  #arpOfOurs(): ArpLayer {
    const { arp, ethernet } = this;
    return {
      get addresses() {
        return arp.addresses;
      },
      counters: arp.counters ?? {},
      query: (_address, found) => found(ethernet.mac),
      // What the router's own packets find out is of the router, which is reached.
      advise: () => {},
      restart: () => arp.restart(),
      claim: (address, options) => arp.claim(address, options),
      release: (address) => arp.release(address),
      onConflict: (listener) => arp.onConflict(listener),
      [Symbol.asyncDispose]: async () => {},
    };
  }

  /** Its addresses as text. */
  get texts(): readonly string[] {
    return [...this.addresses4, ...this.addresses6].map((each) => formatPrefix(each));
  }
}

function isSame4(a: Uint8Array, b: Uint8Array): boolean {
  return toNumber(a) === toNumber(b);
}
