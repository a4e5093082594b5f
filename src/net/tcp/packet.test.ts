import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decode,
  emptySegment,
  encode,
  flag,
  headerBytes,
  noSackBlocks,
  type TcpHeader,
} from "./packet.ts";

const uint16 = fc.nat(0xffff);
const uint32 = fc.nat(0xffff_ffff);

const plain: TcpHeader = {
  sourcePort: 49152,
  destinationPort: 80,
  sequenceNumber: 0xfedc_ba98,
  acknowledgmentNumber: 0x8000_0001,
  flags: flag.ack | flag.psh,
  windowField: 0xffee,
  urgentPointer: 0,
  maximumSegmentSize: 0,
  windowScale: -1,
  sackPermitted: false,
  timestamps: false,
  timestampValue: 0,
  timestampEcho: 0,
  sackBlocks: noSackBlocks,
};

const headers: fc.Arbitrary<TcpHeader> = fc
  .record({
    sourcePort: uint16,
    destinationPort: uint16,
    sequenceNumber: uint32,
    acknowledgmentNumber: uint32,
    flags: fc.nat(0xff),
    windowField: uint16,
    urgentPointer: uint16,
    maximumSegmentSize: fc.oneof(fc.constant(0), uint16),
    windowScale: fc.integer({ min: -1, max: 255 }),
    sackPermitted: fc.boolean(),
    timestamps: fc.boolean(),
    timestampValue: uint32,
    timestampEcho: uint32,
    sackBlocks: fc.array(fc.record({ left: uint32, right: uint32 }), { maxLength: 5, size: "max" }),
  })
  .map(tidied);

/** Without timestamps that are not sent. */
function tidied(header: TcpHeader): TcpHeader {
  return header.timestamps ? header : { ...header, timestampValue: 0, timestampEcho: 0 };
}

function encoded(header: TcpHeader): Uint8Array {
  const into = new Uint8Array(60).fill(0xaa);
  return into.subarray(0, encode(header, into));
}

/** A header with these bytes as its options, padded at the end. */
function withOptions(...options: number[]): Uint8Array {
  const bytes = new Uint8Array(20 + Math.ceil(options.length / 4) * 4);
  bytes.set(encoded(plain));
  bytes.set(options, 20);
  bytes[12] = bytes.length << 2;
  return bytes;
}

test("decode() gives what encode() wrote, but for SACK blocks that do not fit", () => {
  fc.assert(
    fc.property(headers, fc.uint8Array({ maxLength: 50, size: "max" }), (header, payload) => {
      const bytes = encoded(header);
      expect(bytes.length).toBe(headerBytes(header));
      const { sackBlocks, ...others } = decode(Uint8Array.of(...bytes, ...payload)) ?? plain;
      expect({ ...others, sackBlocks: header.sackBlocks }).toEqual({ ...header, payload });
      expect(sackBlocks).toEqual(header.sackBlocks.slice(0, sackBlocks.length));
      const hasAll = sackBlocks.length === header.sackBlocks.length;
      expect(hasAll || bytes.length + (sackBlocks.length > 0 ? 8 : 12) > 60).toBe(true);
    }),
  );
});

test("decode() gives what encode() wrote, anywhere, into a segment that was used before", () => {
  const used = emptySegment();
  fc.assert(
    fc.property(headers, fc.nat(40), (header, start) => {
      const into = new Uint8Array(100);
      const end = start + encode(header, into, start);
      const alone = decode(encoded(header));
      expect(decode(into.subarray(0, end), start, used)).toEqual(alone);
      expect(() => encode(header, into.subarray(0, end - 1), start)).toThrow(RangeError);
    }),
  );
});

test("decode() never throws on noise", () => {
  const starts = fc.constantFrom(0x50, 0x60, 0x80, 0xa0, 0xf0, 0x40);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 90, size: "max" }), starts, (noise, dataOffset) => {
      if (noise.length > 12) noise[12] = dataOffset;
      const length = noise.length < 20 ? 0 : (dataOffset >> 4) * 4;
      expect(decode(noise) !== undefined).toBe(length >= 20 && length <= noise.length);
    }),
    { numRuns: 1000 },
  );
});

test("encode() lays a header out as RFC 9293 draws it", () => {
  expect(encoded(plain)).toEqual(
    // prettier-ignore
    Uint8Array.of(
      0xc0, 0x00, 0x00, 0x50, 0xfe, 0xdc, 0xba, 0x98, 0x80, 0x00, 0x00, 0x01,
      0x50, 0x18, 0xff, 0xee, 0x00, 0x00, 0x00, 0x00,
    ),
  );
});

test("encode() lays the options of a SYN out in 20 bytes", () => {
  const options = { maximumSegmentSize: 1460, windowScale: 7, sackPermitted: true };
  const timestamps = { timestamps: true, timestampValue: 0x0102_0304, timestampEcho: 0 };
  expect([...encoded({ ...plain, ...options, ...timestamps }).subarray(20)]).toEqual([
    2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7,
  ]);
  expect([...encoded({ ...plain, ...options }).subarray(20)]).toEqual([
    2, 4, 5, 0xb4, 1, 1, 4, 2, 1, 3, 3, 7,
  ]);
});

test("encode() takes 4 SACK blocks, or 3 beside timestamps", () => {
  const sackBlocks = [1, 2, 3, 4, 5].map((left) => ({ left, right: left + 1 }));
  expect(decode(encoded({ ...plain, sackBlocks }))?.sackBlocks).toEqual(sackBlocks.slice(0, 4));
  const bytes = encoded({ ...plain, sackBlocks, timestamps: true });
  expect(bytes.length).toBe(60);
  expect(decode(bytes)?.sackBlocks).toEqual(sackBlocks.slice(0, 3));
});

test("encode() refuses what does not fit", () => {
  expect(() => encode(plain, new Uint8Array(19))).toThrow(RangeError);
  expect(() => encode({ ...plain, timestamps: true }, new Uint8Array(31))).toThrow(RangeError);
});

test("decode() passes over unknown options, wrong lengths, and all after the end", () => {
  const found = decode(withOptions(254, 4, 9, 9, 2, 3, 9, 1, 3, 3, 5, 0, 4, 2, 0, 0));
  expect(found).toMatchObject({ maximumSegmentSize: 0, windowScale: 5, sackPermitted: false });
  expect(decode(withOptions(5, 9, 1, 1, 1, 1, 1, 1, 1, 4, 2))?.sackPermitted).toBe(true);
});

test("decode() ends the options at an illegal length and keeps the segment", () => {
  for (const length of [0, 1, 200]) {
    const found = decode(withOptions(3, 3, 5, 254, length, 4, 2));
    expect(found, `${length}`).toMatchObject({ windowScale: 5, sackPermitted: false });
  }
  expect(decode(withOptions(3, 3, 5, 4))).toMatchObject({ windowScale: 5, sackPermitted: false });
});

test("decode() gives the payload as a view", () => {
  const bytes = Uint8Array.of(...encoded({ ...plain, timestamps: true }), 7, 8, 9);
  const segment = decode(bytes);
  expect(segment?.payload).toEqual(Uint8Array.of(7, 8, 9));
  expect(segment?.payload.buffer).toBe(bytes.buffer);
});
