/** A proxy of TCP: listens on a stack, and carries each connection to one of several servers. */

import type { Clock, Device, Endpoint, Stack, TcpFlow } from "../../devices/index.ts";
import { type Backend, type BackendAddress, Backends, type BackendsOptions } from "./backends.ts";
import { relay, type RelayTimes } from "./relay.ts";

/** How a proxy is made. */
export interface TcpProxyOptions
  extends Pick<BackendsOptions, "policy" | "checks">, Partial<RelayTimes> {
  readonly stack: Stack;
  readonly clock: Clock;
  /** Where it listens; 0 picks a port. */
  readonly port: number;
  /** The servers, by name or address. */
  readonly backends: readonly BackendAddress[];
  /** Where servers are reached, if that is by another stack. */
  readonly through?: Stack;
  /** The most connections at once; more are refused. 1,024 by default. */
  readonly maxConnections?: number;
  /** How long to wait for a server before the next one is tried; 5,000 by default. */
  readonly connectMs?: number;
}

/** A proxy that listens. */
export interface TcpProxy extends Device {
  readonly local: Endpoint;
  readonly backends: readonly Backend[];
  readonly counters: Readonly<Record<string, number>>;
}

/**
 * Listens. Disposing the proxy aborts its connections, and leaves the stacks alone.
 *
 * @throws {ProtocolError} `address-in-use`, `closed`
 * @throws {RangeError} if there is no server
 */
export function connect(options: TcpProxyOptions): TcpProxy {
  return new RelayingProxy(options);
}

class RelayingProxy implements TcpProxy {
  readonly local: Endpoint;
  readonly counters = {
    accepted: 0,
    /** Now. */
    active: 0,
    /** Too many at once. */
    refused: 0,
    /** No server could be reached. */
    unserved: 0,
    idle: 0,
    aborted: 0,
    bytesIn: 0,
    bytesOut: 0,
  };
  readonly #options: TcpProxyOptions;
  readonly #backends: Backends;
  /** Of those who wait for a server. */
  readonly #waiting = new Set<AbortController>();
  readonly #flows = new Set<TcpFlow>();
  readonly #listener: Device;

  constructor(options: TcpProxyOptions) {
    const { stack, clock, through = stack, backends, policy, checks } = options;
    this.#options = options;
    this.#backends = new Backends({
      clock,
      addresses: backends,
      connect: ({ host, port }, signal) => through.connect(host, port, { signal }),
      ...(policy !== undefined && { policy }),
      ...(checks !== undefined && { checks }),
    });
    const listener = stack.tcp.listen(options.port, (flow) => this.#serve(flow));
    this.#listener = listener;
    this.local = listener.local;
  }

  get backends(): readonly Backend[] {
    return this.#backends.all;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#backends.close();
    for (const controller of this.#waiting) controller.abort();
    await this.#listener[Symbol.asyncDispose]();
    for (const flow of this.#flows) flow.abort();
  }

  async #serve(flow: TcpFlow): Promise<void> {
    const { counters } = this;
    const { maxConnections = 1024 } = this.#options;
    if (counters.active >= maxConnections) {
      counters.refused += 1;
      flow.abort();
      return;
    }
    counters.accepted += 1;
    counters.active += 1;
    this.#flows.add(flow);
    try {
      await this.#carry(flow);
    } finally {
      counters.active -= 1;
      this.#flows.delete(flow);
    }
  }

  async #carry(flow: TcpFlow): Promise<void> {
    const { clock, connectMs = 5000, idleMs = 300_000, halfClosedMs = 60_000 } = this.#options;
    const controller = new AbortController();
    const { signal } = controller;
    this.#waiting.add(controller);
    const { address } = flow.remote;
    const use = await this.#backends.use(connectMs, signal, address).catch(() => undefined);
    this.#waiting.delete(controller);
    if (use === undefined) {
      this.counters.unserved += 1;
      flow.abort();
      return;
    }
    const { how, bytes } = await relay(flow, use.flow, clock, { idleMs, halfClosedMs });
    use.release();
    if (how !== "ended") this.counters[how] += 1;
    this.counters.bytesIn += bytes[0];
    this.counters.bytesOut += bytes[1];
  }
}
