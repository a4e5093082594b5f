/** UDP by the kernel's own stack. */

import type { RemoteInfo, Socket } from "node:dgram";
import { createSocket } from "node:dgram";
import { ProtocolError } from "../devices/errors.ts";
import type { Datagram, Endpoint, Udp, UdpSocket } from "../devices/index.ts";
import { checkPort, familyOf, protocolErrorOf, untilAborted } from "./sockets-errors.ts";
import { plainAddress } from "./sockets-flow.ts";

/** What a socket keeps while nobody reads, in bytes. */
const maxQueuedBytes = 1024 * 1024;

/** The most that a datagram carries over IPv4 (RFC 768; RFC 791). */
const maxDatagramBytes = 65_507;

/** How often a free port is looked for that both versions of IP have. */
const attemptCount = 8;

/**
 * Datagrams. **Node tells neither the time to live of a datagram, which is given as 0, nor to which
 * of our addresses it came**, where a socket is bound to all: that is then the unspecified one. Nor
 * does it tell that a peer refused, or set a traffic class.
 */
export class SocketUdp implements Udp {
  readonly counters = { datagramsIn: 0, datagramsOut: 0, droppedIn: 0, droppedOut: 0 };
  readonly #sockets = new Set<KernelUdpSocket>();
  #isClosed = false;

  bind(port: number, { address }: { readonly address?: string } = {}): UdpSocket {
    checkPort(port);
    const cannot = `Cannot bind UDP port ${port}`;
    if (this.#isClosed) throw new ProtocolError("closed", `${cannot}: the stack was disposed`);
    const sockets =
      address === undefined ? bindBoth(cannot, port) : [bindOne(cannot, port, address)];
    const socket = new KernelUdpSocket(sockets, this.counters, () => this.#sockets.delete(socket));
    this.#sockets.add(socket);
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#sockets].map((socket) => socket[Symbol.asyncDispose]()));
  }
}

/** Binds an address at once: `dgram` binds in the callback of its `lookup`, whenever that is. */
function bindOne(cannot: string, port: number, address: string): Socket {
  const family = familyOf(address);
  const socket = createSocket({
    type: family === 6 ? "udp6" : "udp4",
    ...(family === 6 ? { ipv6Only: true } : {}),
    lookup: (host, _options, callback) => callback(null, host, family),
  });
  let failure: Error | undefined;
  const fail = (error: Error): void => void (failure = error);
  socket.on("error", fail);
  socket.bind({ port, address, exclusive: true });
  if (failure !== undefined) {
    socket.close();
    throw protocolErrorOf(cannot, failure);
  }
  if (family === 4) socket.setBroadcast(true);
  return socket;
}

/** Binds one port for both versions of IP, or for the one that the kernel has. */
function bindBoth(cannot: string, port: number): readonly Socket[] {
  for (let attempt = 1; ; attempt++) {
    let six: Socket | undefined;
    try {
      six = bindOne(cannot, port, "::");
    } catch (error) {
      if ((error as ProtocolError).code !== "no-route") throw error;
      return [bindOne(cannot, port, "0.0.0.0")];
    }
    try {
      return [six, bindOne(cannot, six.address().port, "0.0.0.0")];
    } catch (error) {
      six.close();
      if (port !== 0 || attempt === attemptCount) throw error;
    }
  }
}

class KernelUdpSocket implements UdpSocket {
  readonly counters: SocketUdp["counters"];
  readonly local: Endpoint;
  readonly #byFamily = new Map<4 | 6, Socket>();
  readonly #release: () => void;
  /** How often each group was joined. */
  readonly #groups = new Map<string, number>();
  #queue: Datagram[] = [];
  #queuedBytes = 0;
  #waiting: ((datagram: Datagram | undefined) => void)[] = [];
  #receiver: ((datagram: Datagram) => void) | undefined;
  #isClosed = false;
  readonly #sent = (error: Error | null): void => {
    if (error !== null) this.counters.droppedOut++;
    else this.counters.datagramsOut++;
  };

  constructor(sockets: readonly Socket[], counters: SocketUdp["counters"], release: () => void) {
    this.counters = counters;
    this.#release = release;
    const bound = sockets.map((socket) => socket.address());
    this.local = { address: bound[0]?.address ?? "::", port: bound[0]?.port ?? 0 };
    sockets.forEach((socket, index) => {
      const to = bound[index]?.address ?? "::";
      this.#byFamily.set(familyOf(to), socket);
      socket.on("message", (bytes, from) => this.#receive(bytes, from, to));
    });
  }

  send(
    datagram: Uint8Array,
    to: Endpoint,
    options: { readonly source?: string; readonly timeToLive?: number } = {},
  ): void {
    const cannot = `Cannot send a datagram to ${to.address} port ${to.port}`;
    checkPort(to.port);
    const socket = this.#socketFor(to.address, cannot);
    const { source = this.local.address, timeToLive } = options;
    if (source !== this.local.address) {
      throw new ProtocolError("no-route", `${cannot}: the socket is not bound to ${source}`);
    }
    if (datagram.length > maxDatagramBytes) {
      const why = `${datagram.length} bytes are over ${maxDatagramBytes}`;
      throw new ProtocolError("too-large", `${cannot}: ${why}`);
    }
    socket.setTTL(timeToLive ?? 64);
    socket.setMulticastTTL(timeToLive ?? 1);
    // The kernel takes it at once, as a rule; where it does not, the sender keeps its own.
    socket.send(datagram.slice(), to.port, to.address, this.#sent);
  }

  receive(signal?: AbortSignal): Promise<Datagram | undefined> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    const datagram = this.#queue.shift();
    if (datagram !== undefined) {
      this.#queuedBytes -= datagram.bytes.length;
      return Promise.resolve(datagram);
    }
    if (this.#isClosed) return Promise.resolve(undefined);
    let waiter = (_datagram: Datagram | undefined): void => {};
    const received = new Promise<Datagram | undefined>((resolve) => (waiter = resolve));
    this.#waiting.push(waiter);
    const forget = (): void => {
      this.#waiting = this.#waiting.filter((each) => each !== waiter);
    };
    signal?.addEventListener("abort", forget, { once: true });
    return untilAborted(received, signal);
  }

  listen(receiver: (datagram: Datagram) => void): void {
    this.#checkOpen("Cannot listen for datagrams");
    this.#receiver = receiver;
  }

  join(group: string): () => void {
    const cannot = `Cannot join ${group}`;
    const socket = this.#socketFor(group, cannot);
    const joinedCount = this.#groups.get(group) ?? 0;
    try {
      if (joinedCount === 0) socket.addMembership(group);
    } catch (error) {
      throw new ProtocolError("no-route", `${cannot}: ${(error as Error).message}`);
    }
    this.#groups.set(group, joinedCount + 1);
    let hasLeft = false;
    return () => {
      if (hasLeft || this.#isClosed) return;
      hasLeft = true;
      const left = (this.#groups.get(group) ?? 1) - 1;
      this.#groups.set(group, left);
      if (left === 0) socket.dropMembership(group);
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#release();
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
    const closed = [...this.#byFamily.values()].map(
      (socket) => new Promise<void>((resolve) => socket.close(resolve)),
    );
    await Promise.all(closed);
  }

  #receive({ buffer, byteOffset, length }: Buffer, from: RemoteInfo, to: string): void {
    // A plain array: the `slice` of Node's own buffers makes no copy.
    const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, length);
    const sender = { address: plainAddress(from.address), port: from.port };
    const datagram: Datagram = { bytes, from: sender, to, timeToLive: 0 };
    if (this.#receiver === undefined && this.#waiting.length === 0) {
      if (
        this.#queuedBytes + length > maxQueuedBytes ||
        this.#queue.length >= maxQueuedBytes / 64
      ) {
        this.counters.droppedIn++;
        return;
      }
      this.#queuedBytes += length;
      this.#queue.push(datagram);
    } else if (this.#receiver === undefined) {
      this.#waiting.shift()?.(datagram);
    } else {
      this.#receiver(datagram);
    }
    this.counters.datagramsIn++;
  }

  #socketFor(address: string, cannot: string): Socket {
    this.#checkOpen(cannot);
    const socket = this.#byFamily.get(familyOf(address));
    if (socket !== undefined) return socket;
    throw new ProtocolError(
      "no-route",
      `${cannot}: the socket is bound to the other version of IP`,
    );
  }

  #checkOpen(cannot: string): void {
    if (this.#isClosed) throw new ProtocolError("closed", `${cannot}: the socket was disposed`);
  }
}
