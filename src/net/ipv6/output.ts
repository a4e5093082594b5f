/** Sending: headers, fragments, and packets that wait for their neighbour. */

import { NetworkError, ProtocolError } from "../../devices/errors.ts";
import type {
  Ethernet,
  FrameOffload,
  FrameWriter,
  PacketOptions,
  Random,
} from "../../devices/index.ts";
import { headerBytes as ethernetHeaderBytes } from "../ethernet/packet.ts";
import { checkedTimeToLive } from "../internet.ts";
import type { Loopback } from "../loopback.ts";
import type { ControlPacket } from "../ndp/link.ts";
import type { Neighbour, Neighbours } from "../ndp/neighbours.ts";
import type { LinkParameters } from "../ndp/routers.ts";
import { unspecified } from "./address.ts";
import type { Ipv6Counters } from "./counters.ts";
import { encode as encodeFragmentHeader, fragmentHeaderBytes } from "./fragment-header.ts";
import { encodeHeader, headerBytes, nextHeader } from "./packet.ts";
import type { Route } from "./routes.ts";

/** The EtherType of IPv6 (RFC 2464, 3). */
export const etherType = 0x86dd;

/** What the length field of a header can say. */
const maxPayloadBytes = 65_535;

/** What sending stands on. */
export interface OutputOptions {
  readonly ethernet: Ethernet;
  readonly random: Random;
  readonly loopback: Loopback;
  readonly parameters: LinkParameters;
  readonly neighbours: Neighbours;
  readonly counters: Ipv6Counters;
}

export class Output {
  readonly #options: OutputOptions;

  // What the packet being sent consists of: one function fills them all.
  readonly #header = {
    trafficClass: 0,
    flowLabel: 0,
    nextHeader: 0,
    hopLimit: 0,
    source: unspecified,
    destination: unspecified,
  };
  #fillPayload: FrameWriter = () => 0;
  readonly #fill: FrameWriter = (into) => {
    const payloadBytes = this.#fillPayload(into.subarray(headerBytes));
    encodeHeader(this.#header, payloadBytes, into);
    return headerBytes + payloadBytes;
  };

  /** A packet or payload that is there already, to be copied. */
  #bytes: Uint8Array = unspecified;
  readonly #copy: FrameWriter = (into) => {
    into.set(this.#bytes);
    return this.#bytes.length;
  };

  readonly #fragment = { nextHeader: 0, fragmentOffset: 0, hasMore: false, identification: 0 };
  readonly #fillFragment: FrameWriter = (into) => {
    const at = encodeFragmentHeader(this.#fragment, into);
    into.set(this.#bytes, at);
    return at + this.#bytes.length;
  };

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  /**
   * Sends a packet along `route`, as {@link Ip.write} says.
   *
   * @throws {ProtocolError} `too-large`, `closed`
   */
  send(
    route: Route,
    protocol: number,
    sizeBytes: number,
    fill: FrameWriter,
    options: PacketOptions | undefined,
  ): void {
    const { parameters, neighbours } = this.#options;
    const source = options?.source ?? route.source;
    const { via } = route;
    // May send a solicitation, so that it comes before what this packet consists of.
    if (via.kind === "neighbour") via.neighbour ??= neighbours.find(via.nextHop, source);
    const header = this.#header;
    header.trafficClass = options?.trafficClass ?? 0;
    header.nextHeader = protocol;
    header.hopLimit = checkedTimeToLive(options?.timeToLive ?? parameters.hopLimit);
    header.source = source;
    header.destination = route.destination;
    this.#fillPayload = fill;
    const offload = options?.offload;
    const packetBytes = headerBytes + sizeBytes;
    if (packetBytes <= route.mtuBytes || this.#isToBeSegmented(packetBytes, offload)) {
      this.#emit(route, packetBytes, offload);
      return;
    }
    if (options?.dontFragment === true || sizeBytes > maxPayloadBytes) {
      const most = route.mtuBytes - headerBytes;
      const why = `the path carries ${most} whole`;
      throw new ProtocolError("too-large", `Cannot send ${sizeBytes} bytes: ${why}`);
    }
    this.#sendFragments(route, sizeBytes);
  }

  /** Sends a packet as {@link Output.send} does, or drops it. */
  sendQuietly(
    route: Route,
    protocol: number,
    sizeBytes: number,
    fill: FrameWriter,
    options: PacketOptions,
  ): void {
    this.#try(() => this.send(route, protocol, sizeBytes, fill, options));
  }

  /** Sends a packet that waited for `neighbour`. Drops it if it cannot. */
  deliver(neighbour: Neighbour, packet: Uint8Array, offload: FrameOffload | undefined): void {
    this.#bytes = packet;
    this.#try(() => this.#transmit(neighbour.mac, packet.length, this.#copy, offload));
  }

  /** Sends a packet of the layer's own, whose header no options describe. Drops it if it cannot. */
  sendControl(packet: ControlPacket, mac: Uint8Array): void {
    const header = this.#header;
    header.trafficClass = 0;
    header.nextHeader = packet.nextHeader;
    header.hopLimit = packet.hopLimit;
    header.source = packet.source;
    header.destination = packet.destination;
    this.#bytes = packet.payload;
    this.#fillPayload = this.#copy;
    const packetBytes = headerBytes + packet.payload.length;
    this.#try(() => this.#transmit(mac, packetBytes, this.#fill, undefined));
  }

  #isToBeSegmented(packetBytes: number, offload: FrameOffload | undefined): boolean {
    if (offload === undefined || offload.segmentBytes === 0) return false;
    const { segmentationBytes } = this.#options.ethernet.offloads;
    return ethernetHeaderBytes + packetBytes <= segmentationBytes;
  }

  /** Sends the payload in pieces (RFC 8200, 4.5). */
  #sendFragments(route: Route, sizeBytes: number): void {
    const payload = new Uint8Array(sizeBytes);
    const usedBytes = this.#fillPayload(payload);
    const fragment = this.#fragment;
    fragment.nextHeader = this.#header.nextHeader;
    fragment.identification = this.#options.random.uint32();
    this.#header.nextHeader = nextHeader.fragment;
    this.#fillPayload = this.#fillFragment;
    const overheadBytes = headerBytes + fragmentHeaderBytes;
    const mostBytes = (route.mtuBytes - overheadBytes) & ~7;
    for (let at = 0; at < usedBytes; at += mostBytes) {
      this.#bytes = payload.subarray(at, Math.min(at + mostBytes, usedBytes));
      fragment.fragmentOffset = at;
      fragment.hasMore = at + mostBytes < usedBytes;
      this.#options.counters.fragmentsOut += 1;
      this.#emit(route, overheadBytes + this.#bytes.length, undefined);
    }
  }

  #emit({ via }: Route, packetBytes: number, offload: FrameOffload | undefined): void {
    const { loopback, neighbours, counters } = this.#options;
    if (via.kind === "group") this.#transmit(via.mac, packetBytes, this.#fill, offload);
    else if (via.kind === "ourselves") {
      if (!loopback.write(packetBytes, this.#fill, offload)) counters.droppedOut += 1;
    } else if (via.neighbour?.state === "incomplete") {
      const packet = new Uint8Array(packetBytes);
      const usedBytes = this.#fill(packet);
      neighbours.wait(via.neighbour, { packet: packet.subarray(0, usedBytes), offload });
    } else if (via.neighbour !== undefined) {
      this.#transmit(via.neighbour.mac, packetBytes, this.#fill, offload);
      if (via.neighbour.state === "stale") neighbours.sent(via.neighbour);
    }
  }

  #transmit(
    mac: Uint8Array,
    packetBytes: number,
    fill: FrameWriter,
    offload: FrameOffload | undefined,
  ): void {
    try {
      this.#options.ethernet.write(mac, etherType, packetBytes, fill, offload);
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      throw new ProtocolError("closed", `Cannot send a packet: ${error.message}`, { cause: error });
    }
    this.#options.counters.packetsOut += 1;
  }

  /** Sends where nobody can be told that it failed. */
  #try(send: () => void): void {
    try {
      send();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#options.counters.droppedOut += 1;
    }
  }
}
