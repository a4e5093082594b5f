import { describe, expect, test } from "vitest";
import { NatWorld, external, packetOf } from "../../../test/rfc/nat-world.ts";
import { address, playRouter, transfer } from "../../../test/router-world.ts";
import { flag } from "../tcp/packet.ts";
import { RoutedPacket } from "../router/packet.ts";
import { Nat } from "./nat.ts";

describe("Nat", () => {
  test("lets a client behind it use TCP, UDP and pings, and forwards a port to it", async () => {
    await playRouter(
      async ({ client, server, router, simulation, wan }) => {
        const nat = new Nat({
          clock: simulation.clock,
          random: simulation.random("nat"),
          outside: "wan",
          address: address(external),
          forwardedPorts: [
            { protocol: "tcp", externalPort: 8080, address: address("10.0.0.2"), port: 80 },
          ],
        });
        router.use(nat);
        expect(await transfer(client, server, "203.0.113.9", 100_000)).toBe(100_000);
        expect((await client.icmp?.echo("203.0.113.9"))?.address).toBe("203.0.113.9");
        const listener = client.tcp.listen(80, async (flow) => {
          await flow.write(Uint8Array.of(9));
          await flow.shutdown("write");
        });
        const flow = await server.connect(external, 8080);
        expect(await flow.read()).toEqual(Uint8Array.of(9));
        await listener[Symbol.asyncDispose]();
        expect(
          wan.packets.some(({ source, destination }) =>
            `${source}${destination}`.includes("10.0.0."),
          ),
        ).toBe(false);
        expect(nat.mappings.map(({ protocol }) => protocol).toSorted()).toEqual([
          "icmp",
          "tcp",
          "tcp",
        ]);
      },
      { serverKnowsRouter: false },
    );
  });

  test("tells the router's own conversations from those of hosts inside", async () => {
    await playRouter(async ({ server, router, simulation }) => {
      const { clock } = simulation;
      const nat = new Nat({
        clock,
        random: simulation.random("nat"),
        outside: "wan",
        address: address(external),
      });
      router.use(nat);
      const wan = router.interfaces.get("wan");
      expect((await wan?.icmp.echo("203.0.113.9"))?.address).toBe("203.0.113.9");
      expect((await server.icmp?.echo(external))?.address).toBe(external);
    });
  });

  test("never lets a flood end an established connection", () => {
    const world = new NatWorld({ maxSessions: 100, maxPerHost: 1000 });
    for (let port = 1; port <= 50; port += 1) world.connect(`10.0.0.2:${port}`, "192.0.2.1:80");
    for (let count = 0; count < 600; count += 1) {
      const host = `10.9.${count >> 8}.${count & 255}`;
      const protocol = (["tcp", "udp", "icmp"] as const)[count % 3] ?? "udp";
      world.out(protocol, `${host}:${2000 + count}`, "192.0.2.7:80");
    }
    expect(world.nat.sessionCount).toBe(100);
    for (let port = 1; port <= 50; port += 1) {
      const { to } = world.in("tcp", "192.0.2.1:80", port, { flags: flag.ack });
      expect(to).toBe(`10.0.0.2:${port}`);
    }
    expect(world.nat.counters.evicted).toBe(550);
  });

  test("makes no more sessions when all of them are established", () => {
    const world = new NatWorld({ maxSessions: 10 });
    for (let port = 1; port <= 10; port += 1) world.connect(`10.0.0.2:${port}`, "192.0.2.1:80");
    expect(world.out("tcp", "10.0.0.3:1", "192.0.2.1:80").verdict).toBe("reject");
    expect(world.nat.counters.tableFull).toBe(1);
  });

  test("takes no connection for established that is forged from outside", () => {
    const world = new NatWorld({
      maxSessions: 50,
      forwardedPorts: [
        { protocol: "tcp", externalPort: 80, address: address("10.0.0.9"), port: 80 },
      ],
    });
    for (let count = 0; count < 500; count += 1) {
      const from = `198.51.${count >> 8}.${count & 255}:99`;
      world.in("tcp", from, 80, { sequence: 5 });
      const synAck = { flags: flag.syn | flag.ack, sequence: 0x1234_5678 + count * 70_000, ack: 6 };
      world.out("tcp", "10.0.0.9:80", from, synAck);
      world.in("tcp", from, 80, { flags: flag.ack, sequence: 6, ack: 77 });
    }
    expect(world.out("tcp", "10.0.0.3:1", "192.0.2.1:80").verdict).toBe("pass");
  });

  test("bounds the SYNs that it holds", () => {
    const world = new NatWorld();
    for (let count = 0; count < 1000; count += 1) {
      world.in("tcp", `198.51.${count >> 8}.${count & 255}:99`, 80);
    }
    expect(world.nat.counters.synsHeld).toBe(256);
  });

  test("leaves UDP without a checksum without one", () => {
    const world = new NatWorld();
    const bytes = packetOf("udp", "10.0.0.2:4000", "192.0.2.1:80");
    bytes[26] = bytes[27] = 0;
    const packet = new RoutedPacket();
    packet.take(bytes);
    packet.to = "wan";
    expect(world.nat.postrouting(packet)).toBe("pass");
    expect([packet.bytes[26], packet.bytes[27]]).toEqual([0, 0]);
  });

  test("leaves a checksum that a frame left undone as it is", () => {
    const world = new NatWorld();
    const bytes = packetOf("tcp", "10.0.0.2:4000", "192.0.2.1:80");
    bytes.set([0x12, 0x34], 36);
    const packet = new RoutedPacket();
    packet.take(bytes, { checksumOmitted: true, segmentBytes: 0 });
    packet.to = "wan";
    expect(world.nat.postrouting(packet)).toBe("pass");
    expect([...packet.bytes.subarray(36, 38)]).toEqual([0x12, 0x34]);
    expect([...packet.source]).toEqual([203, 0, 113, 1]);
  });

  test("forwardPort() refuses a port that is taken", () => {
    const world = new NatWorld();
    const lead = {
      protocol: "udp",
      externalPort: 53,
      address: address("10.0.0.9"),
      port: 53,
    } as const;
    world.nat.forwardPort(lead);
    expect(() => world.nat.forwardPort({ ...lead, port: 54 })).toThrow(RangeError);
  });
});
