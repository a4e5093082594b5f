/** RFC 5508, ICMP through a translator. */

import { expect, test } from "vitest";
import { add, finish } from "../../src/net/checksum.ts";
import { Nat } from "../../src/net/nat/nat.ts";
import { RoutedPacket } from "../../src/net/router/packet.ts";
import type { Verdict } from "../../src/net/router/stage.ts";
import { setWord } from "../../src/net/words.ts";
import { address, playRouter } from "../router-world.ts";
import { external, NatWorld, packetOf } from "./nat-world.ts";

test("REQ-1 two hosts that ping with the same identifier both hear their answers", () => {
  const world = new NatWorld();
  for (const host of ["10.0.0.2", "10.0.0.3"]) {
    const port = world.portOf("icmp", `${host}:77`, "192.0.2.1");
    expect(world.in("icmp", "192.0.2.1:0", port).to).toBe(`${host}:77`);
  }
});

test("REQ-1a one identifier inside is one outside, for all destinations", () => {
  const world = new NatWorld();
  world.portOf("icmp", "10.0.0.9:77", "192.0.2.1");
  const ports = ["192.0.2.1", "192.0.2.2"].map((to) => world.portOf("icmp", "10.0.0.2:77", to));
  expect(new Set(ports).size).toBe(1);
});

test("REQ-2 a query is answered within a minute", async () => {
  const world = new NatWorld();
  world.portOf("icmp", "10.0.0.2:77", "192.0.2.1");
  world.clock.advance(59_000);
  expect(world.in("icmp", "192.0.2.1:0", 77).to).toBe("10.0.0.2:77");
  world.clock.advance(2000);
  expect(world.nat.sessionCount).toBe(0);
});

test("REQ-3 an error that was damaged is dropped", () => {
  const world = new NatWorld();
  const out = world.out("udp", "10.0.0.2:4000", "192.0.2.1:80");
  const error = world.error(3, 3, out.packet.bytes, "192.0.2.1", external);
  error[30] = (error[30] ?? 0) ^ 1;
  expect(world.pass(error, "wan", "lan").verdict).toBe("drop");
});

test("REQ-3a an error that quotes a damaged header is dropped", () => {
  const world = new NatWorld();
  const out = world.out("udp", "10.0.0.2:4000", "192.0.2.1:80");
  out.packet.bytes[1] = 0x55;
  const error = world.error(3, 3, out.packet.bytes, "192.0.2.1", external);
  expect(world.pass(error, "wan", "lan").verdict).toBe("drop");
});

test("REQ-3b options in the quoted header are passed over", () => {
  const world = new NatWorld();
  const plain = packetOf("udp", "10.0.0.2:4000", "192.0.2.1:80");
  const sent = Uint8Array.of(...plain.subarray(0, 20), 148, 4, 0, 0, ...plain.subarray(20));
  sent[0] = 0x46;
  setWord(sent, 2, sent.length);
  setWord(sent, 10, 0);
  setWord(sent, 10, finish(add(sent.subarray(0, 24))));
  const packet = new RoutedPacket();
  packet.take(sent.slice());
  packet.to = "wan";
  expect(world.nat.postrouting(packet)).toBe("pass");
  const error = world.error(3, 3, packet.bytes, "192.0.2.1", external, 64);
  expect(world.pass(error, "wan", "lan").packet.bytes.slice(28)).toEqual(sent);
});

test("REQ-3c eight bytes behind the header are enough", () => {
  const world = new NatWorld();
  const out = world.out("tcp", "10.0.0.2:4000", "192.0.2.1:80");
  const error = world.error(11, 0, out.packet.bytes, "198.51.100.1", external, 28);
  expect(world.pass(error, "wan", "lan").verdict).toBe("pass");
});

test("REQ-4 what it quotes is what the host sent; without a mapping it is dropped", () => {
  const world = new NatWorld();
  world.portOf("udp", "10.0.0.3:4000");
  const sent = packetOf("udp", "10.0.0.2:4000", "192.0.2.1:80");
  const out = world.pass(sent, "lan", "wan");
  const error = world.error(3, 3, out.packet.bytes, "192.0.2.1", external, 64);
  const { packet } = world.pass(error, "wan", "lan");
  expect(packet.bytes.slice(28)).toEqual(sent);
  expect([...packet.destination]).toEqual([10, 0, 0, 2]);
  // Through the mapping, but to who was never sent to.
  const other = packetOf("udp", `${external}:4000`, "198.51.100.9:80");
  const forged = world.error(3, 3, other, "198.51.100.9", external);
  expect(world.pass(forged, "wan", "lan").verdict).toBe("drop");
});

test("REQ-5 an error from inside quotes what was sent outside", () => {
  const world = new NatWorld();
  world.portOf("udp", "10.0.0.3:4000");
  const port = world.portOf("udp", "10.0.0.2:4000");
  const received = packetOf("udp", "192.0.2.1:80", `${external}:${port}`);
  const inside = world.pass(received, "wan", "lan").packet.bytes;
  // By a router inside, whose own address nobody outside knows.
  const error = world.error(11, 0, inside, "10.0.0.254", "192.0.2.1", 64);
  const { packet } = world.pass(error, "lan", "wan");
  expect(packet.bytes.slice(28)).toEqual(received);
  expect([...packet.source]).toEqual([203, 0, 113, 1]);
});

test("REQ-7a an error about a hairpinned packet finds its way back", () => {
  const world = new NatWorld();
  const portB = world.portOf("udp", "10.0.0.3:7000", `${external}:4000`);
  const sent = packetOf("udp", "10.0.0.2:4000", `${external}:${portB}`);
  world.portOf("udp", "10.0.0.2:4000");
  const heard = world.pass(sent, "lan", "lan").packet.bytes;
  const error = world.error(3, 3, heard, "10.0.0.3", external, 64);
  const { packet } = world.pass(error, "lan", "lan");
  expect(packet.bytes.slice(28)).toEqual(sent);
  expect([...packet.destination]).toEqual([10, 0, 0, 2]);
  expect([...packet.source]).toEqual([203, 0, 113, 1]);
});

test("REQ-6 errors leave the time of a session as it is", async () => {
  const world = new NatWorld();
  const out = world.out("udp", "10.0.0.2:4000", "192.0.2.1:80");
  const error = world.error(3, 3, out.packet.bytes, "192.0.2.1", external);
  world.clock.advance(299_000);
  expect(world.pass(error, "wan", "lan").verdict).toBe("pass");
  expect(world.nat.sessionCount).toBe(1);
  world.clock.advance(2000);
  expect(world.nat.sessionCount).toBe(0);
});

test("REQ-10 errors of the router itself come from its own address", async () => {
  await playRouter(async ({ server, client, wan, router, simulation, sleep }) => {
    const { clock } = simulation;
    const random = simulation.random("nat");
    const lead = {
      protocol: "udp",
      externalPort: 53,
      address: address("10.0.0.2"),
      port: 53,
    } as const;
    router.use(
      new Nat({
        clock,
        random,
        outside: "wan",
        address: address(external),
        forwardedPorts: [lead],
      }),
    );
    const socket = server.udp.bind(0);
    socket.send(new Uint8Array(9), { address: external, port: 53 }, { timeToLive: 1 });
    await sleep(10);
    const [error] = wan.of(1);
    expect(error?.source).toBe(external);
    // What it quotes is what the server sent, not what it was translated to.
    expect(error?.payload.slice(8)).toEqual(wan.of(17)[0]?.bytes);
    expect(client.udp.counters?.["datagramsIn"] ?? 0).toBe(0);
  });
});

test("REQ-9 what a filter rejects is reported, what it drops is not", async () => {
  await playRouter(async ({ server, wan, router, simulation, sleep }) => {
    const { clock } = simulation;
    const random = simulation.random("nat");
    const lead = {
      protocol: "udp",
      externalPort: 53,
      address: address("10.0.0.2"),
      port: 53,
    } as const;
    const at = {
      clock,
      random,
      outside: "wan",
      address: address(external),
      forwardedPorts: [lead],
    };
    let verdict: Verdict = "drop";
    router.use({ forward: () => verdict });
    router.use(new Nat(at));
    const socket = server.udp.bind(0);
    socket.send(new Uint8Array(9), { address: external, port: 53 });
    await sleep(10);
    expect(wan.of(1)).toEqual([]);
    verdict = "reject";
    socket.send(new Uint8Array(9), { address: external, port: 53 });
    await sleep(10);
    const [error] = wan.of(1);
    expect([...(error?.payload.subarray(0, 2) ?? [])]).toEqual([3, 13]);
    expect(error?.payload.slice(8)).toEqual(wan.of(17)[1]?.bytes);
  });
});

test("REQ-8 who gets no session is told", () => {
  const world = new NatWorld({ maxPerHost: 2 });
  for (const port of [1, 2]) world.portOf("udp", `10.0.0.2:${port}`);
  expect(world.out("udp", "10.0.0.2:3", "192.0.2.1:80").verdict).toBe("reject");
  expect(world.out("udp", "10.0.0.3:3", "192.0.2.1:80").verdict).toBe("pass");
});

test("REQ-10 timestamps pass as queries do", () => {
  const world = new NatWorld();
  const bytes = packetOf("icmp", "10.0.0.2:5", "192.0.2.1:0");
  bytes[20] = 13;
  setWord(bytes, 22, 0);
  setWord(bytes, 22, finish(add(bytes.slice(20))));
  expect(world.pass(bytes, "lan", "wan").verdict).toBe("pass");
});

test("REQ-11 other messages stay inside", () => {
  const world = new NatWorld();
  const bytes = packetOf("icmp", "10.0.0.2:5", "192.0.2.1:0");
  bytes[20] = 9;
  setWord(bytes, 22, 0);
  setWord(bytes, 22, finish(add(bytes.slice(20))));
  expect(world.pass(bytes, "lan", "wan").verdict).toBe("drop");
});
