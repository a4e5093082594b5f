/**
 * A link that is held to a rate: what is sent over it waits its turn in a {@link FairQueue}, where the
 * queue is short and ours, and not in a box further away, where it is long and nobody's. It stands in
 * front of a network; what comes in passes as it is. Classes of frames may have rates of their own.
 */

import { NetworkError } from "../../devices/errors.ts";
import type {
  Clock,
  FrameOffload,
  FrameReceiver,
  FrameWriter,
  Network,
  NetworkCounters,
  Offloads,
  Random,
} from "../../devices/index.ts";
import { checkFilled, checkFrame } from "../ethernet/frame-checks.ts";
import { headerBytes } from "../ethernet/packet.ts";
import { type Timer, timersOf } from "../timers.ts";
import { ByteBucket } from "./byte-bucket.ts";
import { FairQueue } from "./fair-queue.ts";

/** A class of frames, with a rate within that of the link. */
export interface TrafficClass {
  /** Whether a frame (*borrowed*) is of it; the first class that says so has it. */
  readonly matches: (frame: Uint8Array) => boolean;
  readonly bitsPerSecond: number;
  /** What may go at once, in bytes; 16 KiB by default. */
  readonly burstBytes?: number;
}

/** How a link is shaped. */
export interface ShaperOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** `Infinity` is no limit, 0 lets nothing go. */
  readonly bitsPerSecond: number;
  /** What may go at once, in bytes; 16 KiB by default. */
  readonly burstBytes?: number;
  /** The most that waits, of each class, in bytes; 256 KiB by default. */
  readonly queueBytes?: number;
  /** Frames of no class are of one that has the rate of the link. */
  readonly classes?: readonly TrafficClass[];
}

/** Counters of a {@link ShapedLink}. */
export interface ShaperCounters extends NetworkCounters {
  /** Frames that wait now, and their bytes, and of how many flows they are. */
  readonly queuedFrames: number;
  readonly queuedBytes: number;
  readonly queuedFlows: number;
  /** Frames dropped because too much waited. */
  readonly shapedDrops: number;
}

interface ClassQueue {
  readonly matches: (frame: Uint8Array) => boolean;
  readonly bucket: ByteBucket;
  readonly queue: FairQueue;
}

const defaultBurstBytes = 16_384;

/** A network whose outgoing frames are shaped. */
export class ShapedLink implements Network {
  readonly mac: Uint8Array;
  readonly mtu: number;
  /** None: what is counted must be as long as what goes. */
  readonly offloads: Offloads = { checksum: false, segmentationBytes: 0 };
  readonly counters: ShaperCounters;
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #timer: Timer;
  readonly #bucket: ByteBucket;
  readonly #classes: readonly ClassQueue[];
  /** The class whose turn it is. */
  #turn = 0;
  #drops = 0;
  #isClosed = false;

  #frame: Uint8Array = new Uint8Array();
  readonly #fill: FrameWriter = (into) => {
    into.set(this.#frame);
    return this.#frame.length;
  };

  /** Shapes `network`, which is *given*. */
  constructor(network: Network, options: ShaperOptions) {
    const { clock, random, bitsPerSecond, burstBytes = defaultBurstBytes } = options;
    this.mac = network.mac;
    this.mtu = network.mtu;
    this.#network = network;
    this.#clock = clock;
    this.#timer = timersOf(clock).timer((nowMs) => this.#advance(nowMs));
    const nowMs = clock.monotonicMs();
    this.#bucket = new ByteBucket(bitsPerSecond, burstBytes, nowMs);
    const rest: TrafficClass = { matches: () => true, bitsPerSecond: Infinity };
    this.#classes = [...(options.classes ?? []), rest].map((each) => ({
      matches: each.matches,
      bucket: new ByteBucket(each.bitsPerSecond, each.burstBytes ?? defaultBurstBytes, nowMs),
      queue: new FairQueue({
        maxBytes: options.queueBytes ?? 262_144,
        quantumBytes: this.mtu + headerBytes,
        seed: random.uint32(),
      }),
    }));
    this.counters = this.#makeCounters();
  }

  get linkUp(): boolean {
    return !this.#isClosed && this.#network.linkUp;
  }

  /** Changes the rate of the link, for what waits too. */
  setRate(bitsPerSecond: number): void {
    const nowMs = this.#clock.monotonicMs();
    this.#bucket.setRate(bitsPerSecond, nowMs);
    this.#advance(nowMs);
  }

  write(sizeBytes: number, fill: FrameWriter, offload?: FrameOffload): void {
    this.#checkOpen("send a frame");
    checkFrame(this, sizeBytes, offload);
    const room = new Uint8Array(sizeBytes);
    const length = fill(room);
    checkFilled(length, sizeBytes);
    const frame = room.subarray(0, length);
    const of = this.#classes.find(({ matches }) => matches(frame));
    this.#drops += of?.queue.push(frame) ?? 0;
    this.#advance(this.#clock.monotonicMs());
  }

  listen(receiver: FrameReceiver): void {
    this.#checkOpen("listen");
    this.#network.listen(receiver);
  }

  onLinkChange(listener: (linkUp: boolean) => void): () => void {
    return this.#network.onLinkChange(listener);
  }

  /** Disposes the network too, and drops what waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer.clear();
    for (const { queue } of this.#classes) queue.clear();
    await this.#network[Symbol.asyncDispose]();
  }

  #checkOpen(what: string): void {
    if (!this.#isClosed) return;
    throw new NetworkError("closed", `Cannot ${what}: the network was disposed`);
  }

  /** Lets go what may, a frame of each class in turn. */
  #advance(nowMs: number): void {
    for (;;) {
      let waitMs = Infinity;
      let isSent = false;
      for (let count = 0; count < this.#classes.length && !isSent; count += 1) {
        const index = (this.#turn + count) % this.#classes.length;
        const of = this.#classes[index];
        const frame = of?.queue.peek();
        if (of === undefined || frame === undefined) continue;
        const readyMs = Math.max(
          this.#bucket.readyMs(frame.length, nowMs),
          of.bucket.readyMs(frame.length, nowMs),
        );
        if (readyMs > nowMs) {
          waitMs = Math.min(waitMs, readyMs);
          continue;
        }
        this.#turn = index + 1;
        this.#bucket.take(frame.length);
        of.bucket.take(frame.length);
        of.queue.shift();
        this.#frame = frame;
        this.#network.write(frame.length, this.#fill);
        isSent = true;
      }
      if (isSent) continue;
      this.#timer.set(waitMs);
      return;
    }
  }

  #makeCounters(): ShaperCounters {
    const { counters } = this.#network;
    const sum = (of: (queue: FairQueue) => number): number =>
      this.#classes.reduce((total, { queue }) => total + of(queue), 0);
    return Object.defineProperties({} as ShaperCounters, {
      framesIn: { get: () => counters.framesIn, enumerable: true },
      bytesIn: { get: () => counters.bytesIn, enumerable: true },
      droppedIn: { get: () => counters.droppedIn, enumerable: true },
      framesOut: { get: () => counters.framesOut, enumerable: true },
      bytesOut: { get: () => counters.bytesOut, enumerable: true },
      droppedOut: { get: () => counters.droppedOut + this.#drops, enumerable: true },
      shapedDrops: { get: () => this.#drops, enumerable: true },
      queuedFrames: { get: () => sum((queue) => queue.count), enumerable: true },
      queuedBytes: { get: () => sum((queue) => queue.bytes), enumerable: true },
      queuedFlows: { get: () => sum((queue) => queue.flowCount), enumerable: true },
    });
  }
}
