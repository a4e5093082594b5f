import { readWhole, type BodyReader } from "./body.ts";
import type { RequestHead } from "./head.ts";

/** What a request is part of. */
export interface RequestSource {
  readonly head: RequestHead;
  readonly body: BodyReader;
  readonly url: string;
  readonly signal: AbortSignal;
}

/**
 * A `Request` as a server sees it: nothing is made that nobody asks for, and its headers are all
 * that arrived, also where the host's own object would drop some (decision 21). Its prototype chain
 * ends in the one of `Request`.
 */
export class ServerRequest {
  readonly #source: RequestSource;
  #url: string | undefined;
  #headers: Headers | undefined;
  #stream: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #isUsed = false;

  constructor(source: RequestSource) {
    this.#source = source;
  }

  get method(): string {
    return this.#source.head.method;
  }

  get url(): string {
    return (this.#url ??= this.#source.url);
  }

  get headers(): Headers {
    return (this.#headers ??= new Headers(this.#source.head.fields));
  }

  get signal(): AbortSignal {
    return this.#source.signal;
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    const { body } = this.#source;
    if (body.byteCount === 0) return null;
    return (this.#stream ??= this.#makeStream(body));
  }

  get bodyUsed(): boolean {
    return this.#isUsed;
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const stream = this.#stream;
    if (this.#isUsed || stream?.locked === true) {
      throw new TypeError("Cannot read the request: its body was used");
    }
    this.#isUsed = this.#source.body.byteCount !== 0;
    if (stream === undefined) return readWhole(this.#source.body);
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  async blob(): Promise<unknown> {
    return (await this.#asResponse()).blob();
  }

  async formData(): Promise<unknown> {
    return (await this.#asResponse()).formData();
  }

  /** One that shares the body, read to its end by whoever reads faster. */
  clone(): Request {
    if (this.#isUsed) throw new TypeError("Cannot clone the request: its body was used");
    const { body, url, method, signal, headers } = this;
    const [mine, other] = body?.tee() ?? [undefined, null];
    this.#stream = mine;
    const clone = new Request(url, { method, signal, body: other, duplex: "half" });
    return withFields(clone, headers);
  }

  get cache(): string {
    return "default";
  }

  get credentials(): string {
    return "same-origin";
  }

  get destination(): string {
    return "";
  }

  get duplex(): string {
    return "half";
  }

  get integrity(): string {
    return "";
  }

  get keepalive(): boolean {
    return false;
  }

  get mode(): string {
    return "cors";
  }

  get redirect(): string {
    return "follow";
  }

  get referrer(): string {
    return "about:client";
  }

  get referrerPolicy(): string {
    return "";
  }

  #makeStream(body: BodyReader): ReadableStream<Uint8Array<ArrayBuffer>> {
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull: async (controller) => {
          // Not for a clone, which reads the same.
          if (this.#stream === stream) this.#isUsed = true;
          const bytes = await body.read();
          if (bytes === undefined) controller.close();
          else controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
        },
        cancel: () => void (this.#isUsed = true),
      },
      { highWaterMark: 0 },
    );
    return stream;
  }

  async #asResponse(): Promise<Response> {
    const type = this.headers.get("content-type");
    const headers: Record<string, string> = type === null ? {} : { "content-type": type };
    return new Response(await this.bytes(), { headers });
  }
}

/** The host's requests that have all fields, since {@link withFields} gave them. */
const complete = new WeakSet<object>();

/** Whether a request has fields that the host's own would drop. */
export function isComplete(request: unknown): request is Request {
  if (request instanceof ServerRequest) return true;
  return typeof request === "object" && request !== null && complete.has(request);
}

/** Gives a request of the host's all of `headers`, and its clones too. */
export function withFields(request: Request, headers: HeadersInit): Request {
  const own = new Headers(headers);
  const clone = request.clone.bind(request);
  complete.add(request);
  return Object.defineProperties(request, {
    headers: { value: own },
    clone: { value: () => withFields(clone(), own) },
  });
}
