import fc from "fast-check";
import { expect, test } from "vitest";
import { decode, encode, hasRightChecksum, headerBytes } from "./packet.ts";

const packets = fc.record({
  type: fc.nat(255),
  code: fc.nat(255),
  parameter: fc.nat(0xffff_ffff),
  body: fc.uint8Array({ maxLength: 100 }),
});

test("decode() gives what encode() wrote, with its right checksum", () => {
  fc.assert(
    fc.property(packets, fc.nat(0xf_ffff), (packet, sum) => {
      const into = new Uint8Array(headerBytes + packet.body.length).fill(0xee);
      expect(encode(packet, into, sum)).toBe(into.length);
      expect(decode(into)).toEqual(packet);
      expect(hasRightChecksum(into, sum)).toBe(true);
      into[4] = (into[4] ?? 0) ^ 1;
      expect(hasRightChecksum(into, sum)).toBe(false);
    }),
  );
});

test("decode() never throws, and gives undefined for less than a header", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (noise) => {
      expect(decode(noise) === undefined).toBe(noise.length < headerBytes);
    }),
  );
});
