import fc from "fast-check";
import { expect, test } from "vitest";
import { add, addRange, finish, pseudoHeaderSum } from "./checksum.ts";

/** RFC 1071, 1, word by word. */
function naive(bytes: Uint8Array, start = 0): number {
  let sum = start;
  for (let index = 0; index < bytes.length; index += 2) {
    sum += ((bytes[index] ?? 0) << 8) + (bytes[index + 1] ?? 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

test("add() and finish() give the example of RFC 1071, 3", () => {
  const bytes = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
  expect(finish(add(bytes))).toBe(0xddf2 ^ 0xffff);
});

test("add() agrees with a sum word by word, at every alignment and length", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(7), fc.nat(5e6), (data, offset, sum) => {
      const bytes = new Uint8Array(new ArrayBuffer(offset + data.length + 3), offset, data.length);
      bytes.set(data);
      const expected = naive(data, sum % 0xffff);
      expect((finish(add(bytes, sum)) ^ 0xffff) % 0xffff).toBe(expected % 0xffff);
      expect(addRange(bytes, 0, bytes.length, sum)).toBe(add(bytes, sum));
    }),
  );
});

test("add() does not overflow on the longest packet of all ones", () => {
  const bytes = new Uint8Array(1 << 20).fill(0xff);
  expect(finish(add(bytes))).toBe(0);
  expect(finish(add(bytes.fill(0x80)))).toBe(naive(bytes) ^ 0xffff);
});

test("pseudoHeaderSum() makes the checksum of a real segment right", () => {
  // A SYN from 10.0.0.1:80 to 10.0.0.2:81 with its checksum worked out by hand.
  const segment = Uint8Array.of(0, 80, 0, 81, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0);
  const from = Uint8Array.of(10, 0, 0, 1);
  const to = Uint8Array.of(10, 0, 0, 2);
  const sum = finish(add(segment, pseudoHeaderSum(from, to, 6, segment.length)));
  segment[16] = sum >> 8;
  segment[17] = sum & 0xff;
  expect(sum).toBe(0xffff ^ (0x0a00 + 1 + 0x0a00 + 2 + 6 + 20 + 80 + 81 + 1 + 0x5002));
  expect(finish(add(segment, pseudoHeaderSum(from, to, 6, segment.length)))).toBe(0);
});
