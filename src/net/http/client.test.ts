import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { FakeServers, type Served } from "../../../test/http-servers.ts";
import type { HttpClient } from "../../devices/index.ts";
import { connect, type ClientOptions } from "./client.ts";

const url = "http://example/";

interface World {
  readonly servers: FakeServers;
  readonly client: HttpClient;
}

function world(settings: ClientOptions["settings"] = {}): World {
  const servers = new FakeServers();
  const { clock } = servers.simulation;
  const client = connect({
    stack: servers.stack,
    clock,
    settings: { decompress: false, ...settings },
  });
  onTestFinished(() => client[Symbol.asyncDispose]());
  return { servers, client };
}

/** Begins to fetch, and lets the server see the request. */
async function begin(
  { servers, client }: World,
  target: string | Request = url,
  waitMs: number = 0,
): Promise<{ response: Promise<Response>; served: Served }> {
  const response = client.fetch(target instanceof Request ? target : new Request(target));
  response.catch(() => {});
  await servers.pass(waitMs);
  return { response, served: servers.last };
}

/** What a response that has one of these bodies says. */
async function bodyOf(at: World, ...lines: readonly string[]): Promise<string> {
  const { response, served } = await begin(at);
  served.answer(...lines);
  return (await response).text();
}

describe("fetch()", () => {
  test("sends a request in one piece, and gives the response", async () => {
    const at = world();
    const { response, served } = await begin(at, "http://example:8080/a%20b?c=d#e");
    expect(served.host).toBe("example:8080");
    expect(served.client.written).toHaveLength(1);
    expect(served.request().split("\r\n")).toEqual([
      "GET /a%20b?c=d HTTP/1.1",
      "host: example:8080",
      "accept: */*",
      "user-agent: fata-morgana",
      "",
      "",
    ]);
    served.answer("HTTP/1.1 404 Not here", "Content-Length: 2", "X-Y: a", "x-y: b", "", "no");
    const { status, statusText, ok, headers, redirected, ...rest } = await response;
    expect([status, statusText, ok, redirected]).toEqual([404, "Not here", false, false]);
    expect([...headers]).toEqual([
      ["content-length", "2"],
      ["x-y", "a, b"],
    ]);
    expect(rest).toMatchObject({ url: "http://example:8080/a%20b?c=d" });
    expect(await (await response).text()).toBe("no");
  });

  test("sends a small body with its length, and the headers that are the caller's", async () => {
    const at = world();
    const headers = { "content-type": "text/x", accept: "a/b", "user-agent": "me", "x-z": "1" };
    const request = new Request(url, { method: "POST", headers, body: "hello" });
    const { response, served } = await begin(at, request);
    const text = served.request();
    expect(served.client.written).toHaveLength(1);
    expect(text.split("\r\n").toSorted()).toEqual(
      [
        "POST / HTTP/1.1",
        "host: example",
        "accept: a/b",
        "content-type: text/x",
        "user-agent: me",
        "x-z: 1",
        "content-length: 5",
        "",
        "hello",
      ].toSorted(),
    );
    served.reply("thanks");
    expect(await (await response).text()).toBe("thanks");
  });

  test("sends a larger body that is there with its length, as it is", async () => {
    const body = new Uint8Array(2_000_000).fill(0x61);
    const { response, served } = await begin(
      world(),
      new Request(url, { method: "PUT", body }),
      20,
    );
    const [head, ...chunks] = served.client.written;
    expect(new TextDecoder().decode(head)).toContain("content-length: 2000000\r\n");
    expect(chunks.reduce((sum, { length }) => sum + length, 0)).toBe(2_000_000);
    served.answer("HTTP/1.1 204 No Content", "", "");
    expect((await response).status).toBe(204);
  });

  test("says that there is no body, where a server might wait for one", async () => {
    const { response, served } = await begin(world(), new Request(url, { method: "POST" }));
    expect(served.request()).toContain("content-length: 0\r\n");
    served.answer("HTTP/1.1 204 No Content", "", "");
    expect((await response).body).toBeNull();
    expect(await (await response).text()).toBe("");
  });

  test("sends a stream in chunks, as fast as the server takes them", async () => {
    const at = world();
    let pulls = 0;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(controller) {
        pulls += 1;
        await at.servers.simulation.clock.sleep(100);
        if (pulls > 3) controller.close();
        else controller.enqueue(new Uint8Array(pulls).fill(0x60 + pulls));
      },
    });
    const init = { method: "POST", body, duplex: "half" };
    const { response, served } = await begin(at, new Request(url, init), 20);
    await at.servers.pass(150);
    expect(served.request()).toMatch(/transfer-encoding: chunked\r\n\r\n1\r\na\r\n$/);
    let makeRoom = (): void => {};
    served.client.room = new Promise((resolve) => (makeRoom = resolve));
    await at.servers.pass(1000);
    expect(served.request()).toBe("2\r\nbb\r\n");
    makeRoom();
    served.client.room = Promise.resolve();
    await at.servers.pass(1000);
    expect(served.request()).toBe("3\r\nccc\r\n0\r\n\r\n");
    served.reply("x");
    expect(await (await response).text()).toBe("x");
  });

  test("fails as the stream of its body does", async () => {
    const at = world();
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull() {
        await at.servers.simulation.clock.sleep(50);
        throw new Error("no more paper");
      },
    });
    const init = { method: "POST", body, duplex: "half" };
    const { response, served } = await begin(at, new Request(url, init), 20);
    await at.servers.pass(100);
    await expect(response).rejects.toMatchObject({
      code: "connection-failed",
      message: expect.stringContaining("no more paper"),
    });
    expect(served.client.isAborted).toBe(true);
  });

  test("stops sending a body that the server refuses, and drops the connection", async () => {
    const at = world();
    let wasCancelled = false;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => controller.enqueue(Uint8Array.of(0x61)),
      cancel: () => void (wasCancelled = true),
    });
    const init = { method: "POST", body, duplex: "half" };
    const { response, served } = await begin(at, new Request(url, init), 20);
    served.answer("HTTP/1.1 413 Too Large", "content-length: 2", "", "no");
    expect((await response).status).toBe(413);
    expect(await (await response).text()).toBe("no");
    await at.servers.settle();
    expect(wasCancelled).toBe(true);
    expect(served.client.isAborted).toBe(true);
  });

  test("goes on sending a body while the response comes", async () => {
    const at = world();
    let source: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => void (source = controller),
    });
    const init = { method: "POST", body, duplex: "half" };
    const { response, served } = await begin(at, new Request(url, init), 20);
    served.answer("HTTP/1.1 200 OK", "content-length: 4", "", "ab");
    const reader = (await response).body?.getReader();
    await reader?.read();
    served.request();
    source?.enqueue(Uint8Array.of(0x63));
    source?.close();
    await at.servers.settle();
    expect(served.request()).toBe("1\r\nc\r\n0\r\n\r\n");
    served.answer("cd");
    await reader?.read();
    await begin(at);
    expect(at.servers.connections).toHaveLength(1);
  });

  test("gives a status that nobody knows as it is", async () => {
    for (const [status, ok] of [
      [299, true],
      [499, false],
      [999, false],
    ] as const) {
      const { response, served } = await begin(world());
      served.answer(`HTTP/1.1 ${status}`, "content-length: 0", "", "");
      expect(await response).toMatchObject({ status, statusText: "", ok });
    }
  });

  test("passes over answers that are not final", async () => {
    const at = world();
    const { response, served } = await begin(at);
    served.answer("HTTP/1.1 103 Early Hints", "link: a", "", "HTTP/1.1 100 Continue", "", "");
    await at.servers.settle();
    served.reply("done");
    expect(await (await response).text()).toBe("done");
  });

  test("has no body where there cannot be one, whatever the fields say", async () => {
    const at = world();
    const { response, served } = await begin(at, new Request(url, { method: "HEAD" }));
    served.answer("HTTP/1.1 200 OK", "content-length: 1000", "", "");
    expect((await response).body).toBeNull();
    expect((await response).headers.get("content-length")).toBe("1000");
    const next = await begin(at);
    expect(at.servers.connections).toHaveLength(1);
    next.served.answer("HTTP/1.1 304 Not Modified", "content-length: 1000", "", "");
    expect(await (await next.response).text()).toBe("");
  });

  test("gives a body as it arrives", async () => {
    const at = world();
    const { response, served } = await begin(at);
    served.answer("HTTP/1.1 200 OK", "transfer-encoding: chunked", "", "3\r\nabc");
    const reader = (await response).body?.getReader();
    const next = async (): Promise<string> =>
      new TextDecoder().decode((await reader?.read())?.value);
    const { value: first } = (await reader?.read()) ?? {};
    expect(first).toEqual(Uint8Array.of(0x61, 0x62, 0x63));
    expect(first?.buffer.byteLength).toBe(3);
    const later = next();
    served.answer("", "2", "de", "0", "", "");
    expect([await later, await next()]).toEqual(["de", ""]);
    expect((await response).bodyUsed).toBe(true);
    await expect((await response).text()).rejects.toThrow("it was used");
  });

  test("gives the body in every form, once", async () => {
    const at = world();
    const made = async (): Promise<Response> => {
      const { response, served } = await begin(at);
      served.reply('{"a":1}', "content-type: application/json");
      return response;
    };
    expect(await (await made()).json()).toEqual({ a: 1 });
    expect((await (await made()).arrayBuffer()).byteLength).toBe(7);
    expect((await (await made()).blob()).type).toBe("application/json");
    const response = await made();
    const clone = response.clone();
    expect([await response.text(), await clone.text()]).toEqual(['{"a":1}', '{"a":1}']);
    expect(() => response.clone()).toThrow(TypeError);
    await expect(response.text()).rejects.toThrow(TypeError);
    expect(response).toBeInstanceOf(Response);
  });

  test("clones a response whose body is still to come", async () => {
    const at = world();
    const { response, served } = await begin(at);
    served.answer("HTTP/1.1 200 OK", "content-length: 4", "", "ab");
    const first = await response;
    const second = first.clone();
    served.answer("cd");
    expect(await Promise.all([first.text(), second.text()])).toEqual(["abcd", "abcd"]);
  });

  test.each([
    ["a status line that is none", "HTTP/1.1 2000 OK", "", ""],
    ["another protocol", "SIP/2.0 200 OK", "", ""],
    ["two lengths", "HTTP/1.1 200 OK", "content-length: 1", "content-length: 2", "", "ab"],
    [
      "a length and chunks",
      "HTTP/1.1 200 OK",
      "content-length: 3",
      "transfer-encoding: chunked",
      "",
      "0",
      "",
      "",
    ],
    ["a length that is none", "HTTP/1.1 200 OK", "content-length: -1", "", ""],
    ["a coding of HTTP/1.0", "HTTP/1.0 200 OK", "transfer-encoding: chunked", "", "0", "", ""],
    ["another transfer coding", "HTTP/1.1 200 OK", "transfer-encoding: gzip", "", ""],
    ["a field that goes on before it began", "HTTP/1.1 200 OK", " c", "", ""],
    ["bare LF", "HTTP/1.1 200 OK\n\n"],
    ["another protocol, unasked", "HTTP/1.1 101 Switching Protocols", "upgrade: x", "", ""],
    ["a bad chunk", "HTTP/1.1 200 OK", "transfer-encoding: chunked", "", "x", ""],
  ])("refuses a response with %s, and drops the connection", async (_what, ...lines) => {
    const at = world();
    await expect(bodyOf(at, ...lines)).rejects.toMatchObject({
      name: "HttpError",
      code: "malformed",
    });
    expect(at.servers.last.client.isAborted).toBe(true);
  });

  test("settles, whatever arrives and however it is cut", async () => {
    const heads = ["HTTP/1.1 200 OK", "HTTP/1.0 301 X", "HTTP/1.1 100 C", "HTTP/1.1 204"];
    const fields = ["content-length: 3", "transfer-encoding: chunked", "connection: close"];
    const further = ["location: /x", "content-encoding: gzip", "3", "0\r\n"];
    const odd = ["content-length: 1", "\r\n", "\r", "\n", "abc", "0", " ", ":", "\u00ff"];
    const pieces = [...[...heads, ...fields, ...further].map((line) => `${line}\r\n`), ...odd];
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 12 });
    const property = fc.asyncProperty(text, fc.array(fc.nat(200)), async (parts, cuts) => {
      const at = world({ decompress: true });
      const sent = parts.join("");
      at.servers.onConnect = ({ client }) => {
        const ends = [...cuts, sent.length]
          .filter((cut) => cut <= sent.length)
          .sort((a, b) => a - b);
        ends.forEach((end, index) => {
          const piece = sent.slice(ends[index - 1] ?? 0, end);
          if (piece !== "") client.arrive(piece);
        });
        client.arrive(undefined);
      };
      const outcome = at.client
        .fetch(new Request(url))
        .then((response) => response.text())
        .catch((error: Error) => error);
      await at.servers.settle();
      const what = await outcome;
      if (what instanceof Error) expect(what.name).toBe("HttpError");
      for (const { client } of at.servers.connections) {
        expect(client.isAborted || client.isDisposed).toBe(true);
      }
    });
    await fc.assert(property, { numRuns: 150 });
  });

  test("refuses a head without end, and answers without end", async () => {
    const endless = "HTTP/1.1 102 Processing\r\n\r\n".repeat(40);
    await expect(bodyOf(world(), endless)).rejects.toMatchObject({ code: "malformed" });
    const fields = (count: number): string[] =>
      Array.from({ length: count }, (_, at) => `x${at}: y`);
    for (const lines of [fields(300), [`x: ${"y".repeat(70_000)}`], fields(20_000)]) {
      const text = bodyOf(world(), "HTTP/1.1 200 OK", ...lines, "", "");
      await expect(text).rejects.toMatchObject({ code: "too-large" });
    }
    await expect(bodyOf(world(), `HTTP/1.1 200 ${"y".repeat(9000)}`)).rejects.toMatchObject({
      code: "too-large",
    });
  });

  test("says that a body was cut off", async () => {
    const at = world();
    const { response, served } = await begin(at);
    served.answer("HTTP/1.1 200 OK", "content-length: 5", "", "abc");
    const text = (await response).text();
    served.client.arrive(undefined);
    await expect(text).rejects.toMatchObject({ code: "malformed" });
  });

  test("collects no more than a bound", async () => {
    const at = world({ wholeBytes: 10 });
    const { response, served } = await begin(at);
    served.answer("HTTP/1.1 200 OK", "", "01234567890");
    await expect((await response).text()).rejects.toMatchObject({ code: "too-large" });
    expect(served.client.isAborted).toBe(true);
  });

  test("fails for what it cannot reach or does not speak", async () => {
    const { servers, client } = world();
    servers.refusing.add("no.example");
    await expect(client.fetch(new Request("http://no.example/"))).rejects.toMatchObject({
      code: "connection-failed",
      message: "Cannot connect to no.example port 80: no.example refuses",
      cause: { code: "refused" },
    });
    await expect(client.fetch(new Request("https://example/"))).rejects.toThrow(
      "Cannot fetch https://example/: there is no TLS, only http:",
    );
  });

  test("connects to an address of IPv6 without its brackets", async () => {
    const { served } = await begin(world(), "http://[fe80::1]:81/");
    expect(served.host).toBe("fe80::1:81");
    expect(served.request()).toContain("host: [fe80::1]:81\r\n");
  });
});
