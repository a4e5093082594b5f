/**
 * A link with conditions: what is sent over it is held to a rate, delayed, lost, doubled and
 * reordered. It stands in front of a network and acts on what goes out there; what comes in passes
 * as it is. Two of them, one at each end, make a bad cable.
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
import { fraction } from "../random.ts";
import { type Timer, timersOf } from "../timers.ts";
import { checkFilled, checkFrame } from "./frame-checks.ts";

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
  /** How fast frames go; `Infinity` is as fast as can be, 0 not at all. */
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

/** Counters of a {@link ConditionedLink}. */
export interface LinkCounters extends NetworkCounters {
  /** Frames sent that were lost on purpose. */
  readonly lost: number;
}

/** What may wait for its turn at the rate of the link, like the queue of a router. */
const queueBytes = 256 * 1024;

/** What may be under way, whatever the delay. */
const maxUnderWayBytes = 16 * 1024 * 1024;

const probabilities: ReadonlySet<string> = new Set(["loss", "duplication", "reordering"]);

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
  readonly counters: LinkCounters;

  readonly #network: Network;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #timer: Timer;
  readonly #sent = { frames: 0, bytes: 0, dropped: 0, lost: 0 };
  /** Frames that wait for their turn; the first is being sent. */
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  /** When the first of the queue, or if it is empty the last one sent, has left. */
  #leavesMs = 0;
  /** By the time of arrival. */
  readonly #underWay: UnderWay[] = [];
  #underWayBytes = 0;
  /** When the last frame in order arrives. */
  #lastMs = 0;
  #conditions: LinkConditions = noConditions;
  #isClosed = false;
  #frame: Uint8Array = new Uint8Array();
  readonly #fill = (into: Uint8Array): number => {
    into.set(this.#frame);
    return this.#frame.length;
  };

  /** Takes `network` over, disposal included. @throws {RangeError} as {@link change} */
  constructor(
    network: Network,
    conditions: Partial<LinkConditions>,
    { clock, random }: { readonly clock: Clock; readonly random: Random },
  ) {
    this.mac = network.mac;
    this.mtu = network.mtu;
    this.counters = countersOf(network, this.#sent);
    this.#network = network;
    this.#clock = clock;
    this.#random = random;
    this.#timer = timersOf(clock).timer((nowMs) => this.#advance(nowMs));
    this.change(conditions);
  }

  get linkUp(): boolean {
    return !this.#isClosed && this.#network.linkUp;
  }

  /**
   * Changes some of the conditions: the rate for what has not left yet, the others for what leaves
   * from now on.
   *
   * @throws {RangeError} as {@link checkConditions}; they are then as before
   */
  change(conditions: Partial<LinkConditions>): void {
    checkConditions(conditions);
    this.#conditions = { ...this.#conditions, ...conditions };
    const [first] = this.#queue;
    if (first === undefined || this.#isClosed) return;
    // What is being sent is as slow as before at most.
    const nowMs = this.#clock.monotonicMs();
    this.#leavesMs = Math.min(this.#leavesMs, nowMs + this.#sendingMs(first));
    this.#advance(nowMs);
  }

  write(sizeBytes: number, fill: FrameWriter, offload?: FrameOffload): void {
    this.#checkOpen("send a frame");
    checkFrame(this, sizeBytes, offload);
    if (!this.linkUp || this.#queuedBytes + sizeBytes > queueBytes) {
      this.#sent.dropped += 1;
      return;
    }
    const room = new Uint8Array(sizeBytes);
    const length = fill(room);
    checkFilled(length, sizeBytes);
    const nowMs = this.#clock.monotonicMs();
    const frame = room.subarray(0, length);
    if (this.#queue.length === 0) {
      this.#leavesMs = Math.max(nowMs, this.#leavesMs) + this.#sendingMs(frame);
    }
    this.#queue.push(frame);
    this.#queuedBytes += length;
    this.#sent.frames += 1;
    this.#sent.bytes += length;
    this.#advance(nowMs);
  }

  listen(receiver: FrameReceiver): void {
    this.#checkOpen("listen");
    this.#network.listen(receiver);
  }

  onLinkChange(listener: (linkUp: boolean) => void): () => void {
    return this.#network.onLinkChange(listener);
  }

  /** Disposes the network too, and drops what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer.clear();
    this.#queue.length = 0;
    this.#underWay.length = 0;
    await this.#network[Symbol.asyncDispose]();
  }

  #checkOpen(what: string): void {
    if (!this.#isClosed) return;
    throw new NetworkError("closed", `Cannot ${what}: the network was disposed`);
  }

  /** How long the link is busy with a frame. */
  #sendingMs({ length }: Uint8Array): number {
    return (length * 8000) / this.#conditions.bitsPerSecond;
  }

  /** Lets frames leave, and arrive, whose time has come. */
  #advance(nowMs: number): void {
    let leftCount = 0;
    while (leftCount < this.#queue.length && this.#leavesMs <= nowMs) {
      const frame = this.#queue[leftCount];
      leftCount += 1;
      if (frame !== undefined) this.#leave(frame, this.#leavesMs);
      const next = this.#queue[leftCount];
      if (next !== undefined) this.#leavesMs += this.#sendingMs(next);
    }
    this.#queue.splice(0, leftCount);
    this.#deliver(nowMs);
    const leavesMs = this.#queue.length > 0 ? this.#leavesMs : Infinity;
    this.#timer.set(Math.min(leavesMs, this.#underWay[0]?.atMs ?? Infinity));
  }

  /** Decides what becomes of a frame that leaves at `leavesMs`. */
  #leave(frame: Uint8Array, leavesMs: number): void {
    this.#queuedBytes -= frame.length;
    const { loss, duplication } = this.#conditions;
    if (this.#chance(loss)) {
      this.#sent.lost += 1;
      return;
    }
    this.#travel(frame, leavesMs);
    if (this.#chance(duplication)) this.#travel(frame, leavesMs);
  }

  #travel(frame: Uint8Array, leavesMs: number): void {
    if (this.#underWayBytes + frame.length > maxUnderWayBytes) {
      this.#sent.dropped += 1;
      return;
    }
    const { delayMs, jitterMs, reordering, holdBackMs } = this.#conditions;
    let atMs = Math.max(leavesMs + delayMs + jitterMs * this.#draw(), this.#lastMs);
    if (this.#chance(reordering)) atMs += holdBackMs * this.#draw();
    else this.#lastMs = atMs;
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
  }

  #draw(): number {
    return fraction(this.#random);
  }

  #chance(probability: number): boolean {
    return probability > 0 && this.#draw() < probability;
  }
}

/** @throws {RangeError} if a probability is not one, or anything else is less than nothing */
export function checkConditions(conditions: Partial<LinkConditions>): void {
  for (const [name, value] of Object.entries(conditions)) {
    if (value >= 0 && (value <= 1 || !probabilities.has(name))) continue;
    throw new RangeError(`Cannot set ${name} of a link to ${value}`);
  }
}

/** A live view: what came in is the network's, what went out the link's. */
function countersOf(
  { counters }: Network,
  sent: { frames: number; bytes: number; dropped: number; lost: number },
): LinkCounters {
  return Object.defineProperties({} as LinkCounters, {
    framesIn: { get: () => counters.framesIn, enumerable: true },
    bytesIn: { get: () => counters.bytesIn, enumerable: true },
    droppedIn: { get: () => counters.droppedIn, enumerable: true },
    framesOut: { get: () => sent.frames, enumerable: true },
    bytesOut: { get: () => sent.bytes, enumerable: true },
    droppedOut: { get: () => sent.dropped + counters.droppedOut, enumerable: true },
    lost: { get: () => sent.lost, enumerable: true },
  });
}
