/** Two hosts with TCP on a simulated wire, for tests. */

import type { Clock, Icmp, Network, Random, Tcp, TcpFlow } from "fata-morgana/devices";
import { connect as connectArp } from "../src/net/arp/arp.ts";
import { connect as connectEthernet } from "../src/net/ethernet/ethernet.ts";
import { connect as connectIcmp } from "../src/net/icmp/icmp.ts";
import { connect as connectIpv4, type Ipv4 } from "../src/net/ipv4/ipv4.ts";
import type { TcpSettings } from "../src/net/tcp/settings.ts";
import { connect as connectTcp } from "../src/net/tcp/tcp.ts";
import { Simulation, Wire, type WireOptions } from "../src/simulated/index.ts";

/** A host: its layers, and what takes them down. */
export interface TcpHost {
  readonly address: string;
  readonly network: Network;
  readonly ip: Ipv4;
  readonly icmp: Icmp;
  readonly tcp: Tcp;
  dispose(): Promise<void>;
}

/** Connects all layers of a host at 10.0.0.`number`. */
export async function tcpHost(
  network: Network,
  clock: Clock,
  random: Random,
  number: number,
  settings?: Partial<TcpSettings>,
): Promise<TcpHost> {
  const ethernet = connectEthernet({ network });
  const arp = connectArp({ ethernet, clock, random });
  const ip = connectIpv4({ ethernet, arp, clock, random });
  const address = Uint8Array.of(10, 0, 0, number);
  await ip.configure({ address, prefixLength: 24, isFixed: true });
  const icmp = connectIcmp({ v4: ip, clock, random });
  const tcp = connectTcp({ v4: ip, icmp, clock, random, settings });
  return {
    address: `10.0.0.${number}`,
    network,
    ip,
    icmp,
    tcp,
    async dispose() {
      for (const device of [tcp, icmp, ip, arp, ethernet, network]) {
        await device[Symbol.asyncDispose]();
      }
    },
  };
}

/** Two hosts on one wire. */
export interface TcpWorld {
  readonly simulation: Simulation;
  readonly wire: Wire;
  readonly client: TcpHost;
  readonly server: TcpHost;
}

/** The worlds of a test that are looked at when it is over, if somebody does: `nothing-left.ts`. */
export const watch: { worlds: TcpWorld[] | undefined } = { worlds: undefined };

/** Makes two hosts, 10.0.0.1 and 10.0.0.2. */
export async function tcpWorld(
  options: {
    readonly seed?: number;
    readonly wire?: WireOptions;
    readonly client?: Partial<TcpSettings>;
    readonly server?: Partial<TcpSettings>;
  } = {},
): Promise<TcpWorld> {
  const simulation = new Simulation({
    seed: options.seed ?? 1,
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  });
  const wire = new Wire(simulation, options.wire);
  const host = (number: number, settings?: Partial<TcpSettings>): Promise<TcpHost> =>
    tcpHost(
      wire.connect(),
      simulation.clock,
      simulation.random(`host ${number}`),
      number,
      settings,
    );
  const world = {
    simulation,
    wire,
    client: await host(1, options.client),
    server: await host(2, options.server),
  };
  watch.worlds?.push(world);
  return world;
}

/** Loses what a network sends, where `isLost` says so. */
export function lose(network: Network, isLost: (frame: Uint8Array) => boolean): void {
  const write = network.write.bind(network);
  network.write = (sizeBytes, fill) => {
    const room = new Uint8Array(sizeBytes);
    const frame = room.subarray(0, fill(room));
    if (isLost(frame)) return;
    write(frame.length, (into) => {
      into.set(frame);
      return frame.length;
    });
  };
}

/** Bytes that tell their place: another at every offset within 64 KiB, and not all alike after. */
export function pattern(length: number, start: number = 0): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index += 1) {
    const at = start + index;
    bytes[index] = (at ^ (at >> 8) ^ (at >> 16)) & 0xff;
  }
  return bytes;
}

/** Reads to the end of a stream. */
export async function readAll(flow: TcpFlow): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let chunk = await flow.read(); chunk !== undefined; chunk = await flow.read()) {
    chunks.push(chunk);
  }
  return Uint8Array.from(Buffer.concat(chunks));
}

/** Writes all of `bytes` in chunks, and shuts down writing. */
export async function writeAll(
  flow: TcpFlow,
  bytes: Uint8Array,
  chunkBytes: number = 16_384,
): Promise<void> {
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    await flow.write(bytes.slice(at, at + chunkBytes));
  }
  await flow.shutdown("write");
}
