/** Requests that are carried on for somebody else, as proxies and gateways do. */

import { sourceOf, streamOf } from "./client-body.ts";

/** What a request is made of that is carried on. */
export interface ForwardedParts {
  readonly method: string;
  readonly url: string;
  /** All are sent that are not about the connection; `host` instead of the URL's. */
  readonly headers: Iterable<readonly [name: string, value: string]>;
  readonly body?: ReadableStream<Uint8Array> | Uint8Array | null | undefined;
  readonly signal: AbortSignal;
}

/**
 * Makes a request for an {@link HttpClient} of ours that is sent as it is: the host's own `Request`
 * drops what a page must not forge, refuses a body with `GET` and some methods, and in some browsers
 * takes no stream. Redirects are not followed. Of its headers, `content-length` is what a stream is
 * sent with, `expect: 100-continue` lets the body wait until the server wants it, and nothing is
 * added to say who asks or what is wanted, but `accept-encoding` by a client that decompresses.
 */
export function forwardedRequest(parts: ForwardedParts): Request {
  if (!isPrepared) Object.setPrototypeOf(ForwardedRequest.prototype, Request.prototype);
  isPrepared = true;
  return new ForwardedRequest(parts);
}

/** Whether a request was made by {@link forwardedRequest}. */
export function isForwarded(request: Request): boolean {
  return request instanceof ForwardedRequest;
}

/** So that nobody can tell ours from the host's by `instanceof`. */
let isPrepared = false;

class ForwardedRequest implements Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers = new Headers();
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null;
  readonly signal: AbortSignal;
  readonly redirect = "manual";

  constructor({ method, url, headers, body, signal }: ForwardedParts) {
    this.method = method;
    this.url = url;
    for (const [name, value] of headers) this.headers.append(name, value);
    const stream = body instanceof Uint8Array ? streamOf(sourceOf(body)) : (body ?? null);
    this.body = stream as ReadableStream<Uint8Array<ArrayBuffer>> | null;
    this.signal = signal;
  }

  get bodyUsed(): boolean {
    return this.body?.locked === true;
  }

  clone(): Request {
    throw new TypeError("Cannot clone the request: its body is carried on once");
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#asResponse().arrayBuffer();
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.arrayBuffer());
  }

  blob(): Promise<unknown> {
    return this.#asResponse().blob();
  }

  formData(): Promise<unknown> {
    return this.#asResponse().formData();
  }

  json(): Promise<unknown> {
    return this.#asResponse().json();
  }

  text(): Promise<string> {
    return this.#asResponse().text();
  }

  #asResponse(): Response {
    return new Response(this.body);
  }
}
