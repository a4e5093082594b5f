/** A host with IPv6, ICMP and UDP, and a node whose every packet a test makes. */

import type { Icmp, IcmpReport, Udp } from "../../src/devices/index.ts";
import { connect as connectIcmp } from "../../src/net/icmp/icmp.ts";
import { decode as decodeIcmp, encode as encodeIcmp } from "../../src/net/icmp/packet.ts";
import type { IcmpPacket } from "../../src/net/icmp/packet.ts";
import * as ipv6Packet from "../../src/net/ipv6/packet.ts";
import { connect as connectUdp } from "../../src/net/udp/udp.ts";
import { ours, settled, theirs, type Host, type Link, type Node } from "../ipv6-link.ts";
import { udpOf } from "./world.ts";

/** What is other than usual in a packet of the node. */
export interface Ipv6Fields {
  readonly source?: Uint8Array;
  readonly destination?: Uint8Array;
  readonly hopLimit?: number;
  /** Where the frame goes; where it should by default. */
  readonly mac?: Uint8Array;
}

/** The host 2001:db8::1 and the node 2001:db8::2, which know each other. */
export class World6 {
  readonly link: Link;
  readonly host: Host;
  readonly node: Node;
  readonly icmp: Icmp;
  readonly udp: Udp;
  readonly told: IcmpReport[] = [];

  constructor({ link, host, node }: Awaited<ReturnType<typeof settled>>) {
    const { clock } = link.simulation;
    this.link = link;
    this.host = host;
    this.node = node;
    this.icmp = connectIcmp({ v6: host.ip, clock, random: link.simulation.random("icmp") });
    this.udp = connectUdp({
      v6: host.ip,
      icmp: this.icmp,
      random: link.simulation.random("udp"),
    });
    this.icmp.onReport((report) => this.told.push({ ...report, packet: report.packet.slice() }));
  }

  /** Lets virtual time pass. */
  pass(durationMs = 5): Promise<void> {
    return this.link.pass(durationMs);
  }

  /** Has the host know where the node is, for some seconds. */
  async introduce(): Promise<void> {
    for (const source of [theirs, this.node.address]) {
      const message = {
        type: 135,
        target: ours,
        options: [{ type: 1, body: this.node.mac }],
      } as const;
      this.node.sendNdp(message, { source, destination: ours }, this.host.network.mac);
    }
    await this.pass();
    this.node.heard.length = 0;
  }

  send(nextHeader: number, payload: Uint8Array, fields: Ipv6Fields = {}): void {
    const usual = { source: theirs, destination: ours };
    this.node.send({ ...usual, ...fields, nextHeader, payload }, this.host.network.mac);
  }

  /** Sends an ICMPv6 message, an echo request by default, with its checksum. */
  sendIcmp(message: Partial<IcmpPacket> = {}, fields: Ipv6Fields = {}): void {
    const whole = {
      type: 128,
      code: 0,
      parameter: 0x0001_0002,
      body: new Uint8Array(8),
      ...message,
    };
    const bytes = new Uint8Array(8 + whole.body.length);
    encodeIcmp(whole, bytes);
    this.node.sendMessage(
      bytes,
      { source: theirs, destination: ours, ...fields },
      this.host.network.mac,
    );
  }

  /** Sends a datagram from port 1000. */
  sendUdp(toPort: number, fields: Ipv6Fields = {}, checksum?: number): void {
    this.send(17, udpTo(toPort, checksum, fields), fields);
  }

  /** The ICMPv6 messages that the node heard, but those of discovery. */
  get messages(): readonly (IcmpPacket & { readonly packet: ipv6Packet.Ipv6Packet })[] {
    return this.node.heard.flatMap((packet) => {
      const message = packet.nextHeader === 58 ? decodeIcmp(packet.payload) : undefined;
      const isDiscovery = message !== undefined && message.type >= 130 && message.type <= 143;
      return message === undefined || isDiscovery ? [] : [{ ...message, packet }];
    });
  }

  /** The errors that the node heard: type, code and parameter. */
  get errors(): readonly (readonly number[])[] {
    return this.messages
      .filter(({ type }) => type < 128)
      .map(({ type, code, parameter }) => [type, code, parameter]);
  }

  /** What the host receives of a protocol, from now on. */
  received(protocol: number): Uint8Array[] {
    const payloads: Uint8Array[] = [];
    this.host.ip.listen(protocol, ({ payload }) => payloads.push(payload.slice()));
    return payloads;
  }
}

export async function world6(): Promise<World6> {
  const world = new World6(await settled());
  await world.introduce();
  return world;
}

/** A datagram from port 1000 of the node to a port of the host. */
export function udpTo(port: number, checksum?: number, fields: Ipv6Fields = {}): Uint8Array {
  const ends = [textOf(fields.source ?? theirs), textOf(fields.destination ?? ours)] as const;
  return udpOf(ends, [1000, port], Uint8Array.of(1, 2), checksum);
}

function textOf(address: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((address[2 * index] ?? 0) << 8) | (address[2 * index + 1] ?? 0)).toString(16),
  );
  return groups.join(":");
}

/** A packet from the host to somebody, as an error quotes it. */
export function quoted(destination: Uint8Array, payloadBytes = 8, nextHeader = 253): Uint8Array {
  const bytes = new Uint8Array(40 + payloadBytes);
  const header = { trafficClass: 0, flowLabel: 0, hopLimit: 64, source: ours };
  ipv6Packet.encode(
    { ...header, nextHeader, destination, payload: new Uint8Array(payloadBytes) },
    bytes,
  );
  return bytes;
}

/** A fragment header and its part of a payload. */
export function fragment(
  identification: number,
  offset: number,
  hasMore: boolean,
  part: Uint8Array,
  nextHeader = 253,
): Uint8Array {
  const word = offset | (hasMore ? 1 : 0);
  const header = [
    nextHeader,
    0,
    word >> 8,
    word & 0xff,
    0,
    0,
    identification >> 8,
    identification & 0xff,
  ];
  return Uint8Array.of(...header, ...part);
}
