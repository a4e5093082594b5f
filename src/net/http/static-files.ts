/** Files of a store, served over HTTP: with conditions, ranges and precompressed variants. */

import type { Clock, HttpHandler, Key, KeyValueRead } from "../../devices/index.ts";
import { acceptedCodings } from "./codings.ts";
import { contentTypeOf } from "./content-types.ts";
import { staticPathOf, type StaticPath } from "./static-path.ts";
import { findFile, plainResponse, respondNotFound, respondWith } from "./static-response.ts";

/** How files are served. */
export interface StaticFilesOptions {
  /** The path that they are below, such as `/files`; by default all paths are theirs. */
  readonly prefix?: string;
  /** The file that a directory's path stands for; `index.html` by default. */
  readonly index?: string;
  /** `Cache-Control`, for all files or by key; none by default, and caches then guess. */
  readonly cacheControl?: string | ((key: Key) => string | undefined);
  /** What answers where no file is: the key of a page, or a handler; a line of text by default. */
  readonly notFound?: Key | HttpHandler;
  /** Media types by extension, in lower case and without the dot, before those that are known. */
  readonly contentTypes?: Readonly<Record<string, string>>;
  /** Whether `a.js.br` or `a.js.gz` is sent for `a.js` to who accepts it; true by default. */
  readonly precompressed?: boolean;
  /** Tells the time, for dates; without it every file counts as changed long ago. */
  readonly clock?: Clock;
}

/** Codings of precompressed variants, the best first, and the ends of their names. */
const variants = { br: ".br", gzip: ".gz" } as const;

/**
 * Makes a handler that serves the values of `store` by their keys. Small ones are sent in one
 * piece, large ones read piece by piece as the client takes them. A directory's path ends with a
 * slash, and without it is redirected there; directories are not listed. What the store throws
 * reaches the server, which answers 500.
 *
 * @throws {RangeError} if `prefix` does not begin with a slash, or ends with one
 */
export function staticFiles(store: KeyValueRead, options: StaticFilesOptions = {}): HttpHandler {
  const { prefix = "", index = "index.html", notFound } = options;
  if (prefix !== "" && !/^\/.*[^/]$/.test(prefix)) {
    throw new RangeError(`Cannot serve files below "${prefix}": write it as "/files"`);
  }
  return async (request, connection) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return plainResponse(request, 405, "Method not allowed", { allow: "GET, HEAD" });
    }
    const path = staticPathOf(request.url, prefix);
    if (path === "malformed") return plainResponse(request, 400, "Bad request");
    const found = path && (await answer(request, store, path, index, options));
    if (found !== undefined) return found;
    if (typeof notFound === "function") return notFound(request, connection);
    const page = notFound && (await findFile(store, notFound, nowOf(options)));
    if (page === undefined) return plainResponse(request, 404, "Not found");
    return respondNotFound(request, page, typeOf(page.key, options));
  };
}

/** `undefined` if there is nothing at the path. */
async function answer(
  request: Request,
  store: KeyValueRead,
  path: StaticPath,
  index: string,
  options: StaticFilesOptions,
): Promise<Response | undefined> {
  const indexKey = [...path.key, index];
  const key = path.isDirectory ? indexKey : path.key;
  const kind = await store.exists(key);
  if (kind === "value") return serve(request, store, key, options);
  if (kind === undefined || path.isDirectory) return undefined;
  if ((await store.exists(indexKey)) !== "value") return undefined;
  // Relative, and never taken for a scheme or a host: it holds behind any proxy.
  const location = `./${path.lastSegment}/${path.query}`;
  return plainResponse(request, 301, "Moved permanently", { location });
}

/** Serves the value at `key`, or the variant of it that the client likes best. */
async function serve(
  request: Request,
  store: KeyValueRead,
  key: Key,
  options: StaticFilesOptions,
): Promise<Response | undefined> {
  const headers: Record<string, string> = { "content-type": typeOf(key, options) };
  const { cacheControl, precompressed = true } = options;
  const control = typeof cacheControl === "function" ? cacheControl(key) : cacheControl;
  if (control !== undefined) headers["cache-control"] = control;
  if (precompressed) {
    // Also where there is no variant: to know that would take a look at the store each time.
    headers["vary"] = "accept-encoding";
    const accepted = request.headers.get("accept-encoding");
    for (const coding of acceptedCodings(accepted, variants)) {
      const variant = [...key.slice(0, -1), `${key.at(-1)}${variants[coding]}`];
      const file = await findFile(store, variant, nowOf(options));
      if (file === undefined) continue;
      return respondWith(request, file, { ...headers, "content-encoding": coding });
    }
  }
  const file = await findFile(store, key, nowOf(options));
  return file && respondWith(request, file, headers);
}

function typeOf(key: Key, { contentTypes }: StaticFilesOptions): string {
  return contentTypeOf(key.at(-1) ?? "", contentTypes);
}

function nowOf({ clock }: StaticFilesOptions): number | undefined {
  return clock?.wallMs();
}
