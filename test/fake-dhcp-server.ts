/** A DHCP server that does what a test wants. */

import type { Udp, UdpSocket } from "../src/devices/index.ts";
import {
  decode,
  encode,
  messageType,
  operation,
  option,
  type DhcpPacket,
} from "../src/net/dhcp/packet.ts";
import { connect as connectUdp } from "../src/net/udp/udp.ts";
import type { Simulation } from "../src/simulated/index.ts";
import type { FakeInternet } from "./fake-ip.ts";

/** Seconds as an option holds them. */
export function seconds(count: number): Uint8Array {
  return Uint8Array.of(count >>> 24, count >>> 16, count >>> 8, count);
}

/** A message that was received, and when. */
export interface Heard {
  readonly kind: string;
  readonly atMs: number;
  readonly packet: DhcpPacket;
}

const kinds = Object.entries(messageType);

export class FakeDhcpServer {
  readonly heard: Heard[] = [];
  /** What it gives: the next address of the list for each discovery, the last to all others. */
  addresses: Uint8Array[] = [Uint8Array.of(10, 0, 0, 50)];
  /** Options of offers and grants, beside the server's identity. */
  options = new Map<number, Uint8Array>([
    [option.leaseTime, seconds(3600)],
    [option.subnetMask, Uint8Array.of(255, 255, 255, 0)],
    [option.routers, Uint8Array.of(10, 0, 0, 254)],
  ]);
  /** What it answers to a message of this kind; `undefined` is nothing. */
  answers: Record<string, "offer" | "ack" | "nak" | undefined> = {
    discover: "offer",
    request: "ack",
  };
  /** Changes what is sent, or sends nothing. */
  alter: (bytes: Uint8Array, kind: string) => Uint8Array | undefined = (bytes) => bytes;
  readonly identity: Uint8Array;
  readonly udp: Udp;
  readonly #socket: UdpSocket;

  /** At 10.0.0.`last`: of an Internet of its own, or on the UDP of a host that is there. */
  constructor(simulation: Simulation, on: FakeInternet | Udp, last: number = 1) {
    this.identity = Uint8Array.of(10, 0, 0, last);
    this.udp =
      "bind" in on
        ? on
        : connectUdp({
            v4: on.host(4, `10.0.0.${last}/24`),
            random: simulation.random("server"),
          });
    this.#socket = this.udp.bind(67);
    this.#socket.listen(({ bytes }) => {
      const packet = decode(bytes.slice());
      if (packet === undefined) return;
      const type = packet.options.get(option.messageType)?.[0];
      const kind = kinds.find(([, number]) => number === type)?.[0] ?? "";
      this.heard.push({ kind, atMs: Math.round(simulation.clock.monotonicMs()), packet });
      const answer = this.answers[kind];
      if (answer !== undefined) this.say(answer, packet);
    });
  }

  /** What was heard, by kind. */
  get kinds(): string[] {
    return this.heard.map(({ kind }) => kind);
  }

  say(kind: "offer" | "ack" | "nak", to: DhcpPacket): void {
    const asked = to.options.get(option.requestedAddress) ?? to.ciaddr;
    const [next = asked] = this.addresses.length > 1 ? this.addresses.splice(0, 1) : this.addresses;
    const given = kind === "offer" ? next : asked;
    const options = new Map([
      [option.messageType, Uint8Array.of(messageType[kind])],
      [option.serverId, this.identity],
      ...(kind === "nak" ? [] : this.options),
    ] as [number, Uint8Array][]);
    const yiaddr = kind === "nak" ? new Uint8Array(4) : given;
    const into = new Uint8Array(1400);
    const reply = { ...to, op: operation.reply, yiaddr, options };
    const bytes = this.alter(into.subarray(0, encode(reply, into)), kind);
    if (bytes === undefined) return;
    const address = to.ciaddr.every((byte) => byte === 0)
      ? "255.255.255.255"
      : [...to.ciaddr].join(".");
    this.#socket.send(bytes, { address, port: 68 });
  }
}
