/** A response of a client, with the web's own face, made of what is asked for alone. */

import { HttpError } from "../../devices/errors.ts";
import { collect, sourceOf, streamOf, type ByteSource } from "./client-body.ts";
import type { ResponseHead } from "./head.ts";

/** What a response is made of. */
export interface ResponseParts {
  readonly head: ResponseHead;
  /** All of the body, what it is read from, or nothing where there cannot be one. */
  readonly body: Uint8Array | ByteSource | undefined;
  readonly url: string;
  readonly redirected: boolean;
  /** The most that may be collected of the body. */
  readonly wholeBytes: number;
}

const decoder = new TextDecoder();

/**
 * A `Response` that costs little: headers become `Headers`, and the body a stream, when somebody
 * wants them so.
 */
export class ClientResponse {
  readonly status: number;
  readonly statusText: string;
  readonly ok: boolean;
  readonly url: string;
  readonly redirected: boolean;
  readonly type = "basic";
  readonly #parts: ResponseParts;
  #headers: Headers | undefined;
  #stream: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #isUsed = false;

  constructor(parts: ResponseParts) {
    const { status, reason } = parts.head;
    this.status = status;
    this.statusText = reason;
    this.ok = status >= 200 && status < 300;
    this.url = parts.url;
    this.redirected = parts.redirected;
    this.#parts = parts;
  }

  get headers(): Headers {
    this.#headers ??= new Headers(this.#parts.head.fields);
    return this.#headers;
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    const { body } = this.#parts;
    if (body === undefined) return null;
    if (this.#stream === undefined) {
      const source = this.#isUsed ? sourceOf(new Uint8Array(0)) : this.#source(body);
      this.#stream = streamOf({
        read: () => {
          this.#isUsed = true;
          return source.read();
        },
        cancel: () => {
          this.#isUsed = true;
          source.cancel();
        },
      });
    }
    return this.#stream;
  }

  get bodyUsed(): boolean {
    return this.#isUsed;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await this.#whole();
    return new Uint8Array(bytes);
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  async text(): Promise<string> {
    return decoder.decode(await this.#whole());
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  async blob(): Promise<unknown> {
    return this.#native(await this.bytes()).blob();
  }

  async formData(): Promise<unknown> {
    return this.#native(await this.bytes()).formData();
  }

  /** Another response with the same body, of which both must be read for either to go on. */
  clone(): Response {
    const { body } = this.#parts;
    if (this.#isUsed || this.#stream?.locked === true) {
      throw new TypeError("Cannot clone the response: its body was used");
    }
    if (body === undefined || (body instanceof Uint8Array && this.#stream === undefined)) {
      return new ClientResponse(this.#parts);
    }
    const [ours, theirs] = this.body?.tee() ?? [null, null];
    this.#stream = ours ?? undefined;
    return this.#native(theirs);
  }

  #source(body: Uint8Array | ByteSource): ByteSource {
    return body instanceof Uint8Array ? sourceOf(body) : body;
  }

  /** All of the body; *borrowed*, it may be the connection's. */
  async #whole(): Promise<Uint8Array> {
    const { body, wholeBytes } = this.#parts;
    if (body === undefined) return new Uint8Array(0);
    if (this.#isUsed || this.#stream?.locked === true) {
      throw new TypeError("Cannot read the body: it was used");
    }
    this.#isUsed = true;
    if (this.#stream !== undefined) return collect(readerOf(this.#stream), wholeBytes);
    if (!(body instanceof Uint8Array)) return collect(body, wholeBytes);
    if (body.length <= wholeBytes) return body;
    throw new HttpError(
      "too-large",
      `Cannot collect the body: it is more than ${wholeBytes} bytes`,
    );
  }

  #native(
    body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | null,
  ): Response {
    const { status, statusText, headers } = this;
    return new Response(this.#parts.body === undefined ? null : body, {
      status,
      statusText,
      headers,
    });
  }
}

function readerOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): ByteSource {
  const reader = stream.getReader();
  return {
    read: async () => (await reader.read()).value,
    cancel: () => void reader.cancel().catch(() => {}),
  };
}
