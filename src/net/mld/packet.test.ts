import fc from "fast-check";
import { expect, test } from "vitest";
import { decode, encode, maxResponseMs, type MldPacket } from "./packet.ts";

const group = fc.uint8Array({ minLength: 16, maxLength: 16 });

const packets: fc.Arbitrary<MldPacket> = fc.oneof(
  fc.record({
    type: fc.constant(130 as const),
    version: fc.constantFrom(1 as const, 2 as const),
    maxResponseCode: fc.nat(65_535),
    group,
  }),
  fc.record({ type: fc.constantFrom(131 as const, 132 as const), group }),
  fc.record({
    type: fc.constant(143 as const),
    records: fc.array(fc.record({ kind: fc.nat(255), group }), { maxLength: 5 }),
  }),
);

test("decode() gives back what encode() wrote", () => {
  fc.assert(
    fc.property(packets, (packet) => {
      const room = new Uint8Array(200).fill(0xaa);
      expect(decode(room.subarray(0, encode(packet, room)))).toEqual(packet);
    }),
  );
});

test("decode() never throws, and refuses reports that are cut off", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(130, 131, 132, 143, 144),
      fc.uint8Array({ maxLength: 100 }),
      (type, noise) => {
        noise[0] = type;
        const packet = decode(noise);
        if (type === 144) expect(packet).toBeUndefined();
      },
    ),
  );
  const report = Uint8Array.of(143, 0, 0, 0, 0, 0, 0, 1, ...new Uint8Array(20));
  expect(decode(report)).toBeDefined();
  expect(decode(report.subarray(0, 27))).toBeUndefined();
  // A source that is said to be there and is not.
  report[11] = 1;
  expect(decode(report)).toBeUndefined();
});

test("maxResponseMs() reads the floating-point form of RFC 3810, 5.1.3", () => {
  expect(maxResponseMs(10_000)).toBe(10_000);
  expect(maxResponseMs(0x8000)).toBe(32_768);
  expect(maxResponseMs(0xffff)).toBe(0x1fff << 10);
});
