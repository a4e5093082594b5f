/** RFC 6455, WebSocket: the handshake, and frames written and read byte by byte. */

import { expect, test } from "vitest";
import { closeCode } from "../../src/net/websocket/close-frame.ts";
import { makeKey } from "../../src/net/websocket/handshake.ts";
import { Simulation } from "../../src/simulated/index.ts";
import { echo, settle, socketWorld, type WorldOptions } from "../websocket/echo-world.ts";
import { answer, ask, switching } from "../websocket/handshakes.ts";
import { closing, frame, framesOf, type ReceivedFrame } from "../websocket/raw-peer.ts";

const malformed = { name: "WebSocketError", code: "malformed" };
const part = { isFinal: false };

/** What an echo server, or a client that echoes, answers to frames. */
async function answersTo(
  sent: readonly Uint8Array[],
  options: WorldOptions = {},
): Promise<readonly string[]> {
  const world = socketWorld(options);
  void echo(world.socket);
  for (const each of sent) {
    world.near.arrive(each.slice());
    await settle();
  }
  return world.sayings();
}

/** The frames of a connection that says something of each kind, and closes. */
async function framesFrom(side: "client" | "server"): Promise<readonly ReceivedFrame[]> {
  const isMasked = side === "server";
  const world = socketWorld({ side, fragmentBytes: 70_000 });
  world.near.arrive(frame(9, "ping", { isMasked }).slice());
  for (const length of [0, 125, 126, 65_535, 65_536, 70_001]) {
    await world.socket.send(new Uint8Array(length));
  }
  void world.socket.close();
  await settle();
  return framesOf(Buffer.concat(world.near.written));
}

/** The request of a client to a URL, by the names of its lines. */
async function requestTo(url: string): Promise<ReadonlyMap<string, string>> {
  const { request } = await answer(undefined, { url, protocols: ["v1", "v2"] });
  const [first = "", ...fields] = request;
  return new Map([...fields.map((line) => line.split(": ") as [string, string]), ["", first]]);
}

test("3-1 a URL with a fragment is refused", async () => {
  const { result } = await answer(undefined, { url: "ws://a/b#c" });
  expect(await result).toBeInstanceOf(TypeError);
});

test("4.1-1 the request is GET of HTTP/1.1", async () => {
  expect((await requestTo("ws://a/")).get("")).toMatch(/^GET \S+ HTTP\/1\.1$/);
});

test("4.1-2 the target is path and query", async () => {
  expect((await requestTo("ws://a/b/c?d=e&f")).get("")).toBe("GET /b/c?d=e&f HTTP/1.1");
  expect((await requestTo("ws://a")).get("")).toBe("GET / HTTP/1.1");
});

test("4.1-3 Host has the port, unless it is 80", async () => {
  expect((await requestTo("ws://a:80/")).get("Host")).toBe("a");
  expect((await requestTo("ws://a:8080/")).get("Host")).toBe("a:8080");
  expect((await requestTo("wss://a:443/")).get("Host")).toBe("a");
});

test("4.1-4 Upgrade and Connection are there", async () => {
  const request = await requestTo("ws://a/");
  expect(request.get("Upgrade")).toBe("websocket");
  expect(request.get("Connection")).toBe("Upgrade");
});

test("4.1-5 the key is 16 bytes, others each time", async () => {
  const key = (await requestTo("ws://a/")).get("Sec-WebSocket-Key") ?? "";
  expect(Buffer.from(key, "base64")).toHaveLength(16);
  const random = new Simulation({ seed: 1, turn: settle }).random("keys");
  expect(makeKey(random)).not.toBe(makeKey(random));
});

test("4.1-7 the version is 13", async () => {
  expect((await requestTo("ws://a/")).get("Sec-WebSocket-Version")).toBe("13");
});

test("4.1-8 subprotocols are different tokens", async () => {
  expect((await requestTo("ws://a/")).get("Sec-WebSocket-Protocol")).toBe("v1, v2");
  for (const protocols of [["a", "a"], ["a;b"], [""]]) {
    expect(await (await answer(undefined, { protocols })).result).toBeInstanceOf(TypeError);
  }
});

test("4.1-10 another status is no connection", async () => {
  for (const status of ["200 OK", "401 Unauthorized", "302 Found"]) {
    const { near, result } = await answer(switching().with(0, `HTTP/1.1 ${status}`));
    expect(await result).toMatchObject({ code: "refused" });
    expect(near.isAborted).toBe(true);
  }
});

test("4.1-11 Upgrade and Connection must be right, in any case of letters", async () => {
  const right = switching().with(1, "upgrade: WebSocket").with(2, "connection: x, UPGRADE");
  expect(await (await answer(right)).result).not.toBeInstanceOf(Error);
  for (const line of [1, 2]) {
    for (const lines of [switching().toSpliced(line, 1), switching().with(line, "Upgrade: h2c")]) {
      expect(await (await answer(lines)).result).toMatchObject(malformed);
    }
  }
});

test("4.1-12 Sec-WebSocket-Accept must be right, spaces around it aside", async () => {
  const spaced = switching().with(3, "Sec-WebSocket-Accept:   KEY  ");
  expect(await (await answer(spaced)).result).not.toBeInstanceOf(Error);
  const wrong = switching().with(3, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  for (const lines of [wrong, switching().toSpliced(3, 1)]) {
    expect(await (await answer(lines)).result).toMatchObject(malformed);
  }
});

test("4.1-13 an extension that was not asked for fails", async () => {
  const header = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover";
  expect(await (await answer(switching(header))).result).toMatchObject(malformed);
  const other = switching("Sec-WebSocket-Extensions: other");
  expect(await (await answer(other, { deflate: true })).result).toMatchObject(malformed);
});

test("4.1-14 a subprotocol that was not asked for fails", async () => {
  const lines = switching("Sec-WebSocket-Protocol: v3");
  expect(await (await answer(lines, { protocols: ["v1"] })).result).toMatchObject(malformed);
});

test("4.2.1-1 what is no handshake is refused", async () => {
  expect((await ask({}, {}, "PUT")).status).toBe(405);
  expect((await ask({ upgrade: "" })).status).toBe(426);
  expect((await ask({ connection: "close" })).status).toBe(426);
});

test("4.2.1-2 a key must be 16 bytes", async () => {
  for (const key of ["", "dGVzdA==", "x".repeat(24)]) {
    expect((await ask({ "sec-websocket-key": key })).status).toBe(400);
  }
});

test("4.2.2-1 another version hears which there is", async () => {
  const { headers, status } = await ask({ "sec-websocket-version": "7" });
  expect([status, headers.get("sec-websocket-version")]).toEqual([426, "13"]);
});

test("4.2.2-2 the answer accepts the key", async () => {
  const { headers, status } = await ask();
  expect(status).toBe(101);
  expect(headers.get("upgrade")).toBe("websocket");
  expect(headers.get("connection")).toBe("Upgrade");
  expect(headers.get("sec-websocket-accept")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});

test("5.1-1 a client masks all its frames", async () => {
  const frames = await framesFrom("client");
  expect(frames.map(({ name }) => name)).toContain("pong");
  expect(frames.every(({ isMasked }) => isMasked)).toBe(true);
});

test("5.1-2 a server closes when a frame is not masked", async () => {
  expect(await answersTo([frame(1, "x", { isMasked: false })])).toEqual(["close 1002", "end"]);
});

test("5.1-3 a server masks none", async () => {
  const frames = await framesFrom("server");
  expect(frames.map(({ name }) => name)).toContain("close");
  expect(frames.some(({ isMasked }) => isMasked)).toBe(false);
});

test("5.1-4 a client closes when a frame is masked", async () => {
  expect(await answersTo([frame(1, "x")], { side: "client" })).toEqual(["close 1002", "end"]);
});

test("5.2-1 a reserved bit fails, and RSV1 too unless compression was agreed on", async () => {
  for (const reserved of [1, 2, 4]) {
    expect(await answersTo([frame(1, "x", { reserved })])).toEqual(["close 1002", "end"]);
  }
  const sent = [frame(2, Uint8Array.of(0), { reserved: 5 })];
  expect(await answersTo(sent, { deflate: true })).toEqual(["close 1002", "end"]);
});

test("5.2-2 a reserved opcode fails", async () => {
  for (const code of [3, 7, 11, 15]) {
    expect(await answersTo([frame(code, "x")])).toEqual(["close 1002", "end"]);
  }
});

test("5.2-3 lengths are sent as short as they can be", async () => {
  const world = socketWorld({ fragmentBytes: 70_000 });
  for (const length of [125, 126, 65_535, 65_536]) await world.socket.send(new Uint8Array(length));
  const heads = world.near.written.filter(({ length }) => length > 0).map((bytes) => bytes[1]);
  expect(heads.filter((second) => second !== 0)).toEqual([125, 126, 126, 127]);
});

test("5.4-1 control frames are not fragmented", async () => {
  for (const code of [8, 9, 10]) {
    expect(await answersTo([frame(code, "", part)])).toEqual(["close 1002", "end"]);
  }
  const sent = await framesFrom("client");
  expect(sent.every(({ isFinal, name }) => isFinal || !/close|ping|pong/.test(name))).toBe(true);
});

test("5.4-2 a Ping between fragments is answered at once", async () => {
  const world = socketWorld();
  void echo(world.socket);
  world.near.arrive(frame(1, "one ", part).slice());
  world.near.arrive(frame(9, "ping").slice());
  await settle();
  expect(world.sayings()).toEqual(["pong ping"]);
  world.near.arrive(frame(0, "two").slice());
  await settle();
  expect(world.sayings()).toEqual(["pong ping", "text one two"]);
});

test("5.4-3 a message inside another fails, and one that goes on from nothing", async () => {
  const failed = ["close 1002", "end"];
  expect(await answersTo([frame(1, "x", part), frame(2, "y")])).toEqual(failed);
  expect(await answersTo([frame(0, "x")])).toEqual(failed);
});

test("5.4-5 a message is of the type of its first fragment", async () => {
  const sent = [
    frame(2, "one ", part),
    frame(0, "two"),
    frame(1, "three ", part),
    frame(0, "four"),
  ];
  expect(await answersTo(sent)).toEqual(["binary one two", "text three four"]);
});

test("5.5-1 control frames have at most 125 bytes", async () => {
  const [longest, longer] = ["x".repeat(125), "x".repeat(126)];
  expect(await answersTo([frame(9, longest)])).toEqual([`pong ${longest}`]);
  for (const code of [8, 9, 10]) {
    expect(await answersTo([frame(code, longer)])).toEqual(["close 1002", "end"]);
  }
});

test("5.5.1-1 a Close frame of one byte fails", async () => {
  expect(await answersTo([frame(8, "x")])).toEqual(["close 1002", "end"]);
  expect(await answersTo([frame(8)])).toEqual(["close", "end"]);
});

test("5.5.1-2 nothing is sent behind a Close frame", async () => {
  const world = socketWorld();
  void world.socket.close();
  await expect(world.socket.send("x")).rejects.toMatchObject({ code: "closed" });
  world.near.arrive(frame(9, "ping").slice());
  await settle();
  expect(world.sayings()).toEqual(["close 1000"]);
});

test("5.5.1-3 a Close frame is answered, with the code that it has", async () => {
  expect(await answersTo([frame(8, closing(4321, "why"))])).toEqual(["close 4321", "end"]);
});

test("5.5.1-4 a server ends the connection at once, a client when the server has", async () => {
  const world = socketWorld({ side: "client" });
  world.near.arrive(frame(8, closing(1000), { isMasked: false }).slice());
  await settle();
  expect(world.sayings()).toEqual(["close 1000"]);
  world.near.arrive(undefined);
  await settle();
  expect(world.sayings()).toEqual(["close 1000", "end"]);
  expect(await answersTo([frame(8, closing(1000))])).toEqual(["close 1000", "end"]);
});

test("5.5.2-1 a Ping is answered, unless a Close frame came", async () => {
  expect(await answersTo([frame(9, "1"), frame(9, "2")])).toEqual(["pong 1", "pong 2"]);
  expect(await answersTo([frame(8), frame(9, "1")])).toEqual(["close", "end"]);
});

test("5.5.3-1 a Pong has the bytes of the Ping", async () => {
  const payload = Uint8Array.from({ length: 125 }, (_, index) => 255 - index);
  const world = socketWorld();
  world.near.arrive(frame(9, payload).slice());
  await settle();
  expect(framesOf(Buffer.concat(world.near.written))[0]?.payload).toEqual(Buffer.from(payload));
});

test("5.6-1 a character may lie across fragments", async () => {
  const [high, low] = [Uint8Array.of(0xe2, 0x82), Uint8Array.of(0xac)];
  expect(await answersTo([frame(1, high, part), frame(0, low)])).toEqual([
    "text \u00e2\u0082\u00ac",
  ]);
  expect(await answersTo([frame(1, high, part), frame(0)])).toEqual(["close 1007", "end"]);
});

test("7.1.5-1 the code is 1005 without a code, and 1006 without a Close frame", async () => {
  const world = socketWorld();
  world.near.arrive(frame(8).slice());
  world.near.arrive(undefined);
  expect(await world.socket.closed).toMatchObject({ code: closeCode.none, wasClean: true });
  const other = socketWorld();
  other.near.fail();
  expect(await other.socket.closed).toMatchObject({ code: closeCode.abnormal, wasClean: false });
});

test("7.1.7-1 after a failure nothing more is taken", async () => {
  const world = socketWorld();
  world.near.arrive(frame(3).slice());
  world.near.arrive(frame(1, "x").slice());
  await expect(world.socket.receive()).rejects.toMatchObject(malformed);
  await expect(world.socket.receive()).rejects.toMatchObject(malformed);
});

test("7.4.1-1 the codes that are for nobody else are never sent", async () => {
  const world = socketWorld();
  for (const code of [1005, 1006, 1015]) {
    expect(() => world.socket.close(code)).toThrow(RangeError);
    expect(await answersTo([frame(8, closing(code))])).toEqual(["close 1002", "end"]);
  }
});

test("7.4.2-1 codes below 1000 are not used", async () => {
  expect(() => socketWorld().socket.close(999)).toThrow(RangeError);
  expect(await answersTo([frame(8, closing(999))])).toEqual(["close 1002", "end"]);
});

test("8.1-1 a text that is no UTF-8 fails", async () => {
  expect(await answersTo([frame(1, Uint8Array.of(0xc0, 0xaf))])).toEqual(["close 1007", "end"]);
});

test("10.4-1 what is too long is refused", async () => {
  const failed = ["close 1009", "end"];
  const options = { maxFrameBytes: 100, maxMessageBytes: 150 };
  expect(await answersTo([frame(2, new Uint8Array(101))], options)).toEqual(failed);
  const piece = new Uint8Array(100);
  expect(await answersTo([frame(2, piece, part), frame(0, piece)], options)).toEqual(failed);
});
