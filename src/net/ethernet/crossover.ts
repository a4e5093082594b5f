/**
 * A cable between two stacks of one thread. Frames are written into pooled batches, in which each
 * starts 2 bytes past a 4-byte boundary, so that the payload of Ethernet is aligned. A batch is
 * handed to the other end in a microtask, views and all: what is sent in steady state to a receiver
 * that borrows allocates nothing.
 */

import { NetworkError } from "../../devices/errors.ts";
import type {
  FrameOffload,
  FrameReceiver,
  FrameWriter,
  Network,
  Offloads,
} from "../../devices/index.ts";
import { Listeners } from "../listeners.ts";
import { checkFilled, checkFrame } from "./frame-checks.ts";
import { addressBytes, headerBytes } from "./packet.ts";

/** How a cable is made. */
export interface CrossoverOptions {
  /** The longest payload of a frame in bytes; 1,500 by default. */
  readonly mtu?: number;
  /** What both ends leave undone; nothing by default. */
  readonly offloads?: Offloads;
  /** The addresses of the two ends; 02:00:00:00:00:01 and …:02 by default. Copied. */
  readonly macs?: readonly [Uint8Array, Uint8Array];
  /** The most that may be under way to one end, in bytes; 1 MiB by default. */
  readonly windowBytes?: number;
}

const paddingBytes = 2;
const minBatchBytes = 64 * 1024;
const settled = Promise.resolve();

/** Connects the two ends of a cable. When one is disposed, the link of the other goes down. */
export function connectPair(options: CrossoverOptions = {}): [Network, Network] {
  const [mac, otherMac] = options.macs ?? [
    Uint8Array.of(2, 0, 0, 0, 0, 1),
    Uint8Array.of(2, 0, 0, 0, 0, 2),
  ];
  const one = new End(mac, options);
  const other = new End(otherMac, options);
  one.peer = other;
  other.peer = one;
  return [one, other];
}

/** Frames under way, with views that stay for the next use: often they have the same sizes. */
class Batch {
  readonly bytes: Uint8Array;
  readonly frames: Uint8Array[] = [];
  readonly offloads: { checksumOmitted: boolean; segmentBytes: number }[] = [];
  frameCount = 0;
  usedBytes = paddingBytes;

  constructor(sizeBytes: number) {
    this.bytes = new Uint8Array(sizeBytes);
  }

  /** Room for the next frame. */
  room(sizeBytes: number): Uint8Array {
    const known = this.frames[this.frameCount];
    if (known?.byteOffset === this.usedBytes && known.length === sizeBytes) return known;
    return this.bytes.subarray(this.usedBytes, this.usedBytes + sizeBytes);
  }

  add(frame: Uint8Array, offload: FrameOffload | undefined): void {
    const left = (this.offloads[this.frameCount] ??= { checksumOmitted: false, segmentBytes: 0 });
    left.checksumOmitted = offload?.checksumOmitted ?? false;
    left.segmentBytes = offload?.segmentBytes ?? 0;
    this.frames[this.frameCount] = frame;
    this.frameCount += 1;
    this.usedBytes += (frame.length + 3) & ~3;
  }

  clear(): void {
    this.frameCount = 0;
    this.usedBytes = paddingBytes;
  }
}

class End implements Network {
  readonly counters = {
    framesIn: 0,
    framesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    droppedIn: 0,
    droppedOut: 0,
  };
  readonly mac: Uint8Array;
  readonly mtu: number;
  readonly offloads: Offloads;
  peer: End | undefined;

  readonly #windowBytes: number;
  readonly #batchBytes: number;
  /** As many as the window fills stay to be used again. */
  readonly #maxSpareBatches: number;
  readonly #offers: boolean;
  readonly #linkChanges = new Listeners<boolean>();
  readonly #deliver = (): void => this.#handOver();
  /** Batches to the other end, in order; the last is the one that is being filled. */
  #underWay: Batch[] = [];
  /** Those that are being handed over. */
  #handed: Batch[] = [];
  readonly #spares: Batch[] = [];
  #underWayBytes = 0;
  #receiver: FrameReceiver | undefined;
  #linkUp = true;
  #closed = false;
  #delivering = false;

  constructor(mac: Uint8Array, options: CrossoverOptions) {
    if (mac.length !== addressBytes || ((mac[0] ?? 1) & 1) !== 0) {
      throw new RangeError(`Cannot connect a network: ${mac.join(".")} is no station's address`);
    }
    this.mac = mac.slice();
    this.mtu = options.mtu ?? 1500;
    this.offloads = options.offloads ?? { checksum: false, segmentationBytes: 0 };
    this.#windowBytes = options.windowBytes ?? 1024 * 1024;
    this.#offers = this.offloads.checksum || this.offloads.segmentationBytes > 0;
    const longestBytes = Math.max(this.mtu + headerBytes, this.offloads.segmentationBytes);
    // A few of the longest fit, so that they too travel many at a time.
    this.#batchBytes = Math.max(minBatchBytes, paddingBytes + 4 * ((longestBytes + 3) & ~3));
    this.#maxSpareBatches = Math.ceil(this.#windowBytes / this.#batchBytes) + 1;
  }

  get linkUp(): boolean {
    return this.#linkUp;
  }

  write(sizeBytes: number, fill: FrameWriter, offload?: FrameOffload): void {
    this.#checkOpen("send a frame");
    checkFrame(this, sizeBytes, offload);
    if (!this.#linkUp || this.#underWayBytes + sizeBytes > this.#windowBytes) {
      this.counters.droppedOut += 1;
      return;
    }
    const batch = this.#batchFor(sizeBytes);
    const room = batch.room(sizeBytes);
    const length = fill(room);
    checkFilled(length, sizeBytes);
    batch.add(length === sizeBytes ? room : room.subarray(0, length), offload);
    this.#underWayBytes += length;
    this.counters.framesOut += 1;
    this.counters.bytesOut += length;
    this.#schedule();
  }

  listen(receiver: FrameReceiver): void {
    this.#checkOpen("listen");
    this.#receiver = receiver;
  }

  onLinkChange(listener: (linkUp: boolean) => void): () => void {
    return this.#linkChanges.add(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#linkUp = false;
    this.#receiver = undefined;
    this.#schedule();
  }

  #checkOpen(what: string): void {
    if (this.#closed) throw new NetworkError("closed", `Cannot ${what}: the network was disposed`);
  }

  /** The batch that has room for a frame. */
  #batchFor(sizeBytes: number): Batch {
    const last = this.#underWay.at(-1);
    if (last !== undefined && last.usedBytes + sizeBytes <= this.#batchBytes) return last;
    const batch = this.#spares.pop() ?? new Batch(this.#batchBytes);
    this.#underWay.push(batch);
    return batch;
  }

  #schedule(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    // queueMicrotask() leaves the engine for the host, and takes several times as long.
    void settled.then(this.#deliver);
  }

  /** Hands over what was written so far; what is written meanwhile goes with the next microtask. */
  #handOver(): void {
    this.#delivering = false;
    const batches = this.#underWay;
    this.#underWay = this.#handed;
    this.#handed = batches;
    this.#underWayBytes = 0;
    for (const batch of batches) {
      const isKept = this.peer?.hear(batch);
      if (isKept !== false || this.#spares.length >= this.#maxSpareBatches) continue;
      batch.clear();
      this.#spares.push(batch);
    }
    while (batches.length > 0) batches.pop();
    if (this.#closed) this.peer?.takeDown();
  }

  /** Hears a batch, and says whether a receiver may have kept some of it. */
  hear(batch: Batch): boolean {
    let isKept = false;
    for (let index = 0; index < batch.frameCount; index += 1) {
      const frame = batch.frames[index];
      if (frame === undefined) continue;
      // Asked for each frame: a receiver may be replaced, or the network disposed, by the one before.
      const receiver = this.#receiver;
      if (receiver === undefined) {
        this.counters.droppedIn += 1;
        continue;
      }
      this.counters.framesIn += 1;
      this.counters.bytesIn += frame.length;
      if (receiver.borrows !== true) isKept = true;
      if (this.#offers) receiver.frame(frame, batch.offloads[index]);
      else receiver.frame(frame);
    }
    this.#receiver?.batchEnd?.();
    return isKept;
  }

  /** The other end was disposed. */
  takeDown(): void {
    if (!this.#linkUp) return;
    this.#linkUp = false;
    this.#linkChanges.call(false);
  }
}
