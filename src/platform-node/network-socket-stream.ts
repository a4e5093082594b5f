/**
 * Frames over a TCP connection or a Unix socket, as QEMU's `-netdev stream` has them: before each
 * frame its length, 4 bytes, most significant first.
 */

import type { Socket } from "node:net";
import type { FrameCarrier, FrameSink } from "./network-socket-frames.ts";
import { headerBytes } from "./network-socket-frames.ts";

const lengthBytes = 4;

/** A longer frame has nobody: what seems to announce one is no length, and the stream is lost. */
const maxFrameBytes = 65_550;

/** The frames of one task go out in one piece, of so many bytes at most. */
const batchBytes = 64 * 1024;

/** The most that may wait to be sent; a peer that does not take it has the rest dropped. */
const windowBytes = 1024 * 1024;

/** How long a peer may take what was written before the interface was disposed. */
const lingerMs = 500;

/** What comes and goes as its peers do: the stream of now, or none. */
export class StreamCarrier implements FrameCarrier {
  readonly #sink: FrameSink;
  readonly #flush = (): void => this.#post();
  /** Ends what makes connections. */
  #stop = (): void => {};
  #socket: Socket | undefined;
  /** The outgoing batch. */
  #batch = new Uint8Array();
  #view = new DataView(this.#batch.buffer);
  #usedBytes = 0;
  #flushing = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Calls `stop` when the interface is disposed. */
  endWith(stop: () => void): void {
    this.#stop = stop;
  }

  /** Carries frames over `socket` until that closes, and calls `whenClosed` then. */
  use(socket: Socket, whenClosed: () => void): void {
    const reader = new FrameReader(this.#sink);
    this.#socket = socket;
    this.#usedBytes = 0;
    socket.setNoDelay();
    socket.on("data", (chunk) => {
      if (!reader.read(chunk)) socket.destroy();
      this.#sink.endBatch();
    });
    // The reason does not matter: a close follows.
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#socket = undefined;
      this.#sink.setLink(false);
      whenClosed();
    });
    this.#sink.setLink(true);
  }

  reserve(sizeBytes: number): Uint8Array | undefined {
    const neededBytes = lengthBytes + sizeBytes;
    if (this.#usedBytes + neededBytes > this.#batch.length) {
      this.#post();
      if (this.#socket === undefined || this.#socket.writableLength > windowBytes) return undefined;
      this.#batch = new Uint8Array(Math.max(batchBytes, neededBytes));
      this.#view = new DataView(this.#batch.buffer);
    }
    const start = this.#usedBytes + lengthBytes;
    return this.#batch.subarray(start, start + sizeBytes);
  }

  commit(usedBytes: number): boolean {
    this.#view.setUint32(this.#batch.byteOffset + this.#usedBytes, usedBytes);
    this.#usedBytes += lengthBytes + usedBytes;
    if (!this.#flushing) {
      this.#flushing = true;
      queueMicrotask(this.#flush);
    }
    return true;
  }

  async close(): Promise<void> {
    this.#stop();
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#post();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.destroy(), lingerMs);
      socket.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      socket.end();
    });
  }

  /** Sends the frames of the batch; what is left of its memory is for those that follow. */
  #post(): void {
    this.#flushing = false;
    if (this.#usedBytes === 0) return;
    const batch = this.#batch.subarray(0, this.#usedBytes);
    this.#batch = this.#batch.subarray(this.#usedBytes);
    this.#usedBytes = 0;
    if (this.#socket?.writable === true) this.#socket.write(batch);
  }
}

/** Finds frames in a stream, however it is cut. */
class FrameReader {
  readonly #sink: FrameSink;
  /** What came of the length or of the frame that did not come whole. */
  #part: Buffer = Buffer.alloc(0);

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Hears the frames of a chunk, *given*; says whether the stream makes sense. */
  read(chunk: Buffer): boolean {
    let rest = this.#part.length === 0 ? chunk : Buffer.concat([this.#part, chunk]);
    while (rest.length >= lengthBytes) {
      const frameBytes = rest.readUInt32BE(0);
      if (frameBytes < headerBytes || frameBytes > maxFrameBytes) {
        this.#sink.countMalformed();
        return false;
      }
      const end = lengthBytes + frameBytes;
      if (rest.length < end) break;
      // A plain array: the `slice` of Node's own buffers makes no copy.
      this.#sink.hear(new Uint8Array(rest.buffer, rest.byteOffset + lengthBytes, frameBytes));
      rest = rest.subarray(end);
    }
    this.#part = rest;
    return true;
  }
}
