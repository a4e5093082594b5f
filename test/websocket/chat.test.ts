/** The room of the example websocket-chat, with members who do what they should not. */

import { expect, test } from "vitest";
import { Room } from "../../examples/websocket-chat/room.ts";
import { WebSocketConnection } from "../../src/net/websocket/connection.ts";
import { Simulation } from "../../src/simulated/index.ts";
import { memoryFlows, type MemoryFlow } from "../http-flows.ts";
import { settle } from "./echo-world.ts";
import { closing, frame, framesOf, sayingsOf } from "./raw-peer.ts";

/** A room in simulated time, and how to get in. */
function roomIn(simulation: Simulation): {
  readonly room: Room;
  readonly log: readonly string[];
  readonly join: (name: string) => Member;
} {
  const log: string[] = [];
  const { clock } = simulation;
  const room = new Room(clock, (line) => void log.push(line));
  const join = (name: string): Member => {
    const [near] = memoryFlows();
    const random = simulation.random(name);
    const options = { flow: near, clock, random, side: "server", closeTimeoutMs: 2000 } as const;
    const socket = new WebSocketConnection(options);
    void room.welcome(name, socket);
    const heard = (): readonly string[] => sayingsOf(framesOf(Buffer.concat(near.written)));
    return { near, socket, heard };
  };
  return { room, log, join };
}

interface Member {
  readonly near: MemoryFlow;
  readonly socket: WebSocketConnection;
  readonly heard: () => readonly string[];
}

test("all others hear what is said, and who comes and goes", async () => {
  const { join, log, room } = roomIn(new Simulation({ seed: 1, turn: settle }));
  const [one, two, three] = [join("kim"), join("kim"), join("lee")];
  one.near.arrive(frame(1, "hi\u001b[2J").slice());
  await settle();
  two.near.arrive(frame(8, closing(1000)).slice());
  two.near.arrive(undefined);
  await settle();
  expect(one.heard()).toEqual([
    "text * Welcome, kim; nobody else is here",
    "text * kim-2 joined",
    "text * lee joined",
    "text * kim-2 left",
  ]);
  expect(three.heard()).toEqual([
    "text * Welcome, lee; kim, kim-2 is here",
    "text kim: hi[2J",
    "text * kim-2 left",
  ]);
  expect(log).toEqual(["kim joined", "kim-2 joined", "lee joined", "kim-2 left"]);
  expect(room.memberCount).toBe(2);
});

test("who is slow is dropped with 1013, and neither holds up the others nor takes memory", async () => {
  const simulation = new Simulation({ seed: 1, turn: settle });
  const { join, log, room } = roomIn(simulation);
  const slow = join("slow");
  const [one, two] = [join("one"), join("two")];
  await settle();
  // The slow one's kernel takes no more.
  slow.near.room = new Promise(() => {});
  let mostBytes = 0;
  await simulation.run(async () => {
    for (let count = 0; count < 100; count += 1) {
      one.near.arrive(frame(1, "x".repeat(4000)).slice());
      await simulation.clock.sleep(250);
      mostBytes = Math.max(mostBytes, slow.socket.bufferedBytes);
    }
  });
  expect(two.heard().filter((each) => each.startsWith("text one: xxx"))).toHaveLength(100);
  expect(mostBytes).toBeLessThan(65_536 + 4096);
  expect(log).toContain("slow was too slow");
  expect(room.memberCount).toBe(2);
  // After the deadline of closing nothing is left of it.
  expect(slow.near.isAborted).toBe(true);
  expect(slow.socket.bufferedBytes).toBe(0);
  expect(await slow.socket.closed).toMatchObject({ wasClean: false });
});

test("who is slow for a while hears what waits, and then 1013", async () => {
  const { join } = roomIn(new Simulation({ seed: 1, turn: settle }));
  const slow = join("slow");
  const one = join("one");
  await settle();
  let release = (): void => {};
  slow.near.room = new Promise((resolve) => (release = resolve));
  for (let count = 0; count < 20; count += 1) {
    one.near.arrive(frame(1, "x".repeat(4000)).slice());
  }
  await settle();
  slow.near.room = Promise.resolve();
  release();
  await settle();
  expect(slow.heard().at(-1)).toBe("close 1013");
  expect(slow.heard().filter((each) => each.startsWith("text one: xxx"))).toHaveLength(17);
});

test("who says too much is closed with 1008, bytes with 1003", async () => {
  const { join } = roomIn(new Simulation({ seed: 1, turn: settle }));
  const [loud, odd] = [join("loud"), join("odd")];
  for (let count = 0; count < 30; count += 1) loud.near.arrive(frame(1, "x").slice());
  odd.near.arrive(frame(2, "x").slice());
  await settle();
  expect(loud.heard().at(-1)).toBe("close 1008");
  expect(odd.heard().filter((each) => each === "text loud: x").length).toBeLessThanOrEqual(20);
  expect(odd.heard().at(-1)).toBe("close 1003");
});
