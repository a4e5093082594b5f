/** A host that forges frames, on the same wire as two honest ones. */

import type { TcpFlow } from "../../src/devices/index.ts";
import { parseAddress } from "../../src/net/address.ts";
import { encode as encodeEthernet } from "../../src/net/ethernet/packet.ts";
import { emptyHeader, encode as encodeIpv4, etherType } from "../../src/net/ipv4/packet.ts";
import {
  decode,
  emptySegment,
  encode,
  flag,
  type TcpHeader,
  type TcpSegment,
} from "../../src/net/tcp/packet.ts";
import type { SimulatedNetwork } from "../../src/simulated/index.ts";
import { add, finish, pseudoHeaderSum } from "../../src/net/checksum.ts";
import { add as addSequence } from "../../src/net/tcp/sequence.ts";
import type { TcpSettings } from "../../src/net/tcp/settings.ts";
import { lose, tcpHost, tcpWorld, type TcpHost, type TcpWorld } from "../tcp-world.ts";

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
  /** Is told of each of them. */
  overhears: ((overheard: Overheard) => void) | undefined;

  constructor(network: SimulatedNetwork) {
    this.#network = network;
    network.listen({
      frame: (frame) => {
        const packet = frame.subarray(14);
        if (frame[12] !== 0x08 || frame[13] !== 0 || packet[9] !== 6) return;
        const segment = decode(packet.slice(((packet[0] ?? 0) & 15) * 4));
        if (segment === undefined) return;
        const overheard = { source: packet.slice(12, 16), segment };
        this.heard.push(overheard);
        this.overhears?.(overheard);
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

  /** The sequence number that follows all that a host has sent. */
  nextAfter(host: TcpHost): number {
    const { sequenceNumber, payload, flags } = this.lastOf(host);
    const isCounted = (flags & (flag.syn | flag.fin)) !== 0;
    return addSequence(sequenceNumber, payload.length + (isCounted ? 1 : 0));
  }

  /** Sends a segment that pretends to come from `from`. */
  forge(ends: Ends, changes: Partial<TcpHeader>, data: Uint8Array = new Uint8Array()): void {
    const header = { ...emptySegment(ends.fromPort, ends.toPort), windowField: 65_535, ...changes };
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
  /** A host that answers to its address, and whose TCP says nothing: the attacker speaks for it. */
  readonly ghost: TcpHost;
  /** The client's end, and the server's. */
  readonly flow: TcpFlow;
  readonly served: TcpFlow;
  /** The ends of the connection, as if from the client to the server, and as if from the server. */
  readonly ends: Ends;
  readonly backEnds: Ends;
}

/** Plays a scene in a simulation, with settings of both hosts. */
export async function play(
  act: (scene: Scene) => Promise<void>,
  settings: Partial<TcpSettings> = {},
): Promise<void> {
  const world = await tcpWorld({ wire: { delayMs: 1 }, client: settings, server: settings });
  const { client, server, simulation } = world;
  const attacker = new Attacker(world.wire.connect());
  const random = simulation.random("ghost");
  const ghost = await tcpHost(world.wire.connect(), simulation.clock, random, 3);
  lose(ghost.network, isTcp);
  await simulation.run(async () => {
    const accepted = new Promise<TcpFlow>((resolve) => {
      server.tcp.listen(7, (flow) => resolve(flow));
    });
    const flow = await client.tcp.connect({ address: server.address, port: 7 });
    const served = await accepted;
    const { port } = flow.local;
    const ends = { from: client.address, fromPort: port, to: server, toPort: 7 };
    const backEnds = { from: server.address, fromPort: 7, to: client, toPort: port };
    await act({ ...world, attacker, ghost, flow, served, ends, backEnds });
    for (const host of [client, server, ghost]) await host.dispose();
  });
}

/** Whether a frame carries TCP over IPv4. */
export function isTcp(frame: Uint8Array): boolean {
  return frame[12] === 0x08 && frame[13] === 0 && frame[23] === 6;
}

/** What the client's next segment to the server would have. */
export function nextOf({ attacker, client, server }: Scene): { sequence: number; ack: number } {
  return { sequence: attacker.nextAfter(client), ack: attacker.nextAfter(server) };
}

/** Checks that a connection still carries data, both ways. */
export async function stillTalk({ flow, served }: Scene): Promise<boolean> {
  await flow.write(Uint8Array.of(1, 2, 3));
  const there = await served.read();
  await served.write(Uint8Array.of(4, 5));
  const back = await flow.read();
  return there?.join() === "1,2,3" && back?.join() === "4,5";
}

/** Reads so many bytes; gives them, and whatever comes with the last of them. */
export async function readBytes(flow: TcpFlow, byteCount: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let count = 0; count < byteCount;) {
    const chunk = await flow.read();
    if (chunk === undefined) break;
    chunks.push(chunk);
    count += chunk.length;
  }
  return Uint8Array.from(Buffer.concat(chunks));
}

function bytesOf(address: string): Uint8Array {
  return parseAddress(address) ?? new Uint8Array(4);
}
