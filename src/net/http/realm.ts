/**
 * `Response` and `Request` of this realm, as a server needs them (decision 21).
 *
 * A browser's `Response` drops `Set-Cookie`, and its `Request` drops `Cookie`, `Host` and others:
 * a page must not forge them. And everywhere a `Response` of text costs more than all the rest of
 * an answer. So the realm's constructors are replaced when a server is connected.
 */

import { isToken, isValue } from "./head-writer.ts";
import { isComplete, ServerRequest, withFields } from "./request.ts";

/** A body that is there, all of it. */
export type WholeBody = string | Uint8Array | undefined;

/** What a server writes of a response: names and values of its fields in turn, and its body. */
export interface ResponseParts {
  readonly status: number;
  readonly statusText: string;
  readonly fields: readonly string[];
  readonly body: WholeBody | ReadableStream<Uint8Array>;
}

type ResponseInit = NonNullable<ConstructorParameters<typeof Response>[1]>;

let native: typeof Response | undefined;

/** Statuses whose responses have no body. */
const nullBodyStatus: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);

/** Replaces the realm's `Response` and `Request`, once. */
export function prepareRealm(): void {
  if (native !== undefined) return;
  native = globalThis.Response;
  Object.setPrototypeOf(LightResponse, native);
  Object.setPrototypeOf(LightResponse.prototype, native.prototype);
  globalThis.Response = LightResponse;
  const NativeRequest = globalThis.Request;
  Object.setPrototypeOf(ServerRequest.prototype, NativeRequest.prototype);
  globalThis.Request = requestConstructor(NativeRequest);
}

/** The parts of a response, whichever class it is of, whose body is then used. */
export function partsOf(response: Response): ResponseParts {
  return LightResponse.partsOf(response) ?? nativePartsOf(response);
}

function nativePartsOf(response: Response): ResponseParts {
  const { status, statusText, body } = response;
  return { status, statusText, fields: listOf(response.headers), body: body ?? undefined };
}

/**
 * A `Response` that makes what is asked for: of one that is only sent, no `Headers` and no stream.
 * For all it does not know itself it has one of the host's.
 */
class LightResponse {
  readonly status: number;
  readonly statusText: string;
  #body: WholeBody;
  /** Of fields as they were given, names and values in turn; `#headers` counts once it is made. */
  readonly #fields: string[];
  #headers: Headers | undefined;
  /** The host's own, with the same body. */
  #native: Response | undefined;
  #isUsed = false;

  constructor(body: unknown = null, init: ResponseInit = {}) {
    const { status = 200, statusText = "", headers } = init;
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      throw new RangeError(`Cannot make a response with status ${status}: it is not 200–599`);
    }
    if (!isValue(statusText)) throw new TypeError(`Cannot make a response: "${statusText}"`);
    if (body !== null && body !== undefined && nullBodyStatus.has(status)) {
      throw new TypeError(`Cannot make a response with status ${status} and a body`);
    }
    this.status = status;
    this.statusText = statusText;
    this.#fields = listOf(headers);
    this.#takeBody(body);
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    return native !== undefined && native.prototype.isPrototypeOf(Object(value));
  }

  static json(data: unknown, init: ResponseInit = {}): Response {
    const headers = new Headers(init.headers);
    if (!headers.has("content-type")) headers.set("content-type", "application/json");
    return new Response(JSON.stringify(data), { ...init, headers });
  }

  static redirect(url: string | URL, status = 302): Response {
    const location = nativeResponse().redirect(url, status).headers.get("location") ?? "";
    return new Response(null, { status, headers: { location } });
  }

  static partsOf(response: Response): ResponseParts | undefined {
    if (!(#fields in response)) return undefined;
    const light: LightResponse = response;
    const { status, statusText } = light;
    if (light.#isUsed || light.#native?.bodyUsed === true) {
      throw new TypeError("Cannot send the response: its body was used");
    }
    light.#isUsed = true;
    const fields = light.#headers === undefined ? light.#fields : listOf(light.#headers);
    const body = light.#native === undefined ? light.#body : (light.#native.body ?? undefined);
    return { status, statusText, fields, body };
  }

  get headers(): Headers {
    return (this.#headers ??= new Headers(pairsOf(this.#fields)));
  }

  get ok(): boolean {
    return this.status < 300;
  }

  get type(): string {
    return "default";
  }

  get url(): string {
    return "";
  }

  get redirected(): boolean {
    return false;
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.#body === undefined && this.#native === undefined ? null : this.#asNative().body;
  }

  get bodyUsed(): boolean {
    return this.#isUsed || this.#native?.bodyUsed === true;
  }

  clone(): Response {
    if (this.bodyUsed) throw new TypeError("Cannot clone the response: its body was used");
    const { status, statusText, headers } = this;
    const body = this.#native === undefined ? this.#body : this.#native.clone().body;
    return new Response(body as string, { status, statusText, headers });
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#asNative().arrayBuffer();
  }

  blob(): Promise<unknown> {
    return this.#asNative().blob();
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.#asNative().arrayBuffer());
  }

  formData(): Promise<unknown> {
    return this.#asNative().formData();
  }

  json(): Promise<unknown> {
    return this.#asNative().json();
  }

  text(): Promise<string> {
    return this.#asNative().text();
  }

  #asNative(): Response {
    if (this.#isUsed) throw new TypeError("Cannot read the response: its body was used");
    const type = this.headers.get("content-type");
    const headers: Record<string, string> = type === null ? {} : { "content-type": type };
    return (this.#native ??= new (nativeResponse())((this.#body ?? null) as string, { headers }));
  }

  /** Keeps a body that is there; what is not is the host's to read. */
  #takeBody(body: unknown): void {
    if (body === null || body === undefined) return;
    if (typeof body === "string") {
      this.#body = body;
      this.#setDefaultType("text/plain;charset=UTF-8");
    } else if (body instanceof Uint8Array) {
      // A copy, which the `slice` of Node's own buffers would not make.
      this.#body = new Uint8Array(body);
    } else if (body instanceof ArrayBuffer) {
      this.#body = new Uint8Array(body.slice(0));
    } else {
      this.#native = new (nativeResponse())(body as string);
      const type = this.#native.headers.get("content-type");
      if (type !== null) this.#setDefaultType(type);
    }
  }

  #setDefaultType(type: string): void {
    const fields = this.#fields;
    for (let at = 0; at < fields.length; at += 2) {
      const name = fields[at] ?? "";
      if (name.length === 12 && name.toLowerCase() === "content-type") return;
    }
    fields.push("content-type", type);
  }
}

function nativeResponse(): typeof Response {
  return native ?? globalThis.Response;
}

/** Names and values in turn. */
function listOf(headers: HeadersInit | undefined): string[] {
  const list: string[] = [];
  if (headers === undefined || headers === null) return list;
  if (Symbol.iterator in headers) {
    for (const [name, value] of headers) list.push(name, value);
  } else {
    for (const name in headers) list.push(name, `${headers[name]}`);
  }
  for (let at = 0; at < list.length; at += 2) {
    const name = list[at] ?? "";
    if (!isToken(name) || !isValue(list[at + 1] ?? "")) {
      throw new TypeError(`Cannot make a response with the field "${name}": it is not allowed`);
    }
  }
  return list;
}

function* pairsOf(list: readonly string[]): Generator<[string, string]> {
  for (let at = 0; at < list.length; at += 2) yield [list[at] ?? "", list[at + 1] ?? ""];
}

/** What a `Request` is made with, as far as it matters here. */
interface RequestChanges {
  readonly headers?: HeadersInit;
  readonly body?: unknown;
}

/** A `Request` that can be made of one that a server got, with all of its fields. */
function requestConstructor(NativeRequest: typeof Request): typeof Request {
  const construct = function (input: unknown, init?: RequestChanges): Request {
    const make = (...args: readonly unknown[]): Request =>
      Reflect.construct(NativeRequest, args, new.target ?? construct);
    if (!isComplete(input) && !isComplete(init)) return make(input, init);
    const base = isComplete(input) ? input : (init as Request);
    const { method, signal } = base;
    const body = init?.body === undefined ? base.body : init.body;
    const changes = isComplete(init) ? {} : init;
    const url = isComplete(input) ? input.url : input;
    const fields = init?.headers ?? base.headers;
    // The host's own object loses fields that a page must not set.
    const made = make(url, { method, signal, ...changes, body, headers: {}, duplex: "half" });
    return withFields(made, fields);
  };
  construct.prototype = NativeRequest.prototype;
  Object.setPrototypeOf(construct, NativeRequest);
  return construct as unknown as typeof Request;
}
