/** The response for a stored file: conditions first, then ranges, then its bytes. */

import type { Key, KeyValueRead } from "../../devices/index.ts";
import { allowsRange, unmetCondition, type Validators } from "./conditions.ts";
import { formatDate } from "./dates.ts";
import { contentRange, rangesIn } from "./ranges.ts";
import { bodyOf, lengthOf, multipartOf, type BodyPart } from "./static-body.ts";

/** A file that was found. */
export interface StaticFile {
  readonly store: KeyValueRead;
  readonly key: Key;
  readonly sizeBytes: number;
  /** In hexadecimal. */
  readonly digest: string;
  readonly validators: Validators;
}

/**
 * Looks for the value at `key`; `undefined` if there is none. Without a wall time it counts as
 * changed a second ago.
 */
export async function findFile(
  store: KeyValueRead,
  key: Key,
  nowMs: number | undefined,
): Promise<StaticFile | undefined> {
  if ((await store.exists(key)) !== "value") return undefined;
  const [sizeBytes, bytes, modifiedMs] = await Promise.all([
    store.size(key),
    store.digest(key),
    store.lastModifiedMs(key),
  ]);
  if (sizeBytes === undefined || bytes === undefined || modifiedMs === undefined) return undefined;
  const digest = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  // A date in the future would be an invalid one (RFC 9110, 8.8.2.1).
  const lastModifiedMs = Math.floor(Math.min(modifiedMs, nowMs ?? Infinity) / 1000) * 1000;
  const validators = {
    etag: `"${digest}"`,
    lastModifiedMs,
    nowMs: nowMs ?? lastModifiedMs + 1000,
  };
  return { store, key, sizeBytes, digest, validators };
}

/** Answers with a file, with `headers` that say what it is. */
export async function respondWith(
  request: Request,
  file: StaticFile,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const { validators, sizeBytes } = file;
  const unmet = unmetCondition(request.headers, validators);
  if (unmet === 412) return plainResponse(request, 412, "Precondition failed");
  const tagged = {
    ...headers,
    etag: validators.etag,
    "last-modified": formatDate(validators.lastModifiedMs),
    "accept-ranges": "bytes",
  };
  if (unmet === 304) return notModified(tagged);
  const ranges = requestedRanges(request, file);
  if (ranges === undefined) {
    return send(request, file, 200, tagged, [{ offset: 0, lengthBytes: sizeBytes }]);
  }
  const [first, second] = ranges;
  if (first === undefined) {
    const extent = { "content-range": `bytes */${sizeBytes}` };
    return plainResponse(request, 416, "Range not satisfiable", extent);
  }
  if (second === undefined) {
    const range = { ...tagged, "content-range": contentRange(first, sizeBytes) };
    return send(request, file, 206, range, [first]);
  }
  const contentType = `multipart/byteranges; boundary=${file.digest}`;
  const parts = multipartOf(ranges, sizeBytes, headers["content-type"] ?? "", file.digest);
  return send(request, file, 206, { ...tagged, "content-type": contentType }, parts);
}

/** Answers with a page that stands for what was not found. */
export function respondNotFound(
  request: Request,
  page: StaticFile,
  contentType: string,
): Promise<Response> {
  const whole = { offset: 0, lengthBytes: page.sizeBytes };
  return send(request, page, 404, { "content-type": contentType }, [whole]);
}

/** Answers with a line of text. */
export function plainResponse(
  request: Request,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body = new TextEncoder().encode(`${text}\n`);
  const type = { "content-type": "text/plain; charset=utf-8" };
  const length = { "content-length": String(body.length) };
  return new Response(request.method === "HEAD" ? null : body, {
    status,
    headers: { ...type, ...length, ...headers },
  });
}

/** What a cache has not yet, or must not keep (RFC 9110, 15.4.5). */
function notModified({
  "content-type": _type,
  "content-encoding": _coding,
  ...headers
}: Record<string, string>): Response {
  return new Response(null, { status: 304, headers });
}

/** `undefined` if all of it is to be sent. */
function requestedRanges(
  { method, headers }: Request,
  { validators, sizeBytes }: StaticFile,
): ReturnType<typeof rangesIn> {
  // It is defined for no other method (RFC 9110, 14.2).
  const range = method === "GET" ? headers.get("range") : null;
  if (range === null || !allowsRange(headers, validators)) return undefined;
  return rangesIn(range, sizeBytes);
}

async function send(
  request: Request,
  { store, key }: StaticFile,
  status: number,
  headers: Readonly<Record<string, string>>,
  parts: readonly BodyPart[],
): Promise<Response> {
  const body = request.method === "HEAD" ? null : await bodyOf(store, key, parts);
  return new Response(body, {
    status,
    headers: { ...headers, "content-length": String(lengthOf(parts)) },
  });
}
