import fc from "fast-check";
import { expect, test } from "vitest";
import type { FrameOffload } from "../../devices/index.ts";
import { Segmenter } from "./segmentation.ts";

interface Shape {
  readonly family: 4 | 6;
  readonly protocol: "tcp" | "udp";
  readonly vlanTags: number;
  /** Bytes of options: IPv4's or TCP's in words of 4, IPv6's destination options in units of 8. */
  readonly ipOptions: number;
  readonly tcpOptions: number;
  readonly sequenceNumber: number;
  readonly identification: number;
  readonly flags: number;
  readonly payload: Uint8Array;
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  family: fc.constantFrom(4 as const, 6 as const),
  protocol: fc.constantFrom("tcp" as const, "udp" as const),
  vlanTags: fc.nat(2),
  ipOptions: fc.nat(3),
  tcpOptions: fc.nat(10),
  sequenceNumber: fc.nat(0xffff_ffff),
  identification: fc.nat(0xffff),
  flags: fc.nat(255),
  payload: fc.uint8Array({ maxLength: 5000 }),
});

const omitted = (segmentBytes: number): FrameOffload => ({ checksumOmitted: true, segmentBytes });

/** Where things are in a frame of that shape. */
function layout({ family, protocol, vlanTags, ipOptions, tcpOptions }: Shape) {
  const ip = 14 + 4 * vlanTags;
  const transport = ip + (family === 4 ? 20 + 4 * ipOptions : 40 + 8 * ipOptions);
  const payload = transport + (protocol === "tcp" ? 20 + 4 * tcpOptions : 8);
  return { ip, transport, payload };
}

/** Builds the frame field by field, without its transport's checksum. */
function frameOf(shape: Shape): Uint8Array {
  const { family, protocol, vlanTags, ipOptions, tcpOptions } = shape;
  const at = layout(shape);
  const frame = new Uint8Array(at.payload + shape.payload.length);
  const view = new DataView(frame.buffer);
  frame.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]);
  for (let tag = 0; tag < vlanTags; tag += 1) view.setUint32(12 + 4 * tag, 0x8100_0007);
  view.setUint16(at.ip - 2, family === 4 ? 0x0800 : 0x86dd);
  const number = protocol === "tcp" ? 6 : 17;
  if (family === 4) {
    frame[at.ip] = 0x40 + 5 + ipOptions;
    view.setUint16(at.ip + 2, frame.length - at.ip);
    view.setUint16(at.ip + 4, shape.identification);
    frame.set([0x40, 0, 64, number, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2], at.ip + 6);
    frame.fill(1, at.ip + 20, at.transport);
  } else {
    frame[at.ip] = 0x60;
    view.setUint16(at.ip + 4, frame.length - at.ip - 40);
    frame[at.ip + 6] = ipOptions > 0 ? 60 : number;
    frame.fill(0xfd, at.ip + 8, at.ip + 40);
    if (ipOptions > 0) frame.set([number, ipOptions - 1, 1, 8 * ipOptions - 4], at.ip + 40);
  }
  view.setUint16(at.transport, 49_152);
  view.setUint16(at.transport + 2, 7);
  if (protocol === "tcp") {
    view.setUint32(at.transport + 4, shape.sequenceNumber);
    view.setUint32(at.transport + 8, 77);
    frame.set([(5 + tcpOptions) << 4, shape.flags, 1, 0, 0xba, 0xad], at.transport + 12);
    frame.fill(1, at.transport + 20, at.payload);
  } else {
    view.setUint16(at.transport + 4, frame.length - at.transport);
  }
  frame.set(shape.payload, at.payload);
  return frame;
}

function finish(frame: Uint8Array, offload: FrameOffload): Uint8Array[] | undefined {
  const frames: Uint8Array[] = [];
  const isDone = new Segmenter().finish(frame, offload, (sizeBytes, fill) => {
    const into = new Uint8Array(sizeBytes).fill(0xee);
    expect(fill(into)).toBe(sizeBytes);
    frames.push(into);
  });
  return isDone ? frames : undefined;
}

/** The ones' complement sum over bytes, the slow way. */
function sumOf(bytes: readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    sum += (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

/** The sum that the receiver of a frame makes; 0xffff says that it is right. */
function transportSum(shape: Shape, frame: Uint8Array): number {
  const { ip, transport } = layout(shape);
  const [start, end] = shape.family === 4 ? [12, 20] : [8, 40];
  const length = frame.length - transport;
  return sumOf([
    ...frame.subarray(ip + start, ip + end),
    0,
    shape.protocol === "tcp" ? 6 : 17,
    length >>> 8,
    length & 255,
    ...frame.subarray(transport),
  ]);
}

test("finish() fills in the checksum and nothing else, for a frame that is not cut", () => {
  fc.assert(
    fc.property(shapes, (shape) => {
      const frame = frameOf(shape);
      const [finished, ...others] = finish(frame, omitted(0)) ?? [];
      expect(others).toEqual([]);
      expect(finished && transportSum(shape, finished)).toBe(0xffff);
      const { ip, transport } = layout(shape);
      const expected = frame.slice();
      const checksum = transport + (shape.protocol === "tcp" ? 16 : 6);
      for (const at of shape.family === 4 ? [ip + 10, checksum] : [checksum]) {
        expected.set(finished?.subarray(at, at + 2) ?? [], at);
      }
      expect(finished).toEqual(expected);
    }),
  );
});

test("finish() cuts a TCP segment into frames that say the same", () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: 100, max: 2000 }), (anyShape, segmentBytes) => {
      const shape: Shape = { ...anyShape, protocol: "tcp" };
      const { ip, transport, payload } = layout(shape);
      const frames = finish(frameOf(shape), omitted(segmentBytes)) ?? [];
      expect(frames.length).toBe(Math.max(1, Math.ceil(shape.payload.length / segmentBytes)));
      frames.forEach((frame, index) => {
        const view = new DataView(frame.buffer);
        const isLast = index === frames.length - 1;
        const dropped = (isLast ? 0 : 0x09) | (index > 0 ? 0x80 : 0);
        expect(transportSum(shape, frame)).toBe(0xffff);
        expect(view.getUint32(transport + 4)).toBe(
          (shape.sequenceNumber + index * segmentBytes) % 2 ** 32,
        );
        expect(frame[transport + 13]).toBe(shape.flags & ~dropped);
        expect(frame.subarray(transport + 20, payload).every((byte) => byte === 1)).toBe(true);
        if (shape.family === 4) {
          expect(view.getUint16(ip + 2)).toBe(frame.length - ip);
          expect(view.getUint16(ip + 4)).toBe((shape.identification + index) & 0xffff);
          expect(sumOf([...frame.subarray(ip, transport)])).toBe(0xffff);
        } else {
          expect(view.getUint16(ip + 4)).toBe(frame.length - ip - 40);
        }
      });
      const together = frames.flatMap((frame) => Array.from(frame.subarray(payload)));
      expect(together).toEqual([...shape.payload]);
    }),
  );
});

test("finish() leaves out what pads a short frame", () => {
  const shape = { ...plain, payload: Uint8Array.of(1, 2, 3) };
  const frame = frameOf(shape);
  const padded = new Uint8Array(60);
  padded.set(frame);
  expect(finish(padded, omitted(0))?.[0]?.length).toBe(frame.length);
});

test("finish() sends 0xffff for a checksum of UDP that comes out as 0", () => {
  const shape: Shape = { ...plain, protocol: "udp", payload: new Uint8Array(2) };
  const [finished] = finish(frameOf(shape), omitted(0)) ?? [];
  const { transport, payload } = layout(shape);
  // Whatever the checksum was becomes the payload, which brings it to 0.
  const checksum = finished?.slice(transport + 6, transport + 8) ?? Uint8Array.of();
  const [other] = finish(frameOf({ ...shape, payload: checksum }), omitted(0)) ?? [];
  expect([...(other?.subarray(transport + 6, payload) ?? [])]).toEqual([0xff, 0xff]);
});

const plain: Shape = {
  family: 4,
  protocol: "tcp",
  vlanTags: 0,
  ipOptions: 0,
  tcpOptions: 0,
  sequenceNumber: 1,
  identification: 1,
  flags: 0x10,
  payload: new Uint8Array(3000),
};

test.each<[string, Partial<Shape>, (frame: Uint8Array) => Uint8Array | void]>([
  ["another EtherType", {}, (frame) => void (frame[12] = 0x88)],
  ["a version that the EtherType is not of", {}, (frame) => void (frame[14] = 0x65)],
  ["a header of IPv4 that is too short", {}, (frame) => void (frame[14] = 0x44)],
  ["the first fragment of a packet", {}, (frame) => void (frame[20] = 0x20)],
  ["another fragment", {}, (frame) => void (frame[21] = 1)],
  ["a total length over the frame", {}, (frame) => frame.subarray(0, 3000)],
  ["a total length under the headers", {}, (frame) => frame.set([0, 39], 16)],
  ["a transport that is neither", {}, (frame) => void (frame[23] = 1)],
  ["a header of TCP that is too short", {}, (frame) => void (frame[46] = 0x40)],
  ["a header of TCP over the packet", { payload: new Uint8Array(1) }, (f) => void (f[46] = 0xf0)],
  ["a segment of UDP that is to be cut", { protocol: "udp" }, () => {}],
  ["a fragment of IPv6", { family: 6 }, (frame) => void (frame[20] = 44)],
  ["extension headers over the packet", { family: 6, ipOptions: 1 }, (f) => void (f[55] = 255)],
])("finish() does nothing and returns false, for %s", (_name, shape, change) => {
  const frame = frameOf({ ...plain, ...shape });
  expect(finish(change(frame) ?? frame, omitted(1460))).toBeUndefined();
});

test("finish() makes no storm of one frame", () => {
  expect(finish(frameOf(plain), omitted(47))).toBeUndefined();
  expect(finish(frameOf(plain), omitted(48))?.length).toBe(63);
});

test("finish() never throws, and gives only frames that fit, whatever it is given", () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .tuple(shapes, fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 4 }))
      .map(([shape, changes]) => {
        const frame = frameOf(shape);
        for (const [at, value] of changes) frame[at % frame.length] = value;
        return frame;
      }),
  );
  fc.assert(
    fc.property(noise, fc.nat(3000), (frame, segmentBytes) => {
      const frames = finish(frame, omitted(segmentBytes)) ?? [];
      expect(frames.every(({ length }) => length <= frame.length)).toBe(true);
    }),
  );
});
