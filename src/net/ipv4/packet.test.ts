import fc from "fast-check";
import { expect, test } from "vitest";
import { decode, encode, hasRightChecksum, hasSourceRoute, headerBytes } from "./packet.ts";

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

const headers = fc
  .record({
    trafficClass: fc.nat(255),
    identification: fc.nat(0xffff),
    dontFragment: fc.boolean(),
    moreFragments: fc.boolean(),
    fragmentOffset: fc.nat(0x1fff).map((words) => words * 8),
    timeToLive: fc.nat(255),
    protocol: fc.nat(255),
    source: bytes(4),
    destination: bytes(4),
    options: fc.nat(10).chain((words) => bytes(words * 4)),
    totalBytes: fc.nat(200),
    headerBytes: fc.constant(headerBytes),
  })
  .map((header) => {
    header.headerBytes += header.options.length;
    header.totalBytes += header.headerBytes;
    return header;
  });

test("decode() gives what encode() wrote, with its right checksum", () => {
  fc.assert(
    fc.property(headers, fc.nat(10), (header, paddingBytes) => {
      const into = new Uint8Array(header.totalBytes + paddingBytes);
      expect(encode(header, into)).toBe(header.headerBytes);
      expect(decode(into)).toEqual(header);
      expect(hasRightChecksum(into, header.headerBytes)).toBe(true);
    }),
  );
});

test("hasRightChecksum() notices a flipped bit", () => {
  fc.assert(
    fc.property(headers, fc.nat(headerBytes * 8 - 1), (header, bit) => {
      const into = new Uint8Array(header.totalBytes);
      encode(header, into);
      into[bit >> 3] = (into[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(hasRightChecksum(into, header.headerBytes)).toBe(false);
    }),
  );
});

test("decode() never throws, and gives undefined for lengths that cannot be", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (noise) => {
      const header = decode(noise);
      if (header !== undefined) expect(header.totalBytes).toBeLessThanOrEqual(noise.length);
    }),
  );
  const into = new Uint8Array(headerBytes);
  const header = decode(Uint8Array.of(0x45, 0, 0, 20, ...new Uint8Array(16)));
  expect(header).toBeDefined();
  if (header === undefined) return;
  encode(header, into);
  for (const [at, value] of [
    [0, 0x65],
    [0, 0x44],
    [0, 0x46],
    [3, 19],
    [3, 21],
  ] as const) {
    const broken = into.slice();
    broken[at] = value;
    expect(decode(broken)).toBeUndefined();
  }
});

test("hasSourceRoute() finds one behind other options, and never throws", () => {
  expect(hasSourceRoute(Uint8Array.of(1, 131, 3, 4))).toBe(true);
  expect(hasSourceRoute(Uint8Array.of(148, 4, 0, 0, 137, 3, 4, 0))).toBe(true);
  expect(hasSourceRoute(Uint8Array.of(7, 4, 131, 0))).toBe(false);
  expect(hasSourceRoute(Uint8Array.of(0, 131, 3, 4))).toBe(false);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (options) => {
      expect(typeof hasSourceRoute(options)).toBe("boolean");
    }),
  );
});
