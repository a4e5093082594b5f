import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryFlows } from "../../../test/http-flows.ts";
import {
  arrive,
  holdUp,
  pass,
  settle,
  socketWorld,
  type SocketWorld,
} from "../../../test/websocket/echo-world.ts";
import { bytesOf, closing, frame, latin1 } from "../../../test/websocket/raw-peer.ts";
import { Simulation } from "../../simulated/index.ts";
import { WebSocketConnection } from "./connection.ts";
import { deflate } from "./deflate.ts";
import type { Message } from "./message-buffer.ts";

const part = { isFinal: false };

describe("receive()", () => {
  test("gives messages in order, and undefined after the peer's Close frame", async () => {
    const world = socketWorld();
    arrive(world, frame(1, "\uFEFFone"), frame(2, Uint8Array.of(2)), frame(1, "th", part));
    arrive(world, frame(0, "ree"), frame(8, closing(1001, "bye")), frame(1, "late"));
    expect(await world.socket.receive()).toBe("\uFEFFone");
    expect(await world.socket.receive()).toEqual(Uint8Array.of(2));
    expect(await world.socket.receive()).toBe("three");
    expect(await world.socket.receive()).toBeUndefined();
    expect(await world.socket.receive()).toBeUndefined();
    expect(world.sayings()).toEqual(["close 1001", "end"]);
    world.near.arrive(undefined);
    const error = undefined;
    expect(await world.socket.closed).toEqual({ code: 1001, reason: "bye", wasClean: true, error });
    expect(world.near.isDisposed).toBe(true);
  });

  test("loses nothing when its signal aborts, even inside a message", async () => {
    const world = socketWorld();
    const controller = new AbortController();
    arrive(world, frame(1, "first ", part));
    const receiving = world.socket.receive(controller.signal);
    await settle();
    controller.abort(new Error("enough"));
    await expect(receiving).rejects.toThrow("enough");
    await expect(world.socket.receive(controller.signal)).rejects.toThrow("enough");
    arrive(world, frame(0, "second"));
    expect(await world.socket.receive()).toBe("first second");
  });

  test("takes one caller at a time", async () => {
    const world = socketWorld();
    const receiving = world.socket.receive();
    await expect(world.socket.receive()).rejects.toThrow(TypeError);
    arrive(world, frame(1, "x"));
    expect(await receiving).toBe("x");
  });

  test("stops the flow when the queue is full, and goes on when there is room", async () => {
    const world = socketWorld({ receiveQueueBytes: 10_000, keepAliveMs: 100, pongTimeoutMs: 100 });
    const message = frame(2, new Uint8Array(5000));
    for (let count = 0; count < 10; count += 1) arrive(world, message);
    await settle();
    expect(world.socket.counters["messagesIn"]).toBe(2);
    // Nobody is asked whether they are there whose answer would not be read.
    await pass(world, 1000);
    expect(world.sayings()).toEqual([]);
    for (let count = 0; count < 10; count += 1) {
      expect(await world.socket.receive()).toHaveLength(5000);
    }
    expect(world.socket.counters["bytesIn"]).toBe(10 * message.length);
  });

  test("fills the queue with small messages too", async () => {
    const world = socketWorld({ receiveQueueBytes: 10_000 });
    arrive(world, ...Array.from({ length: 1000 }, () => frame(1, "x")));
    await settle();
    expect(world.socket.counters["messagesIn"]).toBeLessThan(100);
    for (let count = 0; count < 1000; count += 1) expect(await world.socket.receive()).toBe("x");
  });

  test.each([
    ["malformed", [frame(11)], 1002],
    ["invalid-payload", [frame(1, Uint8Array.of(0xff))], 1007],
    ["too-large", [frame(2, new Uint8Array(1001))], 1009],
  ])("rejects with %s, after what came before", async (code, frames, closeCode) => {
    const world = socketWorld({ maxMessageBytes: 1000 });
    arrive(world, frame(1, "before"), ...frames, frame(1, "behind"));
    expect(await world.socket.receive()).toBe("before");
    await expect(world.socket.receive()).rejects.toMatchObject({ code, name: "WebSocketError" });
    expect(world.sayings()).toEqual([`close ${closeCode}`, "end"]);
    // What still comes is not looked at, and the peer has until the deadline to go.
    arrive(world, frame(8, closing(1000)));
    await pass(world, 20_000);
    const reason = await world.socket.closed;
    expect(reason).toMatchObject({ code: 1006, wasClean: false, error: { code } });
    expect(world.near.isAborted).toBe(true);
  });

  test.each([
    ["reset", (world: SocketWorld) => world.near.fail("reset")],
    ["timed-out", (world: SocketWorld) => world.near.fail("timed-out")],
    ["reset", (world: SocketWorld) => world.near.arrive(undefined)],
  ])("rejects with %s when the flow ends before a Close frame", async (code, end) => {
    const world = socketWorld();
    arrive(world, frame(1, "before"), frame(1, "half of", part));
    expect(await world.socket.receive()).toBe("before");
    const receiving = world.socket.receive();
    await settle();
    end(world);
    await expect(receiving).rejects.toMatchObject({ code });
    expect(await world.socket.closed).toMatchObject({ code: 1006, reason: "", wasClean: false });
  });
});

describe("receiveFragment()", () => {
  test("gives a text in whole characters, and receive() the rest", async () => {
    const world = socketWorld();
    const bytes = bytesOf("a€b");
    arrive(world, frame(1, bytes.subarray(0, 2), part));
    expect(await world.socket.receiveFragment()).toEqual({ data: "a", isLast: false });
    arrive(world, frame(0, bytes.subarray(2, 4), part));
    expect(await world.socket.receiveFragment()).toEqual({ data: "€", isLast: false });
    arrive(world, frame(0, bytes.subarray(4), part), frame(0, "c"));
    expect(await world.socket.receive()).toBe("bc");
    arrive(world, frame(2, "x"));
    expect(await world.socket.receiveFragment()).toEqual({ data: bytesOf("x"), isLast: true });
  });
});

describe("close()", () => {
  test("goes behind what was sent; a server ends the flow when the peer has answered", async () => {
    const world = socketWorld();
    const release = holdUp(world);
    void world.socket.send("before");
    const closing1 = world.socket.close(4000, "enough");
    await expect(world.socket.send("behind")).rejects.toMatchObject({ code: "closed" });
    release();
    await settle();
    expect(world.sayings()).toEqual(["text before", "close 4000"]);
    arrive(world, frame(1, "crossing"), frame(8, closing(4000, "fine")));
    await settle();
    expect(world.sayings()).toEqual(["text before", "close 4000", "end"]);
    expect(world.socket.counters["messagesDropped"]).toBe(1);
    world.near.arrive(undefined);
    expect(await closing1).toMatchObject({ code: 4000, reason: "fine", wasClean: true });
    expect(await world.socket.receive()).toBeUndefined();
    expect(await world.socket.close()).toBe(await closing1);
  });

  test("lets a client wait for the server to end the flow, until the deadline", async () => {
    const world = socketWorld({ side: "client", closeTimeoutMs: 1000 });
    void world.socket.close();
    world.near.arrive(frame(8, closing(1000), { isMasked: false }).slice());
    await settle();
    expect(world.sayings()).toEqual(["close 1000"]);
    await pass(world, 1001);
    expect(await world.socket.closed).toMatchObject({ code: 1000, wasClean: true });
    expect(world.sayings()).toEqual(["close 1000", "end"]);
  });

  test("aborts when the peer does not answer in time, or takes nothing", async () => {
    for (const isStuck of [false, true]) {
      const world = socketWorld({ closeTimeoutMs: 1000 });
      if (isStuck) {
        holdUp(world);
        void world.socket.send("stuck").catch(() => {});
      }
      void world.socket.close();
      await pass(world, 999);
      expect(world.near.isAborted).toBe(false);
      await pass(world, 2);
      const error = { code: "timed-out" };
      expect(await world.socket.closed).toMatchObject({ code: 1006, wasClean: false, error });
      expect(world.near.isAborted).toBe(true);
    }
  });

  test("reads on through a full queue, and what had arrived can be received", async () => {
    const world = socketWorld({ receiveQueueBytes: 100 });
    for (const text of ["one", "two", "three"]) arrive(world, frame(1, text));
    await settle();
    void world.socket.close();
    arrive(world, frame(8, closing(1000)));
    world.near.arrive(undefined);
    expect(await world.socket.closed).toMatchObject({ wasClean: true });
    expect(await world.socket.receive()).toBe("one");
    expect(await world.socket.receive()).toBeUndefined();
  });

  test("throws for what cannot be sent, and then the connection is open", async () => {
    const world = socketWorld();
    expect(() => world.socket.close(1006)).toThrow(RangeError);
    expect(() => world.socket.close(1000, "x".repeat(124))).toThrow(RangeError);
    await world.socket.send("still here");
    expect(world.sayings()).toEqual(["text still here"]);
  });

  test("disposing closes, and resolves when that is done", async () => {
    const world = socketWorld();
    const disposing = world.socket[Symbol.asyncDispose]();
    arrive(world, frame(8, closing(1000)));
    world.near.arrive(undefined);
    await disposing;
    expect(world.sayings()).toEqual(["close 1000", "end"]);
  });
});

test("abort() drops the flow, and everybody who waits hears closed", async () => {
  const world = socketWorld();
  holdUp(world);
  const waiting = [world.socket.receive(), world.socket.send("x")];
  world.socket.abort();
  for (const each of waiting) await expect(each).rejects.toMatchObject({ code: "closed" });
  expect(world.near.isAborted).toBe(true);
  expect(await world.socket.closed).toMatchObject({ code: 1006, error: { code: "closed" } });
  world.socket.abort();
  await world.socket[Symbol.asyncDispose]();
});

test("a flow that takes nothing more ends the connection, also while nothing is read", async () => {
  const world = socketWorld({ receiveQueueBytes: 100 });
  arrive(world, frame(1, "one"), frame(1, "two"));
  await settle();
  await world.near.shutdown("write");
  await expect(world.socket.send("x")).rejects.toMatchObject({ code: "reset" });
  expect(await world.socket.closed).toMatchObject({ code: 1006, error: { code: "reset" } });
  expect(await world.socket.receive()).toBe("one");
});

describe("with permessage-deflate", () => {
  test("nothing behind a message that makes no sense is taken, nor one after abort()", async () => {
    const world = socketWorld({ deflate: true });
    const nonsense = frame(1, Uint8Array.of(0xff, 0xff), { reserved: 4 });
    arrive(world, nonsense, frame(9, "ping"), frame(8, closing(1000)));
    await expect(world.socket.receive()).rejects.toMatchObject({ code: "invalid-payload" });
    await pass(world, 20_000);
    expect(await world.socket.closed).toMatchObject({ code: 1006, wasClean: false });
    const other = socketWorld({ deflate: true });
    arrive(other, nonsense);
    // Within a task it is read, but nothing inflates.
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    other.socket.abort();
    expect(await other.socket.closed).toMatchObject({ error: { code: "closed" } });
    await settle();
    expect(other.sayings()).toEqual(["abort"]);
  });

  test("messages keep their order while one inflates", async () => {
    const world = socketWorld({ deflate: true });
    const compressed = frame(1, await deflate(bytesOf("first")), { reserved: 4 });
    arrive(world, compressed, frame(1, "second"), frame(9, "ping"));
    expect(await world.socket.receive()).toBe("first");
    expect(await world.socket.receive()).toBe("second");
    expect(world.sayings()).toEqual(["pong ping"]);
  });

  test.each([
    ["too-large", 1009, new Uint8Array(2000)],
    ["invalid-payload", 1007, Uint8Array.of(0xff, 0xfe)],
  ])("a text that inflates to nonsense is %s", async (code, closeCode, bytes) => {
    const world = socketWorld({ deflate: true, maxMessageBytes: 1000 });
    arrive(world, frame(1, await deflate(bytes), { reserved: 4 }));
    await expect(world.socket.receive()).rejects.toMatchObject({ code });
    expect(world.sayings()).toEqual([`close ${closeCode}`, "end"]);
  });
});

test("what one side sends the other receives, whatever it is and however it is sent", async () => {
  const messages: fc.Arbitrary<Message> = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.nat(9000).map((length) => new Uint8Array(length).fill(length)),
  );
  const sendings = fc.array(fc.tuple(messages, fc.boolean()), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(sendings, fc.integer({ min: 50, max: 5000 }), async (list, fragmentBytes) => {
      const { clock, random } = worldOf();
      const [one, other] = memoryFlows();
      const options = { clock, random, fragmentBytes, maxFragmentCount: 10_000 };
      const client = new WebSocketConnection({ ...options, flow: one, side: "client" });
      const server = new WebSocketConnection({ ...options, flow: other, side: "server" });
      for (const [message, isCut] of list) {
        if (isCut) await client.sendFragment(message.slice(0, 0), false);
        void (isCut ? client.sendFragment(message, true) : client.send(message));
      }
      for (const [message] of list) expect(plain(await server.receive())).toBe(plain(message));
      await Promise.all([client.close(3000), server.receive()]);
      expect(await server.closed).toMatchObject({ code: 3000, wasClean: true });
    }),
    { numRuns: 20 },
  );
});

/** A message as a string, which says what it was. */
function plain(message: Message | undefined): string {
  return typeof message === "string" ? message : `bytes ${latin1(message ?? "none")}`;
}

function worldOf(): Pick<ConstructorParameters<typeof WebSocketConnection>[0], "clock" | "random"> {
  const simulation = new Simulation({ seed: 1, turn: async () => {} });
  return { clock: simulation.clock, random: simulation.random("keys") };
}
