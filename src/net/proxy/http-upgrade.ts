/** Requests for another protocol, such as WebSocket: the connection is carried on (RFC 9110, 7.8). */

import { HttpError } from "../../devices/errors.ts";
import type { Clock, Flow, HttpConnection, Stack } from "../../devices/index.ts";
import { streamOf } from "../http/client-body.ts";
import type { ClientConnection, ReceivedResponse } from "../http/client-connection.ts";
import { ClientPool } from "../http/client-pool.ts";
import type { ClientSettings } from "../http/client-settings.ts";
import { HeadWriter } from "../http/head-writer.ts";
import { optionsIn } from "../http/hop-by-hop.ts";
import { type Lease, nameOf } from "./backends.ts";
import { carriedBody } from "./carried-body.ts";
import {
  type ProxyFieldsOptions,
  requestFields,
  responseFields,
  targetOf,
} from "./proxy-fields.ts";
import { relay } from "./relay.ts";

/** What an upgrade stands on. */
export interface UpgraderOptions {
  readonly stack: Pick<Stack, "connect">;
  readonly clock: Clock;
  readonly fields: ProxyFieldsOptions;
  readonly settings: ClientSettings;
  readonly upgradeIdleMs: number;
}

/** A request, and who made it. */
export interface UpgradeVisit {
  readonly request: Request;
  readonly connection: HttpConnection;
  readonly signal: AbortSignal;
}

/** Whether a request asks for another protocol, in a way that can be carried on. */
export function isUpgrade(request: Request, { httpVersion }: HttpConnection): boolean {
  const { headers, method, body } = request;
  if (httpVersion === "1.0" || method !== "GET" || body !== null || !headers.has("upgrade")) {
    return false;
  }
  return optionsIn(headers.get("connection")).includes("upgrade");
}

/** Carries upgraded connections, each to one server. */
export class Upgrader {
  readonly #options: UpgraderOptions;
  readonly #pool: ClientPool;
  readonly #flows = new Set<Flow>();

  constructor(options: UpgraderOptions) {
    const { stack, clock, settings } = options;
    this.#options = options;
    this.#pool = new ClientPool(stack, clock, settings, { connections: 0 });
  }

  /**
   * Asks a server. Resolves to its answer, or to nothing once both sides have switched; `release` is
   * called when that is over.
   *
   * @throws as {@link HttpClient.fetch}
   */
  async ask(
    { request, connection, signal }: UpgradeVisit,
    { backend: { address } }: Lease,
    release: () => void,
  ): Promise<Response | undefined> {
    const call = { stop: undefined as ((reason: unknown) => void) | undefined };
    const abort = (): void => call.stop?.(signal.reason);
    signal.addEventListener("abort", abort);
    try {
      signal.throwIfAborted();
      const origin = { key: nameOf(address), ...address };
      const server = await this.#pool.acquire(origin, call, true);
      call.stop = () => server.abort();
      return await this.#ask(server, request, connection, release);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Aborts all that were upgraded. */
  close(): void {
    this.#pool.close();
    for (const flow of this.#flows) flow.abort();
  }

  async #ask(
    server: ClientConnection,
    request: Request,
    connection: HttpConnection,
    release: () => void,
  ): Promise<Response | undefined> {
    try {
      server.begin();
      server.send(this.#headOf(request, connection, server.origin));
      const received = await server.receiveUpgrade("GET");
      if ("body" in received) return this.#refused(received, server, release);
      const { fields } = received.head;
      const headers = new Headers(responseFields(new Headers(fields)));
      headers.set("upgrade", fields.get("upgrade") ?? "");
      const client = await connection.upgrade(headers);
      void this.#relay(client, received.flow, server, release);
      return undefined;
    } catch (error) {
      server.flow.abort();
      this.#pool.drop(server);
      if (error instanceof HttpError) throw error;
      const why = `Cannot finish the request: ${(error as Error).message}`;
      throw new HttpError("connection-failed", why, { cause: error });
    }
  }

  #headOf(request: Request, connection: HttpConnection, origin: string): Uint8Array {
    const fields = requestFields(request, connection, this.#options.fields);
    const writer = new HeadWriter();
    writer.requestLine(request.method, targetOf(request.url));
    if (!fields.some(([name]) => name === "host")) writer.field("host", origin);
    for (const [name, value] of fields) writer.field(name, value);
    writer.field("connection", "upgrade");
    writer.field("upgrade", request.headers.get("upgrade") ?? "");
    writer.endHead();
    return writer.take();
  }

  /** The server has another answer: that it is, and the connection ends with it. */
  #refused(
    { head, body }: ReceivedResponse,
    server: ClientConnection,
    release: () => void,
  ): Response {
    const { status, reason } = head;
    const headers = responseFields(new Headers(head.fields));
    const ended = (): void => {
      server.abort();
      this.#pool.drop(server);
      release();
    };
    const hasBody = status !== 204 && status !== 205 && status !== 304;
    if (!hasBody) ended();
    const source = { read: () => body.read(), cancel: ended };
    const stream = hasBody
      ? carriedBody(streamOf(source), { took() {}, failed() {}, ended })
      : null;
    return new Response(stream, { status, statusText: reason, headers });
  }

  async #relay(
    client: Flow,
    flow: Flow,
    server: ClientConnection,
    release: () => void,
  ): Promise<void> {
    const { clock, upgradeIdleMs } = this.#options;
    this.#flows.add(flow);
    await relay(client, flow, clock, { idleMs: upgradeIdleMs, halfClosedMs: upgradeIdleMs });
    this.#flows.delete(flow);
    this.#pool.drop(server);
    release();
  }
}
