import { createSocket } from "node:dgram";
import { describe, expect, onTestFinished, test } from "vitest";
import { loopback, makeStack } from "../../test/socket-stacks.ts";
import { connect } from "./stack-sockets.ts";

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
