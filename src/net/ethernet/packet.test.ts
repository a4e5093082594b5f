import fc from "fast-check";
import { expect, test } from "vitest";
import { decode, destinationKey, encode, headerBytes, isForGroup, sourceKey } from "./packet.ts";

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

const packets = fc.record({
  destination: bytes(6),
  source: bytes(6),
  etherType: fc.nat(0xffff),
  payload: fc.uint8Array({ maxLength: 1500 }),
});

test("decode() gives what encode() wrote", () => {
  fc.assert(
    fc.property(packets, (packet) => {
      const into = new Uint8Array(headerBytes + packet.payload.length + 3);
      const length = encode(packet, into);
      expect(decode(into.subarray(0, length))).toEqual(packet);
    }),
  );
});

test("decode() never throws, and gives undefined for less than a header", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (noise) => {
      expect(decode(noise) === undefined).toBe(noise.length < headerBytes);
    }),
  );
});

test("encode() refuses what does not fit", () => {
  const packet = {
    destination: new Uint8Array(6),
    source: new Uint8Array(6),
    etherType: 0x0800,
    payload: new Uint8Array(10),
  };
  expect(() => encode(packet, new Uint8Array(23))).toThrow(RangeError);
  expect(() => encode({ ...packet, source: new Uint8Array(5) }, new Uint8Array(99))).toThrow(
    RangeError,
  );
  expect(() => encode({ ...packet, etherType: 0x10000 }, new Uint8Array(99))).toThrow(RangeError);
});

test("keys tell addresses apart, and groups by the lowest bit of the first byte", () => {
  const frame = Uint8Array.of(1, 0, 0, 0, 0, 9, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 8, 0);
  expect(destinationKey(frame)).toBe(0x0100_0000_0009);
  expect(sourceKey(frame)).toBe(0xfeff_ffff_ffff);
  expect(isForGroup(frame)).toBe(true);
});
