/**
 * A learning switch (IEEE 802.1D, 7.7–7.9) over any `Network`s: workers of a page, tabs, clients of
 * a relay. It learns where addresses are from where frames come from, floods what it does not know,
 * and never sends a frame back.
 *
 * **It has no spanning tree**: in a loop of switches, or of a switch and whoever bridges two of its
 * ports, a flooded frame goes round for ever. Nor does it limit storms: a port floods as fast as it
 * sends, and what a slower port has no room for is dropped there.
 */

import { NetworkError } from "../../devices/errors.ts";
import type { FrameOffload, Network } from "../../devices/index.ts";
import { destinationKey, headerBytes, isForGroup, isFromGroup, sourceKey } from "./packet.ts";

/** How a switch is made. */
export interface SwitchOptions {
  /** Monotonic time in milliseconds, for ageing. */
  readonly nowMs: () => number;
  /** An address not heard for so long is forgotten; 300,000 by default (IEEE 802.1D, table 7-5). */
  readonly ageingMs?: number;
  /** The most addresses known; the one longest not learned anew makes room. 4,096 by default. */
  readonly maxAddresses?: number;
}

/** What passed through a port, seen from the switch. */
export interface SwitchPortCounters {
  readonly framesIn: number;
  readonly bytesIn: number;
  readonly framesOut: number;
  readonly bytesOut: number;
  /** Frames in that went to every other port. */
  readonly flooded: number;
  /** Frames in that were for the side they came from, or too short or too long to pass on. */
  readonly dropped: number;
  /** Frames in that were handed on in a whole batch, without being copied. */
  readonly handedOn: number;
}

/** A network attached to a switch. */
export interface SwitchPort {
  readonly network: Network;
  readonly counters: SwitchPortCounters;
  /** Takes the network off the switch, and forgets what was behind it. Does not dispose it. */
  detach(): void;
}

/** Sees every frame that enters the switch, once. The frame is *borrowed*. */
export type SwitchTap = (frame: Uint8Array, port: SwitchPort, offload?: FrameOffload) => void;

/** Frames that travel in one buffer. */
export interface FrameBatch {
  readonly buffer: ArrayBuffer;
  /** How much of the buffer is used. */
  readonly byteLength: number;
  /** The frames, views of the buffer, in order. */
  readonly frames: readonly Uint8Array[];
  /** What the frames left undone; `undefined` where none of them left anything. */
  readonly offloads: readonly FrameOffload[] | undefined;
}

/** What a network may have beside its signature: batches that can be handed on whole. */
export interface BatchCarrier {
  /** Is asked first what to do with a batch; returns whether it took it. */
  onBatch: ((batch: FrameBatch) => boolean) | undefined;
  /** Sends a batch, which is *given*, after everything written before it. */
  sendBatch(batch: FrameBatch): void;
}

interface Learned {
  port: Port;
  seenMs: number;
}

/** Connects all networks attached to it. */
export class Switch {
  readonly #nowMs: () => number;
  readonly #ageingMs: number;
  readonly #maxAddresses: number;
  readonly #ports = new Set<Port>();
  readonly #taps = new Set<{ readonly see: SwitchTap }>();
  /** Where addresses are, longest not learned anew first. */
  readonly #table = new Map<number, Learned>();

  constructor({ nowMs, ageingMs = 300_000, maxAddresses = 4096 }: SwitchOptions) {
    this.#nowMs = nowMs;
    this.#ageingMs = ageingMs;
    this.#maxAddresses = maxAddresses;
  }

  /** The networks attached now. */
  get ports(): readonly SwitchPort[] {
    return [...this.#ports];
  }

  /** How many addresses are known, the aged ones that nobody asked for included. */
  get addressCount(): number {
    return this.#table.size;
  }

  /**
   * Attaches a network: the switch becomes the receiver of its frames. What was learned of it is
   * forgotten when its link goes down; a network that was disposed is taken off.
   *
   * @throws {TypeError} if it is attached already
   * @throws {NetworkError} `closed` if it was disposed
   */
  attach(network: Network): SwitchPort {
    if (this.ports.some((port) => port.network === network)) {
      throw new TypeError("Cannot attach a network to a switch twice");
    }
    const port: Port = new Port(network, () => {
      stopWatching();
      this.#detach(port);
    });
    network.listen({ frame: (frame, offload) => this.#receive(port, frame, offload) });
    const stopWatching = network.onLinkChange((linkUp) => {
      if (!linkUp) this.#forget(port);
    });
    if (isCarrier(network)) network.onBatch = (batch) => this.#handOn(port, batch);
    this.#ports.add(port);
    return port;
  }

  /** Lets `see` see every frame from now on. Returns the function that stops it. */
  tap(see: SwitchTap): () => void {
    const entry = { see };
    this.#taps.add(entry);
    return () => this.#taps.delete(entry);
  }

  #detach(port: Port): void {
    if (!this.#ports.delete(port)) return;
    this.#forget(port);
    if (isCarrier(port.network)) port.network.onBatch = undefined;
  }

  #forget(port: Port): void {
    for (const [key, learned] of this.#table) if (learned.port === port) this.#table.delete(key);
  }

  /** Takes one frame in, and sends it where it belongs. */
  #receive(from: Port, frame: Uint8Array, offload: FrameOffload | undefined): void {
    if (!this.#ports.has(from)) return;
    from.countIn(frame);
    if (frame.length < headerBytes) {
      from.counters.dropped += 1;
      return;
    }
    for (const { see } of this.#taps) see(frame, from, offload);
    this.#learn(from, frame);
    const to = this.#find(frame);
    if (to === from) {
      from.counters.dropped += 1;
    } else if (to !== undefined) {
      if (!to.send(frame, offload)) from.counters.dropped += 1;
    } else {
      from.counters.flooded += 1;
      for (const port of this.#ports) if (port !== from) port.send(frame, offload);
    }
  }

  /** Hands a batch on without copying, if all of it is for one port that can take it as it is. */
  #handOn(from: Port, batch: FrameBatch): boolean {
    const [first] = batch.frames;
    const to = first === undefined || this.#taps.size > 0 ? undefined : this.#find(first);
    if (to === undefined || to === from || !to.takesBatchesOf(from.network)) return false;
    for (const frame of batch.frames) {
      if (frame.length < headerBytes || this.#find(frame) !== to) return false;
    }
    let byteCount = 0;
    for (const frame of batch.frames) {
      this.#learn(from, frame);
      from.countIn(frame);
      byteCount += frame.length;
    }
    from.counters.handedOn += batch.frames.length;
    to.sendBatch(batch, byteCount);
    return true;
  }

  #learn(port: Port, frame: Uint8Array): void {
    if (isFromGroup(frame)) return;
    const key = sourceKey(frame);
    const known = this.#table.get(key);
    const seenMs = this.#nowMs();
    if (known?.port === port && seenMs - known.seenMs < this.#ageingMs / 4) return;
    // Put last again: the table is in the order of learning.
    this.#table.delete(key);
    this.#table.set(key, { port, seenMs });
    if (this.#table.size <= this.#maxAddresses) return;
    const [oldest] = this.#table.keys();
    if (oldest !== undefined) this.#table.delete(oldest);
  }

  /** The one port that a frame is for; `undefined` if it is for all, or nobody knows. */
  #find(frame: Uint8Array): Port | undefined {
    if (isForGroup(frame)) return undefined;
    const key = destinationKey(frame);
    const known = this.#table.get(key);
    if (known === undefined) return undefined;
    if (this.#nowMs() - known.seenMs < this.#ageingMs) return known.port;
    this.#table.delete(key);
    return undefined;
  }
}

/** A network with its counters, and one copying function for all its frames. */
class Port implements SwitchPort {
  readonly network: Network;
  readonly detach: () => void;
  readonly counters = {
    framesIn: 0,
    bytesIn: 0,
    framesOut: 0,
    bytesOut: 0,
    flooded: 0,
    dropped: 0,
    handedOn: 0,
  };
  readonly #fill: (into: Uint8Array) => number;
  #frame: Uint8Array = new Uint8Array();

  constructor(network: Network, detach: () => void) {
    this.network = network;
    this.detach = detach;
    this.#fill = (into) => {
      into.set(this.#frame);
      return this.#frame.length;
    };
  }

  countIn(frame: Uint8Array): void {
    this.counters.framesIn += 1;
    this.counters.bytesIn += frame.length;
  }

  /** Sends a frame if the network can carry it, and says whether it can. */
  send(frame: Uint8Array, offload: FrameOffload | undefined): boolean {
    const { mtu, offloads } = this.network;
    const whole = offload === undefined || offload.segmentBytes === 0;
    const maxBytes = whole ? mtu + headerBytes : offloads.segmentationBytes;
    if (frame.length > maxBytes || (offload?.checksumOmitted === true && !offloads.checksum)) {
      return false;
    }
    this.#frame = frame;
    try {
      this.network.write(frame.length, this.#fill, offload);
    } catch (error) {
      // It was disposed and not detached; that must not keep the frame from the other ports.
      if (!(error instanceof NetworkError) || error.code !== "closed") throw error;
      this.detach();
      return false;
    }
    this.counters.framesOut += 1;
    this.counters.bytesOut += frame.length;
    return true;
  }

  takesBatchesOf(other: Network): boolean {
    const { mtu, offloads } = this.network;
    return (
      isCarrier(this.network) &&
      mtu >= other.mtu &&
      (offloads.checksum || !other.offloads.checksum) &&
      offloads.segmentationBytes >= other.offloads.segmentationBytes
    );
  }

  sendBatch(batch: FrameBatch, byteCount: number): void {
    if (!isCarrier(this.network)) return;
    this.network.sendBatch(batch);
    this.counters.framesOut += batch.frames.length;
    this.counters.bytesOut += byteCount;
  }
}

function isCarrier(network: Network): network is Network & BatchCarrier {
  return "sendBatch" in network && "onBatch" in network;
}
