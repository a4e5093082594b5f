import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectIntact, NatWorld, packetOf } from "../../../test/rfc/nat-world.ts";
import { ManualClock } from "../../../test/fuzz/manual-clock.ts";
import { add, finish, pseudoHeaderSum } from "../checksum.ts";
import { Filter } from "../filter/filter.ts";
import { parse } from "../filter/parse.ts";
import { packet6 } from "./icmp-errors.ts";
import { RoutedPacket } from "./packet.ts";

const anAddress4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
const anAddress6 = fc.uint8Array({ minLength: 16, maxLength: 16 });
const aPort = fc.nat(65_535);

describe("RoutedPacket", () => {
  test("keeps all checksums right, whatever is changed", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("tcp" as const, "udp" as const, "icmp" as const),
        anAddress4,
        aPort,
        anAddress4,
        aPort,
        (protocol, source, port, destination, otherPort) => {
          const packet = new RoutedPacket();
          packet.take(packetOf(protocol, "10.0.0.2:4000", "192.0.2.1:80"));
          packet.setSource(source, port);
          packet.setDestination(destination, protocol === "icmp" ? undefined : otherPort);
          packet.decrementTimeToLive();
          expectIntact(packet);
          expect(packet.timeToLive).toBe(63);
        },
      ),
      { numRuns: 100 },
    );
  });

  test("does so in version 6, too", () => {
    fc.assert(
      fc.property(
        anAddress6,
        anAddress6,
        aPort,
        fc.constantFrom(6, 17, 58),
        (from, to, port, protocol) => {
          const checksumAt = { 6: 16, 17: 6, 58: 2 }[protocol] ?? 0;
          const bytes = packet6(
            new Uint8Array(16).fill(0xfd),
            new Uint8Array(16).fill(1),
            protocol,
            24,
            (into, sum) => {
              const checksum = finish(add(into, sum));
              into[checksumAt] = checksum >> 8;
              into[checksumAt + 1] = checksum;
            },
          );
          const packet = new RoutedPacket();
          packet.take(bytes);
          packet.setSource(from, port);
          packet.setDestination(to, undefined);
          const sum = pseudoHeaderSum(from, to, protocol, 24);
          expect(finish(add(packet.bytes.slice(40), sum))).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("take() never throws on noise, and neither do stages", () => {
    const filter = new Filter({
      clock: new ManualClock(),
      ...parse("allow in lan\nreject log udp"),
    });
    const { nat } = new NatWorld();
    const aPacket = fc
      .tuple(
        fc.constantFrom("tcp" as const, "udp" as const, "icmp" as const),
        fc.constantFrom("203.0.113.1:80", "192.0.2.1:80"),
        fc.array(fc.tuple(fc.nat(43), fc.nat(255)), { maxLength: 6 }),
        fc.integer({ min: 0, max: 44 }),
      )
      .map(([protocol, to, changes, length]) => {
        const bytes = packetOf(protocol, "10.0.0.2:4000", to);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes.slice(0, length);
      });
    fc.assert(
      fc.property(
        fc.oneof(aPacket, fc.uint8Array({ maxLength: 80 })),
        fc.constantFrom("lan", "wan"),
        (bytes, from) => {
          const packet = new RoutedPacket();
          if (!packet.take(bytes)) return;
          packet.from = from;
          nat.prerouting(packet);
          packet.to = from === "lan" ? "wan" : "lan";
          filter.forward(packet);
          nat.postrouting(packet);
        },
      ),
      { numRuns: 500 },
    );
  });
});
