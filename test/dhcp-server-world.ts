/** A DHCP server on a wire, and a host there that says what a test wants, as any client. */

import type { Stack } from "../src/devices/index.ts";
import { formatAddress, parsePrefix } from "../src/net/address.ts";
import { parse } from "../src/net/ipv4/address.ts";
import { decode, encode, messageType, operation, type DhcpPacket } from "../src/net/dhcp/packet.ts";
import { connect, type DhcpServer, type DhcpServerOptions } from "../src/net/dhcp/server.ts";
import type { SubnetOptions } from "../src/net/dhcp/subnet.ts";
import { encode as encodeEthernet } from "../src/net/ethernet/packet.ts";
import { emptyHeader, encode as encodeIpv4, etherType } from "../src/net/ipv4/packet.ts";
import { connect as connectStack, type StackOptions } from "../src/net/stack.ts";
import { decode as decodeUdp, encode as encodeUdp } from "../src/net/udp/packet.ts";
import { type SimulatedNetwork, Simulation, Wire } from "../src/simulated/index.ts";

/** What the server said, and where to. */
export interface Said {
  readonly kind: string;
  readonly atMs: number;
  readonly packet: DhcpPacket;
  readonly lengthBytes: number;
  readonly mac: string;
  readonly address: string;
  readonly port: number;
}

/** What a message differs in from one of the client 02:00:00:00:00:09 without an address. */
export interface Saying {
  readonly client?: number;
  readonly ciaddr?: string;
  readonly giaddr?: string;
  readonly flags?: number;
  readonly xid?: number;
  /** Where it goes; to everyone, unless that is said. */
  readonly to?: string;
  readonly options?: readonly (readonly [number, Uint8Array])[];
}

export const subnet: SubnetOptions = {
  network: "10.0.0.0/24",
  ranges: [["10.0.0.100", "10.0.0.103"]],
  routers: ["10.0.0.254"],
};

export const bytes = (text: string): Uint8Array => parse(text) ?? new Uint8Array(4);

export class DhcpServerWorld {
  readonly simulation: Simulation;
  readonly wire: Wire;
  readonly said: Said[] = [];
  readonly #network: SimulatedNetwork;
  #serverStack: Stack | undefined;
  #serverMac: Uint8Array = new Uint8Array(6);

  constructor(seed: number = 1) {
    this.simulation = new Simulation({
      seed,
      turn: () => new Promise((resolve) => setImmediate(resolve)),
    });
    this.wire = new Wire(this.simulation, { delayMs: 1 });
    this.#network = this.wire.connect();
    this.#network.listen({ frame: (frame) => this.#hear(frame) });
  }

  /** A stack on the wire. */
  stack(options: Partial<StackOptions>): Promise<Stack> {
    const random = this.simulation.random(this.simulation.nameOf("stack"));
    const { clock } = this.simulation;
    return connectStack({ network: this.wire.connect(), clock, random, ipv6: "none", ...options });
  }

  /** A server at 10.0.0.1, on the stack of the one before it if there was one. */
  async serve(options: Partial<DhcpServerOptions> = {}): Promise<DhcpServer> {
    const address = parsePrefix("10.0.0.1/24");
    if (address === undefined) throw new TypeError("It is a prefix");
    if (this.#serverStack === undefined) {
      const network = this.wire.connect();
      this.#serverMac = network.mac;
      this.#serverStack = await this.stack({ ipv4: { address }, network });
    }
    // ARP has said whose the address is.
    await this.simulation.clock.sleep(2000);
    return connect({
      stack: this.#serverStack,
      clock: this.simulation.clock,
      address: "10.0.0.1",
      subnets: [subnet],
      probeMs: 0,
      ...options,
    });
  }

  pass(seconds: number): Promise<void> {
    return this.simulation.clock.sleep(1000 * seconds);
  }

  /** Says something, and gives what is answered within a moment. */
  async say(kind: keyof typeof messageType, saying: Saying = {}): Promise<Said[]> {
    this.tell(kind, saying);
    const from = this.said.length;
    await this.pass(0.01);
    return this.said.slice(from);
  }

  /** Says something. */
  tell(kind: keyof typeof messageType, saying: Saying = {}): void {
    const { client = 9, ciaddr = "0.0.0.0", giaddr = "0.0.0.0", flags = 0, xid = 1 } = saying;
    const chaddr = Uint8Array.of(2, 0, client >> 24, client >> 16, client >> 8, client);
    const options = new Map([[53, Uint8Array.of(messageType[kind])], ...(saying.options ?? [])]);
    const message = new Uint8Array(1400);
    const fields = { op: operation.request, xid, secs: 0, flags, chaddr, options };
    const yiaddr = new Uint8Array(4);
    const lengthBytes = encode(
      { ...fields, ciaddr: bytes(ciaddr), yiaddr, giaddr: bytes(giaddr) },
      message,
    );
    this.send(message.subarray(0, lengthBytes), saying.to, giaddr === "0.0.0.0" ? ciaddr : giaddr);
  }

  /** Sends bytes to the server's port. */
  send(message: Uint8Array, to: string = "255.255.255.255", from: string = "0.0.0.0"): void {
    const packet = new Uint8Array(28 + message.length);
    const header = Object.assign(emptyHeader(), { protocol: 17, timeToLive: 64 });
    header.source.set(bytes(from));
    header.destination.set(bytes(to));
    header.totalBytes = packet.length;
    encodeIpv4(header, packet);
    const datagram = { sourcePort: 68, destinationPort: 67, checksum: 0, payload: message };
    encodeUdp(datagram, packet.subarray(20));
    const toAll = new Uint8Array(6).fill(0xff);
    const destination = to === "255.255.255.255" ? toAll : this.#serverMac;
    const source = this.#network.mac;
    this.#network.write(14 + packet.length, (into) =>
      encodeEthernet({ destination, source, etherType, payload: packet }, into),
    );
  }

  #hear(frame: Uint8Array): void {
    if (frame[12] !== 8 || frame[13] !== 0 || frame[23] !== 17) return;
    const datagram = decodeUdp(frame.slice(34));
    const packet = datagram === undefined ? undefined : decode(datagram.payload);
    if (datagram === undefined || packet?.op !== operation.reply) return;
    const type = packet.options.get(53)?.[0];
    this.said.push({
      kind: Object.entries(messageType).find(([, number]) => number === type)?.[0] ?? "",
      atMs: this.simulation.clock.monotonicMs(),
      packet,
      lengthBytes: datagram.payload.length,
      mac: [...frame.subarray(0, 6)].join(),
      address: formatAddress(frame.subarray(30, 34)),
      port: datagram.destinationPort,
    });
  }
}

/** Plays in a simulation of its own. */
export async function inWorld(body: (world: DhcpServerWorld) => Promise<void>): Promise<void> {
  const world = new DhcpServerWorld();
  await world.simulation.run(() => body(world));
}
