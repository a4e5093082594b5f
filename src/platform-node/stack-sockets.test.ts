import { setTimeout as delay } from "node:timers/promises";
import { createSocket } from "node:dgram";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Datagram, Stack, TcpFlow, UdpSocket } from "../devices/index.ts";
import { connect } from "./stack-sockets.ts";

const loopback = "127.0.0.1";
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && new TextDecoder().decode(bytes);

function makeStack(): Stack {
  const stack = connect();
  onTestFinished(() => stack[Symbol.asyncDispose]());
  return stack;
}

/** Both ends of a connection. */
async function flows(stack = makeStack()): Promise<[client: TcpFlow, server: TcpFlow]> {
  let accept = (_flow: TcpFlow): void => {};
  const accepted = new Promise<TcpFlow>((resolve) => (accept = resolve));
  const listener = stack.tcp.listen(0, (flow) => accept(flow), { address: loopback });
  const client = await stack.tcp.connect(listener.local);
  return [client, await accepted];
}

async function readAll(flow: TcpFlow): Promise<string> {
  let text = "";
  for (let chunk = await flow.read(); chunk !== undefined; chunk = await flow.read()) {
    text += textOf(chunk);
  }
  return text;
}

/** A port where nobody listens. */
async function deadPort(stack: Stack): Promise<number> {
  const listener = stack.tcp.listen(0, () => {}, { address: loopback });
  await listener[Symbol.asyncDispose]();
  return listener.local.port;
}

describe("a flow", () => {
  test("carries bytes both ways, and each end without the other", async () => {
    const [client, server] = await flows();
    await client.write(bytesOf("ping"));
    expect(textOf(await server.read())).toBe("ping");
    await client.shutdown("write");
    expect(await server.read()).toBeUndefined();
    expect(await server.read()).toBeUndefined();
    await expect(client.write(bytesOf("more"))).rejects.toMatchObject({ code: "closed" });
    await server.write(bytesOf("pong"));
    await server.shutdown("write");
    expect(await readAll(client)).toBe("pong");
    expect(client.remote).toEqual(server.local);
    expect(client.local).toEqual(server.remote);
    expect(client.counters).toEqual({ bytesIn: 4, bytesOut: 4 });
  });

  test("read() gives plain bytes of its own, which slice() copies", async () => {
    const [client, server] = await flows();
    await client.write(bytesOf("abc"));
    const bytes = (await server.read()) ?? new Uint8Array();
    const copy = bytes.slice();
    bytes.fill(0);
    expect(textOf(copy)).toBe("abc");
  });

  test("read() is one at a time, and loses nothing when its signal aborts", async () => {
    const [client, server] = await flows();
    const controller = new AbortController();
    const reading = server.read(controller.signal);
    await expect(server.read()).rejects.toThrow(TypeError);
    controller.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
    await client.write(bytesOf("later"));
    expect(textOf(await server.read())).toBe("later");
    await expect(server.read(controller.signal)).rejects.toThrow("enough");
  });

  test("abort() is seen as a reset, while writes wait too, and is closed here", async () => {
    const [client, server] = await flows();
    const written = client.write(new Uint8Array(32 * 1024 * 1024));
    const writing = expect(written).rejects.toMatchObject({ code: "closed" });
    client.abort();
    await writing;
    client.abort();
    await expect(client.read()).rejects.toMatchObject({ name: "FlowError", code: "closed" });
    await expect(readAll(server)).rejects.toMatchObject({ name: "FlowError", code: "reset" });
    await expect(server.read()).rejects.toMatchObject({ code: "reset" });
    await expect(server.write(bytesOf("x"))).rejects.toMatchObject({ code: "reset" });
  });

  test("abort() behind a shutdown that waits for its writes is a reset", async () => {
    const [client, server] = await flows();
    void client.write(new Uint8Array(32 * 1024 * 1024)).catch(() => {});
    await client.shutdown("write");
    client.abort();
    await expect(readAll(server)).rejects.toMatchObject({ code: "reset" });
  });

  test("write() waits for room, until the peer reads", async () => {
    const [client, server] = await flows();
    let writtenCount = 0;
    const total = 64;
    const writing = (async () => {
      for (let index = 0; index < total; index++) {
        await client.write(new Uint8Array(256 * 1024).fill(index));
        writtenCount++;
      }
      await client.shutdown("write");
    })();
    await delay(50);
    expect(writtenCount).toBeLessThan(total);
    let heardBytes = 0;
    for (let chunk = await server.read(); chunk !== undefined; chunk = await server.read()) {
      expect(chunk[0]).toBe(Math.floor(heardBytes / (256 * 1024)));
      heardBytes += chunk.length;
    }
    await writing;
    expect(heardBytes).toBe(total * 256 * 1024);
  });

  test("shutdown() of reading discards what comes", async () => {
    const [client, server] = await flows();
    const reading = server.read();
    await server.shutdown("read");
    expect(await reading).toBeUndefined();
    await client.write(new Uint8Array(4 * 1024 * 1024));
    expect(await server.read()).toBeUndefined();
    await server.write(bytesOf("still"));
    expect(textOf(await client.read())).toBe("still");
  });

  test("dispose() delivers what was written", async () => {
    const [client, server] = await flows();
    const text = "x".repeat(3_000_000);
    void client.write(bytesOf(text));
    const disposed = client[Symbol.asyncDispose]();
    expect(await readAll(server)).toBe(text);
    await disposed;
    await expect(client.write(bytesOf("y"))).rejects.toMatchObject({ code: "closed" });
  });

  test("dispose() is an abort, when input was left unread", async () => {
    const [client, server] = await flows();
    await client.write(bytesOf("unread"));
    while (server.counters["bytesIn"] === 0) await delay(1);
    await server[Symbol.asyncDispose]();
    await expect(client.read()).rejects.toMatchObject({ code: "reset" });
  });

  test("readable and writable pipe", async () => {
    const [client, server] = await flows();
    void server.readable.pipeTo(server.writable);
    const writer = client.writable.getWriter();
    await writer.write(bytesOf("round"));
    await writer.close();
    expect(await readAll(client)).toBe("round");
    expect(client.writable).toBe(client.writable);
  });
});

describe("Tcp", () => {
  test("connect() fails with refused, where nobody listens", async () => {
    const stack = makeStack();
    const port = await deadPort(stack);
    const connecting = stack.tcp.connect({ address: loopback, port });
    await expect(connecting).rejects.toMatchObject({ name: "ProtocolError", code: "refused" });
    await expect(stack.connect(loopback, port)).rejects.toMatchObject({ code: "refused" });
    expect(stack.tcp.counters["connectionsFailed"]).toBe(2);
  });

  test("connect() rejects with the signal's reason, also when it had aborted", async () => {
    const stack = makeStack();
    const to = { address: loopback, port: await deadPort(stack) };
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(stack.tcp.connect(to, { signal })).rejects.toThrow("enough");
    const controller = new AbortController();
    const connecting = stack.tcp.connect(to, { signal: controller.signal });
    controller.abort(new Error("enough now"));
    await expect(connecting).rejects.toThrow("enough now");
  });

  test("connect() takes an address alone, and a port that there is", async () => {
    const { tcp } = makeStack();
    await expect(tcp.connect({ address: "localhost", port: 1 })).rejects.toThrow(TypeError);
    await expect(tcp.connect({ address: loopback, port: 65_536 })).rejects.toThrow(RangeError);
  });

  test("listen() throws at once, when the port is taken or the address not ours", () => {
    const { tcp } = makeStack();
    const { local } = tcp.listen(0, () => {});
    expect(local.port).toBeGreaterThan(0);
    const codeOf = (act: () => unknown): string => {
      try {
        act();
        return "none";
      } catch (error) {
        return (error as { code?: string }).code ?? String(error);
      }
    };
    expect(codeOf(() => tcp.listen(local.port, () => {}))).toBe("address-in-use");
    expect(codeOf(() => tcp.listen(0, () => {}, { address: "192.0.2.1" }))).toBe("no-route");
    expect(() => tcp.listen(1.5, () => {})).toThrow(RangeError);
  });

  test("listen() aborts the connection whose accept throws or rejects, and goes on", async () => {
    const stack = makeStack();
    let acceptCount = 0;
    const listener = stack.tcp.listen(
      0,
      (flow) => {
        acceptCount++;
        if (acceptCount === 1) throw new Error("not this one");
        if (acceptCount === 2) return Promise.reject(new Error("nor this one"));
        return flow.write(bytesOf("welcome"));
      },
      { address: loopback },
    );
    for (const _ of [1, 2]) {
      // It may be aborted before the client knows that it is there.
      const reading = stack.tcp.connect(listener.local).then((flow) => flow.read());
      await expect(reading).rejects.toMatchObject({ code: expect.stringMatching(/reset|refused/) });
    }
    const flow = await stack.tcp.connect(listener.local);
    expect(textOf(await flow.read())).toBe("welcome");
  });

  test("a disposed listener refuses, and leaves what it accepted", async () => {
    const stack = makeStack();
    const listener = stack.tcp.listen(0, (flow) => flow.write(bytesOf("hello")), {
      address: loopback,
    });
    const flow = await stack.tcp.connect(listener.local);
    expect(textOf(await flow.read())).toBe("hello");
    await listener[Symbol.asyncDispose]();
    await expect(stack.tcp.connect(listener.local)).rejects.toMatchObject({ code: "refused" });
    await flow.write(bytesOf("still here"));
    stack.tcp.listen(listener.local.port, () => {}, { address: loopback });
  });
});

describe("Stack", () => {
  test("connect() tries each address of a name", async () => {
    const stack = makeStack();
    const listener = stack.tcp.listen(0, (flow) => flow.write(bytesOf("by name")), {
      address: loopback,
    });
    const flow = await stack.connect("localhost", listener.local.port);
    expect(textOf(await flow.read())).toBe("by name");
  });

  test("addresses are the kernel's, with prefix lengths, and the same until they change", async () => {
    const stack = makeStack();
    expect(stack.addresses).toContain("127.0.0.1/8");
    expect(stack.addresses).toBe(stack.addresses);
    await stack.configured();
    await expect(stack.configured(AbortSignal.abort(new Error("enough")))).rejects.toThrow(
      "enough",
    );
    expect(stack.ip).toEqual({ v4: undefined, v6: undefined });
    expect(stack.icmp).toBeUndefined();
  });

  test("everything fails with closed, once it is disposed", async () => {
    const stack = connect();
    const [client, server] = await flows(stack);
    const socket = stack.udp.bind(0);
    await stack[Symbol.asyncDispose]();
    await stack[Symbol.asyncDispose]();
    const closed = { code: "closed" };
    await expect(client.read()).rejects.toMatchObject(closed);
    await expect(server.write(bytesOf("x"))).rejects.toMatchObject(closed);
    await expect(stack.tcp.connect(client.remote)).rejects.toMatchObject(closed);
    await expect(stack.connect(loopback, 1)).rejects.toMatchObject(closed);
    await expect(stack.resolver.records("example.org", "A")).rejects.toMatchObject(closed);
    await expect(stack.configured()).rejects.toMatchObject(closed);
    expect(await socket.receive()).toBeUndefined();
    for (const act of [() => stack.tcp.listen(0, () => {}), () => stack.udp.bind(0)]) {
      expect(act).toThrow("the stack was disposed");
    }
  });
});

describe("Udp", () => {
  const to = (socket: UdpSocket): { address: string; port: number } => ({
    address: loopback,
    port: socket.local.port,
  });

  test("send() and receive() carry datagrams, on one address or all", async () => {
    const { udp } = makeStack();
    const all = udp.bind(0);
    const one = udp.bind(0, { address: loopback });
    one.send(bytesOf("hello"), to(all));
    const heard = await all.receive();
    expect(textOf(heard?.bytes)).toBe("hello");
    expect(heard?.from).toEqual(one.local);
    all.send(bytesOf("answer"), heard?.from ?? to(one));
    expect(await one.receive()).toMatchObject({ from: to(all), to: loopback });
  });

  test("bind() throws at once, when the port is taken or the address not ours", () => {
    const { udp } = makeStack();
    const taken = udp.bind(0, { address: loopback }).local;
    const bind = (port: number, address?: string) => (): UdpSocket =>
      udp.bind(port, address === undefined ? {} : { address });
    const inUse = expect.objectContaining({ name: "ProtocolError", code: "address-in-use" });
    expect(bind(taken.port, loopback)).toThrow(inUse);
    expect(bind(taken.port)).toThrow(inUse);
    expect(bind(0, "192.0.2.1")).toThrow(expect.objectContaining({ code: "no-route" }));
    expect(bind(70_000)).toThrow(RangeError);
  });

  test("receive() keeps what came before it, up to a bound, and ends with its signal", async () => {
    const { udp } = makeStack();
    const [one, other] = [udp.bind(0), udp.bind(0)];
    for (const text of ["a", "b"]) one.send(bytesOf(text), to(other));
    while (udp.counters["datagramsIn"] !== 2) await delay(1);
    expect(textOf((await other.receive())?.bytes)).toBe("a");
    expect(textOf((await other.receive())?.bytes)).toBe("b");
    const controller = new AbortController();
    const waiting = other.receive(controller.signal);
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    one.send(bytesOf("c"), to(other));
    expect(textOf((await other.receive())?.bytes)).toBe("c");
    const big = new Uint8Array(50_000);
    for (let index = 0; index < 40; index++) {
      one.send(big, to(other));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await delay(10);
    expect(udp.counters["droppedIn"]).toBeGreaterThan(0);
  });

  test("listen() gets datagrams instead", async () => {
    const { udp } = makeStack();
    const [one, other] = [udp.bind(0), udp.bind(0)];
    const heard: Datagram[] = [];
    other.listen((datagram) => void heard.push(datagram));
    one.send(bytesOf("x"), to(other));
    while (heard.length === 0) await delay(1);
    expect(heard[0]?.from.port).toBe(one.local.port);
  });

  test("send() says what cannot be sent", async () => {
    const { udp } = makeStack();
    const socket = udp.bind(0, { address: loopback });
    const send = (bytes: number, address: string, source?: string) => (): void =>
      socket.send(
        new Uint8Array(bytes),
        { address, port: 9 },
        source === undefined ? {} : { source },
      );
    const error = (code: string): unknown => expect.objectContaining({ code });
    expect(send(65_508, loopback)).toThrow(error("too-large"));
    expect(send(1, "::1")).toThrow(error("no-route"));
    expect(send(1, loopback, "192.0.2.1")).toThrow(error("no-route"));
    await socket[Symbol.asyncDispose]();
    expect(send(1, loopback)).toThrow(error("closed"));
    expect(() => socket.listen(() => {})).toThrow(error("closed"));
  });

  test("join() refuses what is no group, or of the other version of IP", () => {
    const { udp } = makeStack();
    const socket = udp.bind(0, { address: "0.0.0.0" });
    expect(() => socket.join(loopback)).toThrow(expect.objectContaining({ code: "no-route" }));
    expect(() => socket.join("ff02::1")).toThrow(expect.objectContaining({ code: "no-route" }));
  });
});

describe("Resolver", () => {
  /** A name server that answers one question, with `records` or a code. */
  async function server(
    answer: (type: number) => { rcode: number; data?: number[] },
  ): Promise<string> {
    const socket = createSocket("udp4");
    onTestFinished(() => void socket.close());
    socket.on("message", (query, from) => {
      const end = query.indexOf(0, 12) + 5;
      const { rcode, data } = answer(query.readUInt16BE(end - 4));
      const counts = [0, 1, 0, data === undefined ? 0 : 1, 0, 0, 0, 0];
      const header = [...query.subarray(0, 2), 0x81, 0x80 | rcode, ...counts];
      const record = [0xc0, 12, ...query.subarray(end - 4, end), 0, 0, 0, 77];
      const tail = data === undefined ? [] : [...record, 0, data.length, ...data];
      socket.send(Uint8Array.from([...header, ...query.subarray(12, end), ...tail]), from.port);
    });
    await new Promise<void>((resolve) => socket.bind(0, loopback, resolve));
    return `${loopback}:${socket.address().port}`;
  }

  test("resolve() gives addresses back as they are, and refuses what is no name", async () => {
    const { resolver } = makeStack();
    expect(await resolver.resolve("192.0.2.1")).toEqual(["192.0.2.1"]);
    expect(await resolver.resolve("localhost", { family: 4 })).toEqual([loopback]);
    for (const name of ["", "a..b", "a b", "x".repeat(64), `${"a.".repeat(127)}a`]) {
      await expect(resolver.resolve(name)).rejects.toMatchObject({
        name: "ResolverError",
        code: "invalid-name",
      });
    }
  });

  test("records() gives what servers say of a type", async () => {
    const answers: Readonly<Record<number, number[]>> = {
      1: [192, 0, 2, 7],
      15: [0, 5, 1, 109, 0],
      16: [2, 104, 0xe9],
      33: [0, 1, 0, 2, 0, 80, 1, 116, 0],
    };
    const at = await server((type) => ({ rcode: 0, data: answers[type] ?? [] }));
    const stack = connect({ servers: [at] });
    onTestFinished(() => stack[Symbol.asyncDispose]());
    const { resolver } = stack;
    expect(await resolver.records("a.test", "A")).toEqual([
      { address: "192.0.2.7", ttlSeconds: 77 },
    ]);
    expect(await resolver.records("a.test", "MX")).toEqual([
      { preference: 5, target: "m", ttlSeconds: 0 },
    ]);
    expect(await resolver.records("a.test", "TXT")).toEqual([
      { texts: [Uint8Array.of(104, 0xe9)], ttlSeconds: 0 },
    ]);
    expect(await resolver.records("a.test", "SRV")).toEqual([
      { priority: 1, weight: 2, port: 80, target: "t", ttlSeconds: 0 },
    ]);
  });

  test.each([
    [3, "not-found"],
    [0, "not-found"],
    [2, "server-failure"],
  ])("records() fails as the server's code %i says: %s", async (rcode, code) => {
    const stack = connect({ servers: [await server(() => ({ rcode }))] });
    onTestFinished(() => stack[Symbol.asyncDispose]());
    await expect(stack.resolver.records("a.test", "A")).rejects.toMatchObject({ code });
    expect(stack.resolver.counters["failures"]).toBe(1);
  });
});
