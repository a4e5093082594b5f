import fc from "fast-check";
import { expect, test } from "vitest";
import { readLease } from "./lease.ts";
import { decode, encode, option, type DhcpPacket } from "./packet.ts";

const address = fc.uint8Array({ minLength: 4, maxLength: 4 });
const number = fc.integer({ min: 1, max: 254 }).filter((each) => each !== option.overload);
const options = fc
  .array(fc.tuple(number, fc.uint8Array({ maxLength: 600 })), { maxLength: 4 })
  .map((entries) => new Map(entries));
const packets: fc.Arbitrary<DhcpPacket> = fc.record({
  op: fc.constantFrom(1, 2),
  xid: fc.nat(0xffff_ffff),
  secs: fc.nat(0xffff),
  flags: fc.nat(0xffff),
  ciaddr: address,
  yiaddr: address,
  giaddr: address,
  chaddr: fc.uint8Array({ minLength: 6, maxLength: 6 }),
  options,
});

const encoded = (packet: DhcpPacket): Uint8Array => {
  const into = new Uint8Array(4096).fill(0xaa);
  return into.subarray(0, encode(packet, into));
};

test("decode() gives what encode() wrote, long options in one piece", () => {
  fc.assert(
    fc.property(packets, (packet) => {
      const bytes = encoded(packet);
      expect(bytes.length).toBeGreaterThanOrEqual(300);
      expect(decode(bytes)).toEqual(packet);
    }),
  );
});

test("decode() and readLease() never throw", () => {
  const all = fc.array(fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 40 })), { maxLength: 12 });
  fc.assert(
    fc.property(packets, all, fc.nat(), fc.uint8Array(), (packet, entries, cut, noise) => {
      const bytes = encoded({ ...packet, options: new Map(entries) });
      bytes.set(noise.subarray(0, bytes.length - (cut % bytes.length)), cut % bytes.length);
      for (const part of [bytes, bytes.subarray(0, cut % bytes.length)]) {
        const decoded = decode(part);
        if (decoded !== undefined) readLease(decoded);
      }
    }),
  );
});

test("decode() reads options that go on in the fields for names", () => {
  const [name, file, last] = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)];
  const options = new Map([
    [option.overload, Uint8Array.of(3)],
    [200, name],
  ]);
  const packet = {
    op: 2,
    xid: 1,
    secs: 0,
    flags: 0,
    ciaddr: new Uint8Array(4),
    yiaddr: new Uint8Array(4),
    giaddr: new Uint8Array(4),
    chaddr: new Uint8Array(6),
    options,
  };
  const bytes = encoded(packet);
  bytes.set([200, 1, ...last, 255], 44);
  bytes.set([200, 1, ...file, 0, 201, 0, 255], 108);
  expect(decode(bytes)?.options.get(200)).toEqual(Uint8Array.of(1, 2, 3));
  expect(decode(bytes)?.options.get(201)).toEqual(new Uint8Array(0));
  // One that reaches out of its field.
  bytes.set([200, 200], 44);
  expect(decode(bytes)).toBeUndefined();
});

test.each([
  ["too short", (bytes: Uint8Array) => bytes.subarray(0, 239)],
  ["without its magic number", (bytes: Uint8Array) => bytes.with(236, 98)],
  ["not of Ethernet", (bytes: Uint8Array) => bytes.with(2, 16)],
])("decode() gives undefined for what is %s", (_, spoil) => {
  const [packet] = fc.sample(packets, { numRuns: 1, seed: 1 });
  if (packet === undefined) return expect.unreachable();
  const bytes = encoded(packet);
  expect(decode(bytes)).toBeDefined();
  expect(decode(spoil(bytes))).toBeUndefined();
});
