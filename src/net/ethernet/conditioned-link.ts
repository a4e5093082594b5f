/**
 * A link with conditions: what is sent over it is delayed, lost, doubled, reordered and held to a
 * rate. It stands between a switch and the network of one port, and acts on what goes out there.
 */

import type {
  Clock,
  FrameReceiver,
  FrameWriter,
  Network,
  NetworkCounters,
  Offloads,
  Random,
} from "../../devices/index.ts";
import { type Timer, timersOf } from "../timers.ts";

/** What befalls frames. All can be changed while frames are under way. */
export interface LinkConditions {
  /** How long a frame takes. */
  readonly delayMs: number;
  /** Up to so much more, evenly; frames keep their order all the same. */
  readonly jitterMs: number;
  /** The probability, 0 to 1, that a frame is lost. */
  readonly loss: number;
  /** The probability that a frame arrives twice. */
  readonly duplication: number;
  /** The probability that a frame is held back, so that later ones overtake it. */
  readonly reordering: number;
  /** How long such a frame is held back, up to so much. */
  readonly holdBackMs: number;
  /** How fast frames go; `Infinity` is as fast as can be. */
  readonly bitsPerSecond: number;
}

/** Nothing befalls frames. */
export const noConditions: LinkConditions = {
  delayMs: 0,
  jitterMs: 0,
  loss: 0,
  duplication: 0,
  reordering: 0,
  holdBackMs: 10,
  bitsPerSecond: Infinity,
};

/** What may wait for its turn at the rate of the link, like the queue of a router. */
const queueBytes = 256 * 1024;

/** What may be under way, whatever the delay. */
const maxUnderWayBytes = 16 * 1024 * 1024;

interface UnderWay {
  readonly frame: Uint8Array;
  readonly atMs: number;
}

/** A network whose outgoing frames go through conditions. */
export class ConditionedLink implements Network {
  readonly mac: Uint8Array;
  readonly mtu: number;
  /** None: what is lost or doubled must be a real frame. */
  readonly offloads: Offloads = { checksum: false, segmentationBytes: 0 };
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #timer: Timer;
  /** By the time of arrival. */
  readonly #underWay: UnderWay[] = [];
  #underWayBytes = 0;
  #busyUntilMs = 0;
  #lastMs = 0;
  #lost = 0;
  #conditions: LinkConditions;
  #frame: Uint8Array = new Uint8Array();
  readonly #fill = (into: Uint8Array): number => {
    into.set(this.#frame);
    return this.#frame.length;
  };

  constructor(
    network: Network,
    conditions: LinkConditions,
    { clock, random }: { readonly clock: Clock; readonly random: Random },
  ) {
    this.mac = network.mac;
    this.mtu = network.mtu;
    this.#network = network;
    this.#conditions = conditions;
    this.#clock = clock;
    this.#random = random;
    this.#timer = timersOf(clock).timer((nowMs) => this.#deliver(nowMs));
  }

  /** The network's own, and what was lost on purpose. */
  get counters(): NetworkCounters {
    return { ...this.#network.counters, lost: this.#lost };
  }

  get linkUp(): boolean {
    return this.#network.linkUp;
  }

  /** Sets the conditions for frames sent from now on. */
  change(conditions: LinkConditions): void {
    this.#conditions = conditions;
  }

  write(sizeBytes: number, fill: FrameWriter): void {
    const { loss, duplication } = this.#conditions;
    const nowMs = this.#clock.monotonicMs();
    const leavesMs = this.#leave(sizeBytes, nowMs);
    const isLost = this.#chance(loss);
    if (leavesMs === undefined || isLost) {
      this.#lost += 1;
      return;
    }
    const frame = new Uint8Array(sizeBytes);
    const used = frame.subarray(0, fill(frame));
    this.#send(used, leavesMs);
    if (this.#chance(duplication)) this.#send(used, leavesMs);
    this.#deliver(nowMs);
  }

  listen(receiver: FrameReceiver): void {
    this.#network.listen(receiver);
  }

  onLinkChange(listener: (linkUp: boolean) => void): () => void {
    return this.#network.onLinkChange(listener);
  }

  /** Lets go of what is under way; the network stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer.clear();
    this.#underWay.length = 0;
    this.#underWayBytes = 0;
  }

  /** When a frame has left at the rate of the link; `undefined` if the queue is full. */
  #leave(sizeBytes: number, nowMs: number): number | undefined {
    const { bitsPerSecond } = this.#conditions;
    if (bitsPerSecond === Infinity) return nowMs;
    const startMs = Math.max(nowMs, this.#busyUntilMs);
    if (((startMs - nowMs) * bitsPerSecond) / 8000 + sizeBytes > queueBytes) return undefined;
    this.#busyUntilMs = startMs + (sizeBytes * 8000) / bitsPerSecond;
    return this.#busyUntilMs;
  }

  #send(frame: Uint8Array, leavesMs: number): void {
    if (this.#underWayBytes + frame.length > maxUnderWayBytes) {
      this.#lost += 1;
      return;
    }
    const { delayMs, jitterMs, reordering, holdBackMs } = this.#conditions;
    let atMs = leavesMs + delayMs + jitterMs * this.#draw();
    if (this.#chance(reordering)) {
      atMs += holdBackMs * this.#draw();
    } else {
      atMs = this.#lastMs = Math.max(atMs, this.#lastMs);
    }
    let index = this.#underWay.length;
    while (index > 0 && (this.#underWay[index - 1]?.atMs ?? 0) > atMs) index -= 1;
    this.#underWay.splice(index, 0, { frame, atMs });
    this.#underWayBytes += frame.length;
  }

  #deliver(nowMs: number): void {
    let count = 0;
    for (const { frame, atMs } of this.#underWay) {
      if (atMs > nowMs) break;
      count += 1;
      this.#underWayBytes -= frame.length;
      this.#frame = frame;
      this.#network.write(frame.length, this.#fill);
    }
    this.#underWay.splice(0, count);
    this.#timer.set(this.#underWay[0]?.atMs ?? Infinity);
  }

  #draw(): number {
    return this.#random.uint32() / 2 ** 32;
  }

  #chance(probability: number): boolean {
    return probability > 0 && this.#draw() < probability;
  }
}
