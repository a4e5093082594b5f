/** An HTTP/1.1 client over a stack (RFC 9110, RFC 9112), with the web's own types. */

import { FlowError, HttpError } from "../../devices/errors.ts";
import type { Clock, HttpClient, Stack } from "../../devices/index.ts";
import type { ByteSource } from "./client-body.ts";
import { sourceOf } from "./client-body.ts";
import type { ClientConnection } from "./client-connection.ts";
import { acceptedEncoding, canDecompress, codingOf, decompressed } from "./client-decompress.ts";
import { Call, Exchange } from "./client-exchange.ts";
import { ClientPool, closedError, type Origin } from "./client-pool.ts";
import { maxRedirectCount, redirectOf } from "./client-redirect.ts";
import {
  bodyOfForwarded,
  gatherBody,
  isConsentAsked,
  isRepeatable,
  isSmall,
  noBody,
  writeRequest,
  type OutgoingRequest,
} from "./client-request.ts";
import { ClientResponse } from "./client-response.ts";
import { defaultClientSettings, type ClientSettings } from "./client-settings.ts";
import { Upload } from "./client-upload.ts";
import { isForwarded } from "./forwarded-request.ts";
import { HeadWriter } from "./head-writer.ts";

/** What a client stands on. */
export interface ClientOptions {
  readonly stack: Pick<Stack, "connect">;
  readonly clock: Clock;
  readonly settings?: Partial<ClientSettings>;
}

/** So much of the body of a redirect is read, for the connection to be used again. */
const drainedBytes = 65_536;

/** How long the body of somebody else waits for consent that they asked for, in milliseconds. */
const forwardedConsentMs = 1000;

/**
 * Makes a client. Connections are kept and shared by all of its requests; the stack stays the
 * caller's. **It speaks no TLS**: `https` is an error.
 */
export function connect(options: ClientOptions): HttpClient {
  // So that nobody can tell ours from the platform's by `instanceof`.
  Object.setPrototypeOf(ClientResponse.prototype, Response.prototype);
  return new Client(options);
}

class Client implements HttpClient {
  readonly counters = {
    connections: 0,
    requests: 0,
    reused: 0,
    retries: 0,
    redirects: 0,
    failed: 0,
  };
  readonly #pool: ClientPool;
  readonly #clock: Clock;
  readonly #settings: ClientSettings;
  readonly #writer = new HeadWriter();
  readonly #calls = new Set<Call>();
  readonly #decompress: boolean;
  #isClosed = false;

  constructor({ stack, clock, settings = {} }: ClientOptions) {
    this.#clock = clock;
    this.#settings = { ...defaultClientSettings, ...settings };
    this.#pool = new ClientPool(stack, clock, this.#settings, this.counters);
    this.#decompress = this.#settings.decompress && canDecompress();
  }

  async fetch(request: Request): Promise<Response> {
    if (this.#isClosed) throw closedError();
    const call = new Call(request.signal, this.#calls);
    try {
      return await this.#follow(request, call);
    } catch (error) {
      this.counters.failed += 1;
      call.end();
      // Whoever fills the body is told that nobody wants it.
      if (call.body.kind === "stream") call.body.rest.cancel(error).catch(() => {});
      throw call.errorFor(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#pool.close();
    for (const call of this.#calls) call.fail(closedError());
  }

  async #follow(request: Request, call: Call): Promise<Response> {
    const { method, headers, redirect } = request;
    const stream = request.body;
    const url = urlOf(request.url);
    const isTheirs = isForwarded(request);
    let body = noBody;
    if (isTheirs) body = await bodyOfForwarded(request, this.#clock);
    else if (stream !== null) body = await gatherBody(stream, this.#clock);
    let outgoing: OutgoingRequest = { method, headers, url, body, isForwarded: isTheirs };
    call.body = outgoing.body;
    for (let count = 0; ; count += 1) {
      const exchange = await this.#exchange(outgoing, call);
      const next = redirect === "manual" ? undefined : this.#next(outgoing, exchange);
      if (next === undefined) return this.#respond(outgoing, exchange, count > 0);
      void exchange.discard(drainedBytes);
      if (redirect === "error" || count === maxRedirectCount) {
        const why = redirect === "error" ? "redirects are not wanted" : `that is one of too many`;
        throw new HttpError("too-many-redirects", `Cannot follow to ${next.url.href}: ${why}`);
      }
      this.counters.redirects += 1;
      urlOf(next.url.href);
      outgoing = next;
    }
  }

  /** Sends a request, once more if the connection had gone stale (RFC 9110, 9.2.2). */
  async #exchange(outgoing: OutgoingRequest, call: Call): Promise<Exchange> {
    const origin = originOf(outgoing.url);
    let connection = this.#pool.takeIdle(origin);
    connection ??= await this.#pool.acquire(origin, call, false);
    this.counters.requests += 1;
    if (connection.isReused) this.counters.reused += 1;
    try {
      return await this.#send(connection, outgoing, call);
    } catch (error) {
      const isStale = connection.isReused && !connection.hasResponse && call.failure === undefined;
      if (!isStale || !isLoss(error) || !isRepeatable(outgoing)) throw error;
      this.counters.retries += 1;
      return await this.#send(await this.#pool.acquire(origin, call, true), outgoing, call);
    }
  }

  /** Sends a request and waits for the head of its response. A failure drops the connection. */
  async #send(
    connection: ClientConnection,
    outgoing: OutgoingRequest,
    call: Call,
  ): Promise<Exchange> {
    const { method, body } = outgoing;
    const isWhole = body.kind === "none" || isSmall(body);
    const consentMs = isWhole ? 0 : this.#consentMs(outgoing);
    const asksConsent = consentMs > 0;
    const upload = isWhole ? undefined : new Upload(connection, body);
    call.stop = () => connection.abort();
    try {
      if (call.failure !== undefined) throw call.failure.reason;
      connection.begin();
      connection.send(this.#bytesOf(outgoing, asksConsent));
      let received = asksConsent ? await connection.consent(method, consentMs) : undefined;
      const isRefused = received !== undefined;
      if (isRefused) upload?.stop();
      else void upload?.run();
      received ??= await connection.receive(method);
      // Who says no wants no more of it.
      if (received.head.status >= 400) upload?.stop();
      return new Exchange(received, connection, this.#pool, call, upload, isRefused);
    } catch (error) {
      upload?.stop();
      connection.abort();
      this.#pool.drop(connection);
      throw call.failure === undefined && upload?.failure !== undefined
        ? upload.failure.error
        : error;
    }
  }

  /** How long to wait for consent, in milliseconds; 0 if nobody asks for it. */
  #consentMs({ isForwarded: isTheirs, headers }: OutgoingRequest): number {
    const { continueTimeoutMs } = this.#settings;
    if (!isTheirs) return continueTimeoutMs;
    return isConsentAsked(headers) ? continueTimeoutMs || forwardedConsentMs : 0;
  }

  #bytesOf(outgoing: OutgoingRequest, asksConsent: boolean): Uint8Array {
    const { headers } = outgoing;
    const options = { acceptEncoding: this.#acceptEncoding(headers), asksConsent };
    try {
      writeRequest(this.#writer, outgoing, options);
      return this.#writer.take();
    } catch (error) {
      this.#writer.truncate(0);
      throw error;
    }
  }

  /** What we ask for: parts of a compressed body could not be decompressed. */
  #acceptEncoding(headers: Headers): string | undefined {
    if (!this.#decompress || headers.has("accept-encoding")) return undefined;
    return headers.has("range") ? "identity" : acceptedEncoding;
  }

  #respond({ headers, url }: OutgoingRequest, exchange: Exchange, redirected: boolean): Response {
    const { head, framing } = exchange.received;
    let body: Uint8Array | ByteSource | undefined = exchange.whole() ?? exchange;
    const isEmpty = body instanceof Uint8Array && body.length === 0;
    const coding =
      isEmpty || !this.#decompress ? undefined : codingOf(head.fields.get("content-encoding"));
    if (framing.kind === "none") body = undefined;
    else if (coding !== undefined && this.#acceptEncoding(headers) === acceptedEncoding) {
      body = decompressed(body instanceof Uint8Array ? sourceOf(body) : body, coding);
    }
    const href = url.hash === "" ? url.href : url.href.slice(0, -url.hash.length);
    const { wholeBytes } = this.#settings;
    return new ClientResponse({ head, body, url: href, redirected, wholeBytes });
  }

  /** What a redirect leads to. */
  #next(outgoing: OutgoingRequest, exchange: Exchange): OutgoingRequest | undefined {
    try {
      return redirectOf(outgoing, exchange.received.head);
    } catch (error) {
      exchange.cancel();
      throw error;
    }
  }
}

/** @throws {HttpError} `connection-failed` for what is not `http:` */
function urlOf(href: string): URL {
  const url = new URL(href);
  if (url.protocol === "http:") return url;
  const why = url.protocol === "https:" ? "there is no TLS, only http:" : "it is not http:";
  throw new HttpError("connection-failed", `Cannot fetch ${href}: ${why}`);
}

function originOf({ host, hostname, port }: URL): Origin {
  return {
    key: host,
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? 80 : Number(port),
  };
}

/** Whether the connection was lost, rather than the response wrong or late. */
function isLoss(error: unknown): boolean {
  return error instanceof FlowError || (error as HttpError).code === "connection-failed";
}
