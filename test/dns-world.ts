/** A host, and servers of the Domain Name System that say what a test wants. */

import type { Flow, Tcp, TcpFlow, Udp } from "../src/devices/index.ts";
import { ProtocolError } from "../src/devices/index.ts";
import { parseAddress } from "../src/net/address.ts";
import { encodeName, nameBytes } from "../src/net/dns/name.ts";
import {
  decode,
  encode,
  recordType,
  type DnsPacket,
  type DnsQuestion,
  type DnsRecord,
} from "../src/net/dns/packet.ts";
import { connect, type DnsResolver, type ResolverOptions } from "../src/net/dns/resolver.ts";
import { connect as connectUdp } from "../src/net/udp/udp.ts";
import { Simulation } from "../src/simulated/index.ts";
import { FakeInternet } from "./fake-ip.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What a server answers: parts of a message, bytes as they are, or nothing. */
export type Answer = Partial<DnsPacket> | Uint8Array | undefined;
export type Server = (question: DnsQuestion, query: DnsPacket) => Answer;

export interface DnsWorld {
  readonly simulation: Simulation;
  readonly internet: FakeInternet;
  readonly udp: Udp;
  /** What servers were asked, as `name type`, and over what. */
  readonly asked: string[];
  /** Connections that were not let go of. */
  readonly flows: Set<Flow>;
  readonly resolver: (options?: Partial<ResolverOptions>) => DnsResolver;
  /** Starts a server at this address; it can be reached over TCP too. */
  readonly serve: (address: string, server: Server) => Udp;
}

export function dnsWorld(seed: number = 1): DnsWorld {
  const simulation = new Simulation({ seed, turn });
  const internet = new FakeInternet(simulation.timeline);
  const v4 = internet.host(4, "10.0.0.1/24");
  const udp = connectUdp({ v4, icmp: internet.icmp(v4), random: simulation.random("udp") });
  const asked: string[] = [];
  const flows = new Set<Flow>();
  const servers = new Map<string, Server>();
  const reply = (server: Server, bytes: Uint8Array, isOverTcp: boolean): Uint8Array | undefined => {
    const query = decode(bytes);
    const question = query?.questions[0];
    if (query === undefined || question === undefined) return undefined;
    asked.push(`${question.name} ${question.type}${isOverTcp ? " tcp" : ""}`);
    const answer = server(question, query);
    if (answer === undefined || answer instanceof Uint8Array) return answer;
    return bytesOf({ ...emptyReply(query), ...answer });
  };
  return {
    simulation,
    internet,
    udp,
    asked,
    flows,
    resolver: (options = {}) =>
      connect({
        udp,
        tcp: tcpTo(servers, flows, (server, bytes) => reply(server, bytes, true)),
        clock: simulation.clock,
        random: simulation.random("dns"),
        servers: ["10.0.0.53"],
        ...options,
      }),
    serve: (address, server) => {
      servers.set(address, server);
      const ip = internet.host(4, `${address}/24`);
      const theirs = connectUdp({ v4: ip, random: simulation.random(address) });
      const socket = theirs.bind(53);
      socket.listen(({ bytes, from }) => {
        const answer = reply(server, bytes, false);
        if (answer !== undefined) socket.send(answer, from);
      });
      return theirs;
    },
  };
}

/** A reply without records. */
export function emptyReply(query: DnsPacket): DnsPacket {
  return { ...query, flags: 0x8180, answers: [], authorities: [], additionals: [] };
}

export function bytesOf(packet: DnsPacket): Uint8Array {
  const into = new Uint8Array(65_535);
  return into.slice(0, encode(packet, into));
}

/** A record whose data is an address, a name or bytes. */
export function record(
  name: string,
  type: keyof typeof recordType,
  data: string | Uint8Array,
  ttlSeconds: number = 60,
): DnsRecord {
  return { name, type: recordType[type], class: 1, ttlSeconds, data: dataOf(data) };
}

function dataOf(data: string | Uint8Array): Uint8Array {
  if (typeof data !== "string") return data;
  const address = parseAddress(data);
  if (address !== undefined) return address;
  const into = new Uint8Array(nameBytes(data));
  encodeName(data, into, 0);
  return into;
}

/** Connections that carry one question and one answer, in small pieces. */
function tcpTo(
  servers: ReadonlyMap<string, Server>,
  flows: Set<Flow>,
  reply: (server: Server, bytes: Uint8Array) => Uint8Array | undefined,
): Tcp {
  return {
    counters: {},
    connect: async (to) => {
      const server = servers.get(to.address);
      if (server === undefined) throw new ProtocolError("refused", "Nobody listens there");
      const pieces: Uint8Array[] = [];
      const flow: Partial<Flow> = {
        write: async (bytes) => {
          const answer = reply(server, bytes.subarray(2));
          if (answer === undefined) return;
          const framed = Uint8Array.of(answer.length >> 8, answer.length, ...answer);
          pieces.push(framed.slice(0, 1), framed.slice(1, 100), framed.slice(100));
        },
        read: async () => pieces.shift(),
        abort: () => void flows.delete(flow as Flow),
      };
      flows.add(flow as Flow);
      return flow as TcpFlow;
    },
    listen: () => {
      throw new ProtocolError("closed", "This only connects");
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
