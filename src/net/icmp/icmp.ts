/**
 * ICMP over the layers of both versions of IP: answers echo requests, sends its own, hands on what
 * routers and hosts report about our packets, and reports about theirs.
 */

import { ProtocolError } from "../../devices/errors.ts";
import type {
  Clock,
  EchoReply,
  Icmp,
  IcmpReport,
  PacketOptions,
  Random,
  ReceivedPacket,
} from "../../devices/index.ts";
import { formatAddress, parseAddress } from "../address.ts";
import { pseudoHeaderSum } from "../checksum.ts";
import { isOurs, type InternetLayer, type Undeliverable } from "../internet.ts";
import { Listeners } from "../listeners.ts";
import { timersOf, type Timers } from "../timers.ts";
import { TokenBucket } from "../token-bucket.ts";
import { Echoes } from "./echoes.ts";
import { decode, encode, hasRightChecksum, headerBytes, type IcmpPacket } from "./packet.ts";
import { read, type QuotedPacket } from "./quoted.ts";
import { icmp4, icmp6, type IcmpVersion, plateauBelow } from "./versions.ts";

/** What ICMP stands on: at least one version of IP. */
export interface IcmpOptions {
  readonly v4?: InternetLayer | undefined;
  readonly v6?: InternetLayer | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

/** Connects ICMP to `v4` and `v6`, which it does not dispose. */
export function connect(options: IcmpOptions): Icmp {
  return new IcmpOverIp(options);
}

/** Reports that may be sent at once, and in a second (RFC 4443, 2.4 (f)). */
const reportBurst = 50;
const reportsPerSecond = 1000;

/** RFC 792; that of version 6 is a message of neighbour discovery. */
const redirect = 5;

interface Layer {
  readonly ip: InternetLayer;
  readonly numbers: IcmpVersion;
}

class IcmpOverIp implements Icmp {
  readonly counters = {
    echoesAnswered: 0,
    reportsIn: 0,
    reportsOut: 0,
    /** Reports not sent: too many in too short a time. */
    reportsLimited: 0,
    malformed: 0,
    badChecksum: 0,
    /** Of a type that is none of ours, or about nothing that we sent. */
    ignored: 0,
  };
  readonly #timers: Timers;
  readonly #layers = new Map<4 | 6, Layer>();
  readonly #echoes: Echoes;
  readonly #reports = new Listeners<IcmpReport>();
  readonly #allowance = new TokenBucket(reportBurst, reportsPerSecond);
  readonly #stops: (() => void)[] = [];
  #isClosed = false;

  constructor({ v4, v6, clock, random }: IcmpOptions) {
    this.#timers = timersOf(clock);
    this.#echoes = new Echoes(this.#timers, random);
    if (v4 !== undefined) this.#add({ ip: v4, numbers: icmp4 });
    if (v6 !== undefined) this.#add({ ip: v6, numbers: icmp6 });
  }

  async echo(
    address: string,
    options: {
      readonly payloadBytes?: number;
      readonly timeToLive?: number;
      readonly timeoutMs?: number;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<EchoReply> {
    const { payloadBytes = 56, timeToLive, timeoutMs = 1000, signal } = options;
    if (this.#isClosed) throw new ProtocolError("closed", "Cannot ping: ICMP was disposed");
    const destination = parseAddress(address);
    if (destination === undefined) {
      throw new TypeError(`Cannot ping ${address}: it is no address`);
    }
    const layer = this.#layers.get(destination.length === 4 ? 4 : 6);
    if (layer === undefined) {
      throw new ProtocolError("no-route", `Cannot ping ${address}: we have no address like it`);
    }
    const body = new Uint8Array(payloadBytes).map((_, index) => index);
    const type = layer.numbers.echoRequest;
    return this.#echoes.start({
      destination,
      timeoutMs,
      signal,
      send: (parameter) => {
        const packet = { type, code: 0, parameter, body };
        this.#send(layer, destination, undefined, packet, { timeToLive });
      },
    });
  }

  onReport(listener: (report: IcmpReport) => void): () => void {
    return this.#reports.add(listener);
  }

  report(packet: Uint8Array, type: number, code: number, parameter: number = 0): void {
    const quoted = read(packet);
    const layer = quoted === undefined ? undefined : this.#layers.get(quoted.version);
    if (this.#isClosed || quoted === undefined || layer === undefined) return;
    const { ip, numbers } = layer;
    const isForUs = isOurs(ip, quoted.destination);
    if (!isForUs && !numbers.mayAnswerGroup(type, code)) return;
    if (!mayBeAnswered(quoted, packet, numbers)) return;
    if (!this.#allowance.take(this.#timers.nowMs())) {
      this.counters.reportsLimited += 1;
      return;
    }
    const ipBytes = quoted.version === 4 ? 20 : 40;
    const body = packet.subarray(0, numbers.maxErrorBytes - ipBytes - headerBytes);
    const source = isForUs ? quoted.destination : undefined;
    if (this.#trySend(layer, quoted.source, source, { type, code, parameter, body })) {
      this.counters.reportsOut += 1;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
    this.#reports.clear();
    this.#echoes.clear();
  }

  #add(layer: Layer): void {
    const { ip, numbers } = layer;
    this.#layers.set(ip.version, layer);
    ip.listen(numbers.protocol, (packet) => this.#receive(layer, packet));
    this.#stops.push(
      ip.onUndeliverable((undeliverable) => this.#giveUp(layer, undeliverable)),
      () => ip.listen(numbers.protocol, undefined),
    );
  }

  #receive(layer: Layer, received: ReceivedPacket): void {
    const { numbers } = layer;
    const { payload, source, destination } = received;
    const packet = decode(payload);
    if (packet === undefined) {
      this.counters.malformed += 1;
    } else if (!hasRightChecksum(payload, sumOf(layer, source, destination, payload.length))) {
      this.counters.badChecksum += 1;
    } else if (packet.type === numbers.echoRequest) {
      this.#answer(layer, received, packet);
    } else if (packet.type === numbers.echoReply) {
      const { parameter, body } = packet;
      if (this.#echoes.receive(parameter, source, body.length, received.timeToLive)) return;
      this.counters.ignored += 1;
    } else if (numbers.isReport(packet.type)) {
      const { type, code, parameter, body } = packet;
      this.#hear(layer, { source: source.slice(), type, code, parameter, packet: body });
    } else {
      this.counters.ignored += 1;
    }
  }

  /** Answers an echo request: not one to all, in version 4, which would be a weapon. */
  #answer(layer: Layer, received: ReceivedPacket, request: IcmpPacket): void {
    const isForUs = isOurs(layer.ip, received.destination);
    if (!isForUs && layer.ip.version === 4) {
      this.counters.ignored += 1;
      return;
    }
    const { parameter, body } = request;
    const source = isForUs ? received.destination : undefined;
    const reply = { type: layer.numbers.echoReply, code: 0, parameter, body };
    const ipOptions = layer.ip.replyOptions?.(received, true);
    if (this.#trySend(layer, received.source, source, reply, { ipOptions }))
      this.counters.echoesAnswered += 1;
  }

  /** Takes a report: about an echo, the path's MTU, or for the protocols above. */
  #hear({ ip, numbers }: Layer, report: IcmpReport): void {
    const { type, code, parameter, packet } = report;
    const quoted = read(packet);
    if (quoted?.version !== ip.version || !isOurs(ip, quoted.source)) {
      this.counters.ignored += 1;
      return;
    }
    this.counters.reportsIn += 1;
    if (type === redirect && ip.version === 4) {
      const gateway = Uint8Array.of(24, 16, 8, 0).map((shift) => parameter >>> shift);
      ip.redirect?.(quoted.destination, report.source, gateway);
      return;
    }
    if (numbers.isTooBig(type, code)) {
      // Old routers of version 4 do not say it.
      const mtuBytes =
        ip.version === 6 ? parameter : parameter & 0xffff || plateauBelow(quoted.totalBytes);
      // It was not too long for a link that carries more.
      if (mtuBytes < quoted.totalBytes) ip.learnPathMtu(quoted.destination, mtuBytes);
    } else if (quoted.protocol === numbers.protocol && quoted.isFirst) {
      const echo = decode(packet.subarray(quoted.payloadStart));
      const who = formatAddress(report.source);
      if (echo?.type === numbers.echoRequest) {
        const what = type === numbers.unreachable ? "it cannot be reached" : "it was not delivered";
        this.#echoes.report(echo.parameter, quoted.destination, `${what}, says ${who}`);
      }
    }
    this.#reports.call(report);
  }

  #giveUp(layer: Layer, { reason, packet, pointer }: Undeliverable): void {
    const [type, code] = layer.numbers.reports[reason];
    if (reason !== "neighbour") {
      // In version 4 it is the first byte of its word, and only options are pointed at.
      const inWord = reason === "option" ? pointer * 2 ** 24 : 0;
      this.report(packet, type, code, layer.ip.version === 4 ? inWord : pointer);
      return;
    }
    const source = read(packet)?.source;
    if (source !== undefined) this.#hear(layer, { source, type, code, parameter: 0, packet });
  }

  /** Sends what answers others, which must not throw. */
  #trySend(
    layer: Layer,
    destination: Uint8Array,
    source: Uint8Array | undefined,
    packet: IcmpPacket,
    options?: PacketOptions,
  ): boolean {
    try {
      this.#send(layer, destination, source, packet, options);
      return true;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return false;
    }
  }

  #send(
    layer: Layer,
    destination: Uint8Array,
    source: Uint8Array | undefined,
    packet: IcmpPacket,
    options?: PacketOptions,
  ): void {
    const { ip, numbers } = layer;
    const lengthBytes = headerBytes + packet.body.length;
    const from = source ?? ip.sourceFor(destination);
    const sum = from === undefined ? 0 : sumOf(layer, from, destination, lengthBytes);
    ip.write(
      destination,
      numbers.protocol,
      lengthBytes,
      (into) => encode(packet, into, sum),
      from === undefined ? options : { ...options, source: from },
    );
  }
}

/** The sum of the pseudo-header, which only version 6 has. */
function sumOf(
  { ip, numbers }: Layer,
  source: Uint8Array,
  destination: Uint8Array,
  lengthBytes: number,
): number {
  if (ip.version === 4) return 0;
  return pseudoHeaderSum(source, destination, numbers.protocol, lengthBytes);
}

/** Whether a packet may be answered by an error (RFC 1122, 3.2.2; RFC 4443, 2.4 (e)). */
export function mayBeAnswered(
  quoted: QuotedPacket,
  packet: Uint8Array,
  numbers: IcmpVersion,
): boolean {
  const { version, source, isFirst, protocol, payloadStart } = quoted;
  const first = source[0] ?? 0;
  const isFromOne =
    version === 4 ? first !== 0 && first < 224 : first !== 0xff && source.some((byte) => byte > 0);
  // In version 6 later fragments may be answered, unless they could be of an error (RFC 8200, 4.5).
  if (!isFromOne || (!isFirst && version === 4)) return false;
  return protocol !== numbers.protocol || (isFirst && !numbers.isError(packet[payloadStart] ?? 0));
}
