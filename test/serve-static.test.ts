/** The static file server of the browser tests, as any static host behaves. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serveStatic } from "../scripts/serve-static.mjs";

const page = "<p>a</p>".repeat(100);

let folder: string;
let server: Awaited<ReturnType<typeof serveStatic>>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "morgana-static-"));
  const files = {
    "secret.txt": "outside",
    "site/index.html": "home",
    "site/404.html": "nothing here",
    "site/a/index.html": page,
    "site/a/two words.js": "1",
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  server = await serveStatic({ directory: join(folder, "site"), base: "sub/path" });
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Asks for a path as it is written: `fetch` would resolve its dots and follow redirects. */
function ask(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ port: new URL(server.url).port, path, headers, method }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const { statusCode: status, headers } = response;
        resolve({ status, headers, body: Buffer.concat(chunks) });
      });
    })
      .on("error", reject)
      .end();
  });
}

test("serveStatic() serves a folder's index.html with its type, below the base", async () => {
  expect(new URL(server.url).pathname).toBe("/sub/path/");
  const { status, headers, body } = await ask("/sub/path/a/?q=1");
  expect([status, String(body)]).toEqual([200, page]);
  expect(headers["content-type"]).toBe("text/html; charset=utf-8");
});

test("serveStatic() decodes names", async () => {
  const { status, headers } = await ask("/sub/path/a/two%20words.js");
  expect([status, headers["content-type"]]).toEqual([200, "text/javascript; charset=utf-8"]);
});

test.each([
  ["/sub/path?q=1", "/sub/path/?q=1"],
  ["/sub/path/a?q=1", "/sub/path/a/?q=1"],
])("serveStatic() redirects %s to the folder, when the slash is missing", async (from, to) => {
  const { status, headers } = await ask(from);
  expect([status, headers["location"]]).toEqual([301, to]);
});

test.each(["/sub/path/b", "/sub/path/%ff", "/", "/sub/path/../../secret.txt", "/sub/path/..%2f"])(
  "serveStatic() answers %s with 404.html",
  async (path) => {
    const { status, body } = await ask(path);
    expect([status, String(body)]).toEqual([404, "nothing here"]);
  },
);

test("serveStatic() compresses what gets smaller, when the client takes it", async () => {
  const { headers, body } = await ask("/sub/path/a/", { "accept-encoding": "br, gzip" });
  expect(headers["content-encoding"]).toBe("gzip");
  expect(String(gunzipSync(body))).toBe(page);
  const small = await ask("/sub/path/", { "accept-encoding": "gzip" });
  expect([small.headers["content-encoding"], String(small.body)]).toEqual([undefined, "home"]);
});

test("serveStatic() answers 304, when the client has that very representation", async () => {
  const { headers } = await ask("/sub/path/a/");
  const etag = String(headers["etag"]);
  const again = await ask("/sub/path/a/", { "if-none-match": etag });
  expect([again.status, again.body.length]).toEqual([304, 0]);
  const gzip = await ask("/sub/path/a/", { "if-none-match": etag, "accept-encoding": "gzip" });
  expect(gzip.status).toBe(200);
});

test("serveStatic() answers HEAD without a body, and nothing but GET beside", async () => {
  const head = await ask("/sub/path/a/", {}, "HEAD");
  expect([head.status, head.headers["content-length"]]).toEqual([200, String(page.length)]);
  expect(head.body.length).toBe(0);
  const post = await ask("/sub/path/a/", {}, "POST");
  expect([post.status, post.headers["allow"]]).toEqual([405, "GET, HEAD"]);
});

test("serveStatic() rejects, when the port is taken", async () => {
  const port = Number(new URL(server.url).port);
  await expect(serveStatic({ directory: folder, port })).rejects.toThrow("EADDRINUSE");
});
