import fc from "fast-check";
import { expect, test } from "vitest";
import { decode, encode, packetBytes } from "./packet.ts";

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

const packets = fc.record({
  operation: fc.nat(0xffff),
  senderMac: bytes(6),
  senderAddress: bytes(4),
  targetMac: bytes(6),
  targetAddress: bytes(4),
});

test("decode() gives what encode() wrote, padding or not", () => {
  fc.assert(
    fc.property(packets, fc.nat(20), (packet, paddingBytes) => {
      const into = new Uint8Array(packetBytes + paddingBytes);
      expect(encode(packet, into)).toBe(packetBytes);
      expect(decode(into)).toEqual(packet);
    }),
  );
});

test("decode() never throws, and knows only IPv4 over Ethernet", () => {
  fc.assert(
    fc.property(packets, fc.nat(5), fc.integer({ min: 1, max: 255 }), (packet, at, change) => {
      const into = new Uint8Array(packetBytes);
      encode(packet, into);
      into[at] = (into[at] ?? 0) ^ change;
      expect(decode(into)).toBeUndefined();
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: packetBytes - 1 }), (noise) => {
      expect(decode(noise)).toBeUndefined();
    }),
  );
});
