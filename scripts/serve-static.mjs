// A static file server that does only what any static host does: types, compression, validation, a
// page for what is missing. No special headers, so what works here works anywhere.
//
//   node scripts/serve-static.mjs <directory> [--port 8080] [--base /sub/path/]

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, relative, sep } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { complain, isMain } from "./step.mjs";

/** @type {Readonly<Record<string, string>>} */
const types = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

/**
 * @typedef {object} Entry
 * @property {string} type
 * @property {string} etag
 * @property {Buffer} body
 * @property {Buffer | undefined} gzip only where it is smaller
 */

/**
 * Serves the files that are in a directory now, from memory.
 *
 * @param {{ directory: string, port?: number, base?: string }} options `port`: 0, the default,
 *   picks a free one; `base`: the path of the directory in URLs, `/` by default
 * @returns {Promise<{ url: string, close: () => Promise<void> }>} `url` ends in a slash
 */
export async function serveStatic({ directory, port = 0, base = "/" }) {
  const prefix = `/${base}/`.replaceAll(/\/+/g, "/");
  const entries = readEntries(directory);
  const server = createServer((request, response) => {
    const { status, entry, location } = find(entries, prefix, request.url ?? "/");
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
    } else if (location !== undefined) {
      response.writeHead(status, { location }).end();
    } else {
      send(request, response, status, entry);
    }
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", () => resolve(undefined));
  });
  const address = server.address();
  const actualPort = typeof address === "object" && address ? address.port : port;
  return {
    url: `http://127.0.0.1:${actualPort}${prefix}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * @param {string} directory
 * @returns {ReadonlyMap<string, Entry>} by path below the directory, with `/` between segments
 */
function readEntries(directory) {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true });
  return new Map(
    files
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name))
      .map((path) => [relative(directory, path).split(sep).join("/"), readEntry(path)]),
  );
}

/**
 * @param {string} path
 * @returns {Entry}
 */
function readEntry(path) {
  const body = readFileSync(path);
  const gzip = gzipSync(body, { level: 9 });
  return {
    type: types[extname(path)] ?? "application/octet-stream",
    etag: createHash("sha256").update(body).digest("base64url").slice(0, 22),
    body,
    gzip: gzip.length < body.length ? gzip : undefined,
  };
}

/**
 * @param {ReadonlyMap<string, Entry>} entries
 * @param {string} prefix
 * @param {string} url
 * @returns {{ status: number, entry?: Entry | undefined, location?: string }}
 */
function find(entries, prefix, url) {
  const [pathname = "/"] = url.split("?", 1);
  const search = url.slice(pathname.length);
  const notFound = { status: 404, entry: entries.get("404.html") };
  if (`${pathname}/` === prefix) return { status: 301, location: prefix + search };
  if (!pathname.startsWith(prefix)) return notFound;
  const path = decode(pathname.slice(prefix.length));
  if (path === undefined) return notFound;
  if (entries.has(`${path}/index.html`)) {
    return { status: 301, location: `${pathname}/${search}` };
  }
  const entry = entries.get(path === "" || path.endsWith("/") ? `${path}index.html` : path);
  return entry ? { status: 200, entry } : notFound;
}

/** @param {string} path */
function decode(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/**
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 * @param {number} status
 * @param {Entry | undefined} entry
 */
function send(request, response, status, entry) {
  if (!entry) {
    response.writeHead(status, { "content-type": "text/plain" }).end("Not found\n");
    return;
  }
  const accepted = request.headers["accept-encoding"] ?? "";
  const gzip = /\bgzip\b/.test(accepted) ? entry.gzip : undefined;
  const body = gzip ?? entry.body;
  // The two encodings are two representations: each has its own strong validator.
  const etag = gzip ? `"${entry.etag}-gzip"` : `"${entry.etag}"`;
  const headers = { etag, vary: "accept-encoding" };
  if (status === 200 && request.headers["if-none-match"]?.includes(etag)) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(status, {
    ...headers,
    "content-type": entry.type,
    "content-length": body.length,
    ...(gzip ? { "content-encoding": "gzip" } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

if (isMain(import.meta.url)) {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: "string", default: "8080" },
      base: { type: "string", default: "/" },
    },
  });
  const [directory] = positionals;
  if (directory === undefined) {
    console.error("usage: serve-static.mjs <directory> [--port 8080] [--base /sub/path/]");
    process.exit(64);
  }
  try {
    const { url } = await serveStatic({ directory, port: Number(values.port), base: values.base });
    console.log(`${directory} is at ${url}`);
  } catch (error) {
    complain(error);
    process.exitCode = 1;
  }
}
