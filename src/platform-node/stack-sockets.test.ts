import { describe, expect, test } from "vitest";
import { bytesOf, flows, loopback, makeStack, textOf } from "../../test/socket-stacks.ts";
import type { Stack } from "../devices/index.ts";
import { connect } from "./stack-sockets.ts";

/** A port where nobody listens. */
async function deadPort(stack: Stack): Promise<number> {
  const listener = stack.tcp.listen(0, () => {}, { address: loopback });
  await listener[Symbol.asyncDispose]();
  return listener.local.port;
}

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
