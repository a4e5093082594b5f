/** A host that forges frames, on the same wire as two honest ones. */

import type { TcpFlow } from "../../src/devices/index.ts";
import { parseAddress } from "../../src/net/address.ts";
import { encode as encodeEthernet } from "../../src/net/ethernet/packet.ts";
import { emptyHeader, encode as encodeIpv4, etherType } from "../../src/net/ipv4/packet.ts";
import { makeHeader } from "../../src/net/tcp/departs.ts";
import { decode, encode, type TcpHeader, type TcpSegment } from "../../src/net/tcp/packet.ts";
import type { SimulatedNetwork } from "../../src/simulated/index.ts";
import { add, finish, pseudoHeaderSum } from "../../src/net/checksum.ts";
import { tcpWorld, type TcpHost, type TcpWorld } from "../tcp-world.ts";

/** Where a segment pretends to come from, and where it goes. */
export interface Ends {
  readonly from: string;
  readonly fromPort: number;
  readonly to: TcpHost;
  readonly toPort: number;
}

/** A segment that the attacker overheard. */
export interface Overheard {
  readonly source: Uint8Array;
  readonly segment: TcpSegment;
}

/** Forges and overhears. */
export class Attacker {
  readonly #network: SimulatedNetwork;
  /** Every TCP segment on the wire. */
  readonly heard: Overheard[] = [];

  constructor(network: SimulatedNetwork) {
    this.#network = network;
    network.listen({
      frame: (frame) => {
        const packet = frame.subarray(14);
        if (frame[12] !== 0x08 || frame[13] !== 0 || packet[9] !== 6) return;
        const segment = decode(packet.slice(((packet[0] ?? 0) & 15) * 4));
        if (segment !== undefined) this.heard.push({ source: packet.slice(12, 16), segment });
      },
    });
  }

  /** The last segment that a host sent. */
  lastOf(host: TcpHost): TcpSegment {
    const source = bytesOf(host.address).join(".");
    const last = this.heard.findLast((each) => each.source.join(".") === source);
    if (last === undefined) throw new Error(`${host.address} has sent nothing`);
    return last.segment;
  }

  /** Sends a segment that pretends to come from `from`. */
  forge(ends: Ends, changes: Partial<TcpHeader>, data: Uint8Array = new Uint8Array()): void {
    const header = { ...makeHeader(ends.fromPort, ends.toPort), windowField: 65_535, ...changes };
    const segment = new Uint8Array(60 + data.length);
    const start = encode(header, segment);
    segment.set(data, start);
    const payload = segment.subarray(0, start + data.length);
    const [source, destination] = [bytesOf(ends.from), bytesOf(ends.to.address)];
    const sum = pseudoHeaderSum(source, destination, 6, payload.length);
    const checksum = finish(add(payload, sum));
    payload[16] = checksum >> 8;
    payload[17] = checksum & 0xff;
    this.sendIpv4(ends.from, ends.to, 6, payload);
  }

  /** Sends an IPv4 packet that pretends to come from `from`. */
  sendIpv4(
    from: string,
    to: TcpHost,
    protocol: number,
    payload: Uint8Array,
    changes: { identification?: number; moreFragments?: boolean; fragmentOffset?: number } = {},
  ): void {
    const header = Object.assign(emptyHeader(), { protocol, timeToLive: 64 }, changes);
    header.source.set(bytesOf(from));
    header.destination.set(bytesOf(to.address));
    header.totalBytes = 20 + payload.length;
    const packet = new Uint8Array(header.totalBytes);
    packet.set(payload, encodeIpv4(header, packet));
    this.sendFrame(to.network.mac, etherType, packet);
  }

  /** Sends a frame. */
  sendFrame(destination: Uint8Array, type: number, payload: Uint8Array): void {
    this.#network.write(14 + payload.length, (into) =>
      encodeEthernet({ destination, source: this.#network.mac, etherType: type, payload }, into),
    );
  }
}

/** Two hosts that are connected, and an attacker. */
export interface Scene extends TcpWorld {
  readonly attacker: Attacker;
  /** The client's end, and the server's. */
  readonly flow: TcpFlow;
  readonly served: TcpFlow;
  /** The ends of the connection, as if from the client to the server. */
  readonly ends: Ends;
}

/** Plays a scene in a simulation. */
export async function play(act: (scene: Scene) => Promise<void>): Promise<void> {
  const world = await tcpWorld({ wire: { delayMs: 1 } });
  const attacker = new Attacker(world.wire.connect());
  await world.simulation.run(async () => {
    const accepted = new Promise<TcpFlow>((resolve) => {
      world.server.tcp.listen(7, (flow) => resolve(flow));
    });
    const flow = await world.client.tcp.connect({ address: world.server.address, port: 7 });
    const served = await accepted;
    const ends = {
      from: world.client.address,
      fromPort: flow.local.port,
      to: world.server,
      toPort: 7,
    };
    await act({ ...world, attacker, flow, served, ends });
    await world.client.dispose();
    await world.server.dispose();
  });
}

/** Checks that a connection still carries data, both ways. */
export async function stillTalk({ flow, served }: Scene): Promise<boolean> {
  await flow.write(Uint8Array.of(1, 2, 3));
  const there = await served.read();
  await served.write(Uint8Array.of(4, 5));
  const back = await flow.read();
  return there?.join() === "1,2,3" && back?.join() === "4,5";
}

function bytesOf(address: string): Uint8Array {
  return parseAddress(address) ?? new Uint8Array(4);
}
