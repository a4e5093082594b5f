/** Requests as a client sends them. */

import type { Clock } from "../../devices/index.ts";
import { timersOf } from "../timers.ts";
import type { HeadWriter } from "./head-writer.ts";

/** A request that can be sent, and perhaps sent again. */
export interface OutgoingRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: OutgoingBody;
  /** Whether it is somebody else's: it is sent as it says, and nothing is added. */
  readonly isForwarded: boolean;
}

/** What is sent after the head. */
export type OutgoingBody =
  | { readonly kind: "none" }
  /** All of it is there. */
  | { readonly kind: "bytes"; readonly chunks: readonly Uint8Array[]; readonly byteCount: number }
  /** Its beginning is there; it is sent in chunks, if nobody says how long it is. */
  | {
      readonly kind: "stream";
      readonly byteCount?: number;
      readonly chunks: readonly Uint8Array[];
      readonly rest: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
    };

/** A request without a body. */
export const noBody: OutgoingBody = { kind: "none" };

/** A body is sent in one piece with the head up to this size. */
const smallBytes = 16_384;

/** A body of several chunks is kept, and can be sent again, up to this size. */
const keptBytes = 2 ** 20;

/** Up to so many chunks: whoever makes small ones without a pause would let nothing else run. */
const keptCount = 64;

/** How long a body may keep us waiting before it counts as a stream, in milliseconds. */
const gatherMs = 10;

/** Whether a request may be sent again when nobody knows what became of it (RFC 9110, 9.2.2). */
export function isRepeatable({ method, body }: OutgoingRequest): boolean {
  return body.kind !== "stream" && /^(?:GET|HEAD|OPTIONS|TRACE|PUT|DELETE)$/.test(method);
}

/**
 * What is sent of a request that is carried on. Nothing of the body is read before there is a
 * connection, unless it is small and sent with the head: who sends it waits as we do.
 */
export async function bodyOfForwarded(request: Request, clock: Clock): Promise<OutgoingBody> {
  const { body, headers } = request;
  if (body === null) return noBody;
  const length = headers.get("content-length");
  if (length === null) return { kind: "stream", chunks: [], rest: body.getReader() };
  const byteCount = Number(length);
  if (byteCount <= smallBytes && !isConsentAsked(headers))
    return gatherBody(body, clock, byteCount);
  return { kind: "stream", byteCount, chunks: [], rest: body.getReader() };
}

/** Whether the body waits until the server wants it (RFC 9110, 10.1.1). */
export function isConsentAsked(headers: Headers): boolean {
  return headers.get("expect")?.toLowerCase() === "100-continue";
}

/**
 * Looks whether a body is small and there: the web says nothing of where one comes from. `byteCount`
 * is how long it is, where that is known.
 */
export async function gatherBody(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  clock: Clock,
  byteCount?: number,
): Promise<OutgoingBody> {
  const timers = timersOf(clock);
  const rest = stream.getReader();
  const first: Uint8Array[] = [];
  const known = byteCount === undefined ? {} : { byteCount };
  let readCount = 0;
  let isLate = false;
  let expire = (): void => {};
  const late = new Promise<void>((resolve) => (expire = resolve));
  const timer = timers.timer(() => {
    isLate = true;
    expire();
  });
  timer.set(timers.nowMs() + gatherMs);
  try {
    for (;;) {
      const reading = rest.read();
      const next = await Promise.race([reading, late]);
      if (next === undefined)
        return { kind: "stream", ...known, chunks: first, rest: readingFirst(reading, rest) };
      if (next.done) return { kind: "bytes", chunks: first, byteCount: readCount };
      first.push(next.value);
      readCount += next.value.length;
      // One chunk is memory that there is already, however large.
      const isTooLarge = first.length === keptCount || (readCount > keptBytes && first.length > 1);
      if (isLate || isTooLarge) return { kind: "stream", ...known, chunks: first, rest };
    }
  } finally {
    timer.clear();
  }
}

/** A reader that gives a read under way before all others. */
function readingFirst<T>(
  reading: ReturnType<ReadableStreamDefaultReader<T>["read"]>,
  reader: ReadableStreamDefaultReader<T>,
): ReadableStreamDefaultReader<T> {
  let pending: typeof reading | undefined = reading;
  // Whoever reads is told.
  reading.catch(() => {});
  return {
    read() {
      const next = pending ?? reader.read();
      pending = undefined;
      return next;
    },
    cancel: (reason) => reader.cancel(reason),
    releaseLock: () => reader.releaseLock(),
  };
}

/** Fields that are between us and the server, or that only we know (RFC 9110, 7.6.1; 9112, 6). */
const ownFields: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What a head says beside what the request does. */
interface HeadOptions {
  readonly acceptEncoding: string | undefined;
  /** Whether the body waits until the server wants it. */
  readonly asksConsent: boolean;
}

function writeHead(
  writer: HeadWriter,
  { method, url, headers, body, isForwarded }: OutgoingRequest,
  options: HeadOptions,
): void {
  writer.requestLine(method, targetOf(url));
  writer.field("host", (isForwarded ? headers.get("host") : null) ?? url.host);
  let hasAccept = isForwarded;
  let hasAgent = isForwarded;
  for (const [name, value] of headers) {
    if (ownFields.has(name)) continue;
    if (name === "accept") hasAccept = true;
    else if (name === "user-agent") hasAgent = true;
    writer.field(name, value);
  }
  if (!hasAccept) writer.field("accept", "*/*");
  if (!hasAgent) writer.field("user-agent", "fata-morgana");
  if (options.acceptEncoding !== undefined) {
    writer.field("accept-encoding", options.acceptEncoding);
  }
  if (body.kind !== "none" && body.byteCount !== undefined) {
    writer.field("content-length", String(body.byteCount));
  } else if (body.kind === "stream") writer.field("transfer-encoding", "chunked");
  // A server may wait for what others would send with these (RFC 9110, 8.6).
  else if (method === "POST" || method === "PUT" || method === "PATCH") {
    writer.field("content-length", "0");
  }
  if (options.asksConsent) writer.field("expect", "100-continue");
  writer.endHead();
}

/** Path and query; a query that is empty stays one (RFC 9110, 4.2.1). */
function targetOf({ href, pathname, hash }: URL): string {
  const start = href.indexOf("/", href.indexOf("//") + 2);
  const end = hash === "" && href.endsWith("#") ? href.length - 1 : href.length - hash.length;
  return start === -1 ? pathname : href.slice(start, end);
}

/** Whether a body is sent with the head, in one piece. */
export function isSmall(body: OutgoingBody): boolean {
  return body.kind === "none" || (body.kind === "bytes" && body.byteCount <= smallBytes);
}

/** Writes the head of a request, and its body if that is small. */
export function writeRequest(
  writer: HeadWriter,
  request: OutgoingRequest,
  options: HeadOptions,
): void {
  writeHead(writer, request, options);
  const { body } = request;
  if (body.kind === "none" || !isSmall(body)) return;
  for (const bytes of body.chunks) writer.bytes(bytes);
}
