/** A router between a client and a server of our stack, and what is on the two wires. */

import type { Stack } from "../src/devices/index.ts";
import { formatAddress, parseAddress, parsePrefix } from "../src/net/address.ts";
import { read } from "../src/net/icmp/quoted.ts";
import type { Prefix } from "../src/net/prefix.ts";
import {
  connect as connectRouter,
  type Router,
  type RouterOptions,
} from "../src/net/router/router.ts";
import { connect as connectStack, type StackOptions } from "../src/net/stack.ts";
import {
  type SimulatedNetwork,
  Simulation,
  Wire,
  type WireOptions,
} from "../src/simulated/index.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Reads an address that a test is sure of. */
export function address(text: string): Uint8Array {
  const bytes = parseAddress(text);
  if (bytes === undefined) throw new TypeError(`Cannot read ${text}: it is no address`);
  return bytes;
}

/** Reads a prefix that a test is sure of. */
export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new TypeError(`Cannot read ${text}: it is no prefix`);
  return parsed;
}

/** A packet that was seen on a wire. */
export interface SeenPacket {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  /** From its IP header on. */
  readonly bytes: Uint8Array;
  /** What follows the headers of IP. */
  readonly payload: Uint8Array;
}

/** Everything that passes a wire, and a way to put frames on it. */
export class Tap {
  readonly network: SimulatedNetwork;
  readonly packets: SeenPacket[] = [];

  constructor(wire: Wire) {
    this.network = wire.connect();
    this.network.listen({
      frame: (frame) => {
        const fields = read(frame.subarray(14));
        if (fields === undefined) return;
        const { source, destination, protocol, payloadStart, totalBytes } = fields;
        const bytes = frame.slice(14, 14 + totalBytes);
        this.packets.push({
          source: formatAddress(source),
          destination: formatAddress(destination),
          protocol,
          bytes,
          payload: bytes.subarray(payloadStart),
        });
      },
    });
  }

  /** Sends an IP packet to a station. */
  send(to: Uint8Array, packet: Uint8Array, source: Uint8Array = this.network.mac): void {
    this.network.write(14 + packet.length, (into) => {
      into.set(to);
      into.set(source, 6);
      into.set((packet[0] ?? 0) >> 4 === 6 ? [0x86, 0xdd] : [0x08, 0x00], 12);
      into.set(packet, 14);
      return 14 + packet.length;
    });
  }

  /** Packets of a protocol. */
  of(protocol: number): readonly SeenPacket[] {
    return this.packets.filter((packet) => packet.protocol === protocol);
  }
}

/** Who is in the world. */
export interface RouterWorld {
  readonly simulation: Simulation;
  readonly router: Router;
  /** 10.0.0.2/24, and addresses that it makes of fd00:1::/64. */
  readonly client: Stack;
  /** 203.0.113.9/24 and 2001:db8:2::9/64. */
  readonly server: Stack;
  readonly lan: Tap;
  readonly wan: Tap;
  readonly wires: { readonly lan: Wire; readonly wan: Wire };
  /** Connects another stack. */
  readonly stackOn: (
    wire: Wire,
    options: Omit<StackOptions, "network" | "clock" | "random">,
  ) => Promise<Stack>;
  readonly sleep: (ms: number) => Promise<void>;
}

/** How a world differs. */
export interface RouterWorldOptions extends Partial<Omit<RouterOptions, "clock" | "random">> {
  readonly lanWire?: WireOptions;
  readonly wanWire?: WireOptions;
  /** Whether the server sends what is not on its network to the router; true by default. */
  readonly serverKnowsRouter?: boolean;
}

/** Plays in a world whose router is at 10.0.0.1, fd00:1::1, 203.0.113.1 and 2001:db8:2::1. */
export async function playRouter(
  play: (world: RouterWorld) => Promise<void>,
  options: RouterWorldOptions | ((simulation: Simulation) => RouterWorldOptions) = {},
): Promise<void> {
  const simulation = new Simulation({ seed: 1, turn });
  const chosen = typeof options === "function" ? options(simulation) : options;
  const { lanWire, wanWire, serverKnowsRouter = true, ...rest } = chosen;
  const { clock } = simulation;
  const wires = {
    lan: new Wire(simulation, { name: "lan", ...lanWire }),
    wan: new Wire(simulation, { name: "wan", ...wanWire }),
  };
  const stackOn: RouterWorld["stackOn"] = (wire, more) =>
    connectStack({ network: wire.connect(), clock, random: simulation.random("stack"), ...more });
  await simulation.run(async () => {
    const router = await connectRouter({
      clock,
      random: simulation.random("router"),
      interfaces: [
        {
          name: "lan",
          network: wires.lan.connect(),
          addresses: [prefix("10.0.0.1/24"), prefix("fd00:1::1/64")],
        },
        {
          name: "wan",
          network: wires.wan.connect(),
          addresses: [prefix("203.0.113.1/24"), prefix("2001:db8:2::1/64")],
        },
      ],
      ...rest,
    });
    const client = await stackOn(wires.lan, {
      ipv4: { address: prefix("10.0.0.2/24"), gateway: address("10.0.0.1") },
    });
    const server = await stackOn(wires.wan, {
      ipv4: {
        address: prefix("203.0.113.9/24"),
        gateway: serverKnowsRouter ? address("203.0.113.1") : undefined,
      },
      ipv6: {
        addresses: [prefix("2001:db8:2::9/64")],
        gateway: serverKnowsRouter ? address("2001:db8:2::1") : undefined,
      },
    });
    const [lan, wan] = [new Tap(wires.lan), new Tap(wires.wan)];
    await clock.sleep(6000);
    lan.packets.length = wan.packets.length = 0;
    const sleep = (ms: number): Promise<void> => clock.sleep(ms);
    await play({ simulation, router, client, server, lan, wan, wires, stackOn, sleep });
    await router[Symbol.asyncDispose]();
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
}

/** Sends so many bytes from one stack to another, and resolves to how many arrived. */
export async function transfer(
  from: Stack,
  to: Stack,
  host: string,
  bytes: number,
  port: number = 80,
): Promise<number> {
  let received = 0;
  const all = new Promise<void>((resolve) => {
    const listener = to.tcp.listen(port, async (flow) => {
      await listener[Symbol.asyncDispose]();
      for (;;) {
        const chunk = await flow.read();
        if (chunk === undefined) break;
        received += chunk.length;
      }
      await flow.shutdown("write");
      resolve();
    });
  });
  const flow = await from.connect(host, port);
  for (let left = bytes; left > 0; left -= 10_000) {
    await flow.write(new Uint8Array(Math.min(left, 10_000)).fill(left & 0xff));
  }
  await flow.shutdown("write");
  await all;
  return received;
}

/** A header of version 4 with its checksum, and what follows it. */
export { packet4 } from "../src/net/router/icmp-errors.ts";
