import { describe, expect, test } from "vitest";
import { NatWorld, packetOf, type TcpFields } from "../../../test/rfc/nat-world.ts";
import { packet4, playRouter, transfer } from "../../../test/router-world.ts";
import { ManualClock } from "../../../test/fuzz/manual-clock.ts";
import { RoutedPacket } from "../router/packet.ts";
import type { Verdict } from "../router/stage.ts";
import { flag } from "../tcp/packet.ts";
import { Filter, type LogEntry } from "./filter.ts";
import { parse } from "./parse.ts";

/** A filter alone, and plain packets. */
class Bench {
  readonly clock = new ManualClock();
  readonly logged: LogEntry[] = [];
  readonly filter: Filter;

  constructor(
    text: string,
    more: { readonly maxConnections?: number; readonly maxPerHost?: number } = {},
  ) {
    const parsed = parse(text);
    expect(parsed.errors).toEqual([]);
    this.filter = new Filter({
      clock: this.clock,
      log: (entry) => this.logged.push(entry),
      ...parsed,
      ...more,
    });
  }

  forward(bytes: Uint8Array, from = "lan", to = "wan"): Verdict {
    const packet = new RoutedPacket();
    expect(packet.take(bytes)).toBe(true);
    packet.from = from;
    packet.to = to;
    return this.filter.forward(packet);
  }

  tcp(from: string, to: string, fields?: TcpFields): Verdict {
    return this.forward(packetOf("tcp", from, to, fields));
  }
}

const synAck = { flags: flag.syn | flag.ack, sequence: 100, ack: 2 };
const ack = { flags: flag.ack, sequence: 2, ack: 101 };

describe("Filter", () => {
  test("lets a conversation go on that a rule let begin, and no other", () => {
    const all = new Bench("allow tcp from 10.0.0.0/24 to any port 80");
    expect(all.tcp("192.0.2.1:80", "10.0.0.2:4000", synAck)).toBe("drop");
    expect(all.tcp("10.0.0.2:4000", "192.0.2.1:80")).toBe("pass");
    expect(all.tcp("192.0.2.1:80", "10.0.0.2:4000", synAck)).toBe("pass");
    expect(all.tcp("10.0.0.2:4000", "192.0.2.1:80", ack)).toBe("pass");
    expect(all.tcp("10.0.0.2:4000", "192.0.2.1:81")).toBe("drop");
    expect(all.tcp("192.0.2.1:81", "10.0.0.2:4000", ack)).toBe("drop");
    expect(all.tcp("192.0.2.1:80", "10.0.0.2:4001")).toBe("drop");
    expect(all.filter.counters).toMatchObject({
      allowed: 3,
      denied: 2,
      invalid: 2,
      connections: 1,
    });
  });

  test("takes the first rule that matches, and the default where none does", () => {
    const bench = new Bench(
      "default forward reject\ndeny udp to 192.0.2.7\nallow udp in lan\nallow icmp type echo-request",
    );
    expect(bench.forward(packetOf("udp", "10.0.0.2:1", "192.0.2.7:1"))).toBe("drop");
    expect(bench.forward(packetOf("udp", "10.0.0.2:1", "192.0.2.8:1"))).toBe("pass");
    expect(bench.forward(packetOf("udp", "10.0.0.2:1", "192.0.2.9:1"), "wan", "lan")).toBe(
      "reject",
    );
    expect(bench.forward(packetOf("icmp", "10.0.0.2:1", "192.0.2.9"))).toBe("pass");
    expect(bench.forward(packetOf("icmp", "192.0.2.9:0", "10.0.0.2:1", {}, true))).toBe("pass");
    expect(bench.forward(packetOf("icmp", "192.0.2.9:0", "10.0.0.2:2", {}, true))).toBe("reject");
  });

  test("counts packets and bytes by rule, those of the conversation too", () => {
    const bench = new Bench("deny udp to any port 9\nallow udp");
    bench.forward(packetOf("udp", "10.0.0.2:1", "192.0.2.7:9"));
    bench.forward(packetOf("udp", "10.0.0.2:1", "192.0.2.7:10"));
    bench.forward(packetOf("udp", "192.0.2.7:10", "10.0.0.2:1"));
    expect(bench.filter.rules.map(({ packets, bytes }) => [packets, bytes])).toEqual([
      [1, 36],
      [2, 72],
    ]);
  });

  test("lets errors about a conversation pass, and about nothing else", () => {
    const bench = new Bench("allow udp in lan");
    const world = new NatWorld();
    const sent = packetOf("udp", "10.0.0.2:1", "192.0.2.7:10");
    bench.forward(sent);
    const error = world.error(3, 3, sent, "192.0.2.7", "10.0.0.2");
    expect(bench.forward(error, "wan", "lan")).toBe("pass");
    const astray = world.error(3, 3, sent, "192.0.2.7", "10.0.0.3");
    expect(bench.forward(astray, "wan", "lan")).toBe("drop");
    const other = packetOf("udp", "10.0.0.2:1", "192.0.2.7:11");
    expect(bench.forward(world.error(3, 3, other, "192.0.2.7", "10.0.0.2"), "wan", "lan")).toBe(
      "drop",
    );
  });

  test("logs what a rule says, and not too often", () => {
    const bench = new Bench("deny log tcp to any port 22");
    for (let port = 1; port <= 100; port += 1) bench.tcp(`10.0.0.2:${port}`, "192.0.2.1:22");
    expect(bench.logged.length).toBe(50);
    expect(bench.logged[0]?.packet).toBe("tcp 10.0.0.2:1 > 192.0.2.1:22");
  });

  test.each([
    ["a part of a packet", (bytes: Uint8Array) => (bytes[6] = 0x20)],
    ["a header that is cut off", (bytes: Uint8Array) => (bytes[3] = 30)],
  ])("drops %s", (_what, change) => {
    const bench = new Bench("default allow");
    const bytes = packetOf("tcp", "10.0.0.2:1", "192.0.2.1:22");
    change(bytes);
    expect(bench.forward(bytes)).toBe("drop");
    expect(bench.filter.counters.invalid).toBe(1);
  });

  test("forgets a conversation in its time", () => {
    const bench = new Bench("allow in lan");
    bench.forward(packetOf("udp", "10.0.0.2:1", "192.0.2.7:10"));
    bench.clock.advance(29_000);
    expect(bench.forward(packetOf("udp", "192.0.2.7:10", "10.0.0.2:1"), "wan", "lan")).toBe("pass");
    bench.clock.advance(179_000);
    expect(bench.forward(packetOf("udp", "192.0.2.7:10", "10.0.0.2:1"), "wan", "lan")).toBe("pass");
    bench.clock.advance(181_000);
    expect(bench.forward(packetOf("udp", "192.0.2.7:10", "10.0.0.2:1"), "wan", "lan")).toBe("drop");
  });

  test("keeps established connections when strangers fill its table", () => {
    const bench = new Bench("default allow", { maxConnections: 100 });
    for (let port = 1; port <= 50; port += 1) {
      bench.tcp(`10.0.0.2:${port}`, "192.0.2.1:80");
      bench.tcp("192.0.2.1:80", `10.0.0.2:${port}`, synAck);
      bench.tcp(`10.0.0.2:${port}`, "192.0.2.1:80", ack);
    }
    for (let count = 0; count < 600; count += 1) {
      bench.tcp(`198.51.${count >> 8}.${count & 255}:9`, "10.0.0.2:80");
    }
    expect(bench.filter.counters.connections).toBe(100);
    for (let port = 1; port <= 50; port += 1) {
      expect(bench.tcp("192.0.2.1:80", `10.0.0.2:${port}`, ack)).toBe("pass");
    }
  });

  test("lets conversations without connections make room for each other", () => {
    const bench = new Bench("default allow", { maxConnections: 10 });
    for (let port = 1; port <= 20; port += 1) {
      bench.forward(packetOf("udp", `198.51.100.${port}:9`, "10.0.0.2:53"));
      bench.forward(packetOf("udp", "10.0.0.2:53", `198.51.100.${port}:9`), "lan", "wan");
    }
    expect(bench.tcp("10.0.0.3:1", "192.0.2.1:80")).toBe("pass");
    expect(bench.filter.counters.connections).toBe(10);
  });

  test("has a limit for each host", () => {
    const bench = new Bench("default allow", { maxPerHost: 10 });
    for (let port = 1; port <= 20; port += 1) bench.tcp(`10.0.0.2:${port}`, "192.0.2.1:80");
    expect(bench.filter.counters.connections).toBe(10);
    expect(bench.tcp("10.0.0.3:1", "192.0.2.1:80")).toBe("pass");
  });

  test("setRules() leaves conversations alone", () => {
    const bench = new Bench("allow in lan");
    bench.tcp("10.0.0.2:1", "192.0.2.1:80");
    bench.filter.setRules(parse("default deny"));
    expect(bench.tcp("192.0.2.1:80", "10.0.0.2:1", synAck)).toBe("pass");
    expect(bench.tcp("10.0.0.2:2", "192.0.2.1:80")).toBe("drop");
  });

  test("in a router: both versions, one way, and a refusal that is heard at once", async () => {
    await playRouter(async ({ client, server, router, simulation }) => {
      const text = "default forward deny\nallow in lan\nreject tcp in wan\nallow input icmp";
      router.use(new Filter({ clock: simulation.clock, ...parse(text) }));
      for (const host of ["203.0.113.9", "2001:db8:2::9"]) {
        expect(await transfer(client, server, host, 20_000)).toBe(20_000);
        expect((await client.icmp?.echo(host))?.address).toBe(host);
      }
      await expect(server.connect("10.0.0.2", 80)).rejects.toMatchObject({ code: "refused" });
      await expect(server.icmp?.echo("10.0.0.2")).rejects.toMatchObject({ code: "timed-out" });
      expect((await server.icmp?.echo("203.0.113.1"))?.address).toBe("203.0.113.1");
    });
  });

  test("in a router: no header hides behind fragments that overlap", async () => {
    await playRouter(async ({ lan, wan, router, simulation, sleep }) => {
      router.use(new Filter({ clock: simulation.clock, ...parse("allow udp to any port 53") }));
      const mac = router.interfaces.get("lan")?.ethernet.mac ?? new Uint8Array(6);
      const [source, destination] = [Uint8Array.of(10, 0, 0, 2), Uint8Array.of(203, 0, 113, 9)];
      const part = (offset: number, hasMore: boolean, port: number): Uint8Array => {
        const bytes = packet4(source, destination, 17, 24, (into) =>
          into.set([0, 9, 0, port, 0, 40, 0, 0]),
        );
        bytes[6] = hasMore ? 0x20 : 0;
        bytes[7] = offset;
        let sum = 0;
        bytes[10] = bytes[11] = 0;
        for (let at = 0; at < 20; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
        sum = ~((sum & 0xffff) + (sum >>> 16));
        bytes[10] = sum >> 8;
        bytes[11] = sum;
        return bytes;
      };
      lan.send(mac, part(0, true, 53));
      lan.send(mac, part(1, true, 7));
      lan.send(mac, part(3, false, 7));
      await sleep(10);
      expect(wan.of(17)).toEqual([]);
      expect(router.counters?.["fragmentsOverlapped"]).toBe(1);
    });
  });
});
