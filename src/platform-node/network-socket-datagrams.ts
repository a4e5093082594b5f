/** Frames over UDP, one in each datagram. */

import type { Socket } from "node:dgram";
import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { FrameCarrier, FrameSink } from "./network-socket-frames.ts";
import { headerBytes } from "./network-socket-frames.ts";
import type { HostAndPort } from "./network-socket-link.ts";

/** What the kernel may hold for us, in bytes; it may grant less. */
const kernelBufferBytes = 4 * 1024 * 1024;

/** Datagrams that the kernel would not take at once, and that wait here. */
const maxQueuedCount = 256;

/**
 * Binds a socket to `local` and fixes its peer, so that nobody else's datagrams are heard.
 *
 * @throws the system's error, if it cannot be bound or a name is unknown
 */
export async function openDatagrams(
  sink: FrameSink,
  local: HostAndPort,
  peer: HostAndPort,
): Promise<FrameCarrier> {
  const socket = createSocket({
    type: isIPv6(local.host) ? "udp6" : "udp4",
    recvBufferSize: kernelBufferBytes,
    sendBufferSize: kernelBufferBytes,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: Error): void => (error === undefined ? resolve() : reject(error));
      socket.once("error", reject);
      socket.bind({ port: local.port, address: local.host, exclusive: true }, () =>
        socket.connect(peer.port, peer.host, settle),
      );
    });
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.removeAllListeners();
  return new DatagramCarrier(socket, sink);
}

class DatagramCarrier implements FrameCarrier {
  readonly #socket: Socket;
  readonly #sink: FrameSink;
  readonly #endBatch = (): void => {
    this.#isBatchOpen = false;
    this.#sink.endBatch();
  };
  #isBatchOpen = false;
  #room: Uint8Array;
  #queuedCount = 0;

  constructor(socket: Socket, sink: FrameSink) {
    this.#socket = socket;
    this.#sink = sink;
    this.#room = new Uint8Array(sink.mtu + headerBytes);
    socket.on("message", (frame) => this.#receive(frame));
    // The peer's host answers that nobody is there: it may come yet, and Ethernet knows no errors.
    socket.on("error", () => sink.countDropped(1));
    sink.setLink(true);
  }

  reserve(sizeBytes: number): Uint8Array | undefined {
    if (this.#queuedCount >= maxQueuedCount) return undefined;
    return this.#room.subarray(0, sizeBytes);
  }

  commit(usedBytes: number): boolean {
    this.#socket.send(this.#room, 0, usedBytes);
    // The kernel takes it at once, as a rule; else the memory is Node's until it does.
    const queuedCount = this.#socket.getSendQueueCount();
    if (queuedCount > this.#queuedCount) this.#room = new Uint8Array(this.#room.length);
    this.#queuedCount = queuedCount;
    return true;
  }

  async close(): Promise<void> {
    for (let turn = 0; turn < 100 && this.#socket.getSendQueueCount() > 0; turn++) await nextTurn();
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #receive({ buffer, byteOffset, length }: Uint8Array): void {
    if (!this.#isBatchOpen) {
      this.#isBatchOpen = true;
      // It runs when all that the kernel had has been read.
      setImmediate(this.#endBatch);
    }
    // A plain array: the `slice` of Node's own buffers makes no copy.
    this.#sink.hear(new Uint8Array(buffer, byteOffset, length));
  }
}
