import { expect, test } from "vitest";
import { sipHash } from "./sip-hash.ts";

/** The key of the reference vectors: the bytes 0 to 15. */
const key = Uint32Array.of(0x0302_0100, 0x0706_0504, 0x0b0a_0908, 0x0f0e_0d0c);

/** The hash of the first `length` bytes of 0, 1, 2 …, in hexadecimal. */
function hashOf(length: number): string {
  const into = new Uint32Array(2);
  sipHash(
    key,
    Uint8Array.from({ length }, (_, index) => index),
    into,
  );
  return [into[1], into[0]].map((half = 0) => half.toString(16).padStart(8, "0")).join("");
}

test("sipHash() gives the reference's vectors", () => {
  expect(hashOf(0)).toBe("726fdb47dd0e0e31");
  expect(hashOf(1)).toBe("74f839c593dc67fd");
  expect(hashOf(2)).toBe("0d6c8009d9a94f5a");
  expect(hashOf(3)).toBe("85676696d7fb7e2d");
  expect(hashOf(7)).toBe("ab0200f58b01d137");
  expect(hashOf(8)).toBe("93f5f5799a932462");
  expect(hashOf(15)).toBe("a129ca6149be45e5");
  expect(hashOf(63)).toBe("958a324ceb064572");
});

test("sipHash() returns the low word", () => {
  expect(sipHash(key, new Uint8Array(0), new Uint32Array(2))).toBe(0xdd0e_0e31);
});
