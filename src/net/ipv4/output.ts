/**
 * The way out: a header before the payload, and the frame to the next hop, in one piece or, if the
 * path is narrower, in fragments. For one that travels whole nothing is allocated.
 */

import { ProtocolError } from "../../devices/errors.ts";
import type { Ethernet, FrameOffload, FrameWriter, PacketOptions } from "../../devices/index.ts";
import { headerBytes as ethernetHeaderBytes } from "../ethernet/packet.ts";
import { checkedTimeToLive } from "../internet.ts";
import type { Loopback } from "../loopback.ts";
import { format } from "./address.ts";
import type { Ipv4Counters } from "./counters.ts";
import type { HeaderOptions } from "./header-options.ts";
import type { Neighbour } from "./neighbours.ts";
import { emptyHeader, encode, etherType, headerBytes, maxPacketBytes } from "./packet.ts";

/** Where packets for one destination go. */
export interface Path {
  /** The address of ours that they come from, unless their sender wants another. */
  readonly source: Uint8Array;
  /** Who takes them: a MAC address for groups and broadcasts, else a neighbour. */
  readonly next: Neighbour | Uint8Array | "us";
  /** The longest packet that gets there whole, as far as is known. */
  readonly mtuBytes: number;
  /** The identification of the next packet that may be fragmented (RFC 6864, 4). */
  identification: number;
}

/** What {@link Output} stands on. */
export interface OutputOptions {
  readonly ethernet: Ethernet;
  readonly loopback: Loopback;
  /** Unless a packet says otherwise. */
  readonly timeToLive: number;
  readonly headerOptions: HeaderOptions | undefined;
  readonly counters: Ipv4Counters;
  /** Gets a packet whose next hop cannot be asked for. */
  readonly giveUp: (packet: Uint8Array) => void;
}

const noOptions = new Uint8Array();

export class Output {
  readonly #options: OutputOptions;
  readonly #header = emptyHeader();
  readonly #maxSegmentBytes: number;

  #fillPayload: FrameWriter = () => 0;
  #takesStart = false;
  readonly #fill: FrameWriter = (into, start = 0) => {
    const header = this.#header;
    const ownBytes = headerBytes + header.options.length;
    const payloadStart = start + ownBytes;
    // The payload comes first: only then is it known how long it is.
    const payloadBytes = this.#takesStart
      ? this.#fillPayload(into, payloadStart)
      : this.#fillPayload(into.subarray(payloadStart));
    header.totalBytes = ownBytes + payloadBytes;
    encode(header, into, start);
    return header.totalBytes;
  };

  #waiting: Uint8Array = noOptions;
  readonly #fillWaiting: FrameWriter = (into) => {
    into.set(this.#waiting);
    return this.#waiting.length;
  };

  constructor(options: OutputOptions) {
    this.#options = options;
    this.#maxSegmentBytes = Math.min(
      maxPacketBytes,
      options.ethernet.offloads.segmentationBytes - ethernetHeaderBytes,
    );
  }

  /**
   * Sends a packet as {@link Ip.write} says.
   *
   * @throws {ProtocolError} `too-large`
   * @throws {RangeError} if the time to live is none
   */
  send(
    path: Path,
    destination: Uint8Array,
    protocol: number,
    sizeBytes: number,
    fill: FrameWriter,
    options: PacketOptions,
    headerOptions: Uint8Array = noOptions,
  ): void {
    const { dontFragment = false, offload } = options;
    const packetBytes = headerBytes + headerOptions.length + sizeBytes;
    const isCutLater = offload !== undefined && offload.segmentBytes > 0;
    const isWhole =
      packetBytes <= path.mtuBytes || (isCutLater && packetBytes <= this.#maxSegmentBytes);
    if (packetBytes > maxPacketBytes || (!isWhole && dontFragment)) {
      throw new ProtocolError(
        "too-large",
        `Cannot send ${sizeBytes} bytes to ${format(destination)}: the path takes fewer`,
      );
    }
    const header = this.#header;
    header.trafficClass = options.trafficClass ?? 0;
    header.timeToLive = checkedTimeToLive(options.timeToLive ?? this.#options.timeToLive);
    header.dontFragment = dontFragment;
    header.moreFragments = false;
    header.fragmentOffset = 0;
    header.identification = dontFragment ? 0 : identify(path);
    header.protocol = protocol;
    header.options = headerOptions;
    const source = options.source ?? path.source;
    for (let index = 0; index < 4; index += 1) {
      header.source[index] = source[index] ?? 0;
      header.destination[index] = destination[index] ?? 0;
    }
    this.#options.counters.packetsOut += 1;
    this.#fillPayload = fill;
    this.#takesStart = isWhole && options.takesStart === true;
    if (isWhole) this.#emit(path, packetBytes, offload);
    else this.#sendFragments(path, sizeBytes, fill);
  }

  /** Sends a packet that waited for its next hop. */
  sendWaiting(mac: Uint8Array, bytes: Uint8Array, offload: FrameOffload | undefined): void {
    this.#waiting = bytes;
    this.#options.ethernet.write(mac, etherType, bytes.length, this.#fillWaiting, offload);
  }

  #sendFragments(path: Path, sizeBytes: number, fill: FrameWriter): void {
    const header = this.#header;
    const room = new Uint8Array(sizeBytes);
    const payload = room.subarray(0, fill(room));
    const ownBytes = headerBytes + header.options.length;
    const partBytes = (path.mtuBytes - ownBytes) & ~7;
    for (let start = 0; start < payload.length; start += partBytes) {
      const part = payload.subarray(start, start + partBytes);
      header.fragmentOffset = start;
      header.moreFragments = start + part.length < payload.length;
      this.#fillPayload = (into) => {
        into.set(part);
        return part.length;
      };
      this.#options.counters.fragmentsOut += 1;
      this.#emit(path, ownBytes + part.length, undefined);
      if (start === 0)
        header.options = this.#options.headerOptions?.copied(header.options) ?? header.options;
    }
  }

  #emit({ next }: Path, packetBytes: number, offload: FrameOffload | undefined): void {
    const { ethernet, loopback, counters, giveUp } = this.#options;
    if (next === "us") {
      if (!loopback.write(packetBytes, this.#fill, offload)) counters.noRoom += 1;
      return;
    }
    const mac = next instanceof Uint8Array ? next : next.find();
    if (mac !== undefined) {
      ethernet.write(mac, etherType, packetBytes, this.#fill, offload, true);
      return;
    }
    const room = new Uint8Array(packetBytes);
    const bytes = room.subarray(0, this.#fill(room));
    // Not from inside: whoever is told may want to send.
    if (next instanceof Uint8Array || !next.isWaiting) queueMicrotask(() => giveUp(bytes));
    else if (!next.hold({ bytes, offload })) counters.noRoom += 1;
  }
}

function identify(path: Path): number {
  path.identification = (path.identification + 1) & 0xffff;
  return path.identification;
}
