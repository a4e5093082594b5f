/** What is sent so that memory fills up: connections, fragments, segments beyond a gap. */

import { expect, test } from "vitest";
import type { TcpFlow } from "../../src/devices/index.ts";
import { add as addUp, finish } from "../../src/net/checksum.ts";
import { flag } from "../../src/net/tcp/packet.ts";
import { add } from "../../src/net/tcp/sequence.ts";
import { tcpHost } from "../tcp-world.ts";
import { usedBytes } from "../used-bytes.ts";
import { type Ends, nextOf, play, stillTalk } from "./attacker.ts";

/** All of the flood only where there is time: it takes seconds. */
const floodCount = process.env["MORGANA_LONG"] === undefined ? 3000 : 100_000;

/** Clients that send a byte now and then. */
const slowCount = process.env["MORGANA_LONG"] === undefined ? 150 : 400;

test(`${floodCount} SYNs leave established flows and honest clients alone`, async () => {
  await play(async (scene) => {
    const { attacker, client, server, simulation } = scene;
    const before = usedBytes();
    for (let number = 0; number < floodCount; number += 1) {
      const from = `10.0.0.${4 + (number % 250)}`;
      const ends: Ends = { from, fromPort: 1024 + (number % 60_000), to: server, toPort: 7 };
      attacker.forge(ends, { sequenceNumber: number * 7919, flags: flag.syn });
      if (number % 500 === 499) {
        await simulation.clock.sleep(2);
        attacker.heard.length = 0;
      }
    }
    expect(await stillTalk(scene)).toBe(true);
    expect(server.tcp.counters["backlogFull"]).toBeGreaterThan(0.9 * floodCount);
    // Nobody is remembered any more: a cookie makes the connection.
    const flow = await client.tcp.connect({ address: server.address, port: 7 });
    await flow.write(Uint8Array.of(1));
    await simulation.clock.sleep(100);
    expect(server.tcp.counters["synCookies"]).toBe(1);
    expect(usedBytes() - before).toBeLessThan(5e6);
  });
});

test("a cookie is not guessed", async () => {
  await play(async ({ attacker, ghost, server, simulation }) => {
    const accepted: TcpFlow[] = [];
    server.tcp.listen(8, (flow) => void accepted.push(flow), { backlog: 0 });
    const ends = { from: ghost.address, fromPort: 999, to: server, toPort: 8 };
    attacker.forge(ends, { sequenceNumber: 1, flags: flag.syn });
    await simulation.clock.sleep(1000);
    const cookie = attacker.lastOf(server).sequenceNumber;
    const tries = Array.from({ length: 1000 }, (_, index) => add(cookie, 2 + index * 4_194_301));
    for (const acknowledgmentNumber of tries) {
      attacker.forge(ends, { sequenceNumber: 2, acknowledgmentNumber, flags: flag.ack });
    }
    await simulation.clock.sleep(100);
    expect(accepted.length).toBe(0);
    const right = { sequenceNumber: 2, acknowledgmentNumber: add(cookie, 1), flags: flag.ack };
    attacker.forge(ends, right);
    await simulation.clock.sleep(100);
    expect(accepted.length).toBe(1);
  });
});

test("hundreds of clients that send a byte now and then cost little, and delay nobody", async () => {
  await play(async (scene) => {
    const { server, simulation, wire } = scene;
    const { clock } = simulation;
    const slow = await tcpHost(wire.connect(), clock, simulation.random("slow"), 4);
    server.tcp.listen(8, async (flow) => {
      while ((await flow.read()) !== undefined);
    });
    const flows: TcpFlow[] = [];
    const before = usedBytes();
    for (let count = 0; count < slowCount; count += 1) {
      flows.push(await slow.tcp.connect({ address: server.address, port: 8 }));
    }
    for (let round = 0; round < 5; round += 1) {
      for (const flow of flows) await flow.write(Uint8Array.of(round));
      await clock.sleep(9000);
    }
    // Both ends of each connection, and what the attacker overhears.
    scene.attacker.heard.length = 0;
    expect(usedBytes() - before).toBeLessThan(slowCount * 15_000);
    const startMs = clock.monotonicMs();
    expect(await stillTalk(scene)).toBe(true);
    expect(clock.monotonicMs() - startMs).toBeLessThan(100);
    await slow.dispose();
  });
});

test("segments of one byte beyond a gap are kept only up to a bound", async () => {
  await play(async (scene) => {
    const { attacker, ends, server, simulation } = scene;
    const { sequence, ack } = nextOf(scene);
    const before = usedBytes();
    // Every second byte; then, from the end on, a byte that touches the one after it.
    for (let offset = 2; offset < 6000; offset += 2) {
      for (const at of [offset, 60_000 - offset / 2]) {
        attacker.forge(
          ends,
          { sequenceNumber: add(sequence, at), acknowledgmentNumber: ack, flags: flag.ack },
          Uint8Array.of(at & 255),
        );
      }
      if (offset % 500 !== 0) continue;
      await simulation.clock.sleep(2);
      const last = attacker.lastOf(server);
      expect(last.acknowledgmentNumber).toBe(sequence);
      attacker.heard.length = 0;
    }
    expect(usedBytes() - before).toBeLessThan(3e6);
    expect(server.tcp.counters["malformed"]).toBe(0);
  });
});

/** Sends an echo request of 800 bytes in fragments: offset, length and whether more follow. */
type Part = readonly [offset: number, length: number, moreFragments: boolean];

const parts: Readonly<
  Record<string, { readonly parts: readonly Part[]; readonly echoes: number }>
> = {
  "whole, in any order": {
    parts: [
      [600, 200, false],
      [0, 400, true],
      [400, 200, true],
    ],
    echoes: 1,
  },
  "the second over the first": {
    parts: [
      [0, 400, true],
      [200, 400, true],
      [600, 200, false],
    ],
    echoes: 0,
  },
  "one inside another": {
    parts: [
      [0, 600, true],
      [8, 8, true],
      [600, 200, false],
    ],
    echoes: 0,
  },
  "two ends": {
    parts: [
      [0, 600, true],
      [608, 192, false],
      [600, 200, false],
    ],
    echoes: 0,
  },
  "beyond the longest packet": {
    parts: [
      [0, 800, true],
      [65_528, 1000, false],
    ],
    echoes: 0,
  },
};

test.each(Object.entries(parts))(
  "500 packets in fragments cost little (%s)",
  async (_name, { parts: order, echoes }) => {
    await play(async (scene) => {
      const { attacker, ghost, server, simulation } = scene;
      const request = new Uint8Array(800);
      request[0] = 8;
      const checksum = finish(addUp(request));
      request.set([checksum >> 8, checksum & 255], 2);
      const before = usedBytes();
      const count = 500;
      for (let identification = 0; identification < count; identification += 1) {
        for (const [fragmentOffset, length, moreFragments] of order) {
          const part = new Uint8Array(length);
          part.set(request.subarray(fragmentOffset, fragmentOffset + length));
          attacker.sendIpv4(ghost.address, server, 1, part, {
            identification,
            moreFragments,
            fragmentOffset,
          });
        }
        if (identification % 50 === 0) await simulation.clock.sleep(2);
      }
      await simulation.clock.sleep(10);
      expect(server.icmp.counters["echoesAnswered"]).toBe(echoes * count);
      expect(usedBytes() - before).toBeLessThan(2e6);
      expect(await stillTalk(scene)).toBe(true);
    });
  },
);
