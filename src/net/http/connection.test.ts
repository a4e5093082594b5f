import { expect, test } from "vitest";
import { settled } from "../../../test/http-flows.ts";
import { httpWorld } from "../../../test/http-world.ts";
import type { Flow } from "../../devices/index.ts";

const get = (path: string, more = ""): string =>
  `GET ${path} HTTP/1.1\r\nHost: here\r\n${more}\r\n`;

const pathOf = (request: Request): string => new URL(request.url).pathname;

/** An answer's head, as a client in memory gets it. */
const answer = (length: number, body: string, more = ""): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: text/plain;charset=UTF-8\r\n` +
  `date: Mon, 09 Dec 2013 00:00:00 GMT\r\n${more}content-length: ${length}\r\n\r\n${body}`;

const streamOf = (bytes: Uint8Array): ReadableStream =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

test("serve() answers 413 when a body turns out to be too large, 400 when it is wrong", async () => {
  const world = httpWorld(async (request) => new Response(await request.text()), { bodyBytes: 4 });
  const post = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const client = world.open();
  expect(await client.send(`${post}5\r\nabcde\r\n0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /);
  expect(client.state()).toBe("ended");
  expect(await world.exchange(`${post}5\nabcde`)).toMatch(/^HTTP\/1\.1 400 /);
  expect(world.server.counters).toMatchObject({ tooLarge: 1, malformed: 1, handlerErrors: 0 });
});

test("serve() answers 503 to connections over the limit", async () => {
  const world = httpWorld(() => new Response("a"), { connectionCount: 1 });
  const first = world.open();
  const second = world.open();
  expect(await second.send("")).toMatch(/^HTTP\/1\.1 503 /);
  expect(await first.send(get("/"))).toBe(answer(1, "a"));
  expect(world.server.counters).toMatchObject({ connections: 1, connectionsRefused: 1 });
});

test("serve() answers 408 to a head that does not end, however it trickles", async () => {
  const world = httpWorld(() => new Response("a"));
  const client = world.open();
  await client.send("GET / HT");
  await world.wait(6000);
  await client.send("TP/1.1\r\n");
  expect(client.state()).toBe("open");
  await world.wait(4001);
  expect(await client.send("")).toMatch(/^HTTP\/1\.1 408 /);
  expect([client.state(), world.server.counters["timedOut"]]).toEqual(["ended", 1]);
});

test("serve() closes a connection that stays idle, without a word", async () => {
  const world = httpWorld(() => new Response("a"));
  const client = world.open();
  await client.send(get("/"));
  await world.wait(14_000);
  expect(client.state()).toBe("open");
  await world.wait(1001);
  expect([await client.send(""), client.state()]).toEqual(["", "ended"]);
  expect(world.server.counters["timedOut"]).toBe(0);
});

test("serve() answers 408 to a body that stops", async () => {
  const world = httpWorld(async (request) => new Response(await request.text()));
  const client = world.open();
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
  await world.wait(20_001);
  expect(await client.send("")).toMatch(/^HTTP\/1\.1 408 /);
  expect(client.state()).toBe("ended");
});

test.each([
  [{}, "408"],
  [{ bodyBytesPerSecond: 0 }, "200"],
])("serve() with %j answers a body that trickles for minutes %s", async (limits, status) => {
  const world = httpWorld(async (request) => new Response(await request.text()), limits);
  const client = world.open();
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n");
  let reply = "";
  for (let second = 0; second < 200 && client.state() === "open"; second += 10) {
    await world.wait(10_000);
    reply += await client.send("x");
  }
  expect(reply).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
});

test("serve() waits for a body that is slow, as long as it is not too slow", async () => {
  const world = httpWorld(async (request) => new Response(await request.text()));
  const client = world.open();
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
  for (let count = 0; count < 6; count += 1) {
    await world.wait(19_000);
    expect(client.state()).toBe("open");
    const reply = await client.send("x".repeat(10_000));
    expect(reply.slice(0, 12)).toBe(count < 5 ? "" : "HTTP/1.1 200");
  }
});

test.each([
  ["text", (text: string) => new Response(text)],
  ["chunk of a stream", (text: string) => new Response(streamOf(encode(text)))],
])("serve() sends a large %s to a client that takes it slowly", async (_what, respond) => {
  const text = "x".repeat(400_000);
  const world = httpWorld(() => respond(text));
  const client = world.open();
  const { peer } = client.flow;
  if (peer === undefined) throw new Error("The client has nobody to talk to");
  const write = peer.write.bind(peer);
  peer.write = async (bytes) => {
    await write(bytes);
    // As long as 10,000 bytes a second take.
    await world.simulation.clock.sleep(bytes.length / 10);
  };
  let received = await client.send(get("/"));
  for (let second = 0; second < 50; second += 10) {
    await world.wait(10_000);
    received += await client.send("");
  }
  expect(client.state()).toBe("open");
  expect(received.split("\r\n\r\n")[1]?.match(/x/g)).toHaveLength(text.length);
});

test("serve() aborts a client that takes nothing", async () => {
  const world = httpWorld(() => new Response("a"));
  const client = world.open();
  if (client.flow.peer !== undefined) client.flow.peer.room = new Promise(() => {});
  await client.send(get("/"));
  await world.wait(30_001);
  await settled();
  expect([client.state(), world.server.counters["timedOut"]]).toEqual(["aborted", 1]);
});

test("serve() answers 500 when the handler fails, and goes on", async () => {
  const failure = new Error("no");
  const world = httpWorld((request) => {
    if (pathOf(request) === "/throws") throw failure;
    if (pathOf(request) === "/nothing") return undefined;
    if (pathOf(request) === "/splits") {
      return { status: 200, statusText: "", headers: [["a", "b\r\nc: d"]], body: null } as never;
    }
    return new Response("a");
  });
  const client = world.open();
  for (const path of ["/throws", "/nothing", "/splits"]) {
    expect(await client.send(get(path))).toMatch(/^HTTP\/1\.1 500 .*\r\n[^]*\r\n\r\n500 .*\n$/);
  }
  expect(await client.send(get("/"))).toBe(answer(1, "a"));
  expect([world.failures.length, world.failures[0]]).toEqual([3, failure]);
  expect(world.server.counters["handlerErrors"]).toBe(3);
});

test("serve() cuts a response off when its body fails, and never ends it", async () => {
  const world = httpWorld((request) => {
    const stream = new ReadableStream({
      pull(controller) {
        controller.enqueue(encode("ab"));
        if (pathOf(request) === "/fails") controller.error(new Error("no"));
        else controller.close();
      },
    });
    const headers: Record<string, string> =
      pathOf(request) === "/long" ? { "content-length": "9" } : {};
    return new Response(stream, { headers });
  });
  for (const path of ["/fails", "/long"]) {
    const client = world.open();
    const text = await client.send(get(path));
    expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(text).not.toMatch(/\r\n0\r\n/);
    expect(client.state()).toBe("aborted");
  }
  expect(world.failures).toHaveLength(2);
});

test("serve() counts a connection no more that has failed, whatever its handler does", async () => {
  const world = httpWorld(() => new Promise(() => {}), { connectionCount: 1 });
  const client = world.open();
  await client.send(get("/"));
  client.flow.abort();
  await settled();
  expect(world.server.counters["openConnections"]).toBe(0);
});

test("serve() blames the client for what it does not understand, whoever reads it", async () => {
  const world = httpWorld(async (request) => {
    if (pathOf(request) === "/pipe") return new Response(request.body);
    await request.text().catch(() => {});
    return new Response("never mind");
  });
  const post = (path: string): string =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nx\r\n`;
  const piping = world.open();
  expect(await piping.send(post("/pipe"))).toMatch(/\r\n\r\n1\r\na\r\n$/);
  expect(piping.state()).toBe("aborted");
  const caught = world.open();
  expect(await caught.send(post("/"))).toBe(answer(10, "never mind", "connection: close\r\n"));
  expect(world.server.counters).toMatchObject({ malformed: 2, handlerErrors: 0 });
});

test("serve() aborts the request's signal and its response when the client goes", async () => {
  const seen: unknown[] = [];
  const world = httpWorld((request) => {
    request.signal.addEventListener("abort", () => seen.push("signal"));
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(encode("a")),
      cancel: () => void seen.push("cancel"),
    });
    return new Response(body);
  });
  const client = world.open();
  expect(await client.send(get("/"))).toMatch(/\r\n1\r\na\r\n$/);
  client.flow.abort();
  await settled();
  expect(seen).toEqual(["signal", "cancel"]);
  expect(world.server.counters).toMatchObject({ openConnections: 0, handlerErrors: 0 });
});

test("serve() aborts the signal of a client that has ended its side, and still answers", async () => {
  const world = httpWorld(async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    return new Response("a");
  });
  const client = world.open();
  client.flow.peer?.arrive(get("/"));
  client.flow.peer?.arrive(undefined);
  expect((await client.send("")) + (await client.send(""))).toBe(answer(1, "a"));
  expect(client.state()).toBe("ended");
});

test("upgrade() gives the connection away, with what came too early", async () => {
  let upgraded: Flow | undefined;
  const world = httpWorld(async (_request, connection) => {
    expect(connection.remote.address).toBe("10.0.0.1");
    upgraded = await connection.upgrade(new Headers({ upgrade: "echo", "x-key": "k" }));
    return new Promise(() => {});
  });
  const client = world.open();
  const text = await client.send(
    get("/", "Connection: keep-alive, Upgrade\r\nUpgrade: echo\r\n") + "early",
  );
  expect(text).toBe(
    "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\nx-key: k\r\n\r\n",
  );
  expect(new TextDecoder().decode(await upgraded?.read())).toBe("early");
  const reading = upgraded?.read(AbortSignal.abort("enough"));
  await expect(reading).rejects.toBe("enough");
  client.flow.peer?.arrive("later");
  expect(new TextDecoder().decode(await upgraded?.read())).toBe("later");
  await upgraded?.write(encode("back"));
  expect(await client.send("")).toBe("back");
  await world.listener[Symbol.asyncDispose]();
  expect(client.state()).toBe("open");
  await upgraded?.[Symbol.asyncDispose]();
  await settled();
  expect([client.state(), world.server.counters["upgrades"]]).toEqual(["ended", 1]);
});

test("upgrade() takes no body for the other protocol", async () => {
  const codes: unknown[] = [];
  const world = httpWorld(async (request, connection) => {
    await connection.upgrade(new Headers()).catch((error: unknown) => codes.push(error));
    await request.text();
    await connection.upgrade(new Headers({ upgrade: "echo" }));
    return new Promise(() => {});
  });
  const more = "Connection: Upgrade\r\nUpgrade: echo\r\nContent-Length: 3\r\n";
  expect(await world.open().send(`${get("/", more)}abc`)).toMatch(/^HTTP\/1\.1 101 /);
  expect(codes).toMatchObject([{ code: "malformed" }]);
});

test("upgrade() refuses requests that do not ask for it, and those that were answered", async () => {
  const codes: unknown[] = [];
  let late: (() => Promise<Flow>) | undefined;
  const world = httpWorld(async (_request, connection) => {
    late = () => connection.upgrade(new Headers());
    await late().catch((error: unknown) => codes.push(error));
    return new Response("a");
  });
  const client = world.open();
  expect(await client.send(get("/", "Upgrade: echo\r\n"))).toBe(answer(1, "a"));
  await expect(late?.()).rejects.toMatchObject({ code: "closed" });
  expect(codes).toMatchObject([{ code: "malformed" }]);
});

test("disposing finishes what is under way, and closes what is idle", async () => {
  let proceed = (): void => {};
  const world = httpWorld(async () => {
    await new Promise<void>((resolve) => (proceed = resolve));
    return new Response("a");
  });
  const idle = world.open();
  const busy = world.open();
  await settled();
  await busy.send(get("/"));
  let isDone = false;
  const disposed = world.server[Symbol.asyncDispose]().then(() => (isDone = true));
  await settled();
  expect([idle.state(), busy.state(), isDone]).toEqual(["ended", "open", false]);
  proceed();
  expect(await busy.send("")).toBe(answer(1, "a", "connection: close\r\n"));
  for (const client of [idle, busy]) await client.flow.shutdown("write");
  await disposed;
  expect(() => world.open()).toThrow("nobody listens");
  expect(() => world.server.serve(81, () => undefined)).toThrow("was disposed");
});

test("disposing aborts what does not finish in time", async () => {
  const world = httpWorld(() => new Promise(() => {}));
  const client = world.open();
  await client.send(get("/"));
  const disposed = world.listener[Symbol.asyncDispose]();
  await settled();
  await world.wait(10_001);
  await disposed;
  await settled();
  expect([client.state(), world.server.counters["openConnections"]]).toEqual(["aborted", 0]);
});
