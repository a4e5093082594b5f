import { describe, expect, test } from "vitest";
import { inNtpWorld, type NtpWorld } from "../../../test/ntp-world.ts";
import { timersOf } from "../timers.ts";
import { identifierOf, type NtpPacket } from "./packet.ts";

const one = { sampleCount: 1 };

describe("query()", () => {
  test.each([0, 2500, -86_400_000])("finds that our clock is %d ms behind", (aheadMs) =>
    inNtpWorld(async (world) => {
      world.server(1e12 + aheadMs);
      const time = await world.client().query("10.0.0.1");
      expect(Math.abs(time.offsetMs - aheadMs)).toBeLessThanOrEqual(1);
      expect(time.delayMs).toBeGreaterThan(1.9);
      expect(time.delayMs).toBeLessThan(2.1);
      expect(time).toMatchObject({ sampleCount: 4, stratum: 10, leap: "none" });
      expect(time.server).toBe("10.0.0.1");
    }),
  );

  test("is right where one clock has passed the end of an era and the other has not", () =>
    inNtpWorld(async (world) => {
      const endMs = Date.parse("2036-02-07T06:28:16Z");
      world.server(endMs + 5000);
      const { offsetMs } = await world.client(endMs - 5000).query("10.0.0.1", one);
      expect(Math.abs(offsetMs - 10_000)).toBeLessThanOrEqual(1);
    }));

  test("takes the answer that was under way the shortest", () =>
    inNtpWorld(async (world) => {
      const after = [200, 0, 90, 400];
      world.impostor((packet, count) => ({ packet, afterMs: after[count - 1] ?? 0 }));
      const time = await world.client().query("10.0.0.1", { spacingMs: 500 });
      expect(time.delayMs).toBeLessThan(3);
      expect(Math.abs(time.offsetMs)).toBeLessThan(1.1);
      expect(time.jitterMs).toBeGreaterThan(50);
    }));

  test("does without those that get lost", () =>
    inNtpWorld(async (world) => {
      world.server();
      let count = 0;
      world.internet.loses = () => [1, 4].includes((count += 1));
      const client = world.client();
      const time = await client.query("10.0.0.1");
      expect(time.sampleCount).toBe(2);
      expect(client.counters).toMatchObject({ sent: 4, samples: 2, timeouts: 2 });
    }));

  test("tells nothing of our clock", () =>
    inNtpWorld(async (world) => {
      world.server();
      await world.client().query("10.0.0.1", { spacingMs: 0 });
      const asked = world.internet.packets.filter(({ to }) => to === "10.0.0.1");
      const transmits = new Set(asked.map(({ payload }) => payload.subarray(48).join()));
      expect(transmits.size).toBe(4);
      const ports = new Set(asked.map(({ payload }) => payload.subarray(0, 2).join()));
      expect(ports.size).toBeGreaterThan(1);
      for (const { payload } of asked) {
        expect([...payload.subarray(8, 12)]).toEqual([0x23, 0, 0, 32]);
        expect(payload.subarray(12, 48).every((byte) => byte === 0)).toBe(true);
      }
    }));
});

describe("what is not believed", () => {
  const wrong: Readonly<Record<string, (right: NtpPacket) => NtpPacket>> = {
    "an origin that we did not send": (right) => ({ ...right, origin: right.origin ^ 1n }),
    "a message that is no answer": (right) => ({ ...right, mode: 3 }),
    "a kiss that nobody asked for": (right) => ({
      ...right,
      origin: 0n,
      stratum: 0,
      referenceId: identifierOf("DENY"),
    }),
  };

  test.each(Object.entries(wrong))("%s", (_, make) =>
    inNtpWorld(async (world) => {
      world.impostor((right, count) => ({ packet: count === 1 ? make(right) : right }));
      const client = world.client();
      await expect(client.query("10.0.0.1", one)).rejects.toMatchObject({ code: "timed-out" });
      expect(client.counters).toMatchObject({ stray: 1, timeouts: 1 });
      expect((await client.query("10.0.0.1", one)).stratum).toBe(2);
    }),
  );

  test("an answer from another address or port", () =>
    inNtpWorld(async (world) => {
      const other = world.serverUdp.bind(124);
      const third = world.udp("10.0.0.3/24").bind(123);
      world.serverUdp.bind(123).listen(({ bytes, from }) => {
        for (const socket of [other, third]) socket.send(bytes, from);
      });
      const client = world.client();
      await expect(client.query("10.0.0.1", one)).rejects.toMatchObject({ code: "timed-out" });
      expect(client.counters["stray"]).toBe(2);
    }));

  const unset: Readonly<Record<string, Partial<NtpPacket>>> = {
    "says so": { leap: 3 },
    "is of stratum 16": { stratum: 16 },
    begins: { stratum: 0, referenceId: identifierOf("INIT") },
    "says nothing at all": { stratum: 0, referenceId: 0 },
    "does not know when it sent": { transmit: 0n },
    "sends before it receives": { transmit: 1n },
    "is far from a clock": { rootDispersion: 17 * 65_536 },
  };

  test.each(Object.entries(unset))("a server that %s", (_, fields) =>
    inNtpWorld(async (world) => {
      world.impostor((right) => ({ packet: { ...right, ...fields } }));
      const client = world.client();
      await expect(client.query("10.0.0.1", one)).rejects.toMatchObject({ code: "unreachable" });
      expect(client.counters["unset"]).toBe(1);
    }),
  );
});

describe("a kiss of death", () => {
  const kissing = (world: NtpWorld, code: string): void =>
    void world.impostor((right) => ({
      packet: { ...right, stratum: 0, referenceId: identifierOf(code) },
    }));

  test("ends asking, for longer each time", () =>
    inNtpWorld(async (world) => {
      kissing(world, "RATE");
      const client = world.client();
      const refused = { code: "refused", message: expect.stringContaining("10.0.0.1") };
      await expect(client.query("10.0.0.1")).rejects.toMatchObject(refused);
      expect(client.counters["sent"]).toBe(1);
      await expect(client.query("10.0.0.1")).rejects.toMatchObject(refused);
      await world.simulation.clock.sleep(61_000);
      await expect(client.query("10.0.0.1")).rejects.toMatchObject(refused);
      expect(client.counters).toMatchObject({ sent: 2, kisses: 2 });
      await world.simulation.clock.sleep(61_000);
      await expect(client.query("10.0.0.1")).rejects.toMatchObject(refused);
      expect(client.counters["sent"]).toBe(2);
    }));

  test.each(["DENY", "RSTR"])("that says %s ends it for good", (code) =>
    inNtpWorld(async (world) => {
      kissing(world, code);
      const client = world.client();
      await expect(client.query("10.0.0.1")).rejects.toMatchObject({ code: "refused" });
      await world.simulation.clock.sleep(1e9);
      await expect(client.query("10.0.0.1")).rejects.toMatchObject({ code: "refused" });
      expect(client.counters["sent"]).toBe(1);
    }),
  );

  test("after answers leaves those", () =>
    inNtpWorld(async (world) => {
      world.server(1e12, { minSpacingMs: 60_000 });
      const client = world.client();
      const { sampleCount } = await client.query("10.0.0.1", { sampleCount: 16, spacingMs: 0 });
      expect(sampleCount).toBe(16);
      await expect(client.query("10.0.0.1")).rejects.toMatchObject({ code: "refused" });
    }));
});

describe("an end", () => {
  test("comes when nobody answers, when a signal aborts, or the client is disposed", () =>
    inNtpWorld(async (world) => {
      world.serverUdp.bind(123);
      const client = world.client();
      const { clock } = world.simulation;
      const startMs = clock.monotonicMs();
      await expect(client.query("10.0.0.1", one)).rejects.toMatchObject({ code: "timed-out" });
      expect(clock.monotonicMs() - startMs).toBeLessThan(1001);
      const controller = new AbortController();
      const aborted = client.query("10.0.0.1", { signal: controller.signal });
      const closed = client.query("10.0.0.1");
      controller.abort("enough");
      await expect(aborted).rejects.toBe("enough");
      await client[Symbol.asyncDispose]();
      await expect(closed).rejects.toMatchObject({ code: "closed" });
      await expect(client.query("10.0.0.1")).rejects.toMatchObject({ code: "closed" });
      expect(timersOf(clock).activeCount).toBe(0);
    }));

  test("comes at once for what cannot be asked", () =>
    inNtpWorld(async (world) => {
      const client = world.client();
      await expect(client.query("server")).rejects.toThrow(TypeError);
      await expect(client.query("10.0.0.1", { sampleCount: 17 })).rejects.toThrow(RangeError);
      await expect(client.query("fd00::1")).rejects.toMatchObject({ code: "no-route" });
    }));
});
