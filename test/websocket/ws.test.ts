/** The other side is ws, what Node programs use, over the kernel's own sockets. */

import { once } from "node:events";
import { onTestFinished, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer, type ClientOptions, type ServerOptions } from "ws";
import { connect as connectHttp } from "../../src/net/http/server.ts";
import { connect, type ConnectOptions } from "../../src/net/websocket/client.ts";
import type { WebSocketConnection } from "../../src/net/websocket/connection.ts";
import { accept, type AcceptOptions } from "../../src/net/websocket/server.ts";
import { connect as connectClock } from "../../src/platform-node/clock.ts";
import { connect as connectRandom } from "../../src/platform-node/random.ts";
import { loopback, makeStack } from "../socket-stacks.ts";
import { echo } from "./echo-world.ts";

const devices = { clock: connectClock(), random: connectRandom() };
const long = "0123456789€".repeat(30_000);
const bytes = Uint8Array.from({ length: 200_000 }, (_, index) => index * 7);

/** A server of ours, and what it is reached by. */
function serve(
  use: (socket: WebSocketConnection) => unknown,
  options: Partial<AcceptOptions> = {},
): string {
  const http = connectHttp({ tcp: makeStack().tcp, clock: devices.clock });
  const { local } = http.serve(0, async (request, connection) => {
    const socket = await accept(request, connection, { ...devices, ...options });
    if (socket instanceof Response) return socket;
    void use(socket);
    return undefined;
  });
  return `ws://${loopback}:${local.port}/chat?room=1`;
}

/** A server of ws, and what it is reached by. */
async function serveWs(
  use: (socket: WebSocket) => void,
  options: ServerOptions = {},
): Promise<string> {
  const server = new WebSocketServer({ host: loopback, port: 0, ...options });
  server.on("connection", use);
  onTestFinished(() => {
    server.close();
  });
  await once(server, "listening");
  const address = server.address();
  return `ws://${loopback}:${typeof address === "object" ? address?.port : 0}/`;
}

function echoWs(socket: WebSocket): void {
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
}

async function open(
  url: string,
  protocols: string[] = [],
  options?: ClientOptions,
): Promise<WebSocket> {
  const socket = new WebSocket(url, protocols, options);
  onTestFinished(() => socket.terminate());
  await once(socket, "open");
  return socket;
}

const connectTo = (
  url: string,
  options: Partial<ConnectOptions> = {},
): Promise<WebSocketConnection> => connect({ ...devices, stack: makeStack(), url, ...options });

/** Sends a message of ws, and resolves to what comes back. */
async function roundTrip(socket: WebSocket, message: string | Uint8Array): Promise<unknown> {
  const answer = once(socket, "message");
  socket.send(message);
  const [data, isBinary] = await answer;
  return isBinary ? new Uint8Array(data) : String(data);
}

/** Deep equality takes a second for what is this long. */
function isSame(one: unknown, other: string | Uint8Array): boolean {
  return typeof one === "string" || typeof other === "string"
    ? one === other
    : one instanceof Uint8Array && Buffer.compare(one, other) === 0;
}

describe.each([false, true])("with permessage-deflate %s", (deflate) => {
  test("a client of ws hears from our server what it said", async () => {
    const socket = await open(serve(echo, { deflate }), [], { perMessageDeflate: deflate });
    expect(socket.extensions).toBe(deflate ? "permessage-deflate" : "");
    for (const message of ["", "Grüße", long, bytes, new Uint8Array(0)]) {
      expect(isSame(await roundTrip(socket, message), message)).toBe(true);
    }
    socket.ping("there?");
    expect(String((await once(socket, "pong"))[0])).toBe("there?");
    socket.close(4001, "enough");
    const [code, reason] = await once(socket, "close");
    expect([code, String(reason)]).toEqual([4001, ""]);
  });

  test("a server of ws says to our client what it heard", async () => {
    const url = await serveWs(echoWs, { perMessageDeflate: deflate });
    const socket = await connectTo(url, { deflate, fragmentBytes: 50_000 });
    for (const message of ["", "Grüße", long, bytes, new Uint8Array(0)]) {
      void socket.send(message);
      expect(isSame(await socket.receive(), message)).toBe(true);
    }
    await socket.sendFragment("in ", false);
    await socket.sendFragment("pieces", true);
    expect(await socket.receive()).toBe("in pieces");
    expect(await socket.close(3000, "enough")).toMatchObject({ code: 3000, wasClean: true });
  });
});

test("ws in fragments reaches our server, which closes as it wants", async () => {
  const texts: unknown[] = [];
  const url = serve(async (socket) => {
    texts.push(await socket.receive());
    await socket.close(4002, "thank you");
  });
  const socket = await open(url);
  for (const [index, text] of ["one ", "two ", "three"].entries()) {
    socket.send(text, { fin: index === 2 });
  }
  const [code, reason] = await once(socket, "close");
  expect([code, String(reason)]).toEqual([4002, "thank you"]);
  expect(texts).toEqual(["one two three"]);
});

test("a subprotocol is agreed on both ways", async () => {
  const url = serve(echo, { protocols: ["chat.v1", "chat.v2"] });
  const socket = await open(url, ["other", "chat.v2", "chat.v1"]);
  expect(socket.protocol).toBe("chat.v2");
  const wsUrl = await serveWs(echoWs, {
    handleProtocols: (offered) => [...offered].at(-1) ?? false,
  });
  expect((await connectTo(wsUrl, { protocols: ["a", "b"] })).protocol).toBe("b");
  expect((await connectTo(wsUrl)).protocol).toBe("");
});

test.each([
  [{ origin: "http://evil.example" }, 403],
  [{ protocolVersion: 8 }, 426],
])("our server refuses ws with %j by %i", async (options, status) => {
  const url = serve(echo, { allowsOrigin: (origin) => origin === undefined });
  const socket = new WebSocket(url, options);
  const [, response] = await once(socket, "unexpected-response");
  expect(response.statusCode).toBe(status);
  if (status === 426) expect(response.headers["sec-websocket-version"]).toBe("13");
  response.destroy();
});

test("our client hears that ws refuses it", async () => {
  const url = await serveWs(echoWs, { verifyClient: () => false });
  await expect(connectTo(url)).rejects.toMatchObject({ name: "WebSocketError", code: "refused" });
});

test("what ws sends is bounded, and a server of ws that goes away is noticed", async () => {
  const url = await serveWs((socket) => socket.send(bytes));
  const socket = await connectTo(url, { maxMessageBytes: 100_000 });
  await expect(socket.receive()).rejects.toMatchObject({ code: "too-large" });
  const gone = await connectTo(await serveWs((ws) => ws.terminate()));
  await expect(gone.receive()).rejects.toMatchObject({ code: "reset" });
  expect(await gone.closed).toMatchObject({ code: 1006, wasClean: false });
});
