import { describe, expect, test } from "vitest";
import { settled } from "../../../test/http-flows.ts";
import { answering, get, post, proxyWorld } from "../../../test/http-proxy-world.ts";

describe("what a client sees", () => {
  test("handler() gives the answer as it is, but for what is of the connection", async () => {
    const world = proxyWorld();
    answering(world, (served) =>
      served.answer(
        "HTTP/1.1 302 Elsewhere",
        "Connection: x-own",
        "X-Own: 1",
        "Keep-Alive: timeout=5",
        "Set-Cookie: a=1",
        "Set-Cookie: b=2",
        "Location: /there",
        "Date: then",
        "Content-Encoding: gzip",
        "Content-Length: 2",
        "",
        "ok",
      ),
    );
    expect((await world.exchange(get())).split("\r\n")).toEqual([
      "HTTP/1.1 302 Elsewhere",
      "content-encoding: gzip",
      "date: then",
      "location: /there",
      "set-cookie: a=1",
      "set-cookie: b=2",
      "content-length: 2",
      "",
      "ok",
    ]);
    expect(world.servers.connections.length).toBe(1);
  });

  test.each([
    ["HEAD", "200 OK", "content-length: 9"],
    ["GET", "204 No Content", ""],
    ["GET", "304 Not Modified", ""],
  ])("handler() gives no body to %s with %s", async (method, status, length) => {
    const world = proxyWorld();
    const client = world.open();
    await client.send(get().replace("GET", method));
    const fields = status.startsWith("204") ? [] : ["content-length: 9"];
    world.servers.last.answer(`HTTP/1.1 ${status}`, ...fields, "", "");
    const answer = await client.send("");
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status}\r\n[^]*\r\n\r\n$`));
    expect(answer.includes("content-length")).toBe(length !== "");
    expect(client.state()).toBe("open");
  });

  test("handler() passes over interim answers", async () => {
    const world = proxyWorld();
    answering(world, (served) => {
      served.answer("HTTP/1.1 103 Early Hints", "link: </a>", "", "");
      served.reply("ok");
    });
    expect(await world.exchange(get())).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  test("handler() gives what comes in pieces as it comes", async () => {
    const world = proxyWorld();
    const client = world.open();
    await client.send(get());
    world.servers.last.answer("HTTP/1.1 200 OK", "transfer-encoding: chunked", "", "3\r\nabc\r\n");
    expect(await client.send("")).toMatch(/3\r\nabc\r\n$/);
    world.servers.last.answer("3\r\ndef\r\n0\r\n\r\n");
    expect(await client.send("")).toBe("3\r\ndef\r\n0\r\n\r\n");
    expect(world.proxy.backends[0]).toMatchObject({ requests: 1, bytesOut: 6, userCount: 0 });
    expect(world.proxy.counters["active"]).toBe(0);
  });

  test.each([["content-length: 100000"], ["transfer-encoding: chunked"]])(
    "handler() cuts off an answer whose server resets in the middle of %s",
    async (framing) => {
      const world = proxyWorld();
      const client = world.open();
      await client.send(get());
      world.servers.last.answer("HTTP/1.1 200 OK", framing, "", "3\r\nabc\r\n");
      expect(await client.send("")).toContain("abc");
      world.servers.last.client.fail();
      expect(await client.send("")).toBe("");
      expect(client.state()).toBe("aborted");
      expect(world.proxy.counters).toMatchObject({ cutOff: 1, active: 0 });
    },
  );

  test("handler() drops the server's connection when the client goes", async () => {
    const world = proxyWorld();
    const waiting = world.open();
    await waiting.send(get());
    waiting.flow.abort();
    await settled();
    expect(world.asked()[0]?.client.isAborted).toBe(true);
    const reading = world.open();
    await reading.send(get());
    world.servers.last.answer("HTTP/1.1 200 OK", "transfer-encoding: chunked", "", "3\r\nabc\r\n");
    await reading.send("");
    reading.flow.abort();
    await settled();
    expect(world.asked()[1]?.client.isAborted).toBe(true);
    expect(world.proxy.counters).toMatchObject({ cancelled: 1, active: 0 });
    expect(world.failures).toEqual([]);
  });

  test("handler() fails with the client whose body is cut off, and blames no server", async () => {
    const world = proxyWorld();
    const client = world.open();
    await client.send(post("abc").replace("Length: 3", "Length: 30000"));
    client.flow.abort();
    await settled();
    expect(world.asked().map(({ client: { isAborted } }) => isAborted)).toEqual([true]);
    expect(world.proxy.backends.map(({ failed }) => failed)).toEqual([0, 0]);
    expect(world.proxy.counters).toMatchObject({ active: 0 });
  });
});

describe("which server", () => {
  test("handler() asks them in turn", async () => {
    const world = proxyWorld();
    answering(world);
    const seen: string[] = [];
    for (let count = 0; count < 4; count += 1) {
      expect(world.proxy.nextIndex).toBe(count % 2);
      seen.push((await world.exchange(get())).slice(-4));
    }
    expect(seen).toEqual(["a:80", "b:80", "a:80", "b:80"]);
    expect(world.proxy.backends.map(({ statuses }) => statuses[2])).toEqual([2, 2]);
  });

  test("handler() asks another when one refuses, with the body", async () => {
    const world = proxyWorld();
    world.servers.refusing.add("a");
    const seen = await world.passedOn(post("hello"));
    expect(seen).toContain("\r\n\r\nhello");
    expect(world.servers.last.host).toBe("b:80");
    expect(world.proxy.counters).toMatchObject({ retries: 1 });
    expect(world.proxy.backends[0]).toMatchObject({ failed: 1 });
  });

  test("handler() asks another when one goes without an answer, if nothing is done twice", async () => {
    const world = proxyWorld();
    answering(world, (served) => {
      if (served.host === "a:80") served.client.fail();
      else served.reply("b");
    });
    expect(await world.exchange(get())).toMatch(/b$/);
    await world.exchange(get());
    expect(world.proxy.nextIndex).toBe(0);
    const answer = await world.exchange(post("hello"));
    expect(answer).toMatch(/^HTTP\/1\.1 502 [^]*502 Bad Gateway: a:80 does not answer: Cannot/);
  });

  test("handler() says which server fails, and why", async () => {
    const world = proxyWorld({ headMs: 1000 });
    for (const host of ["a", "b"]) world.servers.refusing.add(host);
    expect(await world.exchange(get())).toMatch(/502 Bad Gateway: b:80 [^]*: b refuses\n$/);
    world.servers.refusing.clear();
    const late = world.open();
    await late.send(get());
    await world.wait(1001);
    expect(await late.send("")).toMatch(/^HTTP\/1\.1 504 [^]*504 Gateway Timeout: a:80 /);
    expect(world.proxy.backends.map(({ failed }) => failed)).toEqual([2, 1]);
  });

  test.each([
    ["nonsense", "", ""],
    ["HTTP/1.1 200 OK", "content-length: +5", "", "hello"],
    ["HTTP/1.1 200 OK", "content-length: 5", "transfer-encoding: chunked", "", "hello"],
    ["HTTP/1.1 200 OK", `x: ${"x".repeat(100_000)}`, "", ""],
    ["HTTP/1.1 101 Switching Protocols", "upgrade: x", "", ""],
    ["HTTP/1.1 999 Beyond", "content-length: 0", "", ""],
  ])("handler() answers 502 for an answer that makes no sense: %s, %s", async (...lines) => {
    const world = proxyWorld();
    answering(world, (served) => served.answer(...lines));
    expect(await world.exchange(get())).toMatch(/^HTTP\/1\.1 502 [^]*: a:80 does not answer: /);
    expect(world.proxy.counters["active"]).toBe(0);
  });

  test("handler() keeps a client at one server while that is up", async () => {
    const world = proxyWorld({ policy: "client-hash" });
    answering(world);
    expect(world.proxy.nextIndex).toBeUndefined();
    const first = (await world.exchange(get())).slice(-4);
    for (let count = 0; count < 3; count += 1) {
      expect((await world.exchange(get())).slice(-4)).toBe(first);
    }
    world.servers.refusing.add(first.slice(0, 1));
    // What rests is still good; nobody else may be connected to.
    for (const served of world.servers.connections) served.client.fail();
    await settled();
    expect((await world.exchange(get())).slice(-4)).not.toBe(first);
  });

  test("checks take a server out and in again, and are heard of", async () => {
    const checks = { path: "/health", intervalMs: 1000, failuresUntilDown: 2 };
    const world = proxyWorld({ checks });
    let isIll = true;
    const asked: string[] = [];
    answering(world, (served, request) => {
      asked.push(request.split("\r\n")[0] ?? "");
      if (isIll && served.host === "a:80")
        served.answer("HTTP/1.1 500 Ill", "content-length: 0", "", "");
      else served.reply(served.host);
    });
    let changes = 0;
    world.proxy.onChange(() => (changes += 1));
    await world.wait(2300);
    expect(world.proxy.backends.map(({ isUp }) => isUp)).toEqual([false, true]);
    expect(changes).toBe(1);
    expect(new Set(asked)).toEqual(new Set(["GET /health HTTP/1.1"]));
    for (let count = 0; count < 3; count += 1) expect(await world.exchange(get())).toMatch(/b:80$/);
    isIll = false;
    await world.wait(2300);
    expect(world.proxy.backends.map(({ isUp }) => isUp)).toEqual([true, true]);
  });

  test("checks come first, where servers are not up before", async () => {
    const world = proxyWorld({ checks: { intervalMs: 1000, isUpAtFirst: false } });
    expect(await world.exchange(get())).toMatch(/^HTTP\/1\.1 503 /);
    world.servers.refusing.add("b");
    answering(world);
    await world.wait(1);
    expect(world.proxy.backends.map(({ isUp }) => isUp)).toEqual([true, false]);
    world.servers.refusing.clear();
    await world.wait(1200);
    expect(world.proxy.backends.map(({ isUp }) => isUp)).toEqual([true, true]);
  });

  test("handler() says so when none is up, and asks none", async () => {
    const world = proxyWorld({ checks: { intervalMs: 1000, failuresUntilDown: 1 } });
    for (const host of ["a", "b"]) world.servers.refusing.add(host);
    await world.wait(1200);
    const answer = await world.exchange(get());
    expect(answer).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 1\r\n/);
    expect(answer).toMatch(/503 Service Unavailable: No server is up of a:80, b:80\n$/);
    expect(world.proxy.nextIndex).toBeUndefined();
  });
});

describe("bounds", () => {
  test("handler() refuses what is more than it takes on", async () => {
    const world = proxyWorld({ maxRequests: 1 });
    await world.open().send(get());
    expect(await world.exchange(get())).toMatch(/^HTTP\/1\.1 503 [^]*1 requests are under way/);
  });

  test("handler() holds a server back whose client does not read", async () => {
    const world = proxyWorld();
    const client = world.open();
    const { peer } = client.flow;
    if (peer !== undefined) peer.room = new Promise(() => {});
    await client.send(get());
    const { last } = world.servers;
    last.answer("HTTP/1.1 200 OK", "content-length: 1000000", "", "");
    let reads = 0;
    const read = last.client.read.bind(last.client);
    last.client.read = () => {
      reads += 1;
      return read();
    };
    for (let count = 0; count < 50; count += 1) {
      last.answer("x".repeat(10_000));
      await settled(1);
    }
    expect(reads).toBeLessThan(5);
  });

  test("handler() refuses a request that goes round in circles, or no further", async () => {
    const world = proxyWorld();
    expect(await world.exchange(get("/", "Via: 1.1 x, 1.1 proxy"))).toMatch(/^HTTP\/1\.1 508 /);
    const options = get("/", "Max-Forwards: 0").replace("GET", "OPTIONS");
    expect(await world.exchange(options)).toMatch(/^HTTP\/1\.1 204 /);
    expect(await world.exchange(options.replace("OPTIONS", "TRACE"))).toMatch(/^HTTP\/1\.1 501 /);
    expect(await world.passedOn(options.replace(": 0", ": 5"))).toContain("max-forwards: 4\r\n");
    expect(world.asked().length).toBe(1);
  });

  test("dispose() fails what is under way, and takes no more", async () => {
    const world = proxyWorld();
    const client = world.open();
    await client.send(get());
    await world.proxy[Symbol.asyncDispose]();
    expect(await client.send("")).toMatch(/^HTTP\/1\.1 503 /);
    expect(await world.exchange(get())).toMatch(/^HTTP\/1\.1 503 /);
  });
});
