import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { bytesOf, flows, readAll, textOf } from "../../test/socket-stacks.ts";

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
