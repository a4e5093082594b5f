import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeSuperblock, encodeSuperblock, type Superblock } from "./superblock.ts";

const superblocks: fc.Arbitrary<Superblock> = fc.record({
  epoch: fc.nat(2 ** 50),
  sectorBytes: fc.constantFrom(512, 1024, 4096),
  half: fc.constantFrom(0, 1),
  halfSectors: fc.nat(2 ** 50),
  snapshotSectors: fc.nat(2 ** 50),
  nonce: fc.uint8Array({ minLength: 16, maxLength: 16 }),
});

test("decodeSuperblock() gives what encodeSuperblock() wrote, and takes nothing else", () => {
  fc.assert(
    fc.property(superblocks, fc.nat(79), fc.integer({ min: 1, max: 255 }), (made, at, flip) => {
      const sector = encodeSuperblock(made);
      expect(decodeSuperblock(sector)).toEqual(made);
      sector[at] = (sector[at] ?? 0) ^ flip;
      expect(decodeSuperblock(sector)).toBeUndefined();
    }),
  );
});

test("decodeSuperblock() never throws", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (noise) => {
      expect(decodeSuperblock(noise)).toBeUndefined();
    }),
  );
});
