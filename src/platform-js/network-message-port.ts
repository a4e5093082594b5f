/**
 * An Ethernet link between two threads of a page, over a MessagePort. Both ends are the same
 * driver.
 *
 * Frames are written straight into the outgoing batch (see `network-batch.ts`), which is
 * transferred when the running task's microtasks come, or when it is full. Whoever takes a batch
 * gives credit for it, and with that an empty buffer, if it has one. Where threads may share
 * memory, a ring can take the place of batches: `network-ring.ts`.
 */

import { NetworkError } from "../devices/errors.ts";
import type {
  FrameOffload,
  FrameReceiver,
  FrameWriter,
  Network,
  Offloads,
} from "../devices/index.ts";
import {
  decode,
  encodeHeader,
  ethernetHeaderBytes,
  frameHeaderBytes,
  maxFrameBytes,
  paddingBytes,
  type Batch,
} from "./network-batch.ts";
import { keepSpare, maxBatchBytes, powerOfTwo, takeSpare } from "./network-buffers.ts";
import {
  isBatch,
  isCredit,
  windowBytes,
  type BatchMessage,
  type Claimed,
  type CreditMessage,
  type DownMessage,
} from "./network-protocol.ts";
import type { Ring, RingLink } from "./network-ring.ts";

/** How to make one end of a link. */
export interface MessagePortOptions {
  /** The port to the other end; *given*. */
  readonly port: MessagePort;
  /** 6 bytes; copied. */
  readonly mac: Uint8Array;
  /** The longest payload of a frame in bytes; 1,500 by default. Both ends must agree. */
  readonly mtu?: number;
  /** What both ends leave undone; nothing by default. */
  readonly offloads?: Offloads;
}

/** What the links within a page leave undone: checksums, and cutting what IPv4 can hold at most. */
export const inPageOffloads: Offloads = {
  checksum: true,
  segmentationBytes: 65_535 + ethernetHeaderBytes,
};

const minBatchBytes = 2 * 1024;

/**
 * Connects one end of the link. The link goes down when the other end is disposed, and when the
 * browser tells that its thread is gone.
 *
 * @throws {RangeError} if `mac` is not 6 bytes of a unicast address
 */
export function connect(options: MessagePortOptions): Network & RingLink {
  return new MessagePortNetwork(options);
}

class MessagePortNetwork implements Network, RingLink {
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
  readonly offloads: Offloads;
  /** Is asked first what to do with a batch; see the switch. */
  onBatch: ((batch: Batch) => boolean) | undefined;
  onMessage: ((message: unknown) => boolean) | undefined;

  readonly #port: MessagePort;
  readonly #linkListeners = new Set<{ readonly call: (linkUp: boolean) => void }>();
  readonly #flush = (): void => {
    this.#post();
    this.#turnBytes = 0;
  };
  #receiver: FrameReceiver | undefined;
  #linkUp = true;
  #closed = false;
  #underWayBytes = 0;
  /** The outgoing batch; empty when nothing was written. */
  #bytes: Uint8Array = new Uint8Array();
  #view: DataView = new DataView(this.#bytes.buffer);
  #usedBytes = paddingBytes;
  #limitBytes = 0;
  #ring: Ring | undefined;
  /** How large the next one is made: so that all that the last turn wrote has room. */
  #nextBatchBytes = minBatchBytes;
  #turnBytes = 0;
  #flushing = false;

  constructor({ port, mac, mtu = 1500, offloads }: MessagePortOptions) {
    if (mac.length !== 6 || ((mac[0] ?? 1) & 1) !== 0) {
      throw new RangeError(`Cannot connect a network: ${mac.join(".")} is no station's address`);
    }
    this.#port = port;
    this.mac = mac.slice();
    this.mtu = mtu;
    this.offloads = offloads ?? { checksum: false, segmentationBytes: 0 };
    port.onmessage = ({ data }: MessageEvent<unknown>) => this.#take(data);
    port.addEventListener("close", () => this.#takeDown());
  }

  get linkUp(): boolean {
    return this.#linkUp;
  }

  write(sizeBytes: number, fill: FrameWriter, offload?: FrameOffload): void {
    this.#checkOpen("send a frame");
    this.#checkSize(sizeBytes, offload);
    if (!this.#linkUp || !this.#reserve(frameHeaderBytes + sizeBytes)) {
      this.counters.droppedOut += 1;
      return;
    }
    const start = this.#usedBytes + frameHeaderBytes;
    const length = fill(this.#bytes.subarray(start, start + sizeBytes));
    if (!(length <= sizeBytes)) {
      throw new RangeError(`Cannot send a frame: ${length} bytes were written into ${sizeBytes}`);
    }
    checkLongEnough(length);
    this.#usedBytes = encodeHeader(this.#view, this.#usedBytes, length, offload);
    this.counters.framesOut += 1;
    this.counters.bytesOut += length;
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(this.#flush);
  }

  /**
   * Sends a whole batch, which is *given*, after everything written before it. Returns whether it
   * could be taken: not out of shared memory into a message.
   */
  sendBatch({ bytes, frames, byteCount }: Batch): boolean {
    const { buffer, length } = bytes;
    const isOwn = buffer instanceof ArrayBuffer;
    const ring = this.#ring;
    if (!isOwn && ring === undefined) return false;
    this.#post();
    const hasRoom = ring ? this.#reserve(length) : this.#underWayBytes + length <= windowBytes;
    if (!this.#linkUp || !hasRoom) {
      this.counters.droppedOut += frames.length;
      return true;
    }
    this.counters.framesOut += frames.length;
    this.counters.bytesOut += byteCount;
    if (ring) {
      this.#bytes.set(bytes.subarray(paddingBytes), this.#usedBytes);
      this.#usedBytes += (length - paddingBytes + 3) & ~3;
      ring.publish(this.#usedBytes);
    } else if (isOwn) {
      this.#send(buffer, length);
    }
    return true;
  }

  listen(receiver: FrameReceiver): void {
    this.#checkOpen("listen");
    this.#receiver = receiver;
  }

  onLinkChange(listener: (linkUp: boolean) => void): () => void {
    const entry = { call: listener };
    this.#linkListeners.add(entry);
    return () => this.#linkListeners.delete(entry);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#post();
    this.#closed = true;
    this.#receiver = undefined;
    this.#ring?.close();
    this.#port.postMessage({ kind: "down" } satisfies DownMessage);
    this.#port.close();
    this.#linkUp = false;
  }

  #checkOpen(what: string): void {
    if (this.#closed) throw new NetworkError("closed", `Cannot ${what}: the network was disposed`);
  }

  #checkSize(sizeBytes: number, offload: FrameOffload | undefined): void {
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
      throw new RangeError(`Cannot send a frame of ${sizeBytes} bytes`);
    }
    const segmentBytes = offload?.segmentBytes ?? 0;
    const maxBytes = maxFrameBytes(this.mtu, this.offloads, segmentBytes);
    if (sizeBytes > maxBytes) {
      const message = `Cannot send a frame of ${sizeBytes} bytes: this link takes ${maxBytes}`;
      throw new NetworkError("frame-too-long", message);
    }
    checkLongEnough(sizeBytes);
    const { checksum, segmentationBytes } = this.offloads;
    if ((offload?.checksumOmitted && !checksum) || (segmentBytes > 0 && segmentationBytes === 0)) {
      throw new TypeError("Cannot leave undone what this link needs");
    }
  }

  post(message: unknown): void {
    this.#post();
    this.#port.postMessage(message);
  }

  sendBy(ring: Ring): void {
    this.#post();
    this.#ring = ring;
    this.#writeInto(ring.bytes, 0);
  }

  #writeInto(bytes: Uint8Array, limitBytes: number): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset);
    this.#usedBytes = paddingBytes;
    this.#limitBytes = limitBytes;
  }

  /** Makes room in the outgoing batch; says whether there is some. */
  #reserve(bytes: number): boolean {
    const sizeBytes = bytes + 3;
    if (this.#usedBytes + sizeBytes <= this.#limitBytes) return true;
    const ring = this.#ring;
    if (ring !== undefined) {
      const start = ring.reserve(this.#usedBytes, sizeBytes);
      if (start === undefined) return false;
      this.#usedBytes = start;
      this.#limitBytes = ring.limitBytes;
      return true;
    }
    this.#post();
    if (this.#underWayBytes + paddingBytes + bytes > windowBytes) return false;
    const batchBytes = Math.max(this.#nextBatchBytes, powerOfTwo(paddingBytes + sizeBytes));
    const buffer = takeSpare(batchBytes) ?? new ArrayBuffer(batchBytes);
    this.#writeInto(new Uint8Array(buffer), batchBytes);
    return true;
  }

  #post(): void {
    this.#flushing = false;
    if (this.#ring !== undefined) {
      this.#limitBytes = 0;
      this.#ring.publish(this.#usedBytes);
      return;
    }
    if (this.#usedBytes === paddingBytes) return;
    const byteLength = this.#usedBytes;
    const { buffer } = this.#bytes;
    if (!(buffer instanceof ArrayBuffer)) return;
    this.#turnBytes += byteLength;
    const nextBytes = Math.max(minBatchBytes, 2 * powerOfTwo(this.#turnBytes));
    this.#nextBatchBytes = Math.min(nextBytes, maxBatchBytes);
    this.#writeInto(new Uint8Array(), 0);
    this.#send(buffer, byteLength);
  }

  #send(buffer: ArrayBuffer, byteLength: number): void {
    this.#underWayBytes += byteLength;
    this.#port.postMessage({ kind: "batch", buffer, byteLength } satisfies BatchMessage, [buffer]);
  }

  /** Takes a message. The other end may be anybody's: what makes no sense is counted. */
  #take(data: unknown): void {
    if (this.onMessage?.(data) === true) return;
    const message = Object(data) as Claimed;
    if (isBatch(message)) {
      this.#takeBatch(message.buffer, message.byteLength);
    } else if (isCredit(message)) {
      // Who gives back more than was sent gets no more than a window.
      this.#underWayBytes = Math.max(0, this.#underWayBytes - message.bytes);
      if (message.buffer instanceof ArrayBuffer) keepSpare(message.buffer);
    } else if (message.kind === "down") {
      this.#takeDown();
    } else {
      this.counters.malformedIn += 1;
    }
  }

  #takeDown(): void {
    if (!this.#linkUp) return;
    this.#linkUp = false;
    for (const { call } of this.#linkListeners) call(false);
  }

  #takeBatch(buffer: ArrayBuffer, byteLength: number): void {
    const sizeBytes = buffer.byteLength;
    // One that was handed on has no bytes any more, and is no spare.
    if (!this.#hand(new Uint8Array(buffer, 0, byteLength))) keepSpare(buffer);
    const spare = takeSpare(sizeBytes);
    const credit: CreditMessage = { kind: "credit", bytes: byteLength, buffer: spare };
    this.#port.postMessage(credit, spare === undefined ? [] : [spare]);
  }

  receive(bytes: Uint8Array): void {
    this.#hand(bytes);
  }

  /** Hands a batch to whoever is listening, and says whether some of its memory may be kept. */
  #hand(bytes: Uint8Array): boolean {
    const batch = decode(bytes, this.mtu, this.offloads);
    const { frames, offloads, byteCount, isWhole } = batch;
    if (!isWhole) this.counters.malformedIn += 1;
    if (this.#receiver === undefined && this.onBatch === undefined) {
      this.counters.droppedIn += frames.length;
      return false;
    }
    this.counters.framesIn += frames.length;
    this.counters.bytesIn += byteCount;
    if (isWhole && this.onBatch?.(batch)) return false;
    const isShared = !(bytes.buffer instanceof ArrayBuffer);
    let isKept = false;
    for (let index = 0; index < frames.length; index += 1) {
      const frame = frames[index];
      const receiver = this.#receiver;
      if (frame === undefined || receiver === undefined) continue;
      const keeps = receiver.borrows !== true;
      receiver.frame(keeps && isShared ? frame.slice() : frame, offloads[index]);
      isKept ||= keeps;
    }
    this.#receiver?.batchEnd?.();
    return isKept;
  }
}

function checkLongEnough(length: number): void {
  if (length >= ethernetHeaderBytes) return;
  const message = `Cannot send a frame of ${length} bytes: an Ethernet header has 14`;
  throw new NetworkError("frame-too-short", message);
}
