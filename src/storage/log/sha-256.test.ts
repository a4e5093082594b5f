import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Sha256 } from "./sha-256.ts";

test("digest() is that of Node, of bytes that come in any pieces", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (pieces) => {
      const expected = createHash("sha256");
      const hash = new Sha256();
      for (const piece of pieces) {
        expected.update(piece);
        hash.add(piece);
      }
      expect(Buffer.from(hash.digest()).toString("hex")).toBe(expected.digest("hex"));
    }),
    { numRuns: 50 },
  );
});
