/**
 * An Ethernet interface whose frames leave the process over a socket or a descriptor: to a TAP
 * device of the kernel's, to QEMU, or to another process like this one.
 */

import { randomFillSync } from "node:crypto";
import type { Server, Socket } from "node:net";
import { connect as openSocket, createServer } from "node:net";
import { NetworkError } from "../devices/errors.ts";
import type { Network } from "../devices/index.ts";
import { openDatagrams } from "./network-socket-datagrams.ts";
import { openDescriptor } from "./network-socket-descriptor.ts";
import type { FrameCarrier } from "./network-socket-frames.ts";
import { SocketNetwork } from "./network-socket-frames.ts";
import type { HostAndPort, SocketLink } from "./network-socket-link.ts";
import { StreamCarrier } from "./network-socket-stream.ts";

/** What carries the frames, and how the interface looks. */
export interface SocketOptions {
  readonly link: SocketLink;
  /** 6 bytes of a unicast address; copied. By default a random one, locally administered. */
  readonly mac?: Uint8Array;
  /** The longest payload of a frame in bytes, 68–65,535; 1,500 by default. */
  readonly mtu?: number;
  /** Ends the wait for a peer that is not there yet. */
  readonly signal?: AbortSignal;
}

/** Waiting for a peer begins with the first of these, doubles, and ends with the second. */
const firstRetryMs = 50;
const lastRetryMs = 5_000;

/** How long the first connection may take. */
const firstConnectionMs = 5_000;

/**
 * Connects the interface. Frames over UDP get lost as they may, and the link is always up; over a
 * stream it is up while there is a connection, which is tried again for as long as the interface
 * lives. A server takes one connection at a time.
 *
 * @throws {NetworkError} `unreachable` if the port cannot be bound, nobody takes the first
 *   connection within 5 seconds, or the descriptor is none that carries frames
 * @throws {RangeError} if `mac` is not 6 bytes of a unicast address, or `mtu` out of range
 * @throws the signal's reason, when it aborts before
 */
export async function connect(options: SocketOptions): Promise<Network> {
  const { link, mac = randomMac(), mtu = 1500, signal } = options;
  const network = new SocketNetwork(mac, mtu);
  try {
    network.attach(await openCarrier(network, link, signal));
  } catch (error) {
    signal?.throwIfAborted();
    const { message } = error as Error;
    throw new NetworkError("unreachable", `Cannot connect a network: ${message}`, { cause: error });
  }
  return network;
}

function openCarrier(
  network: SocketNetwork,
  link: SocketLink,
  signal: AbortSignal | undefined,
): FrameCarrier | Promise<FrameCarrier> {
  switch (link.kind) {
    case "udp":
      return openDatagrams(network, link.local, link.peer);
    case "stream":
      return dial(network, link.to, signal);
    case "listen":
      return accept(network, link.at);
    case "fd":
      return openDescriptor(network, link.fd);
  }
}

/** Opens a stream, and again whenever it is lost. */
async function dial(
  network: SocketNetwork,
  to: HostAndPort | string,
  signal: AbortSignal | undefined,
): Promise<FrameCarrier> {
  const carrier = new StreamCarrier(network);
  const giveUpMs = performance.now() + firstConnectionMs;
  let retryMs = firstRetryMs;
  let timer: NodeJS.Timeout | undefined;
  let dialling: Socket | undefined;
  let isClosed = false;
  await new Promise<void>((resolve, reject) => {
    const attempt = (): void => {
      dialling = openSocket(typeof to === "string" ? { path: to } : to);
      const fail = (error: Error): void => {
        if (performance.now() + retryMs > giveUpMs) reject(error);
        again();
      };
      dialling.once("error", fail);
      dialling.once("connect", function (this: Socket) {
        this.off("error", fail);
        retryMs = firstRetryMs;
        carrier.use(this, again);
        resolve();
      });
    };
    const again = (): void => {
      if (isClosed) return;
      timer = setTimeout(attempt, retryMs);
      retryMs = Math.min(2 * retryMs, lastRetryMs);
    };
    signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    attempt();
  }).catch((error: unknown) => {
    stop();
    throw error;
  });
  function stop(): void {
    isClosed = true;
    clearTimeout(timer);
    if (dialling?.connecting === true) dialling.destroy();
  }
  carrier.endWith(stop);
  return carrier;
}

/** Takes streams of others, one at a time. */
async function accept(network: SocketNetwork, at: HostAndPort | string): Promise<FrameCarrier> {
  const carrier = new StreamCarrier(network);
  let isTaken = false;
  const server: Server = createServer((socket) => {
    if (isTaken) {
      socket.destroy();
      return;
    }
    isTaken = true;
    carrier.use(socket, () => (isTaken = false));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(typeof at === "string" ? { path: at } : { ...at, exclusive: true }, resolve);
  });
  carrier.endWith(() => void server.close());
  return carrier;
}

/** IEEE 802, 8.4: second-lowest bit of the first byte set, lowest clear. */
function randomMac(): Uint8Array {
  const mac = randomFillSync(new Uint8Array(6));
  mac[0] = ((mac[0] ?? 0) & 0b1111_1100) | 0b10;
  return mac;
}
