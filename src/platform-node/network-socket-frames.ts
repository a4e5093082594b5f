/** An Ethernet interface over whatever carries its frames. */

import { NetworkError } from "../devices/errors.ts";
import type { FrameOffload, FrameReceiver, FrameWriter, Network } from "../devices/index.ts";

/** Bytes of an Ethernet header. */
export const headerBytes = 14;

/** What takes frames out of the process. It brings those that it hears to its {@link FrameSink}. */
export interface FrameCarrier {
  /** Gives room for a frame of the batch, or `undefined` if it must be dropped. */
  reserve(sizeBytes: number): Uint8Array | undefined;
  /** Sends the room reserved last, as much of it as was used; says whether it was taken. */
  commit(usedBytes: number): boolean;
  /** Sends what waits, as far as the peer takes it, and lets go. Never rejects. */
  close(): Promise<void>;
}

/** What a {@link FrameCarrier} tells its interface. */
export interface FrameSink {
  readonly mtu: number;
  /** Whether frames may share memory that is used again after {@link FrameSink.endBatch}. */
  readonly borrows: boolean;
  /** Whether anybody wants to hear more. */
  readonly isOpen: boolean;
  /** A frame came in. Whatever its length is: what cannot be one is counted. */
  hear(frame: Uint8Array): void;
  /** Nothing more is there just now. */
  endBatch(): void;
  /** Something came in that is no frame. */
  countMalformed(): void;
  /** So many of our frames were dropped, although {@link FrameCarrier.commit} had taken them. */
  countDropped(frameCount: number): void;
  setLink(linkUp: boolean): void;
}

/** The interface. Its carrier is made with it, and may use it once that has returned. */
export class SocketNetwork implements Network, FrameSink {
  readonly counters = {
    framesIn: 0,
    framesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    droppedIn: 0,
    droppedOut: 0,
    malformedIn: 0,
  };
  readonly mac: Uint8Array;
  readonly mtu: number;
  readonly offloads = { checksum: false, segmentationBytes: 0 } as const;
  readonly #linkListeners = new Set<{ readonly call: (linkUp: boolean) => void }>();
  readonly #maxFrameBytes: number;
  #carrier: FrameCarrier | undefined;
  #receiver: FrameReceiver | undefined;
  #isBatchOpen = false;
  #linkUp = false;
  #closing: Promise<void> | undefined;

  /** @throws {RangeError} if `mac` is not 6 bytes of a unicast address, or `mtu` no size */
  constructor(mac: Uint8Array, mtu: number) {
    if (mac.length !== 6 || ((mac[0] ?? 1) & 1) !== 0) {
      throw new RangeError(`Cannot connect a network: ${mac.join(".")} is no station's address`);
    }
    if (!Number.isSafeInteger(mtu) || mtu < 68 || mtu > 65_535) {
      throw new RangeError(`Cannot connect a network: an MTU is 68 to 65535 bytes, not ${mtu}`);
    }
    this.mac = mac.slice();
    this.mtu = mtu;
    this.#maxFrameBytes = mtu + headerBytes;
  }

  /** Starts to use what carries the frames. */
  attach(carrier: FrameCarrier): void {
    this.#carrier = carrier;
  }

  get linkUp(): boolean {
    return this.#linkUp;
  }

  get borrows(): boolean {
    return this.#receiver === undefined || this.#receiver.borrows === true;
  }

  get isOpen(): boolean {
    return this.#closing === undefined;
  }

  write(sizeBytes: number, fill: FrameWriter, offload?: FrameOffload): void {
    this.#checkOpen("send a frame");
    this.#checkSize(sizeBytes);
    if (offload !== undefined && (offload.checksumOmitted || offload.segmentBytes > 0)) {
      throw new TypeError("Cannot leave anything undone in a frame: this link takes whole ones");
    }
    const room = this.#linkUp ? this.#carrier?.reserve(sizeBytes) : undefined;
    if (room === undefined) {
      this.counters.droppedOut++;
      return;
    }
    const usedBytes = fill(room);
    if (!(usedBytes <= sizeBytes)) {
      throw new RangeError(`Cannot send a frame: ${usedBytes} bytes were written in ${sizeBytes}`);
    }
    checkLongEnough(usedBytes);
    if (this.#carrier?.commit(usedBytes) !== true) {
      this.counters.droppedOut++;
      return;
    }
    this.counters.framesOut++;
    this.counters.bytesOut += usedBytes;
  }

  listen(receiver: FrameReceiver): void {
    this.#checkOpen("listen");
    this.#receiver = receiver;
  }

  onLinkChange(listener: (linkUp: boolean) => void): () => void {
    const entry = { call: listener };
    this.#linkListeners.add(entry);
    return () => void this.#linkListeners.delete(entry);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  hear(frame: Uint8Array): void {
    if (!this.isOpen) return;
    if (frame.length < headerBytes || frame.length > this.#maxFrameBytes) {
      this.counters.malformedIn++;
      return;
    }
    if (this.#receiver === undefined) {
      this.counters.droppedIn++;
      return;
    }
    this.counters.framesIn++;
    this.counters.bytesIn += frame.length;
    this.#isBatchOpen = true;
    this.#receiver.frame(frame);
  }

  endBatch(): void {
    if (!this.#isBatchOpen) return;
    this.#isBatchOpen = false;
    this.#receiver?.batchEnd?.();
  }

  countMalformed(): void {
    this.counters.malformedIn++;
  }

  countDropped(frameCount: number): void {
    this.counters.droppedOut += frameCount;
  }

  setLink(linkUp: boolean): void {
    if (linkUp === this.#linkUp || !this.isOpen) return;
    this.#linkUp = linkUp;
    for (const { call } of this.#linkListeners) call(linkUp);
  }

  async #close(): Promise<void> {
    this.#receiver = undefined;
    this.#linkUp = false;
    await this.#carrier?.close();
  }

  #checkOpen(what: string): void {
    if (this.isOpen) return;
    throw new NetworkError("closed", `Cannot ${what}: the network was disposed`);
  }

  #checkSize(sizeBytes: number): void {
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
      throw new RangeError(`Cannot send a frame of ${sizeBytes} bytes`);
    }
    if (sizeBytes > this.#maxFrameBytes) {
      const why = `this link takes ${this.#maxFrameBytes}`;
      throw new NetworkError("frame-too-long", `Cannot send ${sizeBytes} bytes in a frame: ${why}`);
    }
    checkLongEnough(sizeBytes);
  }
}

function checkLongEnough(length: number): void {
  if (length >= headerBytes) return;
  const message = `Cannot send a frame of ${length} bytes: an Ethernet header has ${headerBytes}`;
  throw new NetworkError("frame-too-short", message);
}
