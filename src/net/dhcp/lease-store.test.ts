import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeLease, encodeLease } from "./lease-store.ts";

const leases = fc.record({
  mac: fc.uint8Array({ minLength: 6, maxLength: 6 }),
  clientId: fc.option(fc.uint8Array({ minLength: 2, maxLength: 255 }), { nil: undefined }),
  hostName: fc.option(fc.stringMatching(/^[a-z]{1,20}(?:\.[a-z]{1,20}){0,2}$/), { nil: undefined }),
  endsAtMs: fc.oneof(fc.constant(Infinity), fc.nat(2 ** 50)),
});

test("decodeLease() gives what encodeLease() wrote", () => {
  fc.assert(
    fc.property(leases, (lease) => {
      expect(decodeLease(encodeLease(lease))).toEqual(lease);
    }),
  );
});

test("decodeLease() never throws, and takes no part for the whole", () => {
  fc.assert(
    fc.property(leases, fc.nat(), fc.uint8Array(), (lease, cut, noise) => {
      const bytes = encodeLease(lease);
      expect(decodeLease(bytes.subarray(0, cut % bytes.length))).toBeUndefined();
      bytes.set(noise.subarray(0, bytes.length));
      decodeLease(bytes);
      decodeLease(noise);
    }),
  );
});
