import fc from "fast-check";
import { expect, test } from "vitest";
import { decode, encode, identifierOf, identifierText, type NtpPacket } from "./packet.ts";
import { differenceMs, timestampOf } from "./timestamp.ts";

const word = fc.nat(0xffff_ffff);
const timestamp = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const packets: fc.Arbitrary<NtpPacket> = fc.record({
  leap: fc.nat(3),
  version: fc.nat(7),
  mode: fc.nat(7),
  stratum: fc.nat(255),
  poll: fc.integer({ min: -128, max: 127 }),
  precision: fc.integer({ min: -128, max: 127 }),
  rootDelay: word,
  rootDispersion: word,
  referenceId: word,
  reference: timestamp,
  origin: timestamp,
  receive: timestamp,
  transmit: timestamp,
});

test("decode() gives what encode() wrote", () => {
  fc.assert(
    fc.property(packets, (packet) => {
      const into = new Uint8Array(60).fill(0xaa);
      expect(decode(into.subarray(0, encode(packet, into)))).toEqual(packet);
    }),
  );
});

test("decode() never throws, and needs 48 bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(decode(bytes) === undefined).toBe(bytes.length < 48);
    }),
  );
});

test("identifierText() gives the letters of identifierOf()", () => {
  expect(identifierText(identifierOf("RATE"))).toBe("RATE");
  expect(identifierText(identifierOf("GPS\0"))).toBe("GPS");
});

test("differenceMs() is right for times less than 68 years apart, in whatever era", () => {
  const time = fc.double({ min: -2e12, max: 2e13, noNaN: true });
  const apart = fc.double({ min: -2.1e12, max: 2.1e12, noNaN: true });
  fc.assert(
    fc.property(time, apart, (wallMs, byMs) => {
      const [a, b] = [timestampOf(wallMs + byMs), timestampOf(wallMs)];
      expect(Math.abs(differenceMs(a, b) - byMs)).toBeLessThan(0.01);
    }),
  );
});

test("timestampOf() begins anew in 2036", () => {
  const endMs = Date.parse("2036-02-07T06:28:16Z");
  expect(timestampOf(0)).toBe(2_208_988_800n << 32n);
  expect(timestampOf(endMs)).toBe(0n);
  expect(timestampOf(endMs - 500)).toBe(0xffff_ffff_8000_0000n);
  expect(differenceMs(timestampOf(endMs + 250), timestampOf(endMs - 250))).toBe(500);
});
