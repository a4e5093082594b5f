import { describe, expect, test } from "vitest";
import { address, packet4, playRouter, prefix, transfer } from "../../../test/router-world.ts";
import { connect as connectUdp } from "../udp/udp.ts";
import { add, finish } from "../checksum.ts";
import { connectPair } from "../ethernet/crossover.ts";
import type { Ipv4 } from "../ipv4/ipv4.ts";
import { connect as connectStack } from "../stack.ts";
import { word } from "../words.ts";
import { connect } from "./router.ts";

describe("connect()", () => {
  test("forwards pings of both versions, one hop further", async () => {
    await playRouter(async ({ client, server, router }) => {
      const reply = await client.icmp?.echo("203.0.113.9");
      expect(reply?.timeToLive).toBe(63);
      const reply6 = await client.icmp?.echo("2001:db8:2::9");
      expect(reply6?.timeToLive).toBe(63);
      expect(client.addresses.some((each) => each.startsWith("fd00:1::"))).toBe(true);
      expect(server.ip.v4?.counters?.["packetsIn"]).toBe(1);
      expect(router.counters?.["forwarded"]).toBe(4);
    });
  });

  test("answers on all its addresses, from either side", async () => {
    await playRouter(async ({ client, server }) => {
      for (const to of ["10.0.0.1", "203.0.113.1", "fd00:1::1", "2001:db8:2::1"]) {
        expect((await client.icmp?.echo(to))?.address).toBe(to);
        expect((await server.icmp?.echo(to))?.address).toBe(to);
      }
    });
  });

  test("carries TCP of both versions", async () => {
    await playRouter(async ({ client, server }) => {
      for (const host of ["203.0.113.9", "2001:db8:2::9"]) {
        expect(await transfer(client, server, host, 200_000)).toBe(200_000);
      }
    });
  });

  test("is a host for its own services, on the address of another interface too", async () => {
    await playRouter(async ({ client, router }) => {
      const wan = router.interfaces.get("wan");
      if (wan === undefined) throw new Error("There is a wan");
      const udp = connectUdp({
        v4: wan.v4,
        v6: wan.v6,
        icmp: wan.icmp,
        random: { uint32: () => 7 } as never,
      });
      const socket = udp.bind(53);
      socket.listen(({ bytes, from }) => socket.send(bytes, from));
      for (const to of ["203.0.113.1", "2001:db8:2::1"]) {
        const asking = client.udp.bind(0);
        asking.send(Uint8Array.of(1, 2), { address: to, port: 53 });
        expect((await asking.receive())?.from).toEqual({ address: to, port: 53 });
      }
    });
  });

  test("reports a time to live that is over, from the side it came by", async () => {
    await playRouter(async ({ client }) => {
      const reports: string[] = [];
      client.icmp?.onReport(({ source, type, code }) =>
        reports.push(`${source.join(".")} ${type} ${code}`),
      );
      await client.icmp?.echo("203.0.113.9", { timeToLive: 1 }).catch(() => {});
      await client.icmp?.echo("2001:db8:2::9", { timeToLive: 1 }).catch(() => {});
      expect(reports[0]).toBe("10.0.0.1 11 0");
      expect(reports[1]).toMatch(/^253\.0\.0\.1\..*\.1 3 0$/);
    });
  });

  test("reports what has no route, and whose next hop is silent", async () => {
    await playRouter(async ({ client, sleep }) => {
      const reports: number[][] = [];
      client.icmp?.onReport(({ type, code }) => reports.push([type, code]));
      for (const to of ["192.0.2.1", "2001:db8:9::1", "203.0.113.77", "2001:db8:2::77"]) {
        await client.icmp?.echo(to).catch(() => {});
        await sleep(4000);
      }
      expect(reports).toEqual([
        [3, 0],
        [1, 0],
        [3, 1],
        [1, 3],
      ]);
    });
  });

  test("fragments for a narrower link, or says how wide it is", async () => {
    await playRouter(
      async ({ client, wan, router }) => {
        const reply = await client.icmp?.echo("203.0.113.9", { payloadBytes: 4000 });
        expect(reply?.payloadBytes).toBe(4000);
        expect(Math.max(...wan.of(1).map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(1300);
        for (const { bytes } of wan.of(1)) expect(finish(add(bytes.subarray(0, 20)))).toBe(0);
        // Its host learns the path's MTU from the first that is too big.
        await client.icmp?.echo("2001:db8:2::9", { payloadBytes: 1400 }).catch(() => {});
        const reply6 = await client.icmp?.echo("2001:db8:2::9", { payloadBytes: 1400 });
        expect(reply6?.payloadBytes).toBe(1400);
        expect(router.counters?.["tooBig"]).toBe(1);
      },
      { wanWire: { mtu: 1300 } },
    );
  });

  test("lets TCP find a narrower link by itself", async () => {
    await playRouter(
      async ({ client, server, router }) => {
        expect(await transfer(client, server, "203.0.113.9", 60_000)).toBe(60_000);
        expect(router.counters?.["fragmented"]).toBe(0);
      },
      { wanWire: { mtu: 1300 } },
    );
  });

  test.each([
    ["0.1.2.3", "203.0.113.9"],
    ["127.0.0.1", "203.0.113.9"],
    ["224.0.0.1", "203.0.113.9"],
    ["255.255.255.255", "203.0.113.9"],
    ["169.254.1.1", "203.0.113.9"],
    ["10.0.0.1", "203.0.113.9"],
    ["10.0.0.255", "203.0.113.9"],
    ["10.0.0.2", "203.0.113.255"],
    ["10.0.0.2", "203.0.113.0"],
    ["10.0.0.2", "127.0.0.1"],
    ["10.0.0.2", "240.0.0.1"],
    ["10.0.0.2", "169.254.1.1"],
    ["10.0.0.2", "0.0.0.0"],
  ])("does not forward from %s to %s", async (source, destination) => {
    await playRouter(async ({ lan, wan, router, sleep }) => {
      const mac = router.interfaces.get("lan")?.ethernet.mac ?? new Uint8Array(6);
      lan.send(
        mac,
        packet4(address(source), address(destination), 17, 20, () => {}),
      );
      await sleep(10);
      expect(wan.packets.length).toBe(0);
      expect(router.counters?.["martian"]).toBe(1);
    });
  });

  test("does not forward groups, broadcasts, or what a frame for many held", async () => {
    await playRouter(async ({ lan, wan, router, sleep }) => {
      const mac = router.interfaces.get("lan")?.ethernet.mac ?? new Uint8Array(6);
      const all = new Uint8Array(6).fill(0xff);
      const ours = address("10.0.0.2");
      lan.send(
        mac,
        packet4(ours, address("239.1.1.1"), 17, 20, () => {}),
      );
      lan.send(
        mac,
        packet4(ours, address("255.255.255.255"), 17, 20, () => {}),
      );
      lan.send(
        all,
        packet4(ours, address("203.0.113.9"), 17, 20, () => {}),
      );
      await sleep(10);
      expect(wan.packets.length).toBe(0);
      expect(router.counters?.["forwarded"]).toBe(0);
    });
  });

  test("redirects a host to a router on its own network, and forwards all the same", async () => {
    await playRouter(
      async ({ client, lan, router, stackOn, wires }) => {
        const other = await stackOn(wires.lan, {
          ipv4: { address: prefix("10.0.0.3/24") },
          ipv6: "none",
        });
        await client.icmp?.echo("192.0.2.1").catch(() => {});
        const redirect = lan.of(1).find(({ payload }) => payload[0] === 5);
        expect(redirect?.source).toBe("10.0.0.1");
        expect([...(redirect?.payload.subarray(4, 8) ?? [])]).toEqual([10, 0, 0, 3]);
        expect(lan.of(1).filter(({ destination }) => destination === "192.0.2.1").length).toBe(2);
        expect(router.counters?.["redirects"]).toBe(1);
        await other[Symbol.asyncDispose]();
      },
      {
        routes: [
          { prefix: address("192.0.2.0"), length: 24, nextHop: address("10.0.0.3"), to: "lan" },
        ],
      },
    );
  });

  test("checks the reverse path, if told to", async () => {
    await playRouter(
      async ({ lan, wan, router, sleep }) => {
        const mac = router.interfaces.get("lan")?.ethernet.mac ?? new Uint8Array(6);
        lan.send(
          mac,
          packet4(address("203.0.113.50"), address("203.0.113.9"), 17, 20, () => {}),
        );
        await sleep(10);
        expect(wan.packets.length).toBe(0);
        expect(router.counters?.["martian"]).toBe(1);
      },
      { checksReversePath: true },
    );
  });

  test("keeps the header's checksum right as the time to live goes down", async () => {
    await playRouter(async ({ client, wan, sleep }) => {
      const socket = client.udp.bind(0);
      for (let ttl = 2; ttl < 256; ttl += 1) {
        socket.send(new Uint8Array(8), { address: "203.0.113.9", port: 9 }, { timeToLive: ttl });
      }
      await sleep(10);
      const seen = wan.of(17);
      expect(seen.length).toBe(254);
      for (const { bytes } of seen) expect(finish(add(bytes.subarray(0, 20)))).toBe(0);
      expect(seen.map(({ bytes }) => word(bytes, 8) >> 8)).toEqual(
        Array.from({ length: 254 }, (_, index) => index + 1),
      );
    });
  });

  test("finishes what a link in a page left undone, where the next one cannot", async () => {
    const offloads = { checksum: true, segmentationBytes: 65_550 };
    await playRouter(async ({ simulation, wires, wan, server }) => {
      const { clock } = simulation;
      const [ours, theirs] = connectPair({ offloads });
      const random = simulation.random("page");
      const router = await connect({
        clock,
        random,
        interfaces: [
          { name: "page", network: ours, addresses: [prefix("10.1.0.1/24")] },
          { name: "wan", network: wires.wan.connect(), addresses: [prefix("203.0.113.2/24")] },
        ],
        routes: [
          { prefix: address("0.0.0.0"), length: 0, nextHop: address("203.0.113.1"), to: "wan" },
        ],
      });
      const ipv4 = { address: prefix("10.1.0.2/24"), gateway: address("10.1.0.1") };
      const client = await connectStack({ network: theirs, clock, random, ipv4 });
      (server.ip.v4 as Ipv4).addRoute(address("10.1.0.0"), 24, address("203.0.113.2"));
      expect(await transfer(client, server, "203.0.113.9", 300_000)).toBe(300_000);
      expect(client.counters?.["tcpBadChecksum"] ?? 0).toBe(0);
      for (const { bytes } of wan.of(6)) expect(bytes.length).toBeLessThanOrEqual(1500);
      await router[Symbol.asyncDispose]();
      await client[Symbol.asyncDispose]();
    });
  });

  test("stages see a packet once, also one that waits for its neighbour", async () => {
    const seen: string[] = [];
    const see = (place: string) => (): "pass" => {
      seen.push(place);
      return "pass";
    };
    await playRouter(async ({ client, router }) => {
      const stage = { forward: see("forward"), output: see("output"), postrouting: see("out") };
      for (const host of ["203.0.113.9", "2001:db8:2::9"]) {
        const stop = router.use(stage);
        await client.icmp?.echo(host);
        stop();
        expect(seen.splice(0)).toEqual(["forward", "out", "forward", "out"]);
      }
    });
  });

  test("does not wait: what has a neighbour passes what has none, and that is bounded", async () => {
    await playRouter(async ({ client, router, lan, sleep }) => {
      const mac = router.interfaces.get("lan")?.ethernet.mac ?? new Uint8Array(6);
      for (let count = 0; count < 1200; count += 1) {
        const to = Uint8Array.of(203, 0, 113, 100 + (count % 100));
        lan.send(
          mac,
          packet4(address("10.0.0.2"), to, 17, 1000, () => {}),
        );
        if (count % 50 === 49) await sleep(1);
      }
      expect((await client.icmp?.echo("203.0.113.9"))?.address).toBe("203.0.113.9");
      expect(router.interfaces.get("wan")?.counters["droppedOut"]).toBeGreaterThan(100);
    });
  });
});
