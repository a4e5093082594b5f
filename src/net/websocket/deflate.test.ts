import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canDeflate, deflate, inflate } from "./deflate.ts";

const messages = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc
    .tuple(fc.string({ minLength: 1, maxLength: 9 }), fc.nat(5000))
    .map(([text, times]) => new TextEncoder().encode(text.repeat(times))),
);

/** As most send it: ending with a flush, of which 00 00 ff ff is left out. */
function flushed(message: Uint8Array): Uint8Array {
  return deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

/** As we receive most: what is left out is added, and there is no final block. */
function received(message: Uint8Array): Uint8Array {
  const bytes = Uint8Array.of(...message, 0, 0, 0xff, 0xff);
  return inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
}

describe("permessage-deflate", () => {
  test("canDeflate() is so on Node", () => {
    expect(canDeflate()).toBe(true);
  });

  test("inflate() gives back what deflate() made, and what others make", async () => {
    await fc.assert(
      fc.asyncProperty(messages, async (message) => {
        const deflated = await deflate(message);
        expect(Buffer.compare(received(deflated), message)).toBe(0);
        for (const each of [deflated, flushed(message)]) {
          const inflated = await inflate(each, message.length);
          expect(typeof inflated).toBe("object");
          expect(Buffer.compare(inflated as Uint8Array, message)).toBe(0);
        }
      }),
      { numRuns: 30 },
    );
  });

  test("inflate() takes the examples of RFC 7692, 7.2.3", async () => {
    const examples = [
      [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00],
      [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00],
      [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
      [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00],
    ];
    for (const example of examples) {
      const inflated = await inflate(Uint8Array.from(example), 100);
      expect(Buffer.from(inflated as Uint8Array).toString()).toBe("Hello");
    }
    expect(await inflate(Uint8Array.of(0), 0)).toHaveLength(0);
    expect(await inflate(new Uint8Array(0), 0)).toHaveLength(0);
  });

  test("inflate() refuses what refers to an earlier message, and noise", async () => {
    // The second example of 7.2.3.2: "Hello" again, as a reference to the one before.
    const again = Uint8Array.of(0xf2, 0x00, 0x11, 0x00, 0x00);
    expect(await inflate(again, 100)).toBe("malformed");
    expect(await inflate(Uint8Array.of(0xff, 0xff, 1, 2), 100)).toBe("malformed");
    const noise = fc.uint8Array({ minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(noise, async (bytes) => (await inflate(bytes, 1000)) !== undefined),
      { numRuns: 50 },
    );
  });

  test("inflate() stops a bomb when it is over the limit", async () => {
    const bomb = flushed(new Uint8Array(4_000_000));
    expect(bomb.length).toBeLessThan(5000);
    expect(await inflate(bomb, 3_999_999)).toBe("too-large");
    expect(await inflate(bomb, 1000)).toBe("too-large");
    expect(await inflate(bomb, 4_000_000)).toHaveLength(4_000_000);
  });
});
