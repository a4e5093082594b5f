/**
 * Frames over a descriptor that the process was started with, one for each read or write: a TAP
 * device, or a socket that keeps the limits of packets.
 *
 * Node reads no such descriptor quickly by itself: `fs.read` does it in its pool of threads, one
 * frame for each call, and a thread that waits there keeps the process from exiting. So a pipe's
 * handle, which takes any descriptor that can be waited for, tells when there is something and
 * reads the first frame; `fs.readSync` reads the others until there is none. On two cores, from a
 * kernel that sends 590,000 frames of 1,500 bytes a second: 44,000 a second with `fs.read`, 75,000
 * with four of those at once, 517,000 with the handle alone, and with both all of them. Writing with
 * `fs.writeSync`: 690,000 a second.
 */

import { readSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { openPipe } from "./kernel-handles.ts";
import type { FrameCarrier, FrameSink } from "./network-socket-frames.ts";
import { headerBytes } from "./network-socket-frames.ts";

/** The most that is read before others have their turn. */
const maxBatchFrames = 64;

/** An attempt that finds nothing more costs a thrown error; where none paid, most are left out. */
const attemptEvery = 8;

/** The frames of a batch stand in one piece of memory. */
const slabBytes = 64 * 1024;

/**
 * Takes a descriptor over, which is *given*.
 *
 * @throws the system's error, if it is none that can be waited for
 */
export function openDescriptor(sink: FrameSink, fd: number): FrameCarrier {
  return new DescriptorCarrier(sink, fd);
}

class DescriptorCarrier implements FrameCarrier {
  readonly #sink: FrameSink;
  readonly #fd: number;
  readonly #socket: Socket;
  /** One byte more than a frame, so that a longer one is seen to be one. */
  readonly #frameBytes: number;
  readonly #room: Uint8Array;
  #slab = new Uint8Array(slabBytes);
  #slabOffset = 0;
  /** Batches that began since reading on was last worth the attempt. */
  #unpaidCount = 0;

  constructor(sink: FrameSink, fd: number) {
    this.#sink = sink;
    this.#fd = fd;
    this.#frameBytes = sink.mtu + headerBytes + 1;
    this.#room = new Uint8Array(this.#frameBytes);
    const first = new Uint8Array(this.#frameBytes);
    const callback = (byteCount: number): boolean => {
      this.#receive(first.subarray(0, byteCount));
      return true;
    };
    // `onread` is of options that only `connect` takes, by the types.
    const options = { handle: openPipe(fd), readable: true, onread: { buffer: first, callback } };
    this.#socket = new Socket(options);
    this.#socket.on("error", () => sink.setLink(false));
    this.#socket.on("close", () => sink.setLink(false));
    this.#socket.resume();
    sink.setLink(true);
  }

  reserve(sizeBytes: number): Uint8Array {
    return this.#room.subarray(0, sizeBytes);
  }

  commit(usedBytes: number): boolean {
    try {
      return writeSync(this.#fd, this.#room, 0, usedBytes) === usedBytes;
    } catch {
      // The device is down or full, or the other end gone.
      return false;
    }
  }

  async close(): Promise<void> {
    if (this.#socket.closed) return;
    await new Promise<void>((resolve) => {
      this.#socket.once("close", resolve);
      this.#socket.destroy();
    });
  }

  #receive(first: Uint8Array): void {
    const room = this.#nextRoom();
    room.set(first);
    this.#hear(room, first.length);
    if (this.#unpaidCount % attemptEvery === 0) {
      const readCount = this.#readOn();
      if (readCount > 0) this.#unpaidCount = -1;
    }
    this.#unpaidCount++;
    this.#sink.endBatch();
  }

  #readOn(): number {
    for (let count = 0; count < maxBatchFrames; count++) {
      if (!this.#sink.isOpen) return count;
      const room = this.#nextRoom();
      let byteCount: number;
      try {
        byteCount = readSync(this.#fd, room, 0, room.length, null);
      } catch {
        return count;
      }
      // The end is told by the handle.
      if (byteCount === 0) return count;
      this.#hear(room, byteCount);
    }
    return maxBatchFrames;
  }

  #hear(room: Uint8Array, byteCount: number): void {
    // What follows starts 2 bytes past a multiple of 4, so that the payload of Ethernet is aligned.
    if (!this.#sink.borrows) this.#slabOffset += (byteCount + 3) & ~3;
    this.#sink.hear(room.subarray(0, byteCount));
  }

  /** Room for a frame in memory that nobody else has. */
  #nextRoom(): Uint8Array {
    if (this.#slabOffset + 2 + this.#frameBytes > this.#slab.length) {
      this.#slab = new Uint8Array(Math.max(slabBytes, 2 + this.#frameBytes));
      this.#slabOffset = 0;
    }
    const start = this.#slabOffset + 2;
    return this.#slab.subarray(start, start + this.#frameBytes);
  }
}
