/** A simulated link with hosts that speak IPv6, and nodes whose every packet a test makes. */

import type { Ethernet, FrameWriter } from "../src/devices/index.ts";
import * as ethernet from "../src/net/ethernet/ethernet.ts";
import { parseAddress } from "../src/net/address.ts";
import { seal } from "../src/net/ipv6/icmp-message.ts";
import { isGroup } from "../src/net/ipv6/address.ts";
import { macOf } from "../src/net/ipv6/groups.ts";
import { connect, type Ipv6, type Ipv6Options } from "../src/net/ipv6/ipv6.ts";
import * as ipv6Packet from "../src/net/ipv6/packet.ts";
import type { NdpOption } from "../src/net/ndp/options.ts";
import * as ndpPacket from "../src/net/ndp/packet.ts";
import { timersOf, type Timers } from "../src/net/timers.ts";
import { type SimulatedNetwork, Simulation, Wire } from "../src/simulated/index.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Reads an address that a test is sure of. */
export function address(text: string): Uint8Array {
  const bytes = parseAddress(text);
  if (bytes === undefined) throw new TypeError(`Cannot read ${text}: it is no address`);
  return bytes;
}

export const unspecified: Uint8Array = address("::");

/** A packet that a {@link Node} sends; what is left out is as an honest neighbour would have it. */
export interface NodePacket {
  readonly source?: Uint8Array;
  readonly destination: Uint8Array;
  readonly hopLimit?: number;
  readonly nextHeader?: number;
  readonly payload: Uint8Array;
  /** Where the frame goes; derived from a group, else our host's. */
  readonly mac?: Uint8Array;
}

/** A station that answers nothing by itself. */
export class Node {
  readonly address: Uint8Array;
  readonly network: SimulatedNetwork;
  readonly heard: ipv6Packet.Ipv6Packet[] = [];
  readonly #ethernet: Ethernet;

  constructor(network: SimulatedNetwork, address: Uint8Array) {
    this.address = address;
    this.network = network;
    this.#ethernet = ethernet.connect({ network });
    this.#ethernet.listen(0x86dd, (payload) => {
      const packet = ipv6Packet.decode(payload.slice());
      if (packet !== undefined) this.heard.push(packet);
    });
  }

  get mac(): Uint8Array {
    return this.network.mac;
  }

  /** Sends a packet as it is. */
  send(packet: NodePacket, macOfHost: Uint8Array): void {
    const { destination, payload } = packet;
    const mac = packet.mac ?? (isGroup(destination) ? macOf(destination) : macOfHost);
    this.#ethernet.write(mac, 0x86dd, ipv6Packet.headerBytes + payload.length, (into) =>
      ipv6Packet.encode(
        {
          trafficClass: 0,
          flowLabel: 0,
          nextHeader: packet.nextHeader ?? 58,
          hopLimit: packet.hopLimit ?? 255,
          source: packet.source ?? this.address,
          destination,
          payload,
        },
        into,
      ),
    );
  }

  /** Sends bytes as the payload of a frame. */
  sendRaw(bytes: Uint8Array, mac: Uint8Array): void {
    this.#ethernet.write(mac, 0x86dd, bytes.length, (into) => {
      into.set(bytes);
      return bytes.length;
    });
  }

  /** Sends an ICMPv6 message with its checksum. */
  sendMessage(
    message: Uint8Array,
    packet: Omit<NodePacket, "payload">,
    macOfHost: Uint8Array,
  ): void {
    const payload = message.slice();
    seal(payload, packet.source ?? this.address, packet.destination);
    this.send({ ...packet, payload }, macOfHost);
  }

  /** Sends a message of neighbour discovery. */
  sendNdp(
    message: ndpPacket.NdpPacket,
    packet: Omit<NodePacket, "payload">,
    macOfHost: Uint8Array,
  ): void {
    const room = new Uint8Array(1000);
    this.sendMessage(room.subarray(0, ndpPacket.encode(message, room)), packet, macOfHost);
  }

  /** The messages of neighbour discovery of a type that it heard. */
  heardNdp<Type extends ndpPacket.NdpPacket["type"]>(
    type: Type,
  ): ((ndpPacket.NdpPacket & { readonly type: Type }) & {
    readonly packet: ipv6Packet.Ipv6Packet;
  })[] {
    return this.heard.flatMap((packet) => {
      const message = packet.nextHeader === 58 ? ndpPacket.decode(packet.payload) : undefined;
      return message?.type === type
        ? [{ ...(message as ndpPacket.NdpPacket & { readonly type: Type }), packet }]
        : [];
    });
  }
}

/** A host, with the devices below it. */
export interface Host {
  readonly ip: Ipv6;
  readonly network: SimulatedNetwork;
  readonly ethernet: Ethernet;
}

/** A wire and what is on it. */
export class Link {
  readonly simulation: Simulation;
  readonly wire: Wire;
  readonly timers: Timers;
  #nodeCount = 0;

  constructor(seed = 1, mtu = 1500) {
    this.simulation = new Simulation({ seed, turn });
    this.wire = new Wire(this.simulation, { mtu });
    this.timers = timersOf(this.simulation.clock);
  }

  host(options: Omit<Partial<Ipv6Options>, "ethernet" | "clock" | "random"> = {}): Host {
    const network = this.wire.connect();
    const layer = ethernet.connect({ network });
    const random = this.simulation.random(network.name);
    const { clock } = this.simulation;
    const ip = connect({ ethernet: layer, clock, random, ...options });
    return { ip, network, ethernet: layer };
  }

  node(): Node {
    this.#nodeCount += 1;
    return new Node(this.wire.connect(), address(`fe80::${this.#nodeCount}`));
  }

  /** Lets virtual time pass. */
  async pass(durationMs: number): Promise<void> {
    await this.simulation.run(() => this.simulation.clock.sleep(durationMs));
  }
}

/** A prefix for {@link Ipv6Options}. */
export function prefix(text: string, length = 64): { address: Uint8Array; length: number } {
  return { address: address(text), length };
}

export const ours: Uint8Array = address("2001:db8::1");
export const theirs: Uint8Array = address("2001:db8::2");
export const farAway: Uint8Array = address("2001:db8:ffff::9");
export const allNodes: Uint8Array = address("ff02::1");

/** A protocol for experiments (RFC 3692). */
export const protocol: number = 253;

/** A host with a static address that has been there for a while, and a node beside it. */
export async function settled(): Promise<{ link: Link; host: Host; node: Node }> {
  const link = new Link();
  const host = link.host({ addresses: [prefix("2001:db8::1")] });
  await link.pass(20_000);
  return { link, host, node: link.node() };
}

const fill: FrameWriter = (into) => {
  into.fill(7);
  return into.length;
};

export function send({ ip }: Host, destination = theirs): void {
  ip.write(destination, protocol, 8, fill);
}

/** Answers a solicitation. */
export function answer(
  node: Node,
  host: Host,
  changes: {
    target?: Uint8Array;
    isSolicited?: boolean;
    isOverride?: boolean;
    mac?: Uint8Array;
  } = {},
): void {
  const { target = theirs, isSolicited = true, isOverride = true, mac = node.mac } = changes;
  node.sendNdp(
    {
      type: 136,
      isRouter: false,
      isSolicited,
      isOverride,
      target,
      options: [{ type: 2, body: mac }],
    },
    { source: target, destination: isSolicited ? ours : allNodes },
    host.network.mac,
  );
}

export function advertise(
  router: Node,
  host: Host,
  changes: Partial<ndpPacket.RouterAdvertisement> = {},
  options: readonly NdpOption[] = [],
): void {
  const message: ndpPacket.RouterAdvertisement = {
    type: 134,
    hopLimit: 0,
    flags: 0,
    routerLifetimeS: 1800,
    reachableMs: 0,
    retransmitMs: 0,
    options: [{ type: 1, body: router.mac }, ...options],
    ...changes,
  };
  router.sendNdp(message, { destination: allNodes }, host.network.mac);
}

export function payloads(node: Node): number {
  return node.heard.filter(({ nextHeader }) => nextHeader === protocol).length;
}

/** What a node heard asked for. */
export function targets(node: Node): readonly Uint8Array[] {
  return node.heardNdp(135).map(({ target }) => target);
}
