/** TCP by the kernel's own stack. */

import type { Server, Socket, TcpNetConnectOpts } from "node:net";
import { connect as openSocket, createServer } from "node:net";
import { getSystemErrorName } from "node:util";
import { ProtocolError } from "../devices/errors.ts";
import type { Endpoint, Tcp, TcpFlow, TcpListener, TcpOptions } from "../devices/index.ts";
import { openTcp, type TcpHandle } from "./kernel-handles.ts";
import { checkPort, familyOf, protocolErrorOf, untilAborted } from "./sockets-errors.ts";
import { endpoint, SocketFlow } from "./sockets-flow.ts";

type ConnectOptions = TcpOptions & { readonly address?: string; readonly signal?: AbortSignal };

type Accept = (flow: TcpFlow) => void | Promise<void>;

/** What a stream holds for writers, and for readers, before they have to wait, in bytes. */
const bufferBytes = 256 * 1024;

const defaultBacklog = 511;

/**
 * Byte streams. **`userTimeoutMs`, `receiveBufferBytes`, `timeToLive` and `trafficClass` are the
 * kernel's to decide here**: Node cannot set them.
 */
export class SocketTcp implements Tcp {
  readonly counters = { connectionsOpened: 0, connectionsAccepted: 0, connectionsFailed: 0 };
  readonly #flows = new Set<SocketFlow>();
  readonly #listeners = new Set<SocketListener>();
  #isClosed = false;

  connect(to: Endpoint, options: ConnectOptions = {}): Promise<TcpFlow> {
    return this.connectAny([to.address], to.port, options);
  }

  /** Connects to the first of a host's addresses that answers, as RFC 8305 says. */
  async connectAny(
    addresses: readonly string[],
    port: number,
    options: ConnectOptions,
  ): Promise<TcpFlow> {
    checkPort(port);
    const found = addresses.map((address) => ({ address, family: familyOf(address) }));
    const cannot = `Cannot connect to ${addresses.join(", ")} port ${port}`;
    this.#checkOpen(cannot);
    const { address, signal, sendBufferBytes = bufferBytes } = options;
    signal?.throwIfAborted();
    const opening: TcpNetConnectOpts & { writableHighWaterMark: number } = {
      // An address would not be looked up, and so be the only one.
      host: found.length === 1 ? (addresses[0] ?? "") : "several",
      port,
      allowHalfOpen: true,
      autoSelectFamily: found.length > 1,
      writableHighWaterMark: sendBufferBytes,
      ...(address === undefined ? {} : { localAddress: address }),
      lookup: (_host, _options, callback) => callback(null, found),
    };
    const socket = openSocket(opening);
    try {
      await untilAborted(connected(socket), signal);
    } catch (error) {
      socket.on("error", () => {}).destroy();
      signal?.throwIfAborted();
      this.counters.connectionsFailed++;
      throw protocolErrorOf(cannot, error);
    }
    this.counters.connectionsOpened++;
    return this.#flow(socket, options);
  }

  listen(
    port: number,
    accept: Accept,
    options: TcpOptions & { readonly address?: string; readonly backlog?: number } = {},
  ): TcpListener {
    checkPort(port);
    const { address, backlog = defaultBacklog, sendBufferBytes = bufferBytes } = options;
    const cannot = `Cannot listen on port ${port}`;
    this.#checkOpen(cannot);
    const handle = bindTcp(cannot, port, address, backlog);
    const settings = { allowHalfOpen: true, highWaterMark: sendBufferBytes };
    const server = createServer(settings, (socket) => {
      this.counters.connectionsAccepted++;
      void this.#accept(this.#flow(socket, options), accept);
    });
    const listener = new SocketListener(server, handle, backlog, () =>
      this.#listeners.delete(listener),
    );
    this.#listeners.add(listener);
    return listener;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const devices = [...this.#listeners, ...this.#flows];
    await Promise.all(devices.map((device) => device[Symbol.asyncDispose]()));
    for (const flow of this.#flows) flow.abort();
  }

  #flow(socket: Socket, options: TcpOptions): SocketFlow {
    const flow = new SocketFlow(socket, options);
    this.#flows.add(flow);
    socket.on("close", () => this.#flows.delete(flow));
    return flow;
  }

  async #accept(flow: SocketFlow, accept: Accept): Promise<void> {
    try {
      await accept(flow);
    } catch {
      flow.abort();
    }
  }

  #checkOpen(cannot: string): void {
    if (this.#isClosed) throw new ProtocolError("closed", `${cannot}: the stack was disposed`);
  }
}

class SocketListener implements TcpListener {
  readonly counters = {};
  readonly local: Endpoint;
  readonly #server: Server;
  readonly #release: () => void;

  constructor(server: Server, handle: TcpHandle, backlog: number, release: () => void) {
    this.#server = server;
    this.#release = release;
    const bound: { address?: string; port?: number } = {};
    handle.getsockname(bound);
    this.local = endpoint(bound.address, bound.port);
    server.on("error", () => {});
    server.listen(handle, backlog);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#release();
    // It would wait for the connections that were accepted, too.
    this.#server.close();
  }
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve();
    });
  });
}

/**
 * Binds a port on one of our addresses, or on all of both versions, and listens.
 *
 * @throws {ProtocolError} `address-in-use`, `no-route`
 */
function bindTcp(
  cannot: string,
  port: number,
  address: string | undefined,
  backlog: number,
): TcpHandle {
  const family = address === undefined ? 6 : familyOf(address);
  const handle = openTcp();
  let result =
    family === 6 ? handle.bind6(address ?? "::", port, 0) : handle.bind(address ?? "", port);
  // Where the kernel has no IPv6.
  if (address === undefined && isNoFamily(result)) result = handle.bind("0.0.0.0", port);
  if (result === 0) result = handle.listen(backlog);
  if (result === 0) return handle;
  handle.close();
  const code = getSystemErrorName(result);
  throw protocolErrorOf(cannot, Object.assign(new Error(`the kernel says ${code}`), { code }));
}

function isNoFamily(result: number): boolean {
  return result !== 0 && ["EAFNOSUPPORT", "EINVAL"].includes(getSystemErrorName(result));
}
