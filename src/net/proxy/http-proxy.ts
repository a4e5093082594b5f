/** A reverse proxy of HTTP: carries requests on to one of several servers (RFC 9110, 3.7). */

import { HttpError } from "../../devices/errors.ts";
import type { Device, HttpClient, HttpConnection, HttpHandler } from "../../devices/index.ts";
import { connect as connectClient } from "../http/client.ts";
import type { ClientSettings } from "../http/client-settings.ts";
import { defaultClientSettings } from "../http/client-settings.ts";
import { forwardedRequest } from "../http/forwarded-request.ts";
import { Listeners } from "../listeners.ts";
import { type Backend, Backends, type Lease, nameOf } from "./backends.ts";
import { carriedBody } from "./carried-body.ts";
import { checkerOf } from "./http-check.ts";
import {
  defaultHttpProxyLimits,
  type HttpProxyLimits,
  type HttpProxyOptions,
} from "./http-proxy-options.ts";
import { isUpgrade, Upgrader } from "./http-upgrade.ts";
import { answerOf, failureOf, isFault, mayRepeat, noneIsUp } from "./proxy-failure.ts";
import {
  isLastForward,
  isLoop,
  type ProxyFieldsOptions,
  requestFields,
  responseFields,
  targetOf,
} from "./proxy-fields.ts";
import { RepeatableBody } from "./repeatable-body.ts";

export type { HttpChecks, HttpProxyLimits, HttpProxyOptions } from "./http-proxy-options.ts";

/** A server as a proxy knows it. */
export interface HttpBackend extends Backend {
  /** Requests that it was sent, and its answers by class of status. */
  readonly requests: number;
  readonly statuses: Readonly<Record<1 | 2 | 3 | 4 | 5, number>>;
  /** Bytes of bodies, to it and from it. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** A proxy of HTTP: what a server serves. */
export interface HttpProxy extends Device {
  readonly handler: HttpHandler;
  /** The servers now, in the order in which they were given; *fresh*. */
  readonly backends: readonly HttpBackend[];
  /** The index of the server that is next; `undefined` if none is up, or it depends on the client. */
  readonly nextIndex: number | undefined;

  /** Calls `listener` after each change of what is known of servers. Returns what stops it. */
  onChange(listener: () => void): () => void;
}

/**
 * Makes a proxy. Disposing it fails the requests under way, and leaves the stack and the server
 * alone.
 *
 * @throws {RangeError} if there is no server
 */
export function connect(options: HttpProxyOptions): HttpProxy {
  return new ForwardingProxy(options);
}

/** Bodies up to this size are read before their answer is sent on, in one piece. */
const wholeBytes = 16_384;

interface Totals {
  requests: number;
  readonly statuses: Record<1 | 2 | 3 | 4 | 5, number>;
  bytesIn: number;
  bytesOut: number;
}

/** A request, and what is to be known for carrying it on. */
interface Visit {
  readonly request: Request;
  readonly connection: HttpConnection;
  readonly body: RepeatableBody | undefined;
  readonly signal: AbortSignal;
}

class ForwardingProxy implements HttpProxy {
  readonly counters = {
    requests: 0,
    /** Now. */
    active: 0,
    /** Sent to another server than the first. */
    retries: 0,
    /** Answered by the proxy itself: too many, no server, one that failed. */
    refused: 0,
    failed: 0,
    /** The client went before there was an answer. */
    cancelled: 0,
    /** The server went in the middle of its answer. */
    cutOff: 0,
    upgrades: 0,
  };
  readonly #options: HttpProxyOptions;
  readonly #limits: HttpProxyLimits;
  readonly #fields: ProxyFieldsOptions;
  readonly #client: HttpClient;
  readonly #checkClient: HttpClient;
  readonly #backends: Backends;
  readonly #upgrader: Upgrader;
  readonly #totals = new Map<Backend, Totals>();
  readonly #listeners = new Listeners();
  /** Of the requests that have no answer yet. */
  readonly #waiting = new Set<AbortController>();
  #isClosed = false;

  constructor(options: HttpProxyOptions) {
    const { stack, clock, random, backends, policy, checks } = options;
    this.#options = options;
    this.#limits = { ...defaultHttpProxyLimits, ...options };
    this.#fields = fieldsOptionsOf(options);
    const settings = clientSettingsOf(this.#limits, backends.length);
    this.#client = connectClient({ stack, clock, settings });
    this.#checkClient = connectClient({ stack, clock, settings });
    this.#backends = new Backends({
      clock,
      random,
      addresses: backends,
      connect: ({ host, port }, signal) => stack.connect(host, port, { signal, noDelay: true }),
      check: checkerOf(this.#checkClient, checks),
      ...(policy !== undefined && { policy }),
      ...(checks !== undefined && { checks }),
      changed: () => this.#listeners.call(),
    });
    for (const backend of this.#backends.all) this.#totals.set(backend, newTotals());
    this.#upgrader = new Upgrader({
      stack,
      clock,
      fields: this.#fields,
      settings,
      ...this.#limits,
    });
  }

  readonly handler: HttpHandler = async (request, connection) => {
    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) {
      this.counters.refused += 1;
      return refusal;
    }
    this.counters.requests += 1;
    this.counters.active += 1;
    const controller = new AbortController();
    const leave = (): void => controller.abort(request.signal.reason);
    const body =
      request.body === null ? undefined : new RepeatableBody(request.body, this.#limits.keptBytes);
    request.signal.addEventListener("abort", leave);
    this.#waiting.add(controller);
    if (request.signal.aborted) leave();
    try {
      return await this.#carry({ request, connection, body, signal: controller.signal });
    } finally {
      // One that has only ended its side gets the rest; one that is gone cancels the stream.
      request.signal.removeEventListener("abort", leave);
      this.#waiting.delete(controller);
    }
  };

  get backends(): readonly HttpBackend[] {
    return this.#backends.all.map((backend) => {
      const { address, isUp, userCount, connected, failed } = backend;
      const totals = this.#totals.get(backend) ?? newTotals();
      return { address, isUp, userCount, connected, failed, ...totals };
    });
  }

  get nextIndex(): number | undefined {
    const { next } = this.#backends;
    return next === undefined ? undefined : this.#backends.all.indexOf(next);
  }

  onChange(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const reason = new HttpError("closed", "Cannot carry the request on: the proxy was disposed");
    for (const controller of this.#waiting) controller.abort(reason);
    this.#backends.close();
    this.#upgrader.close();
    await this.#client[Symbol.asyncDispose]();
    await this.#checkClient[Symbol.asyncDispose]();
  }

  /** What is answered without any server. */
  #refusalOf(request: Request): Response | undefined {
    const { maxRequests } = this.#limits;
    if (this.#isClosed) return answerOf({ status: 503, why: "The proxy is closed" });
    if (this.counters.active >= maxRequests) {
      const why = `${maxRequests} requests are under way already`;
      return answerOf({ status: 503, why, retryAfterSeconds: 1 });
    }
    if (isLoop(request.headers, this.#fields.name)) {
      return answerOf({ status: 508, why: `The request has come by ${this.#fields.name} before` });
    }
    if (!isLastForward(request)) return undefined;
    if (request.method === "OPTIONS") return new Response(null, { status: 204 });
    return answerOf({ status: 501, why: "The proxy does not answer TRACE" });
  }

  /** Asks one server after the other, as far as the request allows it. */
  async #carry(visit: Visit): Promise<Response | undefined> {
    const { request, connection, body, signal } = visit;
    const { intervalMs = 5000 } = this.#options.checks ?? {};
    let failure = noneIsUp(this.#backends.all, Math.ceil(intervalMs / 1000));
    const tried = new Set<Backend>();
    while (tried.size < this.#limits.maxAttempts) {
      const lease = this.#backends.take(tried, connection.remote.address);
      if (lease === undefined) break;
      if (tried.size > 0) this.counters.retries += 1;
      tried.add(lease.backend);
      const release = this.#releaserOf(lease);
      try {
        return await this.#attempt(visit, lease, release);
      } catch (error) {
        lease.release();
        if (signal.aborted) return this.#giveUp();
        if (body?.failure !== undefined) {
          this.counters.active -= 1;
          throw body.failure.error;
        }
        if (isFault(error)) lease.failed();
        failure = failureOf(error, lease.backend);
        if (!mayRepeat(error, request.method) || body?.isRepeatable === false) break;
      }
    }
    this.counters.active -= 1;
    this.counters.failed += 1;
    return answerOf(failure);
  }

  /** The client is gone, or sends no more and may be; or we are. */
  #giveUp(): Response {
    this.counters.active -= 1;
    this.counters.cancelled += 1;
    if (this.#isClosed) return answerOf({ status: 503, why: "The proxy is closed" });
    return answerOf({ status: 400, why: "The client ended the connection before the answer" });
  }

  #releaserOf(lease: Lease): () => void {
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.counters.active -= 1;
      lease.release();
    };
  }

  /** Asks one server. */
  async #attempt(visit: Visit, lease: Lease, release: () => void): Promise<Response | undefined> {
    const { request, connection, body, signal } = visit;
    const { backend } = lease;
    const totals = this.#totals.get(backend) ?? newTotals();
    totals.requests += 1;
    if (isUpgrade(request, connection)) {
      const response = await this.#upgrader.ask(visit, lease, release);
      lease.succeeded();
      if (response === undefined) this.counters.upgrades += 1;
      totals.statuses[response === undefined ? 1 : classOf(response.status)] += 1;
      return response;
    }
    const { method, url } = request;
    const response = await this.#client.fetch(
      forwardedRequest({
        method,
        url: `http://${nameOf(backend.address)}${targetOf(url)}`,
        headers: requestFields(request, connection, this.#fields),
        body: body?.stream(),
        signal,
      }),
    );
    const answer = await this.#answer(response, totals, release);
    totals.statuses[classOf(response.status)] += 1;
    totals.bytesIn += body?.byteCount ?? 0;
    lease.succeeded();
    return answer;
  }

  async #answer(response: Response, totals: Totals, release: () => void): Promise<Response> {
    const { status, statusText, body } = response;
    const init = { status, statusText, headers: responseFields(response.headers) };
    if (body === null || status === 204 || status === 205 || status === 304) {
      const empty = new Response(null, init);
      if (body !== null) void body.cancel().catch(() => {});
      release();
      return empty;
    }
    const length = response.headers.get("content-length");
    if (length !== null && Number(length) <= wholeBytes) {
      const whole = new Uint8Array(await response.arrayBuffer());
      const answer = new Response(whole, init);
      totals.bytesOut += whole.length;
      release();
      return answer;
    }
    const carried = carriedBody(body, {
      took: (byteCount) => (totals.bytesOut += byteCount),
      failed: () => (this.counters.cutOff += 1),
      ended: release,
    });
    return new Response(carried, init);
  }
}

function newTotals(): Totals {
  return { requests: 0, statuses: { 1: 0, 2: 0, 3: 0, 4: 0, 5: 0 }, bytesIn: 0, bytesOut: 0 };
}

function classOf(status: number): 1 | 2 | 3 | 4 | 5 {
  return Math.min(5, Math.max(1, Math.floor(status / 100))) as 1 | 2 | 3 | 4 | 5;
}

function fieldsOptionsOf({
  name,
  host,
  forwarded,
  trusts,
  random,
}: HttpProxyOptions): ProxyFieldsOptions {
  return {
    // So that those behind one another do not take each other for a loop.
    name: name ?? `morgana-${random.uint32().toString(16).padStart(8, "0")}`,
    host: host ?? "keep",
    forwarded: forwarded ?? "x-forwarded",
    trusts: trusts ?? (() => false),
  };
}

function clientSettingsOf(limits: HttpProxyLimits, backendCount: number): ClientSettings {
  return {
    ...defaultClientSettings,
    originConnections: limits.maxConnections,
    connections: limits.maxConnections * Math.max(1, backendCount),
    waitingRequests: limits.maxRequests,
    connectTimeoutMs: limits.connectMs,
    userTimeoutMs: limits.connectMs,
    headTimeoutMs: limits.headMs,
    bodyTimeoutMs: limits.bodyMs,
    // Less than servers have, mostly: they should not end what is about to be used.
    idleTimeoutMs: 4000,
    decompress: false,
  };
}
