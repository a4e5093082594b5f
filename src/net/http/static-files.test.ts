import { setImmediate } from "node:timers/promises";
import type { Clock, HttpConnection, HttpHandler, KeyValue } from "fata-morgana/devices";
import { SimulatedStore, Simulation } from "fata-morgana/simulated";
import { describe, expect, test } from "vitest";
import { staticFiles, type StaticFilesOptions } from "./static-files.ts";

const endpoint = { address: "10.0.0.1", port: 80 };
const connection: HttpConnection = {
  local: endpoint,
  remote: endpoint,
  httpVersion: "1.1",
  upgrade: () => Promise.reject(new Error("No upgrades here")),
};

/** 200,000 bytes: more than are sent in one piece. */
const large = new Uint8Array(200_000).map((_, index) => (index >> 8) ^ index);

const contents: Readonly<Record<string, string | Uint8Array>> = {
  "index.html": "<p>home",
  "docs/index.html": "<p>docs",
  "docs/a.txt": "0123456789",
  "docs/b:c/index.html": "<p>colon",
  "empty/x.bin": "",
  large: large,
  "app.js": "code",
  "app.js.br": "BR",
  "app.js.gz": "GZIP",
  "404.html": "<p>nothing",
};

interface Site {
  readonly simulation: Simulation;
  readonly store: KeyValue;
  /** Answers a request: its status, headers and body. */
  readonly get: (
    path: string,
    headers?: Record<string, string>,
    method?: string,
  ) => Promise<Answer>;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly bytes: Uint8Array;
}

async function site(options: StaticFilesOptions = {}): Promise<Site> {
  const simulation = new Simulation({ seed: 1, turn: () => setImmediate() });
  const store = new SimulatedStore(simulation).connect();
  const encoder = new TextEncoder();
  await simulation.run(async () => {
    for (const [path, value] of Object.entries(contents)) {
      const bytes = typeof value === "string" ? encoder.encode(value) : value;
      await store.set(path.split("/"), bytes);
    }
    await simulation.clock.sleep(10_000);
  });
  const handler: HttpHandler = staticFiles(store, { clock: simulation.clock, ...options });
  return {
    simulation,
    store,
    get: (path, headers = {}, method = "GET") =>
      simulation.run(async () => {
        const request = new Request(`http://host${path}`, { method, headers });
        const response = await handler(request, connection);
        if (response === undefined) throw new Error("There is no response");
        const bytes = new Uint8Array(await response.arrayBuffer());
        const length = response.headers.get("content-length");
        if (method !== "HEAD" && length !== null) expect(length).toBe(String(bytes.length));
        const text = new TextDecoder().decode(bytes);
        return { status: response.status, headers: response.headers, text, bytes };
      }),
  };
}

/** Many times faster than what shows the difference. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

describe("staticFiles()", () => {
  test("answers with a file, its type and its validators", async () => {
    const { get } = await site({ cacheControl: "max-age=60" });
    const { status, headers, text } = await get("/docs/a.txt?x");
    expect([status, text]).toEqual([200, "0123456789"]);
    expect(headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(headers.get("etag")).toMatch(/^"[0-9a-f]{16}"$/);
    expect(headers.get("last-modified")).toMatch(/GMT$/);
    expect(headers.get("cache-control")).toBe("max-age=60");
    expect(headers.get("accept-ranges")).toBe("bytes");
  });

  test("gives no date that is still to come", async () => {
    const clock = { wallMs: () => 1_000_000_000_000 } as Clock;
    const { headers } = await (await site({ clock })).get("/docs/a.txt");
    expect(headers.get("last-modified")).toBe("Sun, 09 Sep 2001 01:46:40 GMT");
  });

  test("answers HEAD with the same headers and no body", async () => {
    const { get } = await site();
    const [whole, head] = [await get("/large"), await get("/large", {}, "HEAD")];
    expect([head.status, head.bytes.length]).toEqual([200, 0]);
    expect([...head.headers]).toEqual([...whole.headers]);
    expect((await get("/large", { range: "bytes=0-1" }, "HEAD")).status).toBe(200);
    expect((await get("/missing", {}, "HEAD")).text).toBe("");
  });

  test("reads a large file piece by piece, as it is taken", async () => {
    const { get, store, simulation } = await site();
    expect(isSame((await get("/large")).bytes, large)).toBe(true);
    await simulation.run(async () => {
      const handler = staticFiles(store);
      const response = await handler(new Request("http://host/large"), connection);
      const before = store.counters["reads"] ?? 0;
      const reader = response?.body?.getReader();
      await reader?.read();
      expect((store.counters["reads"] ?? 0) - before).toBe(1);
      await store.set(["large"], new Uint8Array(5));
      await expect(reader?.read()).rejects.toThrow("65536 bytes of /large from 65536: it got sho");
    });
  });

  test("refuses other methods, and names those that there are", async () => {
    const { get } = await site();
    const { status, headers } = await get("/docs/a.txt", {}, "DELETE");
    expect([status, headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test("answers for a directory with its index, and redirects there", async () => {
    const { get } = await site();
    expect((await get("/")).text).toBe("<p>home");
    expect((await get("/docs/")).text).toBe("<p>docs");
    const where = async (path: string): Promise<(string | number | null)[]> => {
      const { status, headers } = await get(path);
      return [status, headers.get("location")];
    };
    expect(await where("/docs?a=b")).toEqual([301, "./docs/?a=b"]);
    expect(await where("/docs/b:c")).toEqual([301, "./b:c/"]);
    expect(await where("/empty")).toEqual([404, null]);
    expect(await where("/empty/")).toEqual([404, null]);
    expect(await where("/docs/a.txt/")).toEqual([404, null]);
  });

  test("serves below a prefix only", async () => {
    const { get } = await site({ prefix: "/files" });
    expect((await get("/files/docs/a.txt")).status).toBe(200);
    expect((await get("/files")).headers.get("location")).toBe("./files/");
    expect((await get("/files/")).text).toBe("<p>home");
    expect((await get("/docs/a.txt")).status).toBe(404);
    expect((await get("/filesdocs/a.txt")).status).toBe(404);
    for (const prefix of ["files", "/files/", "/"]) {
      expect(() => staticFiles({} as KeyValue, { prefix })).toThrow(RangeError);
    }
  });

  test("answers with a page, or another handler, where no file is", async () => {
    const page = await (await site({ notFound: ["404.html"] })).get("/x");
    expect([page.status, page.text]).toEqual([404, "<p>nothing"]);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const notFound = () => new Response("dynamic");
    expect((await (await site({ notFound })).get("/x")).text).toBe("dynamic");
    expect((await (await site()).get("/%")).status).toBe(400);
  });

  test("says 304 or 412 for what the client has, or wants unchanged", async () => {
    const { get } = await site();
    const { headers } = await get("/docs/a.txt");
    const etag = headers.get("etag") ?? "";
    const date = headers.get("last-modified") ?? "";
    const unchanged = await get("/docs/a.txt", { "if-none-match": etag, range: "bytes=0-1" });
    expect([unchanged.status, unchanged.text]).toEqual([304, ""]);
    expect(unchanged.headers.get("etag")).toBe(etag);
    expect(unchanged.headers.get("vary")).toBe("accept-encoding");
    expect(unchanged.headers.get("content-type")).toBeNull();
    expect((await get("/docs/a.txt", { "if-modified-since": date })).status).toBe(304);
    expect((await get("/docs/a.txt", { "if-match": '"x"' })).status).toBe(412);
    expect((await get("/missing", { "if-match": '"x"' })).status).toBe(404);
  });

  test("sends a part, if that is what the client has the rest of", async () => {
    const { get } = await site();
    const part = await get("/docs/a.txt", { range: "bytes=2-4" });
    expect([part.status, part.text]).toEqual([206, "234"]);
    expect(part.headers.get("vary")).toBe("accept-encoding");
    expect(part.headers.get("content-range")).toBe("bytes 2-4/10");
    const etag = part.headers.get("etag") ?? "";
    const range = "bytes=-3";
    expect((await get("/docs/a.txt", { range, "if-range": etag })).text).toBe("789");
    expect((await get("/docs/a.txt", { range, "if-range": '"x"' })).text).toBe("0123456789");
    const rest = await get("/large", { range: "bytes=65000-" });
    expect(isSame(rest.bytes, large.slice(65_000))).toBe(true);
    const none = await get("/docs/a.txt", { range: "bytes=10-" });
    expect([none.status, none.headers.get("content-range")]).toEqual([416, "bytes */10"]);
  });

  test("sends several parts with what they are between them", async () => {
    const { get } = await site();
    const { status, headers, text } = await get("/docs/a.txt", { range: "bytes=0-1,8-" });
    const [, boundary] =
      /^multipart\/byteranges; boundary=(\w+)$/.exec(headers.get("content-type") ?? "") ?? [];
    expect(status).toBe(206);
    expect(headers.get("content-range")).toBeNull();
    const head = `--${boundary}\r\ncontent-type: text/plain; charset=utf-8\r\n`;
    expect(text).toBe(
      `${head}content-range: bytes 0-1/10\r\n\r\n01\r\n` +
        `${head}content-range: bytes 8-9/10\r\n\r\n89\r\n--${boundary}--\r\n`,
    );
    const many = await get("/large", { range: "bytes=0-99999,100000-199999" });
    const tailBytes = `\r\n--${boundary}--\r\n`.length;
    expect(isSame(many.bytes.slice(-tailBytes - 99_999, -tailBytes), large.slice(-99_999))).toBe(
      true,
    );
  });

  test("sends a precompressed variant to who accepts it", async () => {
    const { get } = await site();
    const plain = await get("/app.js");
    expect([plain.text, plain.headers.get("vary")]).toEqual(["code", "accept-encoding"]);
    const br = await get("/app.js", { "accept-encoding": "gzip, br" });
    expect([br.text, br.headers.get("content-encoding")]).toEqual(["BR", "br"]);
    expect(br.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(br.headers.get("etag")).not.toBe(plain.headers.get("etag"));
    const gzip = await get("/app.js", { "accept-encoding": "gzip, br;q=0.1", range: "bytes=1-" });
    expect([gzip.text, gzip.headers.get("content-encoding")]).toEqual(["ZIP", "gzip"]);
    expect((await get("/docs/a.txt", { "accept-encoding": "br" })).text).toBe("0123456789");
    const without = await site({ precompressed: false });
    const bare = await without.get("/app.js", { "accept-encoding": "br" });
    expect([bare.text, bare.headers.get("vary")]).toEqual(["code", null]);
  });

  test("takes further media types", async () => {
    const { get } = await site({ contentTypes: { txt: "text/x-mine", html: "a/b" } });
    expect((await get("/docs/a.txt")).headers.get("content-type")).toBe("text/x-mine");
    expect((await get("/large")).headers.get("content-type")).toBe("application/octet-stream");
  });
});
