/** A host whose conformance is tested, and a peer on its wire whose every byte a test makes. */

import type { Icmp, Udp } from "../../src/devices/index.ts";
import { formatAddress, parseAddress } from "../../src/net/address.ts";
import { connect as connectArp, type ArpLayer } from "../../src/net/arp/arp.ts";
import * as arpPacket from "../../src/net/arp/packet.ts";
import { connect as connectEthernet } from "../../src/net/ethernet/ethernet.ts";
import { broadcast, encode as encodeFrame } from "../../src/net/ethernet/packet.ts";
import { connect as connectIcmp } from "../../src/net/icmp/icmp.ts";
import * as icmpPacket from "../../src/net/icmp/packet.ts";
import type { Ipv4Options } from "../../src/net/ipv4/configuration.ts";
import { connect as connectIpv4, type Ipv4 } from "../../src/net/ipv4/ipv4.ts";
import * as ipv4Packet from "../../src/net/ipv4/packet.ts";
import { connect as connectUdp } from "../../src/net/udp/udp.ts";
import * as udpPacket from "../../src/net/udp/packet.ts";
import { type SimulatedNetwork, Simulation, Wire } from "../../src/simulated/index.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Reads an address that a test is sure of. */
export function address(text: string): Uint8Array {
  const bytes = parseAddress(text);
  if (bytes === undefined) throw new TypeError(`Cannot read ${text}: it is no address`);
  return bytes;
}

/** An ARP packet that was heard. */
export interface HeardArp extends arpPacket.ArpPacket {
  /** Where its frame went. */
  readonly to: Uint8Array;
  readonly atMs: number;
}

/** An IPv4 packet that was heard. */
export interface HeardPacket extends Omit<ipv4Packet.Ipv4Header, "source" | "destination"> {
  readonly source: string;
  readonly destination: string;
  readonly payload: Uint8Array;
  /** All of it, from its header on. */
  readonly bytes: Uint8Array;
  /** Where its frame went. */
  readonly to: Uint8Array;
  readonly atMs: number;
}

/** What is other than usual in an IPv4 packet. */
export type Ipv4Fields = Partial<Omit<ipv4Packet.Ipv4Header, "source" | "destination">> & {
  readonly source?: string;
  readonly destination?: string;
  /** Where the frame goes; the host's address by default. */
  readonly to?: Uint8Array;
};

/** The station 10.0.0.1, also the gateway 10.0.0.254; it answers ARP, and nothing else. */
export class Peer {
  readonly network: SimulatedNetwork;
  readonly arps: HeardArp[] = [];
  readonly packets: HeardPacket[] = [];
  /** The addresses that it answers for. */
  readonly answersFor = new Set(["10.0.0.1", "10.0.0.254"]);
  readonly #simulation: Simulation;
  readonly #hostMac: Uint8Array;

  constructor(simulation: Simulation, wire: Wire, hostMac: Uint8Array) {
    this.#simulation = simulation;
    this.#hostMac = hostMac;
    this.network = wire.connect();
    this.network.listen({ frame: (frame) => this.#hear(frame) });
  }

  get mac(): Uint8Array {
    return this.network.mac;
  }

  /** Forgets what was heard. */
  forget(): void {
    this.arps.length = this.packets.length = 0;
  }

  /** What was heard of ICMP. */
  get icmp(): readonly (icmpPacket.IcmpPacket & { readonly packet: HeardPacket })[] {
    return this.packets.flatMap((packet) => {
      const message = packet.protocol === 1 ? icmpPacket.decode(packet.payload) : undefined;
      return message === undefined ? [] : [{ ...message, packet }];
    });
  }

  /** What was heard of ICMP, but echo replies. */
  get reports(): readonly (readonly [type: number, code: number])[] {
    return this.icmp.filter(({ type }) => type !== 0).map(({ type, code }) => [type, code]);
  }

  /** Sends a frame. */
  send(to: Uint8Array, etherType: number, payload: Uint8Array): void {
    this.network.write(14 + payload.length, (into) =>
      encodeFrame({ destination: to, source: this.mac, etherType, payload }, into),
    );
  }

  /** Sends an ARP packet, a request to all unless it says otherwise. */
  sendArp(packet: Partial<arpPacket.ArpPacket>, to: Uint8Array = broadcast): void {
    const bytes = new Uint8Array(arpPacket.packetBytes);
    const usual = {
      operation: arpPacket.operation.request,
      senderMac: this.mac,
      senderAddress: address("10.0.0.1"),
      targetMac: new Uint8Array(6),
      targetAddress: address("10.0.0.2"),
    };
    arpPacket.encode({ ...usual, ...packet }, bytes);
    this.send(to, arpPacket.etherType, bytes);
  }

  /** Sends an IPv4 packet, or something like it: `mangle` changes its bytes. */
  sendIpv4(
    fields: Ipv4Fields,
    payload: Uint8Array,
    mangle: (bytes: Uint8Array) => void = () => {},
  ): void {
    const { to = this.#hostMac } = fields;
    const bytes = ipv4Of(fields, payload);
    mangle(bytes);
    this.send(to, ipv4Packet.etherType, bytes);
  }

  /** Sends an ICMP message. */
  sendIcmp(message: Partial<icmpPacket.IcmpPacket>, fields: Ipv4Fields = {}): void {
    this.sendIpv4({ protocol: 1, ...fields }, icmpOf(message));
  }

  /** Sends a datagram from port 1000; its checksum is right, unless it is given. */
  sendUdp(
    toPort: number,
    payload: Uint8Array = Uint8Array.of(1),
    fields: Ipv4Fields = {},
    checksum?: number,
  ): void {
    const ends = [fields.source ?? "10.0.0.1", fields.destination ?? "10.0.0.2"] as const;
    this.sendIpv4({ protocol: 17, ...fields }, udpOf(ends, [1000, toPort], payload, checksum));
  }

  #hear(frame: Uint8Array): void {
    const payload = frame.slice(14);
    const to = frame.slice(0, 6);
    const atMs = this.#simulation.clock.monotonicMs();
    const etherType = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
    if (etherType === arpPacket.etherType) {
      const arp = arpPacket.decode(payload);
      if (arp === undefined) return;
      this.arps.push({ ...arp, to, atMs });
      this.#answer(arp);
    } else if (etherType === ipv4Packet.etherType) {
      const header = ipv4Packet.decode(payload);
      if (header === undefined) return;
      const bytes = payload.subarray(0, header.totalBytes);
      const source = formatAddress(header.source);
      const destination = formatAddress(header.destination);
      const body = bytes.subarray(header.headerBytes);
      this.packets.push({ ...header, source, destination, payload: body, bytes, to, atMs });
    }
  }

  #answer({ operation, senderMac, senderAddress, targetAddress }: arpPacket.ArpPacket): void {
    if (operation !== arpPacket.operation.request) return;
    if (!this.answersFor.has(formatAddress(targetAddress))) return;
    const reply = { senderAddress: targetAddress, targetMac: senderMac, operation: 2 };
    this.sendArp({ ...reply, targetAddress: senderAddress }, senderMac);
  }
}

/** A host at 10.0.0.2/24 that has been there for a while, and a peer. */
export interface World {
  readonly simulation: Simulation;
  readonly host: {
    readonly mac: Uint8Array;
    readonly arp: ArpLayer;
    readonly ip: Ipv4;
    readonly icmp: Icmp;
    readonly udp: Udp;
  };
  readonly peer: Peer;
  /** Lets virtual time pass. */
  readonly pass: (durationMs?: number) => Promise<void>;
}

/** Makes a world, or one whose host has no address yet. */
export async function world(
  isConfigured: boolean = true,
  options: Partial<Ipv4Options> = {},
): Promise<World> {
  const simulation = new Simulation({ seed: 1, turn });
  const wire = new Wire(simulation);
  const { clock } = simulation;
  const random = simulation.random("host");
  const network = wire.connect();
  const peer = new Peer(simulation, wire, network.mac);
  const ethernet = connectEthernet({ network });
  const arp = connectArp({ ethernet, clock, random });
  const ip = connectIpv4({ ethernet, arp, clock, random, ...options });
  const icmp = connectIcmp({ v4: ip, clock, random });
  const udp = connectUdp({ v4: ip, icmp, random });
  const pass = async (durationMs = 10): Promise<void> => {
    await simulation.run(() => clock.sleep(durationMs));
  };
  if (isConfigured) {
    const gateway = address("10.0.0.254");
    await ip.configure({ address: address("10.0.0.2"), prefixLength: 24, gateway, isFixed: true });
    await pass(20_000);
    peer.forget();
  }
  return { simulation, host: { mac: network.mac, arp, ip, icmp, udp }, peer, pass };
}

/** An IPv4 packet from 10.0.0.1 to 10.0.0.2, unless its fields say otherwise. */
export function ipv4Of(fields: Ipv4Fields, payload: Uint8Array): Uint8Array {
  const { source = "10.0.0.1", destination = "10.0.0.2", to: _, ...others } = fields;
  const header = Object.assign(ipv4Packet.emptyHeader(), { timeToLive: 64, protocol: 253 }, others);
  header.source.set(address(source));
  header.destination.set(address(destination));
  header.totalBytes = ipv4Packet.headerBytes + header.options.length + payload.length;
  const bytes = new Uint8Array(header.totalBytes);
  bytes.set(payload, ipv4Packet.encode(header, bytes));
  return bytes;
}

/** An ICMP message with its checksum; an echo request, unless it says otherwise. */
export function icmpOf(message: Partial<icmpPacket.IcmpPacket>): Uint8Array {
  const whole = { type: 8, code: 0, parameter: 0x0001_0001, body: new Uint8Array(8), ...message };
  const bytes = new Uint8Array(icmpPacket.headerBytes + whole.body.length);
  icmpPacket.encode(whole, bytes);
  return bytes;
}

/** A datagram between these addresses and ports, with its checksum or another. */
export function udpOf(
  [source, destination]: readonly [string, string],
  [sourcePort, destinationPort]: readonly [number, number],
  payload: Uint8Array,
  checksum?: number,
): Uint8Array {
  const bytes = new Uint8Array(udpPacket.headerBytes + payload.length);
  const packet = { sourcePort, destinationPort, checksum: checksum ?? 0, payload };
  udpPacket.encode(packet, bytes);
  if (checksum === undefined) {
    udpPacket.setChecksum(bytes, bytes.length, address(source), address(destination));
  }
  return bytes;
}
