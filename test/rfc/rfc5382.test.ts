/** RFC 5382, TCP through a translator. */

import { expect, test } from "vitest";
import type { Filtering } from "../../src/net/nat/options.ts";
import { flag } from "../../src/net/tcp/packet.ts";
import { external, NatWorld, packetOf } from "./nat-world.ts";

const minuteMs = 60_000;
const synAck = { flags: flag.syn | flag.ack, sequence: 100, ack: 2 };

test("REQ-1 one endpoint inside is one outside, for all destinations", () => {
  const world = new NatWorld();
  const ports = ["192.0.2.1:80", "192.0.2.1:81", "198.51.100.7:80"].map((to) =>
    world.portOf("tcp", "10.0.0.2:4000", to),
  );
  expect(new Set(ports).size).toBe(1);
});

test("REQ-2 both sides open at once, the SYN from inside first or last", () => {
  for (const isInsideFirst of [true, false]) {
    const world = new NatWorld();
    const inside = (): string => world.out("tcp", "10.0.0.2:4000", "192.0.2.1:80").verdict;
    if (isInsideFirst) expect(inside()).toBe("pass");
    const first = world.in("tcp", "192.0.2.1:80", 4000, { sequence: 100 });
    expect(first.verdict).toBe(isInsideFirst ? "pass" : "drop");
    if (!isInsideFirst) expect(inside()).toBe("pass");
    // It is sent again, since nobody refused it.
    expect(world.in("tcp", "192.0.2.1:80", 4000, { sequence: 100 }).to).toBe("10.0.0.2:4000");
    expect(
      world.out("tcp", "10.0.0.2:4000", "192.0.2.1:80", { ...synAck, sequence: 1, ack: 101 })
        .verdict,
    ).toBe("pass");
    expect(world.in("tcp", "192.0.2.1:80", 4000, synAck).verdict).toBe("pass");
  }
});

test("REQ-2a every order of SYNs and their answers passes from inside", () => {
  const world = new NatWorld();
  for (const flags of [flag.syn | flag.ack, flag.syn, flag.ack, flag.syn | flag.ack]) {
    expect(world.out("tcp", "10.0.0.2:4000", "192.0.2.1:80", { flags }).verdict).toBe("pass");
    expect(world.in("tcp", "192.0.2.1:80", 4000, { flags }).verdict).toBe("pass");
  }
});

test.each<[Filtering, boolean, boolean]>([
  ["endpoint-independent", true, true],
  ["address-dependent", true, false],
  ["address-and-port-dependent", false, false],
])("REQ-3 filtering is as configured: %s", (filtering, sameHost, stranger) => {
  const world = new NatWorld({ filtering });
  const port = world.connect("10.0.0.2:4000", "192.0.2.1:80");
  expect(world.in("tcp", "192.0.2.1:81", port).verdict === "pass").toBe(sameHost);
  expect(world.in("tcp", "192.0.2.2:80", port).verdict === "pass").toBe(stranger);
});

test("REQ-4 a SYN for nobody is not answered for six seconds, then refused", async () => {
  const world = new NatWorld();
  expect(world.in("tcp", "192.0.2.1:80", 4000).verdict).toBe("drop");
  world.clock.advance(5900);
  expect(world.refused).toEqual([]);
  world.clock.advance(200);
  expect(world.refused).toEqual(["192.0.2.1:80"]);
});

test("REQ-4a it is forgotten in silence when the other half comes from inside", async () => {
  const world = new NatWorld();
  world.in("tcp", "192.0.2.1:80", 4000);
  world.in("tcp", "192.0.2.2:80", 4000);
  world.clock.advance(3000);
  world.out("tcp", "10.0.0.2:4000", "192.0.2.1:80");
  world.clock.advance(4000);
  expect(world.refused).toEqual(["192.0.2.2:80"]);
});

test("REQ-5 each state has its time", async () => {
  const world = new NatWorld();
  world.connect("10.0.0.2:4000", "192.0.2.1:80");
  world.out("tcp", "10.0.0.3:4001", "192.0.2.1:80");
  const closing = world.connect("10.0.0.4:4002", "192.0.2.1:80");
  const fin = { flags: flag.fin | flag.ack, sequence: 2, ack: 101 };
  world.out("tcp", "10.0.0.4:4002", "192.0.2.1:80", fin);
  world.in("tcp", "192.0.2.1:80", closing, { ...fin, sequence: 101, ack: 3 });
  world.clock.advance(4 * minuteMs - 1000);
  expect(world.nat.sessionCount).toBe(3);
  world.clock.advance(2000);
  expect(world.nat.mappings.map(({ inside }) => inside)).toEqual(["10.0.0.2:4000"]);
  world.clock.advance(120 * minuteMs - 4000);
  expect(world.in("tcp", "192.0.2.1:80", 4000, { flags: flag.ack }).to).toBe("10.0.0.2:4000");
  world.clock.advance(124 * minuteMs + 1000);
  expect(world.nat.sessionCount).toBe(0);
});

test("REQ-5 a half-closed connection stays as long as an open one", async () => {
  const world = new NatWorld();
  world.connect("10.0.0.2:4000", "192.0.2.1:80");
  world.out("tcp", "10.0.0.2:4000", "192.0.2.1:80", {
    flags: flag.fin | flag.ack,
    sequence: 2,
    ack: 101,
  });
  world.clock.advance(100 * minuteMs);
  expect(world.nat.sessionCount).toBe(1);
});

test("REQ-7 two hosts with the same port get different ones outside", () => {
  const world = new NatWorld();
  const ports = Array.from({ length: 200 }, (_, host) =>
    world.portOf("tcp", `10.0.1.${host}:4000`),
  );
  expect(new Set(ports).size).toBe(200);
});

test("REQ-8 a host inside reaches a forwarded port by the address outside", () => {
  const world = new NatWorld({
    forwardedPorts: [
      { protocol: "tcp", externalPort: 80, address: Uint8Array.of(10, 0, 0, 9), port: 8080 },
    ],
  });
  const there = world.pass(packetOf("tcp", "10.0.0.2:4000", `${external}:80`), "lan", "lan");
  expect([there.from, there.to]).toEqual([`${external}:4000`, "10.0.0.9:8080"]);
  const back = packetOf("tcp", "10.0.0.9:8080", `${external}:4000`, synAck);
  const here = world.pass(back, "lan", "lan");
  expect([here.from, here.to]).toEqual([`${external}:80`, "10.0.0.2:4000"]);
});

test("REQ-9 an error about a segment is translated, what it quotes too", () => {
  const world = new NatWorld();
  const sent = packetOf("tcp", "10.0.0.2:4000", "192.0.2.1:80");
  world.portOf("tcp", "10.0.0.3:4000");
  const out = world.pass(sent, "lan", "wan");
  expect(out.from).not.toBe(`${external}:4000`);
  // A whole segment is quoted, and with it the checksum.
  const error = world.error(3, 1, out.packet.bytes, "198.51.100.254", external, 44);
  const { packet } = world.pass(error, "wan", "lan");
  expect(packet.bytes.slice(28)).toEqual(sent);
});

test.each([0, 1, 2, 3, 4])("REQ-10 a connection is there after an error of code %d", (code) => {
  const world = new NatWorld();
  world.connect("10.0.0.2:4000", "192.0.2.1:80");
  const out = world.out("tcp", "10.0.0.2:4000", "192.0.2.1:80", { flags: flag.ack });
  world.pass(world.error(3, code, out.packet.bytes, "192.0.2.1", external), "wan", "lan");
  expect(world.in("tcp", "192.0.2.1:80", 4000, { flags: flag.ack }).verdict).toBe("pass");
});

test("RFC7857-2.2 a forged reset does not end a connection that goes on", async () => {
  const world = new NatWorld();
  world.connect("10.0.0.2:4000", "192.0.2.1:80");
  world.in("tcp", "192.0.2.1:80", 4000, { flags: flag.rst });
  world.out("tcp", "10.0.0.2:4000", "192.0.2.1:80", { flags: flag.ack, sequence: 2, ack: 101 });
  world.clock.advance(60 * minuteMs);
  expect(world.nat.sessionCount).toBe(1);
});
