/**
 * A queue that is fair to flows: deficit round robin (Shreedhar and Varghese, 1996). Each flow has a
 * turn in which it may send so many bytes; what it does not use, because its next frame is longer, it
 * keeps for its next turn. When the queue is full, the flow that fills it most loses its oldest frame,
 * so that who sends little loses nothing.
 */

import { read } from "../icmp/quoted.ts";
import { word } from "../words.ts";

/** How a queue is made. */
export interface FairQueueOptions {
  /** The most that may wait, in bytes. */
  readonly maxBytes: number;
  /** Bytes of a turn: at least the longest frame, so that every turn sends one. */
  readonly quantumBytes: number;
  /** Flows share this many queues; 256 by default. */
  readonly flowCount?: number;
  /** Makes it unpredictable which flows share one. */
  readonly seed: number;
}

interface FlowQueue {
  readonly frames: Uint8Array[];
  bytes: number;
  deficitBytes: number;
}

export class FairQueue {
  readonly #maxBytes: number;
  readonly #quantumBytes: number;
  readonly #seed: number;
  readonly #flows: readonly FlowQueue[];
  /** Flows with frames, in the order of their turns. */
  readonly #turns: FlowQueue[] = [];
  #bytes = 0;
  #count = 0;

  constructor({ maxBytes, quantumBytes, flowCount = 256, seed }: FairQueueOptions) {
    this.#maxBytes = maxBytes;
    this.#quantumBytes = quantumBytes;
    this.#seed = seed;
    this.#flows = Array.from({ length: flowCount }, () => ({
      frames: [],
      bytes: 0,
      deficitBytes: 0,
    }));
  }

  /** Frames that wait. */
  get count(): number {
    return this.#count;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Flows that wait. */
  get flowCount(): number {
    return this.#turns.length;
  }

  /** Adds a frame (*given*), and returns how many frames were dropped for want of room. */
  push(frame: Uint8Array): number {
    const flow = this.#flows[hashOf(frame, this.#seed) % this.#flows.length];
    if (flow === undefined || frame.length > this.#maxBytes) return 1;
    flow.frames.push(frame);
    flow.bytes += frame.length;
    this.#bytes += frame.length;
    this.#count += 1;
    if (flow.frames.length === 1) {
      flow.deficitBytes = this.#quantumBytes;
      this.#turns.push(flow);
    }
    let dropped = 0;
    while (this.#bytes > this.#maxBytes) {
      this.#dropFromLongest();
      dropped += 1;
    }
    return dropped;
  }

  /** The frame whose turn it is, which stays. */
  peek(): Uint8Array | undefined {
    for (;;) {
      const [flow] = this.#turns;
      const frame = flow?.frames[0];
      if (flow === undefined || frame === undefined) return undefined;
      if (frame.length <= flow.deficitBytes) return frame;
      flow.deficitBytes += this.#quantumBytes;
      this.#turns.push(flow);
      this.#turns.shift();
    }
  }

  /** Takes the frame that {@link FairQueue.peek} shows. */
  shift(): Uint8Array | undefined {
    const frame = this.peek();
    const [flow] = this.#turns;
    if (frame === undefined || flow === undefined) return undefined;
    flow.deficitBytes -= frame.length;
    this.#takeFirst(flow);
    return frame;
  }

  clear(): void {
    for (const flow of this.#turns.splice(0)) {
      flow.frames.length = 0;
      flow.bytes = 0;
    }
    this.#bytes = this.#count = 0;
  }

  #takeFirst(flow: FlowQueue): void {
    const frame = flow.frames.shift();
    if (frame === undefined) return;
    flow.bytes -= frame.length;
    this.#bytes -= frame.length;
    this.#count -= 1;
    if (flow.frames.length === 0) this.#turns.splice(this.#turns.indexOf(flow), 1);
  }

  #dropFromLongest(): void {
    let longest: FlowQueue | undefined;
    for (const flow of this.#turns) if (flow.bytes > (longest?.bytes ?? 0)) longest = flow;
    if (longest !== undefined) this.#takeFirst(longest);
  }
}

/** The flow of a frame as a number: addresses, protocol and ports of IP, else where it goes. */
function hashOf(frame: Uint8Array, seed: number): number {
  let hash = seed;
  const mix = (bytes: Uint8Array): void => {
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x0100_0193);
  };
  const type = word(frame, 12);
  const fields = type === 0x0800 || type === 0x86dd ? read(frame.subarray(14)) : undefined;
  if (fields === undefined) {
    mix(frame.subarray(0, 14));
  } else {
    const { source, destination, protocol, payloadStart, isFirst } = fields;
    mix(source);
    mix(destination);
    hash = Math.imul(hash ^ protocol, 0x0100_0193);
    const isWhole = isFirst && (type === 0x86dd || (word(frame, 20) & 0x3fff) === 0);
    // Parts of a packet stay together, and only the first has ports.
    if (isWhole && (protocol === 6 || protocol === 17)) {
      mix(frame.subarray(14 + payloadStart, 18 + payloadStart));
    }
  }
  return (hash ^ (hash >>> 15)) >>> 0;
}
