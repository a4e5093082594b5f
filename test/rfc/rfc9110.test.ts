/** RFC 9110, HTTP semantics: a server, spoken to byte by byte. */

import { expect, test } from "vitest";
import { httpWorld, type HttpWorld } from "../http-world.ts";

function world(): HttpWorld {
  return httpWorld(async (request, connection) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/204")
      return new Response(null, { status: 204, headers: { "content-length": "9" } });
    if (pathname === "/205") return new Response(null, { status: 205 });
    if (pathname === "/dated") return new Response("", { headers: { date: "then" } });
    if (pathname === "/upgrade") await connection.upgrade(new Headers({ upgrade: "x" }));
    return new Response(`${request.method} ${await request.text()}`);
  });
}

const request = (line: string, more = ""): string => `${line}\r\nHost: a\r\n${more}\r\n`;

test("2.5-1 the version of an answer is the server's own", async () => {
  expect(await world().exchange("GET / HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 /);
});

test("6.4.1-1 an answer of 204 has no length", async () => {
  expect(await world().exchange(request("GET /204 HTTP/1.1"))).not.toContain("content-length");
});

test("6.6.1-1 an answer has the Date, an error too", async () => {
  for (const line of ["GET / HTTP/1.1", "GET /204 HTTP/1.1", "GET  HTTP/1.1"]) {
    const answer = await world().exchange(request(line));
    expect(answer).toMatch(/\r\ndate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/);
  }
});

test("6.6.1-2 a Date that a handler gave stays", async () => {
  const answer = await world().exchange(request("GET /dated HTTP/1.1"));
  expect(answer.match(/date: .*/g)).toEqual(["date: then"]);
});

test("7.6.1-1 `Connection` names what is for this connection alone", async () => {
  const answer = await world().exchange(request("GET / HTTP/1.1", "Connection: x, close\r\n"));
  expect(answer).toContain("\r\nconnection: close\r\n");
});

test("7.8-3 Upgrade in HTTP/1.0 is ignored", async () => {
  const fields = "Connection: upgrade\r\nUpgrade: x\r\n";
  expect(await world().exchange(request("GET /upgrade HTTP/1.0", fields))).toMatch(/ 500 /);
  expect(await world().exchange(request("GET / HTTP/1.0", fields))).toMatch(/ 200 /);
});

test("8.6-2 what HEAD is answered has the length of what GET would be", async () => {
  expect(await world().exchange(request("HEAD / HTTP/1.1"))).toContain("content-length: 5\r\n");
});

test("9.1-1 GET and HEAD are understood", async () => {
  expect(await world().exchange(request("GET / HTTP/1.1"))).toMatch(/ 200 OK[^]*GET $/);
  expect(await world().exchange(request("HEAD / HTTP/1.1"))).toMatch(/ 200 OK/);
});

test("9.3.2-1 no body is sent to HEAD", async () => {
  expect(await world().exchange(request("HEAD / HTTP/1.1"))).toMatch(/\r\n\r\n$/);
});

test("9.3.6-1 CONNECT is refused", async () => {
  expect(await world().exchange(request("CONNECT a:80 HTTP/1.1"))).toMatch(/ 501 /);
});

const waiting = "Expect: 100-continue\r\nContent-Length: 1\r\n";

test("10.1.1-1 100-continue in HTTP/1.0 is ignored", async () => {
  const client = world().open();
  expect(await client.send(request("POST / HTTP/1.0", waiting))).toBe("");
  expect(await client.send("a")).toMatch(/^HTTP\/1\.1 200 [^]*POST a$/);
});

test("10.1.1-5 an unknown expectation is answered 417", async () => {
  const fields = "Expect: 200-ok\r\nContent-Length: 1\r\n";
  expect(await world().exchange(request("POST / HTTP/1.1", fields))).toMatch(/ 417 /);
});

test("10.1.1-6 100-continue without a body is ignored", async () => {
  const answer = await world().exchange(request("GET / HTTP/1.1", "Expect: 100-continue\r\n"));
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
});

test("15.2-1 no 1xx is sent to HTTP/1.0", async () => {
  expect(await world().exchange(request("POST / HTTP/1.0", waiting))).toBe("");
});

test("15.3.6-1 205 has no body", async () => {
  expect(await world().exchange(request("GET /205 HTTP/1.1"))).toMatch(
    /content-length: 0\r\n\r\n$/,
  );
});
