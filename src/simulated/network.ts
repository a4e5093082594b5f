import {
  NetworkError,
  type FrameOffload,
  type FrameReceiver,
  type FrameWriter,
  type Network,
  type Offloads,
} from "../devices/index.ts";
import type { Simulation } from "./simulation.ts";
import type { Wire } from "./wire.ts";

/** Bytes of an Ethernet header. */
const headerBytes = 14;

/** An interface on a {@link Wire}. Frames arrive in virtual time, those of one instant together. */
export class SimulatedNetwork implements Network {
  readonly name: string;
  readonly mac: Uint8Array;
  readonly mtu: number;
  readonly offloads: Offloads = { checksum: false, segmentationBytes: 0 };
  readonly counters = {
    framesIn: 0,
    framesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    droppedIn: 0,
    droppedOut: 0,
  };
  readonly #wire: Wire;
  readonly #simulation: Simulation;
  readonly #linkListeners = new Set<{ readonly call: (linkUp: boolean) => void }>();
  /** Frames on the way to us, by the instant of their arrival. */
  readonly #arrivals = new Map<number, Uint8Array[]>();
  /** When the last bit of all that was written has left. */
  #busyUntilNs = 0;
  #receiver: FrameReceiver | undefined;
  #linkUp = true;
  #isClosed = false;

  /** Connect a wire instead: {@link Wire.connect}. */
  constructor(wire: Wire, simulation: Simulation, mac: Uint8Array) {
    this.name = simulation.nameOf(`${wire.name}/port`);
    this.mac = mac;
    this.mtu = wire.mtu;
    this.#wire = wire;
    this.#simulation = simulation;
  }

  get linkUp(): boolean {
    return this.#linkUp;
  }

  /** Takes the link down or up, as by pulling and plugging the cable. */
  setLink(linkUp: boolean): void {
    if (linkUp === this.#linkUp) return;
    this.#linkUp = linkUp;
    this.#simulation.trace(`${this.name} link ${linkUp ? "up" : "down"}`);
    for (const { call } of this.#linkListeners) call(linkUp);
  }

  write(sizeBytes: number, fill: FrameWriter, offload?: FrameOffload): void {
    this.#checkOpen("write");
    this.#checkSize(sizeBytes);
    if (offload !== undefined && (offload.checksumOmitted || offload.segmentBytes > 0)) {
      throw new TypeError(`Cannot write a frame on ${this.name}: a wire takes whole frames only`);
    }
    if (!this.#linkUp || this.#isQueueFull(sizeBytes)) {
      this.counters.droppedOut++;
      this.#simulation.trace(`${this.name} drops ${sizeBytes} bytes`);
      return;
    }
    const room = new Uint8Array(sizeBytes);
    const usedBytes = fill(room);
    if (!(usedBytes <= sizeBytes)) {
      throw new RangeError(`Cannot write ${usedBytes} bytes of a frame in room for ${sizeBytes}`);
    }
    this.#checkLength(usedBytes);
    this.#send(room.subarray(0, usedBytes));
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

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#receiver = undefined;
    this.#wire.disconnect(this);
  }

  /** Hears a frame, *given*, at a time to come. For {@link Wire.carry}. */
  hear(frame: Uint8Array, atNs: number): void {
    const batch = this.#arrivals.get(atNs);
    if (batch !== undefined) {
      batch.push(frame);
      return;
    }
    this.#arrivals.set(atNs, [frame]);
    this.#simulation.timeline.at(atNs, () => this.#deliver(atNs));
  }

  #send(frame: Uint8Array): void {
    const { bitsPerSecond } = this.#wire;
    const startNs = Math.max(this.#busyUntilNs, this.#simulation.timeline.nowNs);
    this.#busyUntilNs = startNs + Math.ceil((frame.length * 8e9) / bitsPerSecond);
    this.counters.framesOut++;
    this.counters.bytesOut += frame.length;
    this.#simulation.trace(`${this.name} sends ${frame.length} bytes`, frame);
    this.#wire.carry(this, frame, this.#busyUntilNs);
  }

  #isQueueFull(sizeBytes: number): boolean {
    const { bitsPerSecond, queueBytes } = this.#wire;
    const waitingNs = this.#busyUntilNs - this.#simulation.timeline.nowNs;
    if (waitingNs <= 0) return false;
    return (waitingNs * bitsPerSecond) / 8e9 + sizeBytes > queueBytes;
  }

  #deliver(atNs: number): void {
    const batch = this.#arrivals.get(atNs) ?? [];
    this.#arrivals.delete(atNs);
    if (this.#isClosed || !this.#linkUp) {
      this.#simulation.trace(`${this.name} misses ${batch.length} frames`);
      return;
    }
    for (const frame of batch) this.#hand(frame);
    this.#receiver?.batchEnd?.();
  }

  #hand(frame: Uint8Array): void {
    this.#simulation.trace(`${this.name} hears ${frame.length} bytes`, frame);
    if (this.#receiver === undefined) {
      this.counters.droppedIn++;
      return;
    }
    this.counters.framesIn++;
    this.counters.bytesIn += frame.length;
    this.#receiver.frame(frame);
  }

  #checkOpen(what: string): void {
    if (this.#isClosed) throw this.#error("closed", "it was disposed", what);
  }

  #checkSize(sizeBytes: number): void {
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
      throw new RangeError(`Cannot write a frame of ${sizeBytes} bytes on ${this.name}`);
    }
    if (sizeBytes > this.mtu + headerBytes) {
      throw this.#error("frame-too-long", `${sizeBytes} bytes are over ${this.mtu + headerBytes}`);
    }
    this.#checkLength(sizeBytes);
  }

  #checkLength(byteCount: number): void {
    if (byteCount >= headerBytes) return;
    throw this.#error("frame-too-short", `${byteCount} bytes are less than a header`);
  }

  #error(
    code: "closed" | "frame-too-long" | "frame-too-short",
    why: string,
    what: string = "write a frame",
  ): NetworkError {
    return new NetworkError(code, `Cannot ${what} on ${this.name}: ${why}`);
  }
}
