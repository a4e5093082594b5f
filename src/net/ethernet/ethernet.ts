/**
 * Ethernet over a network: frames for our address and for groups, told apart by EtherType. A frame
 * is not padded to 64 bytes: where the link has a least length, that is its driver's to keep.
 */

import { NetworkError } from "../../devices/errors.ts";
import type {
  Ethernet,
  FrameOffload,
  FrameWriter,
  Network,
  Offloads,
  PayloadReceiver,
} from "../../devices/index.ts";
import { Listeners } from "../listeners.ts";
import { setWord, word } from "../words.ts";
import { addressBytes, headerBytes, isForGroup, isFromGroup, offset } from "./packet.ts";

/** EtherTypes of tags, behind which the real one is (IEEE 802.1Q, 9.6). */
const tagTypes: ReadonlySet<number> = new Set([0x8100, 0x88a8]);

/** Connects Ethernet to `network`, of which it becomes the receiver. Does not dispose it. */
export function connect({ network }: { readonly network: Network }): Ethernet {
  return new EthernetLayer(network);
}

class EthernetLayer implements Ethernet {
  readonly mac: Uint8Array;
  readonly mtu: number;
  readonly offloads: Offloads;
  readonly counters = {
    framesIn: 0,
    framesOut: 0,
    /** For another station: the link floods what it does not know. */
    notForUs: 0,
    /** Of an EtherType that nobody listens to. */
    unknownType: 0,
    /** With a VLAN tag. */
    tagged: 0,
    /** Shorter than a header, or from a group. */
    malformed: 0,
  };
  readonly #network: Network;
  readonly #receivers = new Map<number, PayloadReceiver>();
  readonly #batchEnds = new Listeners();
  #isClosed = false;

  // What the frame being written consists of: one function fills them all.
  #destination: Uint8Array = new Uint8Array();
  #etherType = 0;
  #fillPayload: FrameWriter = () => 0;
  #takesStart = false;
  readonly #fill: FrameWriter = (into) => {
    for (let index = 0; index < addressBytes; index += 1) {
      into[offset.destination + index] = this.#destination[index] ?? 0;
      into[offset.source + index] = this.mac[index] ?? 0;
    }
    setWord(into, offset.etherType, this.#etherType);
    const payloadBytes = this.#takesStart
      ? this.#fillPayload(into, headerBytes)
      : this.#fillPayload(into.subarray(headerBytes));
    return headerBytes + payloadBytes;
  };

  /** Where the addresses of the frame being received are: no view of it is made for them. */
  readonly #source = new Uint8Array(addressBytes);
  readonly #group = new Uint8Array(addressBytes);

  constructor(network: Network) {
    this.mac = network.mac;
    this.mtu = network.mtu;
    this.offloads = network.offloads;
    this.#network = network;
    network.listen({
      borrows: true,
      frame: (frame, offload) => this.#receive(frame, offload),
      batchEnd: () => this.#batchEnds.call(),
    });
  }

  write(
    destination: Uint8Array,
    etherType: number,
    sizeBytes: number,
    fill: FrameWriter,
    offload?: FrameOffload,
    takesStart: boolean = false,
  ): void {
    this.#checkOpen("write");
    this.#destination = destination;
    this.#etherType = etherType;
    this.#fillPayload = fill;
    this.#takesStart = takesStart;
    this.#network.write(headerBytes + sizeBytes, this.#fill, offload);
    this.counters.framesOut += 1;
  }

  listen(etherType: number, receiver: PayloadReceiver | undefined): void {
    if (receiver !== undefined) this.#checkOpen("listen");
    if (receiver === undefined) this.#receivers.delete(etherType);
    else this.#receivers.set(etherType, receiver);
  }

  onBatchEnd(listener: () => void): () => void {
    return this.#batchEnds.add(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#receivers.clear();
    this.#batchEnds.clear();
  }

  #checkOpen(what: string): void {
    if (this.#isClosed) throw new NetworkError("closed", `Cannot ${what}: Ethernet was disposed`);
  }

  #receive(frame: Uint8Array, offload: FrameOffload | undefined): void {
    if (frame.length < headerBytes || isFromGroup(frame)) {
      this.counters.malformed += 1;
      return;
    }
    const isGroup = isForGroup(frame);
    if (!isGroup && !this.#isForUs(frame)) {
      this.counters.notForUs += 1;
      return;
    }
    const etherType = word(frame, offset.etherType);
    const receiver = this.#receivers.get(etherType);
    if (receiver === undefined) {
      this.counters[tagTypes.has(etherType) ? "tagged" : "unknownType"] += 1;
      return;
    }
    this.counters.framesIn += 1;
    for (let index = 0; index < addressBytes; index += 1) {
      this.#source[index] = frame[offset.source + index] ?? 0;
      if (isGroup) this.#group[index] = frame[offset.destination + index] ?? 0;
    }
    receiver(frame.subarray(headerBytes), this.#source, isGroup ? this.#group : this.mac, offload);
  }

  #isForUs(frame: Uint8Array): boolean {
    for (let index = 0; index < addressBytes; index += 1) {
      if (frame[offset.destination + index] !== this.mac[index]) return false;
    }
    return true;
  }
}
