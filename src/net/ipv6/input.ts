/** Receiving: which packets are for us, what is behind their headers, and fragments. */

import type { FrameOffload, ReceivedPacket } from "../../devices/index.ts";
import { Reassembler, type Reassembled } from "../fragments.ts";
import type { Undeliverable, UndeliverableReason } from "../internet.ts";
import { isSameAddress } from "../prefix.ts";
import type { Timers } from "../timers.ts";
import { isGroup, keyOf, loopback, unspecified } from "./address.ts";
import type { Ipv6Counters } from "./counters.ts";
import { follow, followFrom, type HeaderChain } from "./extension-headers.ts";
import { decode as decodeFragmentHeader, fragmentHeaderBytes } from "./fragment-header.ts";
import { lengthOf, nextHeader, offset, trafficClassOf } from "./packet.ts";

/** The longest payload that a fragment's offset and length may add up to. */
const maxPayloadBytes = 65_535;

/** What receiving stands on. */
export interface InputOptions {
  readonly timers: Timers;
  readonly counters: Ipv6Counters;
  /** Our address that stands in `bytes` at `at`, as it is kept. */
  readonly ourAddress: (bytes: Uint8Array, at: number) => Uint8Array | undefined;
  readonly isJoined: (group: Uint8Array) => boolean;
  /**
   * Takes a packet of `protocol`; false if nobody listens to it. `isWhole` is whether it came in
   * one piece.
   */
  readonly deliver: (packet: ReceivedPacket, protocol: number, isWhole: boolean) => boolean;
  readonly undeliverable: (undeliverable: Undeliverable) => void;
}

export class Input {
  readonly #options: InputOptions;
  readonly #reassembler: Reassembler;

  /** The packet being received: one object for all. */
  readonly #packet = {
    payload: unspecified,
    source: unspecified,
    destination: unspecified,
    timeToLive: 0,
    trafficClass: 0,
    bytes: unspecified,
    offload: undefined as FrameOffload | undefined,
  };

  constructor(options: InputOptions) {
    const { timers, counters, undeliverable } = options;
    this.#options = options;
    this.#reassembler = new Reassembler({
      timers,
      counters,
      maxPayloadBytes,
      expired: (packet) => undeliverable({ reason: "reassembly-timeout", packet, pointer: 0 }),
    });
  }

  /** Takes in a packet, *borrowed*, with what the link put after it. */
  receive(padded: Uint8Array, offload: FrameOffload | undefined, isFromUs: boolean): void {
    const { counters, ourAddress, isJoined } = this.#options;
    const lengthBytes = lengthOf(padded);
    if (lengthBytes === 0) {
      counters.malformed += 1;
      return;
    }
    const bytes = lengthBytes === padded.length ? padded : padded.subarray(0, lengthBytes);
    const packet = this.#packet;
    const isToGroup = bytes[offset.destination] === 0xff;
    const destination =
      isToGroup || isFromUs
        ? bytes.subarray(offset.destination, offset.payload)
        : ourAddress(bytes, offset.destination);
    if (destination === undefined || (isToGroup && !isJoined(destination))) {
      counters.notForUs += 1;
      return;
    }
    if (!this.#setSource(bytes, isFromUs)) {
      counters.badSource += 1;
      return;
    }
    counters.packetsIn += 1;
    packet.destination = destination;
    packet.timeToLive = bytes[offset.hopLimit] ?? 0;
    packet.trafficClass = trafficClassOf(bytes);
    packet.bytes = bytes;
    packet.offload = offload;
    this.#take(bytes, follow(bytes, isToGroup));
  }

  /** Forgets fragments. */
  clear(): void {
    this.#reassembler.clear();
  }

  /** Notes who sent a packet, once for many in a row; false if nobody can have. */
  #setSource(bytes: Uint8Array, isFromUs: boolean): boolean {
    const { source } = this.#packet;
    let index = 0;
    while (index < 16 && source[index] === bytes[offset.source + index]) index += 1;
    if (index < 16) this.#packet.source = bytes.slice(offset.source, offset.destination);
    if (isFromUs) return true;
    if (isGroup(this.#packet.source) || isSameAddress(this.#packet.source, loopback)) return false;
    if (this.#options.ourAddress(bytes, offset.source) === undefined) return true;
    // Who has an address of ours can tell us so, from the link.
    return bytes[offset.nextHeader] === nextHeader.icmp && bytes[offset.hopLimit] === 255;
  }

  #take(bytes: Uint8Array, chain: HeaderChain): void {
    const { counters } = this.#options;
    switch (chain.end) {
      case "protocol":
        this.#packet.payload = bytes.subarray(chain.at);
        this.#deliver(chain.protocol, chain.nextHeaderAt, true);
        break;
      case "fragment":
        this.#takeFragment(bytes, chain.at);
        break;
      case "problem":
        counters.badHeader += 1;
        this.#giveUp(chain.reason, chain.at);
        break;
      case "none":
        counters.malformed += 1;
        break;
    }
  }

  #deliver(protocol: number, nextHeaderAt: number, isWhole: boolean): void {
    if (this.#options.deliver(this.#packet, protocol, isWhole)) return;
    this.#options.counters.unknownProtocol += 1;
    this.#giveUp("protocol", nextHeaderAt);
  }

  #giveUp(reason: UndeliverableReason, pointer: number): void {
    this.#options.undeliverable({ reason, packet: this.#packet.bytes, pointer });
  }

  /** @see RFC 8200, 4.5 */
  #takeFragment(bytes: Uint8Array, at: number): void {
    const header = decodeFragmentHeader(bytes, at);
    if (header === undefined) {
      this.#options.counters.malformed += 1;
      return;
    }
    const { fragmentOffset, hasMore, identification } = header;
    const payloadStart = at + fragmentHeaderBytes;
    const isToGroup = isGroup(this.#packet.destination);
    if (fragmentOffset === 0 && !hasMore) {
      // A fragment that is all of its packet belongs to no other (RFC 6946).
      this.#take(bytes, followFrom(bytes, isToGroup, header.nextHeader, payloadStart, at));
      return;
    }
    const endBytes = fragmentOffset + bytes.length - payloadStart;
    if ((hasMore && (endBytes & 7) !== 0) || endBytes > maxPayloadBytes) {
      this.#options.counters.fragmentsMalformed += 1;
      this.#giveUp("header", endBytes > maxPayloadBytes ? at + 2 : offset.payloadLength);
      return;
    }
    const { source, destination } = this.#packet;
    const reassembled = this.#reassembler.add({
      key: `${keyOf(source)}${keyOf(destination)}${identification}`,
      source: keyOf(source),
      offsetBytes: fragmentOffset,
      isLast: !hasMore,
      packet: bytes,
      payloadStart,
    });
    if (reassembled !== undefined) this.#takeReassembled(reassembled, isToGroup);
  }

  #takeReassembled({ payload, first }: Reassembled, isToGroup: boolean): void {
    const headers = follow(first, isToGroup);
    if (headers.end !== "fragment") return;
    const { at } = headers;
    const startBytes = at + fragmentHeaderBytes;
    this.#packet.bytes = first;
    this.#packet.offload = undefined;
    // Offsets in the payload; the number that it begins with is so far before it.
    const chain = followFrom(payload, isToGroup, first[at] ?? 0, 0, -fragmentHeaderBytes);
    if (chain.end === "problem") {
      this.#options.counters.badHeader += 1;
      this.#giveUp(chain.reason, startBytes + chain.at);
      return;
    }
    // All headers must be in the first fragment (RFC 7112), and none be of fragments again.
    if (chain.end !== "protocol" || chain.at > first.length - startBytes) {
      this.#options.counters.malformed += 1;
      if (chain.end === "protocol") this.#giveUp("first-fragment", 0);
      return;
    }
    this.#packet.payload = payload.subarray(chain.at);
    this.#deliver(chain.protocol, startBytes + chain.nextHeaderAt, false);
  }
}
