import { describe, expect, test } from "vitest";
import { memoryFlows, MemoryFlow } from "../../../test/http-flows.ts";
import { answer, switching } from "../../../test/websocket/handshakes.ts";
import { frame } from "../../../test/websocket/raw-peer.ts";
import { Simulation } from "../../simulated/index.ts";
import { connect, upgrade } from "./client.ts";
import { WebSocketConnection } from "./connection.ts";

const simulation = new Simulation({ seed: 1, turn: async () => {} });
const devices = { clock: simulation.clock, random: simulation.random("keys") };

describe("upgrade()", () => {
  test("asks for what is wanted, and takes the connection", async () => {
    const { request, result } = await answer(switching("Sec-WebSocket-Protocol: v2"), {
      protocols: ["v1", "v2"],
      headers: { Origin: "http://page.example" },
      deflate: true,
    });
    expect(request.filter((line) => !line.startsWith("Sec-WebSocket-Key"))).toEqual([
      "GET /chat?room=1 HTTP/1.1",
      "Host: server.example",
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Protocol: v1, v2",
      "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover",
      "Origin: http://page.example",
      "",
      "",
    ]);
    expect(await result).toBeInstanceOf(WebSocketConnection);
    expect(await result).toMatchObject({ protocol: "v2" });
  });

  test("keeps what came behind the answer", async () => {
    const hello = Buffer.from(frame(1, "hello", { isMasked: false })).toString("latin1");
    const { result } = await answer([...switching().slice(0, -1), hello]);
    const socket = await result;
    expect(socket instanceof WebSocketConnection && (await socket.receive())).toBe("hello");
  });

  test.each([
    ["refused", ["HTTP/1.1 403 Forbidden", "", ""]],
    ["refused", ["HTTP/1.1 302 Found", "Location: ws://other.example/", "", ""]],
    ["malformed", switching().with(1, "Upgrade: h2c")],
    ["malformed", switching().with(2, "Connection: close")],
    ["malformed", switching().with(3, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")],
    ["malformed", switching().toSpliced(3, 1)],
    ["malformed", switching("Sec-WebSocket-Protocol: v1")],
    ["malformed", switching("Sec-WebSocket-Extensions: permessage-deflate")],
    ["malformed", ["SSH-2.0-OpenSSH", "", ""]],
    ["too-large", [...switching().slice(0, -2), `X: ${"x".repeat(20_000)}`, "", ""]],
  ])("fails with %s, and aborts the flow, on %j", async (code, lines) => {
    const { near, result } = await answer(lines);
    expect(await result).toMatchObject({ name: "WebSocketError", code });
    expect(near.isAborted).toBe(true);
  });

  test("fails when the flow ends before the answer", async () => {
    for (const end of [
      (near: MemoryFlow) => near.arrive(undefined),
      (near: MemoryFlow) => near.fail(),
    ]) {
      const { near, result } = await answer(undefined);
      end(near);
      expect(await result).toMatchObject({ name: "WebSocketError", code: "reset" });
    }
  });

  test("fails with timed-out when the answer is not whole in time", async () => {
    const { near, result, simulation } = await answer(["HTTP/1.1 101 Switching Protocols", ""]);
    await simulation.run(() => simulation.clock.sleep(10_001));
    expect(await result).toMatchObject({ name: "WebSocketError", code: "timed-out" });
    expect(near.isAborted).toBe(true);
  });

  test("gives up when its signal aborts", async () => {
    const controller = new AbortController();
    const { near, result } = await answer(undefined, { signal: controller.signal });
    controller.abort(new Error("enough"));
    expect(await result).toMatchObject({ message: "enough" });
    expect(near.isAborted).toBe(true);
    const [flow] = memoryFlows();
    const signal = controller.signal;
    const late = upgrade(flow, { ...devices, url: "ws://a/", signal });
    await expect(late).rejects.toThrow("enough");
    expect(flow.written).toEqual([]);
  });

  test.each([
    { url: "http://server.example/" },
    { url: "ws://server.example/#part" },
    { protocols: ["a b"] },
    { headers: { "x\r\ny": "z" } },
  ])("throws a TypeError for %j", async (options) => {
    const [flow] = memoryFlows();
    const opening = upgrade(flow, { ...devices, url: "ws://a/", ...options });
    await expect(opening).rejects.toThrow(TypeError);
  });
});

describe("connect()", () => {
  test.each([
    ["ws://server.example", "server.example", 80],
    ["ws://server.example:8080/chat", "server.example", 8080],
    ["ws://[fd00::1]:81/", "fd00::1", 81],
  ])("connects for %s to %s, port %i", async (url, host, port) => {
    const asked: unknown[] = [];
    const stack = {
      connect: async (...to: unknown[]) => {
        asked.push(...to.slice(0, 2));
        const flow = new MemoryFlow();
        flow.fail();
        return flow;
      },
    };
    await expect(connect({ ...devices, stack, url })).rejects.toMatchObject({ code: "reset" });
    expect(asked).toEqual([host, port]);
  });

  test("leaves wss to who has TLS", async () => {
    const stack = { connect: () => Promise.reject(new Error("Not called")) };
    await expect(connect({ ...devices, stack, url: "wss://a/" })).rejects.toThrow(TypeError);
  });
});
