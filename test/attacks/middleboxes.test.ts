/** Floods through a router with a filter and a translator: bounded memory, and others go on. */

import { expect, test } from "vitest";
import type { TcpFlow } from "../../src/devices/index.ts";
import { Filter } from "../../src/net/filter/filter.ts";
import { parse } from "../../src/net/filter/parse.ts";
import { Nat } from "../../src/net/nat/nat.ts";
import { packetOf } from "../rfc/nat-world.ts";
import { address, packet4, playRouter, type RouterWorld } from "../router-world.ts";
import { usedBytes } from "../used-bytes.ts";

/** All of a flood only where there is time. */
const floodCount = process.env["MORGANA_LONG"] === undefined ? 400 : 100_000;

interface Boxes extends RouterWorld {
  readonly filter: Filter;
  readonly nat: Nat;
  /** Sends a packet to the router, from inside. */
  readonly flood: (make: (index: number) => Uint8Array) => Promise<void>;
  /** Whether a connection made before still carries bytes, and a new one can be made. */
  readonly stillTalk: () => Promise<boolean>;
}

async function playBoxes(play: (boxes: Boxes) => Promise<void>): Promise<void> {
  await playRouter(async (world) => {
    const { simulation, router, client, server, lan, sleep } = world;
    const { clock } = simulation;
    const limits = { maxSessions: 300, maxPerHost: 50 };
    const filter = new Filter({
      clock,
      ...parse("allow in lan"),
      maxConnections: 300,
      maxPerHost: 50,
    });
    const random = simulation.random("nat");
    const nat = new Nat({
      clock,
      random,
      outside: "wan",
      address: address("203.0.113.1"),
      ...limits,
    });
    router.use(filter);
    router.use(nat);
    server.tcp.listen(7, async (flow) => {
      for (let chunk = await flow.read(); chunk !== undefined; chunk = await flow.read()) {
        await flow.write(chunk);
      }
    });
    const echoes = async (flow: TcpFlow): Promise<boolean> => {
      await flow.write(Uint8Array.of(42));
      return (await flow.read())?.[0] === 42;
    };
    const old = await client.connect("203.0.113.9", 7);
    expect(await echoes(old)).toBe(true);
    const mac = router.interfaces.get("lan")?.ethernet.mac ?? new Uint8Array(6);
    await play({
      ...world,
      filter,
      nat,
      flood: async (make) => {
        for (let index = 0; index < floodCount; index += 1) {
          lan.send(mac, make(index));
          if (index % 50 === 49) await sleep(1);
        }
      },
      stillTalk: async () => {
        const fresh = await client.connect("203.0.113.9", 7);
        const both = (await echoes(old)) && (await echoes(fresh));
        fresh.abort();
        return both;
      },
    });
    old.abort();
  });
}

const spoofed = (index: number): string =>
  `10.0.0.${100 + (index % 100)}:${1024 + (index % 60_000)}`;

test.each(["tcp", "udp", "icmp"] as const)(
  `${floodCount} conversations of %s from strangers inside leave others alone`,
  async (protocol) => {
    await playBoxes(async ({ flood, stillTalk, nat, filter, lan, wan }) => {
      const before = usedBytes();
      await flood((index) =>
        packetOf(protocol, spoofed(index), `203.0.113.9:${1 + (index % 9999)}`),
      );
      expect(await stillTalk()).toBe(true);
      expect(nat.sessionCount).toBeLessThanOrEqual(300);
      expect(filter.counters.connections).toBeLessThanOrEqual(300);
      lan.packets.length = wan.packets.length = 0;
      expect(usedBytes() - before).toBeLessThan(8e6);
    });
  },
);

test("one host that opens too much costs itself alone", async () => {
  await playBoxes(async ({ flood, stillTalk, nat, filter }) => {
    await flood((index) => packetOf("tcp", `10.0.0.66:${1024 + index}`, "203.0.113.9:9"));
    expect(nat.mappings.filter(({ inside }) => inside.startsWith("10.0.0.66:")).length).toBe(50);
    expect(filter.counters.ownerFull).toBeGreaterThan(0.8 * floodCount);
    expect(await stillTalk()).toBe(true);
  });
});

test(`${floodCount} fragments that never become packets are bounded`, async () => {
  await playBoxes(async ({ flood, stillTalk, router, client, server }) => {
    const before = usedBytes();
    await flood((index) => {
      const source = Uint8Array.of(10, 0, 0, 100 + (index % 4));
      const bytes = packet4(source, address("203.0.113.9"), 17, 1000, () => {});
      bytes[4] = index >> 8;
      bytes[5] = index;
      bytes[6] = 0x20;
      // The checksum of the header follows.
      bytes[10] = bytes[11] = 0;
      let sum = 0;
      for (let at = 0; at < 20; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
      sum = 0xffff ^ ((sum & 0xffff) + (sum >>> 16));
      bytes[10] = sum >> 8;
      bytes[11] = sum;
      return bytes;
    });
    expect(router.counters?.["reassemblyOverflows"]).toBeGreaterThan(floodCount / 3);
    expect(await stillTalk()).toBe(true);
    // And who sends real fragments still gets through.
    const echo = server.udp.bind(9);
    echo.listen(({ bytes, from }) => echo.send(bytes, from));
    const socket = client.udp.bind(0);
    socket.send(new Uint8Array(5000), { address: "203.0.113.9", port: 9 });
    expect((await socket.receive())?.bytes.length).toBe(5000);
    expect(usedBytes() - before).toBeLessThan(8e6);
  });
});

test("errors that are forged about nobody's packets go nowhere", async () => {
  await playBoxes(async ({ wan, lan, router, sleep, nat, stillTalk }) => {
    const mac = router.interfaces.get("wan")?.ethernet.mac ?? new Uint8Array(6);
    lan.packets.length = 0;
    for (let port = 1; port < 300; port += 1) {
      const quoted = packetOf("udp", `203.0.113.1:${port}`, "203.0.113.9:53");
      const error = packet4(address("203.0.113.9"), address("203.0.113.1"), 1, 36, (into) => {
        into.set([3, 3, 0, 0, 0, 0, 0, 0]);
        into.set(quoted.subarray(0, 28), 8);
        let sum = 0;
        for (let at = 0; at < 36; at += 2) sum += ((into[at] ?? 0) << 8) | (into[at + 1] ?? 0);
        sum = (sum & 0xffff) + (sum >>> 16);
        sum = 0xffff ^ ((sum & 0xffff) + (sum >>> 16));
        into[2] = sum >> 8;
        into[3] = sum;
      });
      wan.send(mac, error);
      if (port % 50 === 0) await sleep(1);
    }
    await sleep(10);
    expect(lan.of(1)).toEqual([]);
    expect(nat.counters.errorsTranslated).toBe(0);
    expect(await stillTalk()).toBe(true);
  });
});
