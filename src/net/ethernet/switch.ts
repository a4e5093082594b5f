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
import type { FrameOffload, FrameWriter, Network } from "../../devices/index.ts";
import { destinationKey, headerBytes, isForGroup, isFromGroup, sourceKey } from "./packet.ts";
import { Segmenter, type FrameSink } from "./segmentation.ts";

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
  /** Frames in that left undone what could not be done for a port that needs it. */
  readonly malformed: number;
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

/** What a tap sees. */
export interface SwitchTapOptions {
  /**
   * Whether large segments are cut and checksums filled in before they are seen, as on a wire;
   * what is malformed is seen as it is. For captures. Frames are seen as they came by default.
   */
  readonly finished?: boolean;
}

/** Frames that travel in one buffer. */
export interface FrameBatch {
  /** The batch as it travels. */
  readonly bytes: Uint8Array;
  /** The frames, views of the same buffer, in order. */
  readonly frames: readonly Uint8Array[];
  /** Bytes of all frames. */
  readonly byteCount: number;
  /** What each of the frames left undone; empty where the link offers nothing. */
  readonly offloads: readonly FrameOffload[];
}

/** What a network may have beside its signature: batches that can be handed on whole. */
export interface BatchCarrier {
  /** Is asked first what to do with a batch; returns whether it took it. */
  onBatch: ((batch: FrameBatch) => boolean) | undefined;
  /**
   * Sends a batch, which is *given*, after everything written before it. Returns whether it took
   * it: whether frames of the network that it comes from can be handed on whole to this one.
   */
  sendBatch(batch: FrameBatch): boolean;
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
  readonly #segmenter = new Segmenter();
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
    const port: Port = new Port(network, this.#segmenter, () => {
      stopWatching();
      this.#detach(port);
    });
    network.listen({
      borrows: true,
      frame: (frame, offload) => this.#receive(port, frame, offload),
    });
    const stopWatching = network.onLinkChange((linkUp) => {
      if (!linkUp) this.#forget(port);
    });
    if (isCarrier(network)) network.onBatch = (batch) => this.#handOn(port, batch);
    this.#ports.add(port);
    return port;
  }

  /** Lets `see` see every frame from now on. Returns the function that stops it. */
  tap(see: SwitchTap, { finished = false }: SwitchTapOptions = {}): () => void {
    const entry = { see: finished ? this.#finishing(see) : see };
    this.#taps.add(entry);
    return () => this.#taps.delete(entry);
  }

  /** A tap that finishes frames, in memory of its own, for another that sees them. */
  #finishing(see: SwitchTap): SwitchTap {
    let room = new Uint8Array();
    return (frame, port, offload) => {
      if (!isUnfinished(offload)) return see(frame, port);
      const sink: FrameSink = (sizeBytes, fill) => {
        if (room.length < sizeBytes) room = new Uint8Array(frame.length);
        const finished = room.subarray(0, sizeBytes);
        fill(finished);
        see(finished, port);
      };
      if (!this.#segmenter.finish(frame, offload, sink)) see(frame, port, offload);
    };
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
      const fate = to.send(frame, offload);
      if (fate !== "sent") from.counters[fate] += 1;
    } else {
      from.counters.flooded += 1;
      for (const port of this.#ports) if (port !== from) port.send(frame, offload);
    }
  }

  /** Hands a batch on without copying, if all of it is for one port that can take it as it is. */
  #handOn(from: Port, batch: FrameBatch): boolean {
    const { frames, offloads } = batch;
    const [first] = frames;
    const to = first === undefined || this.#taps.size > 0 ? undefined : this.#find(first);
    if (first === undefined || to === undefined || to === from) return false;
    // Most are from where the first is from, and for where it is for.
    const destination = destinationKey(first);
    const source = sourceKey(first);
    for (let index = 0; index < frames.length; index += 1) {
      const frame = frames[index];
      if (frame === undefined || frame.length < headerBytes) return false;
      if (destinationKey(frame) !== destination && this.#find(frame) !== to) return false;
      if (!to.carries(frame, offloads[index])) return false;
    }
    for (const frame of frames) {
      if (frame === first || sourceKey(frame) !== source) this.#learn(from, frame);
    }
    if (!to.sendBatch(batch)) return false;
    from.counters.framesIn += frames.length;
    from.counters.bytesIn += batch.byteCount;
    from.counters.handedOn += frames.length;
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

/** What became of a frame that was to be sent. */
type Fate = "sent" | "dropped" | "malformed";

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
    malformed: 0,
    handedOn: 0,
  };
  readonly #segmenter: Segmenter;
  readonly #fill = (into: Uint8Array): number => {
    into.set(this.#frame);
    return this.#frame.length;
  };
  /** Takes the frames that an unfinished one is made into. */
  readonly #sink: FrameSink = (sizeBytes, fill) => {
    const isTooLong = sizeBytes > this.network.mtu + headerBytes;
    const fate = isTooLong ? "dropped" : this.#write(sizeBytes, fill);
    if (fate !== "sent") this.#fate = fate;
  };
  #frame: Uint8Array = new Uint8Array();
  #fate: Fate = "sent";

  constructor(network: Network, segmenter: Segmenter, detach: () => void) {
    this.network = network;
    this.detach = detach;
    this.#segmenter = segmenter;
  }

  countIn(frame: Uint8Array): void {
    this.counters.framesIn += 1;
    this.counters.bytesIn += frame.length;
  }

  /** Whether the network can carry a frame as it is. */
  carries({ length }: Uint8Array, offload: FrameOffload | undefined): boolean {
    const { mtu, offloads } = this.network;
    if (!isUnfinished(offload)) return length <= mtu + headerBytes;
    const { checksumOmitted, segmentBytes } = offload;
    if (checksumOmitted && !offloads.checksum) return false;
    return length <= (segmentBytes > 0 ? offloads.segmentationBytes : mtu + headerBytes);
  }

  /** Sends a frame, made into what the network can carry. */
  send(frame: Uint8Array, offload: FrameOffload | undefined): Fate {
    if (this.carries(frame, offload)) {
      this.#frame = frame;
      return this.#write(frame.length, this.#fill, offload);
    }
    if (!isUnfinished(offload)) return "dropped";
    this.#fate = "sent";
    return this.#segmenter.finish(frame, offload, this.#sink) ? this.#fate : "malformed";
  }

  /** Sends a whole batch, if the network takes such, and says whether it does. */
  sendBatch(batch: FrameBatch): boolean {
    if (!isCarrier(this.network) || !this.network.sendBatch(batch)) return false;
    this.counters.framesOut += batch.frames.length;
    this.counters.bytesOut += batch.byteCount;
    return true;
  }

  #write(sizeBytes: number, fill: FrameWriter, offload?: FrameOffload): Fate {
    try {
      this.network.write(sizeBytes, fill, offload);
    } catch (error) {
      // It was disposed and not detached; that must not keep the frame from the other ports.
      if (!(error instanceof NetworkError) || error.code !== "closed") throw error;
      this.detach();
      return "dropped";
    }
    this.counters.framesOut += 1;
    this.counters.bytesOut += sizeBytes;
    return "sent";
  }
}

function isUnfinished(offload: FrameOffload | undefined): offload is FrameOffload {
  return offload !== undefined && (offload.checksumOmitted || offload.segmentBytes > 0);
}

function isCarrier(network: Network): network is Network & BatchCarrier {
  return "sendBatch" in network && "onBatch" in network;
}
