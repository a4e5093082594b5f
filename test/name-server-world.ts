/** A name server, and others that it may ask, over whole stacks on a simulated wire. */

import type { Stack } from "../src/devices/index.ts";
import { parsePrefix } from "../src/net/address.ts";
import { readName } from "../src/net/dns/domain.ts";
import { MessageWriter } from "../src/net/dns/message-writer.ts";
import { decode, type DnsPacket, type DnsRecord } from "../src/net/dns/packet.ts";
import { forms, plainData, typeText } from "../src/net/dns/record-fields.ts";
import { formatData } from "../src/net/dns/record-text.ts";
import { connect, type DnsServer, type DnsServerOptions } from "../src/net/dns/server.ts";
import { parseZone } from "../src/net/dns/zone-file.ts";
import { Zone } from "../src/net/dns/zone.ts";
import { connect as connectStack } from "../src/net/stack.ts";
import { Simulation, Wire } from "../src/simulated/index.ts";

/** The zone `example` of most tests. */
export const zoneText = `$TTL 1h
@       SOA ns admin 7 2h 10m 1w 5m
        NS  ns
        NS  ns.elsewhere.test.
        MX  10 mail
ns      A   10.0.0.53
mail    A   192.0.2.25
        AAAA 2001:db8::25
www     A   192.0.2.80
        A   192.0.2.81
        TXT "a text"
alias   CNAME www
chain   CNAME alias
away    CNAME www.other.test.
gone    CNAME nothing
round   CNAME trip
trip    CNAME round
deep.a.b A  192.0.2.1
*.wild  TXT "wild"
        MX  10 mail
real.wild A 192.0.2.2
*.many  CNAME www
sub     NS  ns.sub
        NS  ns.elsewhere.test.
ns.sub  A   192.0.2.53
_http._tcp SRV 0 0 80 www
$INCLUDE large
`;

/** 12 texts of 200 bytes: more than a datagram takes. */
const large = Array.from(
  { length: 12 },
  (_, index) => `large TXT "${index.toString(36).repeat(200)}"`,
);

/** Reads the text of a zone. */
export function zoneOf(text: string = zoneText, origin: string = "example"): Zone {
  return new Zone(origin, parseZone(text, { origin, include: () => large.join("\n") }));
}

/** A message as tests read it: its header in words, its records as text. */
export interface ReadReply {
  readonly code: number;
  /** `aa`, `tc`, `rd` and `ra`, as far as they are set. */
  readonly flags: string;
  readonly questions: readonly string[];
  readonly answers: readonly string[];
  readonly authorities: readonly string[];
  readonly additionals: readonly string[];
  /** The OPT record: its class and the bits of its time to live. */
  readonly edns: readonly [payloadBytes: number, bits: number] | undefined;
  readonly bytes: number;
}

const flagNames: Readonly<Record<string, number>> = { aa: 0x400, tc: 0x200, rd: 0x100, ra: 0x80 };

export function readReply(message: Uint8Array): ReadReply {
  const packet = decode(message, readName);
  if (packet === undefined) throw new Error("The reply is malformed");
  const opt = packet.additionals.find(({ type }) => type === 41);
  const text = (list: readonly DnsRecord[]): readonly string[] =>
    list.filter((each) => each !== opt).map((each) => recordText(each, message));
  return {
    code: packet.flags & 15,
    flags: Object.keys(flagNames)
      .filter((name) => (packet.flags & (flagNames[name] ?? 0)) !== 0)
      .join(" "),
    questions: packet.questions.map(({ name, type }) => `${name} ${typeText(type)}`),
    answers: text(packet.answers),
    authorities: text(packet.authorities),
    additionals: text(packet.additionals),
    edns: opt && [opt.class, opt.ttlSeconds],
    bytes: message.length,
  };
}

/** A record as `name ttl type data`. */
export function recordText(record: DnsRecord, message: Uint8Array): string {
  const { name, ttlSeconds, type } = record;
  const data = plainData(record, message);
  if (data === undefined) throw new Error(`The data of ${name} is malformed`);
  return `${name} ${ttlSeconds} ${typeText(type)} ${formatData(type, data)}`;
}

/** How a query differs from a plain one. */
export interface QueryOptions extends Partial<Pick<DnsPacket, "id" | "flags">> {
  readonly class?: number;
  /** The OPT record's class and bits. */
  readonly edns?: readonly [payloadBytes: number, bits?: number];
}

/** A query for `name`, in any letters, and a type by its name or number. */
export function queryOf(
  name: string,
  type: string | number,
  options: QueryOptions = {},
): Uint8Array {
  const number = typeof type === "number" ? type : (forms[type]?.type ?? 0);
  const writer = new MessageWriter(512, options.id ?? 7, options.flags ?? 0);
  writer.question({ name, type: number, class: options.class ?? 1 });
  const [payloadBytes, bits = 0] = options.edns ?? [];
  if (payloadBytes !== undefined) {
    const opt = { name: "", type: 41, class: payloadBytes, ttlSeconds: bits };
    writer.records(3, [{ ...opt, data: new Uint8Array(0) }]);
  }
  return writer.finish();
}

/** Messages of a stream, each after its length. */
export function framed(...messages: readonly Uint8Array[]): Uint8Array {
  const bytes: number[] = [];
  for (const each of messages) bytes.push(each.length >> 8, each.length & 255, ...each);
  return Uint8Array.from(bytes);
}

export interface NameServerWorld {
  readonly simulation: Simulation;
  readonly wire: Wire;
  /** A stack at an address of 10.0.0.0/24. */
  readonly stack: (address: string) => Promise<Stack>;
  /** At 10.0.0.53. */
  readonly server: DnsServer;
  readonly serverStack: Stack;
  /** At 10.0.0.1. */
  readonly client: Stack;
  /** Sends a query over UDP; gives the reply, or `undefined` if none comes within 8 s. */
  readonly ask: (query: Uint8Array, from?: Stack) => Promise<ReadReply | undefined>;
  /** Writes bytes to a connection; gives the replies until it ends, or says nothing for 8 s. */
  readonly askOverTcp: (bytes: Uint8Array, count: number) => Promise<readonly ReadReply[]>;
}

/** Makes a server of the zone `example`, and a client. */
export async function nameServerWorld(
  options: (stack: Stack, simulation: Simulation) => Partial<DnsServerOptions> = () => ({}),
): Promise<NameServerWorld> {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const simulation = new Simulation({ seed: 1, turn });
  const wire = new Wire(simulation, { delayMs: 1 });
  const { clock } = simulation;
  const stack = (address: string): Promise<Stack> =>
    connectStack({
      network: wire.connect(),
      clock,
      random: simulation.random(address),
      ipv4: { address: prefixOf(`${address}/24`) },
      ipv6: "none",
    });
  const serverStack = await stack("10.0.0.53");
  const client = await stack("10.0.0.1");
  const { udp, tcp } = serverStack;
  const own = options(serverStack, simulation);
  const server = connect({ udp, tcp, clock, zones: [zoneOf()], ...own });
  const timeout = (): Promise<undefined> => clock.sleep(8000).then(() => undefined);
  const ask = (query: Uint8Array, from = client): Promise<ReadReply | undefined> =>
    simulation.run(async () => {
      const socket = from.udp.bind(0);
      socket.send(query, { address: "10.0.0.53", port: 53 });
      const datagram = await Promise.race([socket.receive(), timeout()]);
      await socket[Symbol.asyncDispose]();
      return datagram && readReply(datagram.bytes);
    });
  const askOverTcp = (bytes: Uint8Array, count: number): Promise<readonly ReadReply[]> =>
    simulation.run(async () => {
      const flow = await client.tcp.connect({ address: "10.0.0.53", port: 53 });
      await flow.write(bytes);
      const received: number[] = [];
      const replies: ReadReply[] = [];
      while (replies.length < count) {
        const chunk = await Promise.race([flow.read(), timeout()]);
        if (chunk === undefined) break;
        received.push(...chunk);
        for (let end = endOf(received); received.length >= end; end = endOf(received)) {
          replies.push(readReply(Uint8Array.from(received.splice(0, end).slice(2))));
        }
      }
      flow.abort();
      return replies;
    });
  return { simulation, wire, stack, server, serverStack, client, ask, askOverTcp };
}

function endOf(received: readonly number[]): number {
  return received.length < 2 ? Infinity : 2 + (received[0] ?? 0) * 256 + (received[1] ?? 0);
}

function prefixOf(text: string): NonNullable<ReturnType<typeof parsePrefix>> {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new TypeError(`${text} is no prefix`);
  return prefix;
}
