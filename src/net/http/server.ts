/** An HTTP/1.1 server on TCP (RFC 9110, RFC 9112). */

import { HttpError, ProtocolError } from "../../devices/errors.ts";
import type {
  Clock,
  Endpoint,
  HttpHandler,
  HttpServer,
  Tcp,
  TcpFlow,
  TcpListener,
} from "../../devices/index.ts";
import { timersOf } from "../timers.ts";
import { ServerConnection } from "./connection.ts";
import { endGently } from "./end-gently.ts";
import { FlowReader } from "./flow-reader.ts";
import { HttpDate } from "./http-date.ts";
import { defaultLimits, type ServerLimits } from "./limits.ts";
import { prepareRealm } from "./realm.ts";

export type { ServerLimits } from "./limits.ts";

/** What a server stands on. */
export interface HttpServerOptions {
  readonly tcp: Tcp;
  readonly clock: Clock;
  /** Limits that are not the usual ones. */
  readonly limits?: Partial<ServerLimits>;
  /** Is told of what a handler threw, or its response's body; its client only hears 500. */
  readonly failed?: (error: unknown, request: Request) => void;
}

/** Running totals of a server. */
export interface HttpServerCounters extends Record<string, number> {
  /** Connections that were accepted, and those that are open. */
  connections: number;
  openConnections: number;
  /** Connections beyond the limit. */
  connectionsRefused: number;
  /** Requests that could be read, and those that made a connection another protocol's. */
  requests: number;
  upgrades: number;
  /** What was wrong with what clients sent, or did not send or take in time. */
  malformed: number;
  tooLarge: number;
  timedOut: number;
  /** Requests whose handler failed. */
  handlerErrors: number;
}

/** What the connections of a server share. */
export interface ServerParts {
  readonly clock: Clock;
  readonly limits: ServerLimits;
  readonly date: HttpDate;
  readonly counters: HttpServerCounters;
  readonly failed: ((error: unknown, request: Request) => void) | undefined;
}

/**
 * Connects a server. The realm's `Response` and `Request` are replaced by ones that keep all fields
 * and cost less (decision 21), so make responses after this.
 */
export function connect(options: HttpServerOptions): HttpServer {
  prepareRealm();
  return new Server(options);
}

class Server implements HttpServer, ServerParts {
  readonly counters: HttpServerCounters = {
    connections: 0,
    openConnections: 0,
    connectionsRefused: 0,
    requests: 0,
    upgrades: 0,
    malformed: 0,
    tooLarge: 0,
    timedOut: 0,
    handlerErrors: 0,
  };
  readonly clock: Clock;
  readonly limits: ServerLimits;
  readonly date: HttpDate;
  readonly failed: ((error: unknown, request: Request) => void) | undefined;
  readonly #tcp: Tcp;
  readonly #services = new Set<Service>();
  #closing: Promise<void> | undefined;

  constructor({ tcp, clock, limits, failed }: HttpServerOptions) {
    this.#tcp = tcp;
    this.clock = clock;
    this.limits = { ...defaultLimits, ...limits };
    this.date = new HttpDate(clock);
    this.failed = failed;
  }

  serve(port: number, handler: HttpHandler): TcpListener {
    if (this.#closing !== undefined) {
      throw new ProtocolError("closed", `Cannot serve port ${port}: the server was disposed`);
    }
    const service = new Service(this, this.#tcp, port, handler, () =>
      this.#services.delete(service),
    );
    this.#services.add(service);
    return service;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const services = [...this.#services];
    await Promise.all(services.map((service) => service[Symbol.asyncDispose]()));
  }
}

/** A handler on a port. */
class Service implements TcpListener {
  readonly local: Endpoint;
  readonly counters: Readonly<Record<string, number>>;
  readonly #server: Server;
  readonly #listener: TcpListener;
  readonly #handler: HttpHandler;
  readonly #connections = new Set<ServerConnection>();
  readonly #release: () => void;
  #refusing = 0;
  #closing: Promise<void> | undefined;

  constructor(server: Server, tcp: Tcp, port: number, handler: HttpHandler, release: () => void) {
    this.#server = server;
    this.#handler = handler;
    this.#release = release;
    // An answer leaves when it is written: it is whole, or it is one that comes in pieces.
    this.#listener = tcp.listen(port, (flow) => this.#accept(flow), { noDelay: true });
    this.local = this.#listener.local;
    this.counters = this.#listener.counters;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  #accept(flow: TcpFlow): void {
    const { counters, limits } = this.#server;
    if (counters.openConnections >= limits.connectionCount) {
      counters.connectionsRefused += 1;
      void this.#refuse(flow);
      return;
    }
    counters.connections += 1;
    counters.openConnections += 1;
    const connection = new ServerConnection(flow, this.#handler, this.#server);
    this.#connections.add(connection);
    void this.#forget(connection);
    void connection.run();
    if (this.#closing !== undefined) connection.close();
  }

  async #forget(connection: ServerConnection): Promise<void> {
    await connection.ended;
    this.#server.counters.openConnections -= 1;
    this.#connections.delete(connection);
  }

  /** Tells a client that there are too many. */
  async #refuse(flow: TcpFlow): Promise<void> {
    if (this.#refusing >= maxRefusing) {
      flow.abort();
      return;
    }
    const reader = new FlowReader(flow, this.#server.clock);
    this.#refusing += 1;
    try {
      await flow.write(new TextEncoder().encode(busy));
      await endGently(flow, reader);
    } catch {
      flow.abort();
    } finally {
      this.#refusing -= 1;
    }
  }

  async #close(): Promise<void> {
    await this.#listener[Symbol.asyncDispose]();
    const timers = timersOf(this.#server.clock);
    const timer = timers.timer(() => {
      const reason = new HttpError("closed", "Cannot finish the request: the server shuts down");
      for (const connection of this.#connections) connection.abort(reason);
    });
    timer.set(timers.nowMs() + this.#server.limits.shutdownTimeoutMs);
    for (const connection of this.#connections) connection.close();
    await Promise.all([...this.#connections].map(({ ended }) => ended));
    timer.clear();
    this.#release();
  }
}

const busy = "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/** Clients that are told so at a time; the others only notice. */
const maxRefusing = 64;
