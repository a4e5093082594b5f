/** RFC 4787, UDP through a translator. */

import { expect, test } from "vitest";
import { playRouter } from "../router-world.ts";
import { Nat } from "../../src/net/nat/nat.ts";
import type { Filtering } from "../../src/net/nat/options.ts";
import { address } from "../router-world.ts";
import { external, NatWorld, packetOf } from "./nat-world.ts";

const minuteMs = 60_000;

test("REQ-1 one endpoint inside is one outside, for all destinations", () => {
  const world = new NatWorld();
  const ports = ["192.0.2.1:80", "192.0.2.1:81", "198.51.100.7:80"].map((to) =>
    world.portOf("udp", "10.0.0.2:4000", to),
  );
  expect(new Set(ports).size).toBe(1);
});

test("REQ-3 two hosts with the same port get different ones outside", () => {
  const world = new NatWorld();
  const ports = Array.from({ length: 200 }, (_, host) =>
    world.portOf("udp", `10.0.1.${host}:4000`),
  );
  expect(new Set(ports).size).toBe(200);
});

test("REQ-3a a free port is kept, and another is of the same range", () => {
  const world = new NatWorld();
  for (const [port, least, most] of [
    [5000, 1024, 65_535],
    [500, 1, 1023],
  ] as const) {
    expect(world.portOf("udp", `10.0.0.2:${port}`)).toBe(port);
    for (let host = 3; host < 40; host += 1) {
      const other = world.portOf("udp", `10.0.0.${host}:${port}`);
      expect(other).not.toBe(port);
      expect(other).toBeGreaterThanOrEqual(least);
      expect(other).toBeLessThanOrEqual(most);
    }
  }
});

test("REQ-4 an odd port stays odd, an even one even", () => {
  const world = new NatWorld();
  for (const port of [4000, 4001, 700, 701]) {
    for (let host = 2; host < 30; host += 1) {
      expect(world.portOf("udp", `10.0.0.${host}:${port}`) % 2).toBe(port % 2);
    }
  }
});

test("REQ-5 a mapping stays for five minutes, and no longer", async () => {
  const world = new NatWorld();
  const port = world.portOf("udp", "10.0.0.2:4000", "192.0.2.1:80");
  world.clock.advance(5 * minuteMs - 1000);
  expect(world.in("udp", "192.0.2.1:80", port).to).toBe("10.0.0.2:4000");
  world.clock.advance(2000);
  expect(world.in("udp", "192.0.2.1:80", port).to).toBe(`${external}:${port}`);
  expect(world.nat.sessionCount).toBe(0);
});

test("REQ-5b the time can be another, but not under two minutes", async () => {
  expect(() => new NatWorld({ udpMs: 119_999 })).toThrow(RangeError);
  const world = new NatWorld({ udpMs: 120_000 });
  world.portOf("udp", "10.0.0.2:4000");
  world.clock.advance(119_000);
  expect(world.nat.sessionCount).toBe(1);
  world.clock.advance(2000);
  expect(world.nat.sessionCount).toBe(0);
});

test.each([false, true])(
  "REQ-6 what goes out refreshes a mapping, answered %s",
  async (answered) => {
    const world = new NatWorld();
    for (let minute = 0; minute < 12; minute += 4) {
      const port = world.portOf("udp", "10.0.0.2:4000", "192.0.2.1:80");
      if (answered) world.in("udp", "192.0.2.1:80", port);
      world.clock.advance(4 * minuteMs);
    }
    expect(world.nat.sessionCount).toBe(1);
  },
);

test.each([false, true])(
  "REQ-6a what comes in refreshes it if configured: %s",
  async (refreshesInbound) => {
    const world = new NatWorld({ refreshesInbound });
    const port = world.portOf("udp", "10.0.0.2:4000", "192.0.2.1:80");
    world.clock.advance(4 * minuteMs);
    world.in("udp", "192.0.2.1:80", port);
    world.clock.advance(2 * minuteMs);
    expect(world.nat.sessionCount).toBe(refreshesInbound ? 1 : 0);
  },
);

test.each<[Filtering, boolean, boolean]>([
  ["endpoint-independent", true, true],
  ["address-dependent", true, false],
  ["address-and-port-dependent", false, false],
])("REQ-8 filtering is as configured: %s", (filtering, samehost, stranger) => {
  const world = new NatWorld({ filtering });
  const port = world.portOf("udp", "10.0.0.2:4000", "192.0.2.1:80");
  expect(world.in("udp", "192.0.2.1:80", port).verdict).toBe("pass");
  expect(world.in("udp", "192.0.2.1:81", port).verdict === "pass").toBe(samehost);
  expect(world.in("udp", "192.0.2.2:80", port).verdict === "pass").toBe(stranger);
});

test("REQ-9 a host inside reaches another by its endpoint outside, and is seen as its own", () => {
  const world = new NatWorld();
  const portB = world.portOf("udp", "10.0.0.3:7000", `${external}:4000`);
  const portA = world.portOf("udp", "10.0.0.2:4000", "192.0.2.1:80");
  const { verdict, from, to } = world.pass(
    packetOf("udp", "10.0.0.2:4000", `${external}:${portB}`),
    "lan",
    "lan",
  );
  expect({ verdict, from, to }).toEqual({
    verdict: "pass",
    from: `${external}:${portA}`,
    to: "10.0.0.3:7000",
  });
});

test("REQ-11 a hundred hosts are treated as the first", () => {
  const world = new NatWorld();
  for (let count = 0; count < 100; count += 1) {
    const from = `10.1.${count >> 8}.${count & 255}:4000`;
    const one = world.portOf("udp", from, "192.0.2.1:80");
    expect(world.portOf("udp", from, "192.0.2.9:53")).toBe(one);
    expect(one % 2).toBe(0);
    expect(world.in("udp", "192.0.2.1:99", one).to).toBe(from);
    expect(world.in("udp", "198.51.100.1:80", one).verdict).toBe("drop");
  }
});

test("REQ-12 a mapping is there after an ICMP error about it", () => {
  const world = new NatWorld();
  const out = world.out("udp", "10.0.0.2:4000", "192.0.2.1:80");
  const error = world.error(3, 3, out.packet.bytes, "192.0.2.1", external);
  expect(world.pass(error, "wan", "lan").verdict).toBe("pass");
  expect(world.in("udp", "192.0.2.1:80", 4000).to).toBe("10.0.0.2:4000");
});

test("REQ-12a an error of a router that nobody sent to passes", () => {
  const world = new NatWorld({ filtering: "address-and-port-dependent" });
  const out = world.out("udp", "10.0.0.2:4000", "192.0.2.1:80");
  const error = world.error(11, 0, out.packet.bytes, "198.51.100.254", external);
  const { verdict, packet } = world.pass(error, "wan", "lan");
  expect(verdict).toBe("pass");
  expect([...packet.destination]).toEqual([10, 0, 0, 2]);
});

test("REQ-13 a host learns that its packet does not fit", async () => {
  await playRouter(
    async ({ client, router, sleep }) => {
      router.use(natOf(router));
      const reports: number[][] = [];
      client.icmp?.onReport(({ type, code, parameter }) => reports.push([type, code, parameter]));
      const fill = (into: Uint8Array): number => {
        into.fill(0);
        return 1400;
      };
      client.ip.v4?.write(address("203.0.113.9"), 17, 1400, fill, { dontFragment: true });
      await sleep(10);
      expect(reports).toEqual([[3, 4, 1300]]);
    },
    { wanWire: { mtu: 1300 } },
  );
});

test("REQ-14 fragments in any order are translated, both ways", async () => {
  await playRouter(async ({ client, server, router, wires, sleep }) => {
    router.use(natOf(router));
    wires.lan.change({ reordering: 0.5, holdBackMs: 5 });
    wires.wan.change({ reordering: 0.5, holdBackMs: 5 });
    const echo = server.udp.bind(7);
    echo.listen(({ bytes, from }) => {
      expect(from.address).toBe(external);
      echo.send(bytes, from);
    });
    const socket = client.udp.bind(0);
    for (let count = 0; count < 3; count += 1) {
      socket.send(new Uint8Array(6000).fill(count), { address: "203.0.113.9", port: 7 });
      const answer = await socket.receive();
      expect(answer?.bytes).toEqual(new Uint8Array(6000).fill(count));
    }
    await sleep(1);
    expect(router.counters?.["reassembled"]).toBe(6);
  });
});

function natOf({ interfaces }: Parameters<Parameters<typeof playRouter>[0]>[0]["router"]): Nat {
  const clock = new NatWorld().clock;
  expect(interfaces.has("wan")).toBe(true);
  const random = { uint32: () => 4 } as never;
  return new Nat({ clock, random, outside: "wan", address: address(external) });
}
