import { describe, expect, test } from "vitest";
import { arrive, holdUp, pass, socketWorld } from "../../../test/websocket/echo-world.ts";
import { frame } from "../../../test/websocket/raw-peer.ts";

describe("keep-alive", () => {
  const settings = { keepAliveMs: 1000, pongTimeoutMs: 500 };

  test("asks a silent peer, and goes on when it answers", async () => {
    const world = socketWorld(settings);
    await pass(world, 900);
    arrive(world, frame(1, "x"));
    await pass(world, 900);
    expect(world.sayings()).toEqual([]);
    await pass(world, 101);
    expect(world.sayings()).toEqual(["ping "]);
    arrive(world, frame(10));
    await pass(world, 900);
    expect(world.sayings()).toEqual(["ping "]);
    await pass(world, 101);
    expect(world.sayings()).toEqual(["ping ", "ping "]);
  });

  test("aborts when nothing comes", async () => {
    const world = socketWorld(settings);
    const receiving = world.socket.receive().catch((error: unknown) => error);
    await pass(world, 1501);
    expect(await receiving).toMatchObject({ code: "timed-out" });
    expect(world.near.isAborted).toBe(true);
  });

  test("gives a peer that takes nothing no time, until it takes the Ping", async () => {
    const world = socketWorld(settings);
    const release = holdUp(world);
    const sending = world.socket.send("x");
    await pass(world, 100_000);
    expect(world.sayings()).toEqual(["text x"]);
    release();
    await sending;
    await pass(world, 499);
    expect(world.sayings()).toEqual(["text x", "ping "]);
    await pass(world, 2);
    expect(world.sayings()).toEqual(["text x", "ping ", "abort"]);
  });

  test("is not for those who do not want it", async () => {
    const world = socketWorld({ keepAliveMs: Infinity });
    await pass(world, 10_000_000);
    expect(world.sayings()).toEqual([]);
  });
});
