import fc from "fast-check";
import { expect, test } from "vitest";
import { ManualClock } from "../../../test/fuzz/manual-clock.ts";
import { add, finish } from "../checksum.ts";
import { reassemblyCounters } from "../fragments.ts";
import { timersOf } from "../timers.ts";
import { Defragmenter } from "./defragmenter.ts";
import { fragment, fragment6 } from "./fragmenting.ts";
import { packet4, packet6 } from "./icmp-errors.ts";
import { RoutedPacket } from "./packet.ts";

const source = { 4: Uint8Array.of(10, 0, 0, 2), 6: new Uint8Array(16).fill(0xfd) };
const destination = { 4: Uint8Array.of(192, 0, 2, 1), 6: new Uint8Array(16).fill(0x20) };

function defragmenter(): { all: Defragmenter; counters: ReturnType<typeof reassemblyCounters> } {
  const counters = reassemblyCounters();
  return { all: new Defragmenter({ timers: timersOf(new ManualClock()), counters }), counters };
}

test.each([4, 6] as const)("fragments of version %d are put together in any order", (version) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 16, max: 9000 }),
      fc.integer({ min: 100, max: 1500 }),
      fc.infiniteStream(fc.nat()),
      (size, most, order) => {
        const make = version === 4 ? packet4 : packet6;
        const bytes = make(source[version], destination[version], 17, size, (into) =>
          into.forEach((_, index) => (into[index] = index * 7)),
        );
        const packet = new RoutedPacket();
        packet.take(bytes.slice());
        const parts: Uint8Array[] = [];
        const keep = (part: Uint8Array): void => void parts.push(part);
        if (version === 4) fragment(packet, most, keep);
        else fragment6(packet, most, 77, keep);
        for (const part of parts) {
          expect(part.length).toBeLessThanOrEqual(most);
          if (version === 4 && finish(add(part.subarray(0, 20))) !== 0)
            throw new Error("Its checksum is wrong");
        }
        if (parts.length === 1) return;
        const shuffled = parts
          .map((part) => ({ part, key: order.next().value ?? 0 }))
          .toSorted((a, b) => a.key - b.key);
        const { all } = defragmenter();
        const wholes = shuffled.flatMap(({ part }) => all.add(part) ?? []);
        expect(wholes.length).toBe(1);
        expect(wholes[0]?.bytes.join()).toBe(bytes.join());
        expect(wholes[0]?.fragmentBytes).toBe(Math.max(...parts.map(({ length }) => length)));
      },
    ),
    { numRuns: 15 },
  );
});

test("add() keeps little of a flood of fragments, and nothing of those that overlap", () => {
  const { all, counters } = defragmenter();
  for (let id = 0; id < 3000; id += 1) {
    const bytes = packet4(Uint8Array.of(10, 0, id >> 8, id), destination[4], 17, 800, () => {});
    bytes[4] = id >> 8;
    bytes[5] = id;
    bytes[6] = 0x20;
    all.add(bytes);
  }
  expect(all.costBytes).toBeLessThanOrEqual(524_288);
  expect(counters.reassemblyOverflows).toBeGreaterThan(2000);
  const [first, overlapping] = [0, 10].map((offset) => {
    const bytes = packet4(source[4], destination[4], 6, 160, () => {});
    bytes[6] = 0x20;
    bytes[7] = offset;
    return bytes;
  });
  if (first === undefined || overlapping === undefined) throw new Error("There are two");
  all.add(first);
  all.add(overlapping);
  expect(counters.fragmentsOverlapped).toBe(1);
});
