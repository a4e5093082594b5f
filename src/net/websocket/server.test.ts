import { describe, expect, test } from "vitest";
import { ask } from "../../../test/websocket/handshakes.ts";
import { frame } from "../../../test/websocket/raw-peer.ts";

describe("accept()", () => {
  test("answers the key, and gives the connection", async () => {
    const { headers, socket, status, far } = await ask();
    expect(status).toBe(101);
    expect(Object.fromEntries(headers)).toEqual({
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    });
    await far.write(frame(1, "hello"));
    expect(await socket?.receive()).toBe("hello");
  });

  test("chooses what the client likes most of the subprotocols that are spoken", async () => {
    const header = { "sec-websocket-protocol": "v3,  v2, v1" };
    const { headers, socket } = await ask(header, { protocols: ["v1", "v2"] });
    expect(headers.get("sec-websocket-protocol")).toBe("v2");
    expect(socket?.protocol).toBe("v2");
    const other = await ask(header, { protocols: ["v4"] });
    expect(other.headers.has("sec-websocket-protocol")).toBe(false);
    expect(other.socket?.protocol).toBe("");
  });

  test("compresses where both want it", async () => {
    const header = { "sec-websocket-extensions": "permessage-deflate; client_max_window_bits" };
    const { headers } = await ask(header, { deflate: true });
    expect(headers.get("sec-websocket-extensions")).toBe(
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    );
    for (const { headers } of [await ask(header), await ask({}, { deflate: true })]) {
      expect(headers.has("sec-websocket-extensions")).toBe(false);
    }
  });

  test("asks who may come from where", async () => {
    const allowsOrigin = (origin: string | undefined): boolean => origin === "http://good.example";
    expect((await ask({ origin: "http://good.example" }, { allowsOrigin })).status).toBe(101);
    expect((await ask({ origin: "http://evil.example" }, { allowsOrigin })).status).toBe(403);
    expect((await ask({}, { allowsOrigin })).status).toBe(403);
    expect((await ask({ origin: "http://evil.example" })).status).toBe(101);
  });

  test.each([
    [405, {}, "POST"],
    [426, { upgrade: "" }, "GET"],
    [426, { upgrade: "h2c" }, "GET"],
    [426, { connection: "keep-alive" }, "GET"],
    [426, { "sec-websocket-version": "8" }, "GET"],
    [426, { "sec-websocket-version": "" }, "GET"],
    [400, { "sec-websocket-key": "" }, "GET"],
    [400, { "sec-websocket-key": "c2hvcnQ=" }, "GET"],
    [400, { "sec-websocket-protocol": "chat, chat" }, "GET"],
    [400, { "sec-websocket-extensions": "a; b=" }, "GET"],
  ])("answers %i to %j by %s", async (expected, headers, method) => {
    const { headers: answer, socket, status } = await ask(headers, {}, method);
    expect([status, socket]).toEqual([expected, undefined]);
    if (expected !== 426) return;
    expect(answer.get("sec-websocket-version")).toBe("13");
    expect(answer.get("upgrade")).toBe("websocket");
  });
});
