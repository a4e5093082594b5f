/** A translator alone, and plain packets, whose checksums are looked at after every translation. */

import { expect } from "vitest";
import { add, finish, pseudoHeaderSum } from "../../src/net/checksum.ts";
import { formatAddress } from "../../src/net/address.ts";
import { Nat } from "../../src/net/nat/nat.ts";
import type { NatOptions } from "../../src/net/nat/options.ts";
import { packet4 } from "../../src/net/router/icmp-errors.ts";
import { protocols, RoutedPacket } from "../../src/net/router/packet.ts";
import type { Verdict } from "../../src/net/router/stage.ts";
import { flag } from "../../src/net/tcp/packet.ts";
import { setWord, word } from "../../src/net/words.ts";
import { ManualClock } from "../fuzz/manual-clock.ts";
import { address } from "../router-world.ts";

/** The address outside. */
export const external = "203.0.113.1";

export type Protocol = "tcp" | "udp" | "icmp";

/** An endpoint as text, `10.0.0.2:1000`; of a query the port is its identifier. */
export type EndText = string;

/** What came out of a translation. */
export interface Translated {
  readonly verdict: Verdict;
  readonly from: EndText;
  readonly to: EndText;
  readonly packet: RoutedPacket;
}

/** Fields of TCP. */
export interface TcpFields {
  readonly flags?: number;
  readonly sequence?: number;
  readonly ack?: number;
}

function ends(text: EndText): { readonly host: Uint8Array; readonly port: number } {
  const [host = "", port = "0"] = text.split(":");
  return { host: address(host), port: Number(port) };
}

/** Makes a packet with its checksums. */
export function packetOf(
  protocol: Protocol,
  from: EndText,
  to: EndText,
  { flags = flag.syn, sequence = 1, ack = 0 }: TcpFields = {},
  isReply: boolean = false,
): Uint8Array {
  const [source, destination] = [ends(from), ends(to)];
  const number = protocols[protocol];
  const body = new Uint8Array(protocol === "tcp" ? 24 : 16).fill(7);
  if (protocol === "icmp") {
    body[0] = isReply ? 0 : 8;
    body[1] = 0;
    setWord(body, 2, 0);
    setWord(body, 4, isReply ? destination.port : source.port);
    setWord(body, 2, finish(add(body)));
  } else {
    setWord(body, 0, source.port);
    setWord(body, 2, destination.port);
    const checksumAt = protocol === "tcp" ? 16 : 6;
    if (protocol === "udp") setWord(body, 4, body.length);
    else {
      setWord(body, 4, sequence >>> 16);
      setWord(body, 6, sequence);
      setWord(body, 8, ack >>> 16);
      setWord(body, 10, ack);
      body[12] = 0x50;
      body[13] = flags;
    }
    setWord(body, checksumAt, 0);
    const sum = pseudoHeaderSum(source.host, destination.host, number, body.length);
    setWord(body, checksumAt, finish(add(body, sum)));
  }
  return packet4(source.host, destination.host, number, body.length, (into) => into.set(body));
}

/** Fails unless all checksums of a packet are right. */
export function expectIntact({
  bytes,
  source,
  destination,
  protocol,
  transportStart,
}: RoutedPacket): void {
  expect(finish(add(bytes.subarray(0, 20)))).toBe(0);
  const payload = bytes.slice(transportStart);
  const sum =
    protocol === protocols.icmp
      ? 0
      : pseudoHeaderSum(source, destination, protocol, payload.length);
  expect(finish(add(payload, sum))).toBe(0);
}

export class NatWorld {
  readonly clock = new ManualClock();
  readonly nat: Nat;
  /** What was refused, as its source. */
  readonly refused: string[] = [];
  #random = 12_345;

  constructor(options: Partial<NatOptions> = {}) {
    this.nat = new Nat({
      clock: this.clock,
      random: {
        uint32: () => (this.#random = (this.#random * 1_103_515_245 + 12_345) >>> 0),
      } as never,
      outside: "wan",
      address: address(external),
      refuse: (packet) =>
        this.refused.push(`${formatAddress(packet.subarray(12, 16))}:${word(packet, 20)}`),
      ...options,
    });
  }

  /** From inside to outside, or with an external destination back inside. */
  out(protocol: Protocol, from: EndText, to: EndText, fields?: TcpFields): Translated {
    return this.pass(packetOf(protocol, from, to, fields), "lan", "wan");
  }

  /** From outside to a port of the external address. */
  in(protocol: Protocol, from: EndText, port: number, fields?: TcpFields): Translated {
    return this.pass(packetOf(protocol, from, `${external}:${port}`, fields, true), "wan", "lan");
  }

  /** Translates a packet as a router would have it done. */
  pass(bytes: Uint8Array, from: string | undefined, to: string): Translated {
    const packet = new RoutedPacket();
    expect(packet.take(bytes.slice())).toBe(true);
    packet.from = from;
    let verdict = this.nat.prerouting(packet);
    packet.to = to;
    if (verdict === "pass") verdict = this.nat.postrouting(packet);
    if (verdict === "pass") expectIntact(packet);
    const isQuery = packet.protocol === protocols.icmp;
    const isReply = isQuery && packet.icmpType === 0;
    const port = (isSource: boolean): number => {
      if (isQuery) return isSource === isReply ? 0 : packet.icmpIdentifier;
      return isSource ? packet.sourcePort : packet.destinationPort;
    };
    return {
      verdict,
      from: `${formatAddress(packet.source)}:${port(true)}`,
      to: `${formatAddress(packet.destination)}:${port(false)}`,
      packet,
    };
  }

  /** The port outside of an endpoint inside, by sending from it. */
  portOf(protocol: Protocol, from: EndText, to: EndText = "192.0.2.1:80"): number {
    return Number(this.out(protocol, from, to).from.split(":")[1]);
  }

  /** Opens a connection all the way. */
  connect(from: EndText, to: EndText): number {
    const port = this.portOf("tcp", from, to);
    this.in("tcp", to, port, { flags: flag.syn | flag.ack, sequence: 100, ack: 2 });
    this.out("tcp", from, to, { flags: flag.ack, sequence: 2, ack: 101 });
    return port;
  }

  /** An ICMP error about a packet. */
  error(
    type: number,
    code: number,
    about: Uint8Array,
    from: string,
    to: string,
    quotedBytes = 28,
  ): Uint8Array {
    const body = new Uint8Array(8 + Math.min(about.length, quotedBytes));
    body[0] = type;
    body[1] = code;
    body.set(about.subarray(0, quotedBytes), 8);
    setWord(body, 2, finish(add(body)));
    return packet4(address(from), address(to), 1, body.length, (into) => into.set(body));
  }
}
