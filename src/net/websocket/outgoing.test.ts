import { describe, expect, test } from "vitest";
import { arrive, holdUp, settle, socketWorld } from "../../../test/websocket/echo-world.ts";
import { frame, framesOf } from "../../../test/websocket/raw-peer.ts";

describe("send()", () => {
  test("writes one frame for a message, which a server does not mask", async () => {
    const world = socketWorld();
    await world.socket.send("Grüße");
    await world.socket.send(Uint8Array.of(1, 2, 3));
    expect(world.sayings()).toEqual([
      "text Gr\u00c3\u00bc\u00c3\u009fe",
      "binary \u0001\u0002\u0003",
    ]);
    expect(framesOf(Buffer.concat(world.near.written)).some(({ isMasked }) => isMasked)).toBe(
      false,
    );
  });

  test("masks each frame of a client with another key, and leaves the message as it was", async () => {
    const world = socketWorld({ side: "client" });
    const message = new Uint8Array(100).fill(7);
    for (let count = 0; count < 5; count += 1) await world.socket.send(message);
    expect(message).toEqual(new Uint8Array(100).fill(7));
    const keys = world.near.written.map((bytes) =>
      Buffer.from(bytes.subarray(2, 6)).toString("hex"),
    );
    expect(new Set(keys).size).toBe(5);
    expect(new Set(world.sayings())).toEqual(new Set([`binary ${"\u0007".repeat(100)}`]));
  });

  test("cuts long messages into fragments, and puts Pongs between them", async () => {
    const world = socketWorld({ fragmentBytes: 10_000 });
    const release = holdUp(world);
    const sending = world.socket.send("x".repeat(25_000));
    arrive(world, frame(9, "there?"));
    await settle();
    release();
    await sending;
    const names = framesOf(Buffer.concat(world.near.written)).map(
      ({ isFinal, name, payload }) => `${name} ${payload.length} ${isFinal}`,
    );
    expect(names).toEqual([
      "text 10000 false",
      "pong 6 true",
      "continuation 10000 false",
      "continuation 5000 true",
    ]);
  });

  test("resolves when the flow has room, and tells what waits for it", async () => {
    const world = socketWorld();
    const release = holdUp(world);
    const order: string[] = [];
    const sendings = ["one", "three"].map((text) =>
      world.socket.send(text).then(() => order.push(text)),
    );
    await settle();
    expect(order).toEqual([]);
    expect(world.socket.bufferedBytes).toBe(8);
    expect(world.sayings()).toEqual(["text one"]);
    release();
    await Promise.all(sendings);
    expect(order).toEqual(["one", "three"]);
    expect(world.socket.bufferedBytes).toBe(0);
  });

  test("rejects with what the peer did, and with closed after a Close frame", async () => {
    const world = socketWorld();
    const release = holdUp(world);
    const waiting = [world.socket.send("one"), world.socket.send("two")];
    arrive(world, frame(3));
    for (const each of waiting) await expect(each).rejects.toMatchObject({ code: "malformed" });
    await expect(world.socket.send("three")).rejects.toMatchObject({ code: "malformed" });
    release();
    const other = socketWorld();
    arrive(other, frame(8));
    await settle();
    await expect(other.socket.send("x")).rejects.toMatchObject({ code: "closed" });
  });
});

describe("sendFragment()", () => {
  test("sends a message piece by piece, and nothing else meanwhile", async () => {
    const world = socketWorld();
    await world.socket.sendFragment("one, ", false);
    await expect(world.socket.send("x")).rejects.toThrow(TypeError);
    await expect(world.socket.sendFragment(new Uint8Array(1), false)).rejects.toThrow(TypeError);
    await world.socket.sendFragment("", false);
    await world.socket.sendFragment("two", true);
    await world.socket.send("three");
    expect(world.sayings()).toEqual(["text one, two", "text three"]);
  });
});

test("a flood of Pings is answered as far as there is room, the latest ones", async () => {
  const world = socketWorld();
  const release = holdUp(world);
  void world.socket.send("slow");
  arrive(world, ...Array.from({ length: 1000 }, (_, index) => frame(9, `${index}`)));
  await settle();
  release();
  await settle();
  const pongs = Array.from({ length: 16 }, (_, index) => `pong ${984 + index}`);
  expect(world.sayings()).toEqual(["text slow", ...pongs]);
  expect(world.socket.counters["pongsDropped"]).toBe(984);
});

test("short messages go as they are, long ones compressed", async () => {
  const world = socketWorld({ deflate: true, deflateFromBytes: 100 });
  await world.socket.send("x".repeat(99));
  await world.socket.send("x".repeat(100));
  await world.socket.sendFragment("x".repeat(100), true);
  const frames = framesOf(Buffer.concat(world.near.written));
  expect(frames.map(({ reserved }) => reserved)).toEqual([0, 4, 4]);
  expect(world.sayings().map((each) => each.length)).toEqual([104, 105, 105]);
});
