import { describe, expect, test } from "vitest";
import { arrive, pass, socketWorld } from "../../../test/websocket/echo-world.ts";
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

  test("is not for those who do not want it", async () => {
    const world = socketWorld({ keepAliveMs: Infinity });
    await pass(world, 10_000_000);
    expect(world.sayings()).toEqual([]);
  });
});
