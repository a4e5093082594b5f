import { describe, expect, onTestFinished, test } from "vitest";
import { FakeServers } from "../../../test/http-servers.ts";
import type { HttpClient } from "../../devices/index.ts";
import { connect, type ClientOptions } from "./client.ts";

const url = "http://example/";

interface World {
  readonly servers: FakeServers;
  readonly client: HttpClient;
  /** Fetches from a server that answers at once. */
  readonly get: (target?: string, init?: RequestInit) => Promise<Response>;
}

function world(settings: ClientOptions["settings"] = {}): World {
  const servers = new FakeServers();
  const { clock } = servers.simulation;
  const client = connect({ stack: servers.stack, clock, settings });
  onTestFinished(() => client[Symbol.asyncDispose]());
  const get = async (target: string = url, init: RequestInit = {}): Promise<Response> => {
    const response = client.fetch(new Request(target, init));
    response.catch(() => {});
    await servers.settle();
    return response;
  };
  return { servers, client, get };
}

/** Answers each request of each connection at once. */
function answering({ servers }: World, ...fields: readonly string[]): void {
  servers.onConnect = (served) => {
    const write = served.client.write.bind(served.client);
    served.client.write = async (bytes) => {
      await write(bytes);
      if (!served.client.isAborted) served.reply("ok", ...fields);
    };
  };
}

describe("connections", () => {
  test("are used again, when all of a body was read", async () => {
    const at = world();
    answering(at);
    for (const target of [url, `${url}other`, "http://example:80/"]) {
      expect(await (await at.get(target)).text()).toBe("ok");
    }
    expect(at.servers.connections).toHaveLength(1);
    await at.get("http://example:81/");
    expect(at.servers.connections).toHaveLength(2);
    expect(at.client.counters).toMatchObject({ connections: 2, requests: 4, reused: 2 });
  });

  test("are free once the body is there, though nobody has asked for it", async () => {
    const at = world();
    answering(at);
    const first = await at.get();
    await at.get();
    expect(at.servers.connections).toHaveLength(1);
    expect(await first.text()).toBe("ok");
  });

  test.each([
    [
      "the server closes them",
      ["HTTP/1.1 200 OK", "connection: Close", "content-length: 0", "", ""],
    ],
    ["an old server says nothing", ["HTTP/1.0 200 OK", "content-length: 0", "", ""]],
    ["more follows than was said", ["HTTP/1.1 200 OK", "content-length: 0", "", "HTTP/1.1 200 OK"]],
  ])("are not used again, when %s", async (_when, lines) => {
    const at = world();
    at.servers.onConnect = (served) => served.answer(...lines);
    await (await at.get()).text();
    await (await at.get()).text();
    expect(at.servers.connections).toHaveLength(2);
    expect(at.servers.connections[0]?.client).toMatchObject({ isDisposed: true });
  });

  test("of an old server are used again, when it says so", async () => {
    const at = world();
    const lines = ["HTTP/1.0 200 OK", "Connection: Keep-Alive", "content-length: 0", "", ""];
    for (let count = 0; count < 2; count += 1) {
      const response = at.client.fetch(new Request(url));
      await at.servers.settle();
      at.servers.last.answer(...lines);
      await response;
    }
    expect(at.servers.connections).toHaveLength(1);
  });

  test("end with the body, where nothing else ends it", async () => {
    const at = world();
    at.servers.onConnect = (served) => {
      served.answer("HTTP/1.1 200 OK", "", "to the end");
      served.client.arrive(undefined);
    };
    expect(await (await at.get()).text()).toBe("to the end");
    expect(at.servers.last.client.isDisposed).toBe(true);
  });

  test("are closed when they rest for too long, and when the server ends them", async () => {
    const at = world({ idleTimeoutMs: 500 });
    answering(at);
    await at.get();
    await at.servers.pass(499);
    expect(at.servers.last.client.isDisposed).toBe(false);
    await at.servers.pass(2);
    expect(at.servers.last.client.isDisposed).toBe(true);
    await at.get();
    at.servers.last.client.arrive(undefined);
    await at.servers.settle();
    expect(at.servers.last.client.isDisposed).toBe(true);
    await at.get();
    expect(at.client.counters).toMatchObject({ connections: 3, reused: 0 });
  });

  test("are dropped with what is left of a body that nobody wants", async () => {
    const at = world();
    at.servers.onConnect = (served) =>
      served.answer("HTTP/1.1 200 OK", "content-length: 9", "", "a");
    await (await at.get()).body?.cancel();
    expect(at.servers.last.client.isAborted).toBe(true);
  });

  test("stay within their bound; who comes too late waits", async () => {
    const at = world({ originConnections: 2, waitingRequests: 1 });
    const [one, two, three] = [at.get(), at.get(), at.get()];
    await at.servers.settle();
    expect(at.servers.connections).toHaveLength(2);
    await expect(at.get()).rejects.toThrow("1 requests wait already");
    at.servers.connections[1]?.reply("two");
    expect(await (await two).text()).toBe("two");
    await at.servers.settle();
    at.servers.connections[1]?.reply("three");
    at.servers.connections[0]?.reply("one");
    expect([await (await one).text(), await (await three).text()]).toEqual(["one", "three"]);
    expect(at.servers.connections).toHaveLength(2);
  });

  test("make room for those to other origins", async () => {
    const at = world({ connections: 2 });
    answering(at);
    for (const host of ["a", "b", "c"]) await at.get(`http://${host}/`);
    expect(at.servers.connections.map(({ client }) => client.isDisposed)).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("that fail to open let go of the body that was to be sent", async () => {
    const at = world();
    at.servers.refusing.add("example");
    let wasCancelled = false;
    const body = new ReadableStream({ cancel: () => void (wasCancelled = true) });
    const init = { method: "POST", body, duplex: "half" };
    const response = at.get(url, init);
    response.catch(() => {});
    await at.servers.pass(20);
    await expect(response).rejects.toMatchObject({ code: "connection-failed" });
    expect(wasCancelled).toBe(true);
  });

  test("that fail to open make room for who waits", async () => {
    const at = world({ originConnections: 1 });
    at.servers.refusing.add("example");
    const [one, two] = [at.get(), at.get()];
    await expect(one).rejects.toMatchObject({ code: "connection-failed" });
    await expect(two).rejects.toMatchObject({ code: "connection-failed" });
  });
});

describe("a connection that went stale", () => {
  /** A connection that served, and is reset when it is used again. */
  async function stale(settings: ClientOptions["settings"] = {}): Promise<World> {
    const at = world(settings);
    answering(at);
    await at.get();
    at.servers.last.client.write = async () => at.servers.connections[0]?.client.fail();
    return at;
  }

  test.each(["GET", "HEAD", "PUT", "DELETE"])("lets %s be sent once more", async (method) => {
    const at = await stale();
    expect((await at.get(url, { method })).status).toBe(200);
    expect(at.servers.connections).toHaveLength(2);
    expect(at.client.counters).toMatchObject({ retries: 1, requests: 2 });
  });

  test("lets a small body be sent once more", async () => {
    const at = await stale();
    expect((await at.get(url, { method: "PUT", body: "x" })).status).toBe(200);
    expect(at.servers.last.request()).toContain("\r\n\r\nx");
  });

  test.each(["POST", "PATCH"])("does not let %s be sent again", async (method) => {
    const at = await stale();
    await expect(at.get(url, { method, body: "x" })).rejects.toMatchObject({
      code: "connection-failed",
      cause: { code: "reset" },
    });
    expect(at.servers.connections).toHaveLength(1);
  });

  test("is tried once: a new one that fails too is an answer", async () => {
    const at = await stale();
    at.servers.onConnect = ({ client }) => client.arrive(undefined);
    await expect(at.get()).rejects.toThrow("ended the connection and said nothing");
    expect(at.servers.connections).toHaveLength(2);
  });

  test("that has begun to answer is not tried again", async () => {
    const at = world();
    answering(at);
    await at.get();
    const response = at.get();
    await at.servers.settle();
    const { client } = at.servers.last;
    client.write = async () => {
      client.arrive("HTTP/1.1 2");
      client.arrive(undefined);
    };
    await response;
    await expect(at.get()).rejects.toMatchObject({ code: "malformed" });
    expect(at.servers.connections).toHaveLength(1);
  });
});

describe("a request is given up", () => {
  const reason = new Error("enough");

  test("before it begins", async () => {
    const at = world();
    await expect(at.get(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(at.servers.connections).toHaveLength(0);
  });

  test("while it waits for a connection", async () => {
    const at = world({ originConnections: 1 });
    void at.get();
    const controller = new AbortController();
    const waiting = at.get(url, { signal: controller.signal });
    const next = at.get();
    await at.servers.settle();
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    at.servers.last.reply("one");
    await at.servers.settle();
    at.servers.last.reply("two");
    expect(await (await next).text()).toBe("two");
  });

  test("while it connects", async () => {
    const at = world({ originConnections: 1 });
    at.servers.connecting = new Promise(() => {});
    const controller = new AbortController();
    const response = at.get(url, { signal: controller.signal });
    await at.servers.settle();
    controller.abort(reason);
    await expect(response).rejects.toBe(reason);
    at.servers.connecting = Promise.resolve();
    answering(at);
    expect((await at.get()).status).toBe(200);
  });

  test("while it waits for the head", async () => {
    const at = world();
    const controller = new AbortController();
    const response = at.get(url, { signal: controller.signal });
    await at.servers.settle();
    controller.abort(reason);
    await expect(response).rejects.toBe(reason);
    expect(at.servers.last.client.isAborted).toBe(true);
  });

  test("while its body is read, or between two reads", async () => {
    for (const isReading of [true, false]) {
      const at = world();
      at.servers.onConnect = (served) =>
        served.answer("HTTP/1.1 200 OK", "content-length: 9", "", "abc");
      const controller = new AbortController();
      const response = await at.get(url, { signal: controller.signal });
      const reader = response.body?.getReader();
      await reader?.read();
      const reading = isReading ? reader?.read() : undefined;
      await at.servers.settle();
      controller.abort(reason);
      await expect(reading ?? reader?.read()).rejects.toBe(reason);
      expect(at.servers.last.client.isAborted).toBe(true);
    }
  });

  test("when nobody reads its body, and its connection is free then", async () => {
    const at = world({ originConnections: 1 });
    at.servers.onConnect = (served) =>
      served.answer("HTTP/1.1 200 OK", "content-length: 9", "", "abc");
    const controller = new AbortController();
    const response = await at.get(url, { signal: controller.signal });
    const next = at.get();
    controller.abort(reason);
    expect((await next).status).toBe(200);
    await expect(response.text()).rejects.toBe(reason);
  });

  test("when connecting takes too long", async () => {
    const at = world({ connectTimeoutMs: 300 });
    at.servers.connecting = new Promise(() => {});
    const response = expect(at.get()).rejects.toMatchObject({
      code: "timed-out",
      message: "Cannot connect to example port 80: it took longer than 300 ms",
    });
    await at.servers.pass(301);
    await response;
  });

  test("when the head takes too long, however many answers come before it", async () => {
    const at = world({ headTimeoutMs: 300 });
    const response = expect(at.get()).rejects.toMatchObject({ code: "timed-out" });
    for (let count = 0; count < 4; count += 1) {
      await at.servers.pass(90);
      at.servers.last.answer("HTTP/1.1 102 Processing", "", "");
    }
    await response;
    expect(at.servers.last.client.isAborted).toBe(true);
  });

  test("when the body rests for too long", async () => {
    const at = world({ bodyTimeoutMs: 300 });
    at.servers.onConnect = (served) =>
      served.answer("HTTP/1.1 200 OK", "content-length: 9", "", "");
    const response = await at.get();
    const text = expect(response.text()).rejects.toMatchObject({ code: "timed-out" });
    await at.servers.pass(299);
    at.servers.last.answer("abc");
    await at.servers.pass(299);
    expect(at.servers.last.client.isAborted).toBe(false);
    await at.servers.pass(2);
    await text;
  });

  test("when the client is disposed", async () => {
    const at = world({ originConnections: 2 });
    answering(at);
    await at.get();
    at.servers.onConnect = () => {};
    at.servers.last.client.write = async () => {};
    const responses = [at.get(), at.get(), at.get()];
    await at.servers.settle();
    await at.client[Symbol.asyncDispose]();
    for (const response of [...responses, at.get()]) {
      await expect(response).rejects.toMatchObject({ code: "closed" });
    }
    expect(at.servers.connections.every(({ client }) => client.isAborted)).toBe(true);
    await at.client[Symbol.asyncDispose]();
  });
});

describe("consent", () => {
  const stream = (): ReadableStream<Uint8Array<ArrayBuffer>> =>
    new ReadableStream({
      start: (controller) => controller.enqueue(Uint8Array.of(0x61)),
    });

  async function asking(): Promise<World & { response: Promise<Response> }> {
    const at = world({ continueTimeoutMs: 500 });
    const init = { method: "POST", body: stream(), duplex: "half" };
    const response = at.get(url, init);
    response.catch(() => {});
    await at.servers.pass(20);
    expect(at.servers.last.request()).toMatch(/expect: 100-continue\r\n\r\n$/);
    return { ...at, response };
  }

  test("lets the body go", async () => {
    const { servers, response } = await asking();
    servers.last.answer("HTTP/1.1 100 Continue", "", "");
    await servers.settle();
    expect(servers.last.request()).toBe("1\r\na\r\n");
    servers.last.reply("x");
    expect(await (await response).text()).toBe("x");
  });

  test("is not waited for without end", async () => {
    const { servers, response } = await asking();
    await servers.pass(480);
    expect(servers.last.request()).toBe("");
    await servers.pass(20);
    expect(servers.last.request()).toBe("1\r\na\r\n");
    servers.last.reply("x");
    expect((await response).status).toBe(200);
  });

  test("that is refused keeps the body back, and ends the connection", async () => {
    const { servers, response } = await asking();
    servers.last.answer("HTTP/1.1 417 No", "content-length: 0", "", "");
    expect((await response).status).toBe(417);
    expect(servers.last.request()).toBe("");
    expect(servers.last.client.isAborted).toBe(true);
  });
});
