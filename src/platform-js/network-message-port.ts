/**
 * An Ethernet link between two threads of a page, over a MessagePort. Both ends are the same
 * driver.
 *
 * Frames are written straight into the outgoing batch, an ArrayBuffer that is transferred when the
 * running task's microtasks come, or when it is full. In it, behind 2 bytes of padding, each frame
 * has a header of 8 bytes, little-endian, and starts 2 bytes past a 4-byte boundary, so that the
 * payload of Ethernet is aligned:
 *
 *     +------------------+-----------+----------+-------------------+---------- - - -+---------+
 *     | length (4)       | flags (1) | zero (1) | segment bytes (2) | frame          | padding |
 *     +------------------+-----------+----------+-------------------+---------- - - -+---------+
 */

import { NetworkError } from "../devices/errors.ts";
import type {
  FrameOffload,
  FrameReceiver,
  FrameWriter,
  Network,
  Offloads,
} from "../devices/index.ts";

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

/** A batch as it was received: its buffer, and views of its frames. */
interface Batch {
  readonly buffer: ArrayBuffer;
  readonly byteLength: number;
  readonly frames: readonly Uint8Array[];
  readonly offloads: readonly FrameOffload[] | undefined;
}

type Message =
  | { readonly kind: "batch"; readonly buffer: ArrayBuffer; readonly byteLength: number }
  /** So many bytes of batches were taken. */
  | { readonly kind: "credit"; readonly bytes: number }
  /** The other end is gone. */
  | { readonly kind: "down" };

const ethernetHeaderBytes = 14;
const frameHeaderBytes = 8;
const paddingBytes = 2;
const checksumOmittedFlag = 1;

const minBatchBytes = 2 * 1024;
const maxBatchBytes = 64 * 1024;

/** The most that may be under way, in bytes; a peer that does not take it has the rest dropped. */
const windowBytes = 1024 * 1024;

/**
 * Connects one end of the link. The link goes down when the other end is disposed, and when the
 * browser tells that its thread is gone.
 *
 * @throws {RangeError} if `mac` is not 6 bytes of a unicast address
 */
export function connect(options: MessagePortOptions): Network {
  return new MessagePortNetwork(options);
}

class MessagePortNetwork implements Network {
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

  readonly #port: MessagePort;
  readonly #linkListeners = new Set<{ readonly call: (linkUp: boolean) => void }>();
  readonly #flush = (): void => this.#post();
  #receiver: FrameReceiver | undefined;
  #linkUp = true;
  #closed = false;
  #underWayBytes = 0;
  /** The outgoing batch; empty when nothing was written. */
  #bytes = new Uint8Array();
  #view = new DataView(this.#bytes.buffer);
  #usedBytes = paddingBytes;
  /** How large the next one is made: as large as the last ones were. */
  #nextBatchBytes = minBatchBytes;
  #flushing = false;

  constructor({ port, mac, mtu = 1500, offloads }: MessagePortOptions) {
    if (mac.length !== 6 || ((mac[0] ?? 1) & 1) !== 0) {
      throw new RangeError(`Cannot connect a network: ${mac.join(".")} is no station's address`);
    }
    this.#port = port;
    this.mac = mac.slice();
    this.mtu = mtu;
    this.offloads = offloads ?? { checksum: false, segmentationBytes: 0 };
    port.onmessage = ({ data }: MessageEvent<unknown>) => this.#receive(data);
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
    this.#view.setUint32(this.#usedBytes, length, true);
    this.#view.setUint8(this.#usedBytes + 4, offload?.checksumOmitted ? checksumOmittedFlag : 0);
    this.#view.setUint16(this.#usedBytes + 6, offload?.segmentBytes ?? 0, true);
    this.#usedBytes = start + ((length + 3) & ~3);
    this.counters.framesOut += 1;
    this.counters.bytesOut += length;
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(this.#flush);
  }

  /** Sends a whole batch, which is *given*, after everything written before it. */
  sendBatch({ buffer, byteLength, frames }: Batch): void {
    this.#post();
    if (!this.#linkUp || this.#closed || this.#underWayBytes + byteLength > windowBytes) {
      this.counters.droppedOut += frames.length;
      return;
    }
    this.counters.framesOut += frames.length;
    for (const { length } of frames) this.counters.bytesOut += length;
    this.#send(buffer, byteLength);
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
    this.#port.postMessage({ kind: "down" } satisfies Message);
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
    const maxBytes = this.#maxFrameBytes(segmentBytes);
    if (sizeBytes > maxBytes) {
      const message = `Cannot send a frame of ${sizeBytes} bytes: this link takes ${maxBytes}`;
      throw new NetworkError("frame-too-long", message);
    }
    checkLongEnough(sizeBytes);
    if (offload?.checksumOmitted === true && !this.offloads.checksum) {
      throw new TypeError("Cannot send a frame without its checksum: this link needs it");
    }
    if (segmentBytes > 0 && this.offloads.segmentationBytes === 0) {
      throw new TypeError("Cannot send a segment to be cut: this link takes frames");
    }
  }

  #maxFrameBytes(segmentBytes: number): number {
    const plainBytes = this.mtu + ethernetHeaderBytes;
    return segmentBytes > 0 ? Math.max(plainBytes, this.offloads.segmentationBytes) : plainBytes;
  }

  /** Makes room in the outgoing batch; says whether there is some. */
  #reserve(bytes: number): boolean {
    if (this.#usedBytes + bytes + 3 <= this.#bytes.length) return true;
    this.#post();
    if (this.#underWayBytes + paddingBytes + bytes > windowBytes) return false;
    this.#bytes = new Uint8Array(Math.max(this.#nextBatchBytes, paddingBytes + bytes + 3));
    this.#view = new DataView(this.#bytes.buffer);
    return true;
  }

  #post(): void {
    this.#flushing = false;
    if (this.#usedBytes === paddingBytes) return;
    const byteLength = this.#usedBytes;
    const { buffer } = this.#bytes;
    this.#nextBatchBytes = Math.min(Math.max(minBatchBytes, 2 * byteLength), maxBatchBytes);
    this.#bytes = new Uint8Array();
    this.#view = new DataView(this.#bytes.buffer);
    this.#usedBytes = paddingBytes;
    this.#send(buffer, byteLength);
  }

  #send(buffer: ArrayBuffer, byteLength: number): void {
    this.#underWayBytes += byteLength;
    this.#port.postMessage({ kind: "batch", buffer, byteLength } satisfies Message, [buffer]);
  }

  /** Takes a message. The other end may be anybody's: what makes no sense is counted. */
  #receive(data: unknown): void {
    const message = messageFrom(data);
    switch (message?.kind) {
      case "batch":
        this.#receiveBatch(message.buffer, message.byteLength);
        break;
      case "credit":
        // Who gives back more than was sent gets no more than a window.
        this.#underWayBytes = Math.max(0, this.#underWayBytes - message.bytes);
        break;
      case "down":
        this.#takeDown();
        break;
      case undefined:
        this.counters.malformedIn += 1;
    }
  }

  #takeDown(): void {
    if (!this.#linkUp) return;
    this.#linkUp = false;
    for (const { call } of this.#linkListeners) call(false);
  }

  #receiveBatch(buffer: ArrayBuffer, byteLength: number): void {
    this.#port.postMessage({ kind: "credit", bytes: byteLength } satisfies Message);
    const batch = this.#decode(buffer, byteLength);
    const { frames, offloads } = batch;
    if (this.#receiver === undefined && this.onBatch === undefined) {
      this.counters.droppedIn += frames.length;
      return;
    }
    this.counters.framesIn += frames.length;
    for (const { length } of frames) this.counters.bytesIn += length;
    if (this.onBatch?.(batch) === true) return;
    for (let index = 0; index < frames.length; index += 1) {
      const frame = frames[index];
      if (frame !== undefined) this.#receiver?.frame(frame, offloads?.[index]);
    }
    this.#receiver?.batchEnd?.();
  }

  /**
   * Finds the frames of a batch; where it makes no sense, the rest of it is dropped and counted.
   */
  #decode(buffer: ArrayBuffer, byteLength: number): Batch {
    const view = new DataView(buffer, 0, byteLength);
    const offering = this.offloads.checksum || this.offloads.segmentationBytes > 0;
    const frames: Uint8Array[] = [];
    const offloads: FrameOffload[] = [];
    let at = paddingBytes;
    while (at + frameHeaderBytes <= view.byteLength) {
      const length = view.getUint32(at, true);
      const segmentBytes = view.getUint16(at + 6, true);
      const start = at + frameHeaderBytes;
      const maxBytes = this.#maxFrameBytes(segmentBytes);
      if (length < ethernetHeaderBytes || length > maxBytes || start + length > view.byteLength) {
        this.counters.malformedIn += 1;
        break;
      }
      frames.push(new Uint8Array(buffer, start, length));
      if (offering) {
        const checksumOmitted = (view.getUint8(at + 4) & checksumOmittedFlag) !== 0;
        offloads.push({ checksumOmitted, segmentBytes });
      }
      at = start + ((length + 3) & ~3);
    }
    return { buffer, byteLength, frames, offloads: offering ? offloads : undefined };
  }
}

/** Reads a message of the other end; `undefined` if it is none of ours. */
function messageFrom(data: unknown): Message | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { kind, buffer, byteLength, bytes } = data as Partial<Record<string, unknown>>;
  if (kind === "down") return { kind };
  if (kind === "credit") return isByteCount(bytes) ? { kind, bytes } : undefined;
  const isBatch = kind === "batch" && buffer instanceof ArrayBuffer && isByteCount(byteLength);
  // What lies about how much it is would pass the window of the link that it is handed on to.
  if (!isBatch || byteLength > buffer.byteLength || buffer.byteLength > windowBytes) {
    return undefined;
  }
  return { kind, buffer, byteLength };
}

function isByteCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function checkLongEnough(length: number): void {
  if (length >= ethernetHeaderBytes) return;
  const message = `Cannot send a frame of ${length} bytes: an Ethernet header has 14`;
  throw new NetworkError("frame-too-short", message);
}
