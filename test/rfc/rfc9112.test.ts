/** RFC 9112, HTTP/1.1: a server, spoken to byte by byte. */

import { expect, test } from "vitest";
import { httpWorld, type HttpWorld } from "../http-world.ts";

/** A server that says what it was asked, and counts. */
function world(): HttpWorld & { readonly calls: string[] } {
  const calls: string[] = [];
  const made = httpWorld(async (request) => {
    calls.push(request.url);
    const names = [...request.headers.keys()].join();
    if (request.url.endsWith("/none")) return new Response(null, { status: 204 });
    if (request.url.endsWith("/odd")) return new Response("", { status: 299 });
    if (request.url.endsWith("/last"))
      return new Response("", { headers: { connection: "close" } });
    if (request.url.endsWith("/stream")) {
      return new Response(new Blob(["ab"]).stream(), { headers: { "transfer-encoding": "gzip" } });
    }
    return new Response(`${request.url} ${names} ${await request.text()}`);
  });
  return Object.assign(made, { calls });
}

/** Sends a request and what follows it; gives the status of the first answer, and what became of it. */
async function outcome(text: string): Promise<[status: number, state: string, calls: number]> {
  const all = world();
  const client = all.open();
  const answer = await client.send(`${text}GET /next HTTP/1.1\r\nHost: a\r\n\r\n`);
  return [Number(answer.slice(9, 12)), client.state(), all.calls.length];
}

const get = (target: string, more = ""): string =>
  `GET ${target} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const post = (more: string): string => `POST / HTTP/1.1\r\nHost: a\r\n${more}`;

test("2.2-3 an empty line before a request is ignored", async () => {
  expect(await outcome(`\r\n${get("/")}\r\n`)).toEqual([200, "open", 2]);
});

test("2.2-5 what is no message is answered 400, and the connection closed", async () => {
  expect(await outcome("nonsense\r\n\r\n")).toEqual([400, "ended", 0]);
});

test("2.3-3 another major version is answered 505", async () => {
  expect(await outcome("GET / HTTP/2.0\r\nHost: a\r\n\r\n")).toEqual([505, "ended", 0]);
});

test("3-1 a request line that is none is answered 400", async () => {
  expect(await outcome("GET  / HTTP/1.1\r\nHost: a\r\n\r\n")).toEqual([400, "ended", 0]);
});

test("3-2 a target that is too long is answered 414", async () => {
  expect(await outcome(get(`/${"a".repeat(9000)}`))).toEqual([414, "ended", 0]);
});

test("3-3 request lines of 8,000 bytes are taken", async () => {
  expect(await outcome(get(`/${"a".repeat(8000 - 14)}`))).toEqual([200, "open", 2]);
});

test("3.2-2 a request without Host, with two, or with a wrong one is answered 400", async () => {
  for (const hosts of ["", "Host: a\r\nHost: a\r\n", "Host: a/b\r\n", "Host: a b\r\n"]) {
    expect(await outcome(`GET / HTTP/1.1\r\n${hosts}\r\n`)).toEqual([400, "ended", 0]);
  }
});

test("3.2.2-1 a target may be a whole URL", async () => {
  const all = world();
  await all.exchange(get("http://b:81/c?d"));
  expect(all.calls).toEqual(["http://b:81/c?d"]);
});

test("3.2.2-2 the host of such a target counts, and Host does not", async () => {
  const all = world();
  await all.exchange("GET http://b/ HTTP/1.1\r\nHost: other\r\n\r\n");
  expect(all.calls).toEqual(["http://b/"]);
});

test("3.2.3-1 the authority alone is a target of CONNECT only", async () => {
  expect(await outcome(get("a:80"))).toEqual([400, "ended", 0]);
});

test("3.2.4-1 an asterisk is a target of OPTIONS only", async () => {
  expect(await outcome(get("*"))).toEqual([400, "ended", 0]);
  expect(await outcome(get("*").replace("GET", "OPTIONS"))).toEqual([204, "open", 1]);
});

test("4-1 a status line ends with a space, if there is no reason", async () => {
  expect(await world().exchange(get("/odd"))).toMatch(/^HTTP\/1\.1 299 \r\n/);
});

test("5-1 fields that are too large are answered 431", async () => {
  expect(await outcome(get("/", `A: ${"b".repeat(40_000)}\r\n`))).toEqual([431, "ended", 0]);
});

test("5.1-1 space before the colon is answered 400", async () => {
  expect(await outcome("GET / HTTP/1.1\r\nHost : a\r\n\r\n")).toEqual([400, "ended", 0]);
});

test("5.2-1 a folded field is answered 400", async () => {
  expect(await outcome(get("/", "A: b\r\n c\r\n"))).toEqual([400, "ended", 0]);
});

test("6.1-2 an answer without a body has no coding", async () => {
  expect(await world().exchange(get("/none"))).not.toMatch(/transfer-encoding|content-length/);
});

test("6.1-3 an answer to HTTP/1.0 has no coding", async () => {
  const answer = await world().exchange("GET /stream HTTP/1.0\r\n\r\n");
  expect(answer).toMatch(/\r\n\r\nab$/);
  expect(answer).not.toContain("transfer-encoding");
});

test("6.1-4 an unknown coding is answered 501", async () => {
  expect(await outcome(post("Transfer-Encoding: gzip, chunked\r\n\r\n"))).toEqual([
    501,
    "ended",
    0,
  ]);
});

test("6.1-5 after a coding and a length, the connection is closed", async () => {
  const fields = "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n";
  expect(await outcome(post(fields))).toEqual([400, "ended", 0]);
});

test("6.1-6 after a coding in HTTP/1.0, the connection is closed", async () => {
  const text =
    "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  expect(await outcome(text)).toEqual([400, "ended", 0]);
});

test("6.2-1 an answer in chunks has no length, and no coding but that", async () => {
  const answer = await world().exchange(get("/stream"));
  expect(answer.match(/transfer-encoding: .*\r\n/g)).toEqual(["transfer-encoding: chunked\r\n"]);
  expect(answer).not.toContain("content-length");
});

test("6.3-3 a coding of a request that does not end with chunked is answered 400", async () => {
  expect(await outcome(post("Transfer-Encoding: gzip\r\n\r\n"))).toEqual([400, "ended", 0]);
});

test("6.3-4 a length that is none, or several, is answered 400", async () => {
  for (const fields of ["Content-Length: x", "Content-Length: 1\r\nContent-Length: 2"]) {
    expect(await outcome(post(`${fields}\r\n\r\n`))).toEqual([400, "ended", 0]);
  }
});

test("7.1.2-1 trailers do not become fields of the head", async () => {
  const text = post("Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nCookie: b\r\n\r\n");
  expect(await world().exchange(text)).toMatch(/http:\/\/a\/ host,transfer-encoding a$/);
});

test("9.6-1 after a request with close, the connection is closed", async () => {
  const all = world();
  const client = all.open();
  expect(await client.send(get("/", "Connection: close\r\n"))).toContain("connection: close\r\n");
  expect(client.state()).toBe("ended");
});

test("9.6-2 requests behind one with close are not answered", async () => {
  expect(await outcome(get("/", "Connection: close\r\n"))).toEqual([200, "ended", 1]);
});

test("9.6-3 an answer with close is the last", async () => {
  expect(await outcome(get("/last"))).toEqual([200, "ended", 1]);
});

test("9.6-4 the connection is closed one way first", async () => {
  const all = world();
  const client = all.open();
  await client.send(get("/last") + get("/"));
  expect([client.state(), client.flow.peer?.isDisposed]).toEqual(["ended", false]);
  await all.wait(1001);
  await client.send("");
  expect([client.flow.peer?.isDisposed, client.flow.peer?.isAborted]).toEqual([true, false]);
});
