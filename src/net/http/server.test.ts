import { expect, test } from "vitest";
import { settled } from "../../../test/http-flows.ts";
import { httpWorld } from "../../../test/http-world.ts";

const get = (path: string, more = ""): string =>
  `GET ${path} HTTP/1.1\r\nHost: here\r\n${more}\r\n`;

const pathOf = (request: Request): string => new URL(request.url).pathname;

/** An answer's head, as a client in memory gets it. */
const answer = (length: number, body: string, more = ""): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: text/plain;charset=UTF-8\r\n` +
  `date: Mon, 09 Dec 2013 00:00:00 GMT\r\n${more}content-length: ${length}\r\n\r\n${body}`;

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

test("serve() answers a request", async () => {
  const world = httpWorld(() => new Response("hello"));
  expect(await world.exchange(get("/"))).toBe(answer(5, "hello"));
  expect(world.server.counters).toMatchObject({ connections: 1, requests: 1, handlerErrors: 0 });
});

test("serve() counts the bytes of a body that is not ASCII", async () => {
  const world = httpWorld(() => new Response("grüß"));
  expect(await world.exchange(get("/"))).toBe(answer(6, "gr\xc3\xbc\xc3\x9f"));
});

test("serve() shows a request's method, URL, fields and body", async () => {
  const world = httpWorld(async (request) =>
    Response.json({
      method: request.method,
      url: request.url,
      cookie: request.headers.get("cookie"),
      host: request.headers.get("HOST"),
      twice: request.headers.get("x"),
      body: await request.text(),
    }),
  );
  const text = await world.exchange(
    "PUT /a%20b/./../c?d=e HTTP/1.1\r\nHost: Here:80\r\nCookie: a=b\r\nX: 1\r\nx: 2\r\n" +
      "Content-Length: 3\r\n\r\nabc",
  );
  expect(JSON.parse(text.slice(text.indexOf("{")))).toEqual({
    method: "PUT",
    url: "http://here/c?d=e",
    cookie: "a=b",
    host: "Here:80",
    twice: "1, 2",
    body: "abc",
  });
});

test.each([
  ["//evil/a", "http://here//evil/a"],
  ["/a//b", "http://here/a//b"],
  ["/a/%2e%2e/b", "http://here/b"],
  ["/..", "http://here/"],
  ["/a|b", "http://here/a|b"],
  ["/a\\b", "http://here/a/b"],
  ["http://other:81/x?y", "http://other:81/x?y"],
  ["http://other", "http://other/"],
])("serve() makes of the target %s the URL %s", async (target, url) => {
  const world = httpWorld((request) => new Response(request.url));
  const text = await world.exchange(get(target));
  expect(text.slice(text.indexOf("\r\n\r\n") + 4)).toBe(url);
});

test("serve() answers pipelined requests in order, and together", async () => {
  const world = httpWorld(async (request) => {
    if (pathOf(request) === "/slow") await settled(2);
    return new Response(pathOf(request));
  });
  const client = world.open();
  const all = get("/1") + get("/2") + get("/3") + "GET /4 HTT";
  expect(await client.send(all)).toBe(answer(2, "/1") + answer(2, "/2") + answer(2, "/3"));
  expect(client.flow.peer?.written.length).toBe(1);
  expect(await client.send("P/1.1\r\nHost: here\r\n\r\n")).toBe(answer(2, "/4"));
  // An answer does not wait for a handler that is slow.
  client.flow.peer?.arrive(get("/5") + get("/slow"));
  await settled(1);
  expect(client.flow.peer?.written.length).toBe(3);
  expect(await client.send("")).toBe(answer(2, "/5") + answer(5, "/slow"));
  expect(client.state()).toBe("open");
});

test.each([
  ["1.1", "", "open"],
  ["1.1", "Connection: close\r\n", "ended"],
  ["1.1", "Connection: x, Close\r\n", "ended"],
  ["1.0", "", "ended"],
  ["1.0", "Connection: keep-alive\r\n", "open"],
  ["1.0", "Connection: keep-alive, close\r\n", "ended"],
])(
  "serve() after a request of HTTP/%s with %j leaves the connection %s",
  async (version, field, state) => {
    const world = httpWorld(() => new Response("a"));
    const client = world.open();
    const text = await client.send(`GET / HTTP/${version}\r\nHost: a\r\n${field}\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\na$/);
    expect(client.state()).toBe(state);
    expect(/^connection: (.*)\r$/m.exec(text)?.[1]).toBe(
      state === "ended" ? "close" : version === "1.0" ? "keep-alive" : undefined,
    );
  },
);

test("serve() reads chunked bodies, and goes on behind them", async () => {
  const world = httpWorld(async (request) => new Response(await request.text()));
  const client = world.open();
  const post = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  expect(
    await client.send(`${post}3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n${post}0\r\n\r\n`),
  ).toBe(answer(5, "abcde") + answer(0, ""));
});

test("serve() sends a stream in chunks, and to HTTP/1.0 until the connection ends", async () => {
  const world = httpWorld(
    () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            controller.enqueue(encode("ab"));
            controller.enqueue(encode("c"));
            controller.close();
          },
        }),
      ),
  );
  const client = world.open();
  const text = await client.send(get("/"));
  expect(text).toMatch(/\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n$/);
  expect(client.state()).toBe("open");
  const old = world.open();
  const older = await old.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  expect(older).toMatch(/\r\nconnection: close\r\n\r\nabc$/);
  expect(old.state()).toBe("ended");
});

test("serve() pipes a request's body into its response", async () => {
  const world = httpWorld((request) => new Response(request.body));
  const client = world.open();
  const first = await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
  expect(first).toMatch(/\r\n\r\n2\r\nab\r\n$/);
  expect(await client.send("cd")).toBe("2\r\ncd\r\n0\r\n\r\n");
});

test("serve() sends no body to HEAD, nor with 204 and 304", async () => {
  const world = httpWorld((request) => {
    if (pathOf(request) === "/204") return new Response(null, { status: 204 });
    if (pathOf(request) === "/304")
      return new Response(null, { status: 304, headers: { etag: '"a"' } });
    return new Response("hello");
  });
  const client = world.open();
  const head = await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  expect(head).toBe(answer(5, ""));
  expect(await client.send(get("/204"))).toBe(
    "HTTP/1.1 204 No Content\r\ndate: Mon, 09 Dec 2013 00:00:00 GMT\r\n\r\n",
  );
  expect(await client.send(get("/304"))).toMatch(
    /^HTTP\/1\.1 304 Not Modified\r\netag: "a"\r\ndate: [^\r]*\r\n\r\n$/,
  );
});

test.each([
  ["", "connection: upgrade\r\n"],
  ["Connection: close\r\n", "connection: close, upgrade\r\n"],
])("serve() says to which protocol a client must change, after %j", async (more, connection) => {
  const headers = { upgrade: "websocket" };
  const world = httpWorld(() => new Response(null, { status: 426, headers }));
  const text = await world.exchange(get("/", more));
  expect(text).toContain("HTTP/1.1 426 Upgrade Required\r\nupgrade: websocket\r\n");
  expect(text).toContain(connection);
});

test("serve() says 100 when the body is first read", async () => {
  let proceed = (): void => {};
  const world = httpWorld(async (request) => {
    await new Promise<void>((resolve) => (proceed = resolve));
    return new Response(await request.text());
  });
  const client = world.open();
  const post = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n";
  expect(await client.send(post)).toBe("");
  proceed();
  expect(await client.send("")).toBe("HTTP/1.1 100 Continue\r\n\r\n");
  expect(await client.send("abc")).toBe(answer(3, "abc"));
  // One that does not wait is not told.
  const sending = client.send(`${post}abc`);
  await settled(1);
  proceed();
  expect((await sending) + (await client.send(""))).toBe(answer(3, "abc"));
});

test("serve() closes the connection when it did not ask for the body that waits", async () => {
  const world = httpWorld(() => new Response("no"));
  const client = world.open();
  const text = await client.send(
    "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
  );
  expect(text).toBe(answer(2, "no", "connection: close\r\n"));
  expect(client.state()).toBe("ended");
});

test("serve() drops a body that nobody read, or closes behind a large one", async () => {
  const world = httpWorld(() => new Response("no"));
  const client = world.open();
  const post = (length: number): string =>
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;
  expect(await client.send(`${post(3)}abc${get("/")}`)).toBe(answer(2, "no") + answer(2, "no"));
  expect(await client.send(post(100_000))).toBe(answer(2, "no", "connection: close\r\n"));
  expect(client.state()).toBe("ended");
});

test.each([
  ["no Host", "GET / HTTP/1.1\r\n\r\n", 400],
  ["two", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400],
  ["a list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400],
  ["a path in it", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400],
  ["a user in it", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400],
  ["a port that is none", "GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n", 400],
  ["a bad Host beside an absolute target", "GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n", 400],
  ["CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 501],
  ["an authority for a target", "GET a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 400],
  ["a relative target", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["* for GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["a user in the target", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["HTTP/2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505],
  ["a long line", `GET /${"a".repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
  ["large fields", get("/", `A: ${"b".repeat(40_000)}\r\n`), 431],
  ["many fields", get("/", "A: b\r\n".repeat(101)), 431],
  ["another expectation", get("/", "Expect: more\r\nContent-Length: 1\r\n"), 417],
  ["another coding", get("/", "Transfer-Encoding: gzip, chunked\r\n"), 501],
  ["length and coding", get("/", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400],
  ["a body over the limit", get("/", "Content-Length: 99999999\r\n"), 413],
])("serve() refuses %s with %i, and what follows", async (_what, text, status) => {
  let calls = 0;
  const world = httpWorld(() => {
    calls += 1;
    return new Response("a");
  });
  const client = world.open();
  const reply = await client.send(text + get("/"));
  expect(reply).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*\\r\\n[^]*connection: close\\r\\n`));
  expect(reply.match(/HTTP\/1\.1/g)).toHaveLength(1);
  expect([calls, client.state()]).toEqual([0, "ended"]);
  const { malformed, tooLarge } = world.server.counters;
  expect(Number(malformed) + Number(tooLarge)).toBe(1);
});

test("serve() takes HTTP/1.0 without Host, and answers OPTIONS * itself", async () => {
  const world = httpWorld((request) => new Response(request.url));
  expect(await world.exchange("GET /a HTTP/1.0\r\n\r\n")).toMatch(/http:\/\/10\.0\.0\.2\/a$/);
  expect(await world.exchange("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")).toMatch(/^HTTP\/1\.1 204 /);
});
