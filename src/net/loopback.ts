/**
 * Packets to ourselves. They arrive in a batch of their own, when the code that sent them has run:
 * what sends is never called back from inside.
 */

import type { FrameOffload, FrameWriter } from "../devices/index.ts";

/** The most bytes under way. */
const maxBytes = 4_194_304;

interface Looped {
  readonly bytes: Uint8Array;
  readonly offload: FrameOffload | undefined;
}

export class Loopback {
  readonly #receive: (bytes: Uint8Array, offload: FrameOffload | undefined) => void;
  readonly #batchEnd: () => void;
  #packets: Looped[] = [];
  #bytes = 0;

  constructor(
    receive: (bytes: Uint8Array, offload: FrameOffload | undefined) => void,
    batchEnd: () => void,
  ) {
    this.#receive = receive;
    this.#batchEnd = batchEnd;
  }

  /** Sends a packet; returns whether there was room. */
  write(sizeBytes: number, fill: FrameWriter, offload: FrameOffload | undefined): boolean {
    if (this.#bytes + sizeBytes > maxBytes) return false;
    const bytes = new Uint8Array(sizeBytes);
    const usedBytes = fill(bytes);
    if (this.#packets.length === 0) queueMicrotask(this.#deliver);
    this.#packets.push({ bytes: bytes.subarray(0, usedBytes), offload });
    this.#bytes += sizeBytes;
    return true;
  }

  /** Forgets what is under way. */
  clear(): void {
    this.#packets = [];
    this.#bytes = 0;
  }

  readonly #deliver = (): void => {
    const packets = this.#packets;
    this.clear();
    for (const { bytes, offload } of packets) this.#receive(bytes, offload);
    this.#batchEnd();
  };
}
