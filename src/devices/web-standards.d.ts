/**
 * The host globals that portable code may name: web standards that browsers, Node and the
 * simulation all have, that keep no time, reach no network and touch no disk. Everything else
 * (`setTimeout`, `fetch`, `crypto`, `console` …) is a device, and naming it in a portable folder is
 * a compile error. Only the members that portable code uses are declared.
 */

interface AbortSignal {
  readonly aborted: boolean;
  // oxlint-disable-next-line typescript/no-explicit-any -- the web's own type
  readonly reason: any;
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

declare var AbortSignal: {
  abort(reason?: unknown): AbortSignal;
  any(signals: Iterable<AbortSignal>): AbortSignal;
};

interface AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

declare var AbortController: { new (): AbortController };

interface TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
  encodeInto(text: string, into: Uint8Array): { read: number; written: number };
}

declare var TextEncoder: { new (): TextEncoder };

interface TextDecoder {
  decode(bytes?: Uint8Array, options?: { stream?: boolean }): string;
}

declare var TextDecoder: {
  new (encoding?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }): TextDecoder;
};

interface URLSearchParams extends Iterable<[string, string]> {
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string): boolean;
}

declare var URLSearchParams: { new (query?: string): URLSearchParams };

interface URL {
  readonly protocol: string;
  readonly host: string;
  readonly hostname: string;
  readonly port: string;
  readonly pathname: string;
  readonly search: string;
  readonly searchParams: URLSearchParams;
  readonly hash: string;
  readonly href: string;
}

declare var URL: {
  new (url: string, base?: string | URL): URL;
  canParse(url: string, base?: string | URL): boolean;
};

interface ReadableStreamDefaultController<R> {
  readonly desiredSize: number | null;
  enqueue(chunk: R): void;
  close(): void;
  error(reason?: unknown): void;
}

interface ReadableStream<R = unknown> extends AsyncIterable<R> {
  readonly locked: boolean;
  cancel(reason?: unknown): Promise<void>;
  getReader(): ReadableStreamDefaultReader<R>;
  pipeTo(destination: WritableStream<R>, options?: { signal?: AbortSignal }): Promise<void>;
  tee(): [ReadableStream<R>, ReadableStream<R>];
}

interface ReadableStreamDefaultReader<R> {
  read(): Promise<{ done: false; value: R } | { done: true; value: R | undefined }>;
  cancel(reason?: unknown): Promise<void>;
  releaseLock(): void;
}

declare var ReadableStream: {
  new <R>(
    source?: {
      start?(controller: ReadableStreamDefaultController<R>): void | PromiseLike<void>;
      pull?(controller: ReadableStreamDefaultController<R>): void | PromiseLike<void>;
      cancel?(reason?: unknown): void | PromiseLike<void>;
    },
    strategy?: { highWaterMark?: number },
  ): ReadableStream<R>;
};

interface WritableStream<W = unknown> {
  readonly locked: boolean;
  abort(reason?: unknown): Promise<void>;
  close(): Promise<void>;
  getWriter(): WritableStreamDefaultWriter<W>;
}

interface WritableStreamDefaultWriter<W> {
  readonly closed: Promise<void>;
  abort(reason?: unknown): Promise<void>;
  close(): Promise<void>;
  write(chunk: W): Promise<void>;
}

declare var WritableStream: {
  new <W>(
    sink?: {
      write?(chunk: W): void | PromiseLike<void>;
      close?(): void | PromiseLike<void>;
      abort?(reason?: unknown): void | PromiseLike<void>;
    },
    strategy?: { highWaterMark?: number },
  ): WritableStream<W>;
};

/** {@link DecompressionStream} has the same shape. */
interface CompressionStream {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
}

/** `undefined` where the platform has none. */
declare var CompressionStream: { new (format: "deflate-raw"): CompressionStream };

/** `undefined` where the platform has none. */
declare var DecompressionStream: {
  new (format: "deflate" | "deflate-raw" | "gzip"): CompressionStream;
};

interface Headers extends Iterable<[string, string]> {
  append(name: string, value: string): void;
  delete(name: string): void;
  get(name: string): string | null;
  has(name: string): boolean;
  set(name: string, value: string): void;
}

type HeadersInit = Record<string, string> | Iterable<[string, string]>;

declare var Headers: { new (init?: HeadersInit): Headers };

interface MessageBody {
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null;
  readonly bodyUsed: boolean;
  arrayBuffer(): Promise<ArrayBuffer>;
  blob(): Promise<unknown>;
  formData(): Promise<unknown>;
  json(): Promise<unknown>;
  text(): Promise<string>;
}

interface Request extends MessageBody {
  readonly method: string;
  readonly url: string;
  readonly signal: AbortSignal;
  readonly redirect: "error" | "follow" | "manual";
  clone(): Request;
}

interface Response extends MessageBody {
  readonly ok: boolean;
  readonly status: number;
  readonly statusText: string;
  clone(): Response;
}

type MessageBodyInit =
  | string
  | Uint8Array<ArrayBuffer>
  | ReadableStream<Uint8Array<ArrayBuffer>>
  | null;

declare var Request: {
  new (
    url: string | URL,
    init?: {
      method?: string;
      headers?: HeadersInit;
      body?: MessageBodyInit;
      redirect?: "error" | "follow" | "manual";
      signal?: AbortSignal;
      duplex?: "half";
    },
  ): Request;
};

declare var Response: {
  new (
    body?: MessageBodyInit,
    init?: { status?: number; statusText?: string; headers?: HeadersInit },
  ): Response;
  readonly prototype: Response;
  redirect(url: string | URL, status?: number): Response;
};

/** Decodes base64 to a string of a character for each byte. */
declare function atob(base64: string): string;

declare function queueMicrotask(callback: () => void): void;
