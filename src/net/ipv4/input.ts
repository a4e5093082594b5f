/**
 * The way in: what a frame carries is checked, put together if it is a fragment, and handed to the
 * protocol it is of. What is not for us, or cannot be right, is counted by kind and dropped.
 */

import type { FrameOffload, PacketReceiver, ReceivedPacket } from "../../devices/index.ts";
import { Reassembler } from "../fragments.ts";
import type { Undeliverable } from "../internet.ts";
import type { Timers } from "../timers.ts";
import { toNumber } from "./address.ts";
import type { Ipv4Counters } from "./counters.ts";
import type { HeaderOptions } from "./header-options.ts";
import type { Groups } from "./groups.ts";
import * as packets from "./packet.ts";
import type { Routes } from "./routes.ts";

/** What {@link Input} stands on. */
export interface InputOptions {
  readonly timers: Timers;
  readonly routes: Routes;
  readonly groups: Groups;
  readonly headerOptions?: HeaderOptions | undefined;
  readonly counters: Ipv4Counters;
  readonly undeliverable: (undeliverable: Undeliverable) => void;
}

const broadcastKey = 0xffff_ffff;

/** Where in a header the protocol is, for the reports about it. */
const protocolOffset = 9;

/** A packet whose payload is a view only if somebody looks at it so. */
class Packet implements ReceivedPacket {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  timeToLive = 0;
  trafficClass = 0;
  bytes: Uint8Array = new Uint8Array();
  payloadStart: number | undefined = 0;
  offload: FrameOffload | undefined = undefined;
  /** What fragments were put together to. */
  whole: Uint8Array | undefined = undefined;

  constructor({ source, destination }: packets.Ipv4Header) {
    this.source = source;
    this.destination = destination;
  }

  get ipOptions(): Uint8Array | undefined {
    const end = ((this.bytes[0] ?? 0) & 15) * 4;
    return end > packets.headerBytes ? this.bytes.subarray(packets.headerBytes, end) : undefined;
  }

  get payload(): Uint8Array {
    return this.whole ?? this.bytes.subarray(this.payloadStart);
  }
}

export class Input {
  readonly #options: InputOptions;
  readonly #reassembler: Reassembler;
  readonly #receivers: (PacketReceiver | undefined)[] = Array.from({ length: 256 });
  readonly #header = packets.emptyHeader();
  /** One for all packets: it is only lent. */
  readonly #packet = new Packet(this.#header);

  constructor(options: InputOptions) {
    this.#options = options;
    this.#reassembler = new Reassembler({
      timers: options.timers,
      counters: options.counters,
      maxPayloadBytes: packets.maxPacketBytes - packets.headerBytes,
      expired: (packet) => {
        options.undeliverable({ reason: "reassembly-timeout", packet, pointer: 0 });
      },
    });
  }

  listen(protocol: number, receiver: PacketReceiver | undefined): void {
    this.#receivers[protocol] = receiver;
  }

  /** Forgets all fragments. */
  clear(): void {
    this.#reassembler.clear();
  }

  /**
   * Takes what a frame carried, and whether the frame was for many, or what we sent to ourselves.
   */
  receive(
    bytes: Uint8Array,
    offload: FrameOffload | undefined,
    frame: "unicast" | "group" | "looped",
  ): void {
    const { counters } = this.#options;
    const header = packets.decode(bytes, this.#header);
    if (header === undefined) {
      counters.malformed += 1;
      return;
    }
    if (!packets.hasRightChecksum(bytes, header.headerBytes)) {
      counters.badChecksum += 1;
      return;
    }
    const refusal = this.#refusal(bytes, header, frame);
    if (refusal !== undefined) {
      counters[refusal] += 1;
      return;
    }
    const { headerBytes, totalBytes } = header;
    const whole = totalBytes === bytes.length ? bytes : bytes.subarray(0, totalBytes);
    const packet = this.#packet;
    packet.bytes = whole;
    packet.offload = offload;
    if (header.moreFragments || header.fragmentOffset > 0) {
      if (!this.#reassemble(whole)) return;
    } else {
      packet.payloadStart = headerBytes;
      packet.whole = undefined;
    }
    packet.timeToLive = header.timeToLive;
    packet.trafficClass = header.trafficClass;
    counters.packetsIn += 1;
    const receiver = this.#receivers[header.protocol];
    if (receiver !== undefined) {
      receiver(packet);
      return;
    }
    counters.unknownProtocol += 1;
    this.#options.undeliverable({
      reason: "protocol",
      packet: packet.bytes,
      pointer: protocolOffset,
    });
  }

  /** Why a packet is not taken, if it is not. */
  #refusal(
    bytes: Uint8Array,
    header: packets.Ipv4Header,
    frame: "unicast" | "group" | "looped",
  ): "malformed" | "notForUs" | "badSource" | "sourceRouted" | undefined {
    const { routes, groups, headerOptions } = this.#options;
    const source = toNumber(header.source);
    const destination = toNumber(header.destination);
    const isLooped = frame === "looped";
    const isForOne = routes.isOurs(destination) || (isLooped && destination >>> 24 === 127);
    const isForMany =
      !isForOne &&
      (destination === broadcastKey || routes.isBroadcast(destination) || groups.has(destination));
    // A packet for one in a frame for many was never right (RFC 1122, 3.3.6).
    if (!isForMany && (!isForOne || frame === "group")) return "notForUs";
    if (!isLooped && !this.#isPossibleSource(source, isForMany)) return "badSource";
    const { options } = header;
    if (options.length === 0) return undefined;
    const flaw = headerOptions?.flawIn(options);
    if (flaw !== undefined) {
      const pointer = packets.headerBytes + flaw;
      this.#options.undeliverable({ reason: "option", packet: bytes, pointer });
      return "malformed";
    }
    const isAtEnd = !packets.hasSourceRoute(options) || headerOptions?.isAtEnd(options) === true;
    return isAtEnd ? undefined : "sourceRouted";
  }

  /** Whether another host may send from an address (RFC 1122, 3.2.1.3). */
  #isPossibleSource(source: number, isForMany: boolean): boolean {
    const { routes } = this.#options;
    if (source === 0) return isForMany;
    // 0.0.0.0/8, 127.0.0.0/8, groups and what is reserved.
    const network = source >>> 24;
    if (network === 0 || network === 127 || network >= 224) return false;
    return !routes.isOurs(source) && !routes.isBroadcast(source);
  }

  /** Adds a fragment; returns whether the packet is whole now. */
  #reassemble(bytes: Uint8Array): boolean {
    const header = this.#header;
    const source = toNumber(header.source);
    this.#options.counters.fragmentsIn += 1;
    const whole = this.#reassembler.add({
      key: `${source} ${toNumber(header.destination)} ${header.protocol} ${header.identification}`,
      source,
      offsetBytes: header.fragmentOffset,
      isLast: !header.moreFragments,
      packet: bytes,
      payloadStart: header.headerBytes,
    });
    if (whole === undefined) return false;
    this.#packet.whole = whole.payload;
    this.#packet.payloadStart = undefined;
    this.#packet.bytes = whole.first;
    // Checksums of fragments were filled in.
    this.#packet.offload = undefined;
    return true;
  }
}
