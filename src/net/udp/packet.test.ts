import fc from "fast-check";
import { expect, test } from "vitest";
import { checksumOf, decode, encode, headerBytes, setChecksum } from "./packet.ts";

const packets = fc.record({
  sourcePort: fc.nat(0xffff),
  destinationPort: fc.nat(0xffff),
  checksum: fc.nat(0xffff),
  payload: fc.uint8Array({ maxLength: 1500 }),
});

test("decode() gives what encode() wrote, without what follows", () => {
  fc.assert(
    fc.property(packets, (packet) => {
      const into = new Uint8Array(headerBytes + packet.payload.length + 3);
      expect(encode(packet, into)).toBe(into.length - 3);
      expect(decode(into)).toEqual(packet);
    }),
  );
});

test("decode() never throws, and gives undefined for what is shorter than it says", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (noise) => {
      const decoded = decode(noise);
      if (noise.length < headerBytes) expect(decoded).toBeUndefined();
      else expect(decoded?.payload.length ?? 0).toBeLessThanOrEqual(noise.length - headerBytes);
    }),
  );
  expect(decode(Uint8Array.of(0, 1, 0, 2, 0, 9, 0, 0))).toBeUndefined();
  expect(decode(Uint8Array.of(0, 1, 0, 2, 0, 7, 0, 0))).toBeUndefined();
});

test("setChecksum() fills in what checksumOf() finds right, and never 0", () => {
  const source = Uint8Array.of(10, 0, 0, 1);
  const destination = Uint8Array.of(10, 0, 0, 2);
  fc.assert(
    fc.property(packets, (packet) => {
      const into = new Uint8Array(headerBytes + packet.payload.length);
      const length = encode({ ...packet, checksum: 0 }, into);
      setChecksum(into, length, source, destination);
      expect(checksumOf(into, length, source, destination)).toBe(0);
      expect(decode(into)?.checksum).not.toBe(0);
    }),
  );
  // Ports that make the sum what is written as 0xffff.
  const into = new Uint8Array(8);
  const sum = 0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 17 + 8 + 8;
  encode(
    { sourcePort: 0xffff - sum, destinationPort: 0, checksum: 0, payload: new Uint8Array(0) },
    into,
  );
  setChecksum(into, 8, source, destination);
  expect(decode(into)?.checksum).toBe(0xffff);
});
