import { describe, expect, test } from "vitest";
import { get, post, proxyWorld } from "../../../test/http-proxy-world.ts";

describe("what a server sees", () => {
  test("handler() carries a request on, without what is of the connection", async () => {
    const world = proxyWorld();
    const seen = await world.passedOn(
      get(
        "/a%20b/?x=1&y=?",
        "Cookie: a=b",
        "Connection: X-Own, close",
        "X-Own: 1",
        "X-Unknown: kept",
        "X-Unknown: twice",
        "Keep-Alive: timeout=5",
        "TE: trailers",
        "Proxy-Authorization: Basic x",
        "Accept-Encoding: br",
      ),
    );
    expect(seen.split("\r\n")).toEqual([
      "GET /a%20b/?x=1&y=? HTTP/1.1",
      "host: site.example",
      "accept-encoding: br",
      "cookie: a=b",
      "via: 1.1 proxy",
      "x-forwarded-for: 10.0.0.1",
      "x-forwarded-host: site.example",
      "x-forwarded-proto: http",
      "x-unknown: kept, twice",
      "",
      "",
    ]);
  });

  test("handler() sends the Host that the target names, if it names one", async () => {
    const absolute = get().replace("GET /", "GET http://far.example/there");
    const seen = await proxyWorld().passedOn(absolute);
    expect(seen).toMatch(/^GET \/there HTTP\/1\.1\r\nhost: far\.example\r\n/);
    expect(seen).toContain("x-forwarded-host: far.example\r\n");
    const spelled = get().replace("site.example", "Site.Example:80");
    expect(await proxyWorld().passedOn(spelled)).toContain("host: Site.Example:80\r\n");
  });

  test("handler() leaves out what a client says of those behind it, unless it is trusted", async () => {
    const said = ["Forwarded: for=6.6.6.6", "X-Forwarded-For: 6.6.6.6", "X-Real-IP: 6.6.6.6"];
    const plain = await proxyWorld().passedOn(get("/", ...said));
    expect(plain).not.toContain("6.6.6.6");
    const trusting = await proxyWorld({ trusts: () => true }).passedOn(get("/", ...said));
    expect(trusting).toContain("x-forwarded-for: 6.6.6.6, 10.0.0.1\r\n");
    const none = await proxyWorld({ forwarded: "none" }).passedOn(get("/", ...said));
    expect(none).not.toContain("forwarded");
  });

  test("handler() writes Forwarded if it is told to", async () => {
    const seen = await proxyWorld({ forwarded: "forwarded", trusts: () => true }).passedOn(
      get("/", "Forwarded: for=6.6.6.6", "Via: 1.0 other"),
    );
    expect(seen).toContain(
      'forwarded: for=6.6.6.6, for=10.0.0.1;host="site.example";proto=http\r\n',
    );
    expect(seen).toContain("via: 1.0 other, 1.1 proxy\r\n");
  });

  test("handler() names the server in Host if it is told to, and says when HTTP/1.0 was spoken", async () => {
    const seen = await proxyWorld({ host: "rewrite" }).passedOn(
      "GET / HTTP/1.0\r\nHost: site.example\r\n\r\n",
    );
    expect(seen).toContain("host: a\r\n");
    expect(seen).toContain("x-forwarded-host: site.example\r\n");
    expect(seen).toContain("via: 1.0 proxy\r\n");
  });

  test("handler() sends a body as it came, with its length or in chunks, also with GET", async () => {
    expect(await proxyWorld().passedOn(post("hello"))).toMatch(/content-length: 5\r\n\r\nhello$/);
    const chunked = `${get("/", "Transfer-Encoding: chunked")}3\r\nabc\r\n0\r\n\r\n`;
    const seen = await proxyWorld().passedOn(chunked);
    expect(seen).toMatch(/^GET [^]*transfer-encoding: chunked\r\n[^]*3\r\nabc\r\n0\r\n\r\n$/);
    expect(seen).not.toContain("content-length");
  });

  test("handler() lets the server decide whether it wants the body of 100-continue", async () => {
    const world = proxyWorld();
    const client = world.open();
    const waiting = post("", "Expect: 100-continue").replace("Length: 0", "Length: 5");
    expect(await client.send(waiting)).toBe("");
    expect(world.servers.last.request()).toContain("expect: 100-continue\r\n");
    world.servers.last.answer("HTTP/1.1 100 Continue", "", "");
    expect(await client.send("")).toMatch(/^HTTP\/1\.1 100 /);
    await client.send("hello");
    expect(world.servers.last.request()).toBe("hello");
    world.servers.last.reply("done");
    expect(await client.send("")).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*done$/);
  });

  test("handler() gives a refusal to who waits with the body", async () => {
    const world = proxyWorld();
    const client = world.open();
    await client.send(post("", "Expect: 100-continue").replace("Length: 0", "Length: 5"));
    world.servers.last.answer("HTTP/1.1 417 No", "content-length: 0", "", "");
    expect(await client.send("")).toMatch(/^HTTP\/1\.1 417 No\r\n/);
    expect(world.servers.last.request()).not.toContain("hello");
  });
});
