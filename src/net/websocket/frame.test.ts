import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  closeCode,
  decodeClose,
  encodeClose,
  encodeCloseAnswer,
  isCloseCode,
} from "./close-frame.ts";
import { decode, encode, headerBytes, maxHeaderBytes, type FrameHeader } from "./frame.ts";
import { applyMask } from "./mask.ts";
import { isUtf8, Utf8Checker } from "./utf8.ts";

const noise = fc.uint8Array({ maxLength: 200 });
const payloadBytes = fc.oneof(
  fc.nat(300),
  fc.constantFrom(125, 126, 127, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
  fc.maxSafeNat(),
);
const headers: fc.Arbitrary<FrameHeader> = fc.record({
  isFinal: fc.boolean(),
  reserved: fc.nat(7),
  opcode: fc.nat(15),
  maskingKey: fc.option(fc.nat(0xffff_ffff), { nil: undefined }),
  payloadBytes,
  isMinimal: fc.constant(true),
});

function lengthsFrom(...bytes: number[]): readonly [number | undefined, boolean | undefined] {
  const header = decode(Uint8Array.from(bytes));
  return [header?.payloadBytes, header?.isMinimal];
}

describe("headers", () => {
  test("decode() gives what encode() wrote, wherever it was written", () => {
    fc.assert(
      fc.property(headers, fc.nat(5), (header, start) => {
        const into = new Uint8Array(start + maxHeaderBytes);
        const length = encode(header, into, start);
        const bytes = into.subarray(start, start + length);
        expect(headerBytes(bytes)).toBe(length);
        expect(decode(bytes)).toEqual(header);
        expect(decode(bytes.subarray(0, -1))).toBeUndefined();
      }),
    );
  });

  test("decode() takes any bytes, and knows the length of what it read", () => {
    fc.assert(
      fc.property(noise, (bytes) => {
        const header = decode(bytes);
        expect(header === undefined).toBe(bytes.length < 2 || bytes.length < headerBytes(bytes));
      }),
    );
  });

  test("decode() tells a length that is longer than it need be", () => {
    expect(lengthsFrom(0x82, 126, 0, 125)).toEqual([125, false]);
    expect(lengthsFrom(0x82, 126, 0, 126)).toEqual([126, true]);
    expect(lengthsFrom(0x82, 127, 0, 0, 0, 0, 0, 0, 255, 255)).toEqual([65_535, false]);
    expect(lengthsFrom(0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0)).toEqual([65_536, true]);
    expect(lengthsFrom(0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0)).toEqual([2 ** 63, true]);
  });
});

describe("masking", () => {
  test("applyMask() takes each byte by itself, wherever the bytes lie and the payload began", () => {
    fc.assert(
      fc.property(noise, fc.nat(0xffff_ffff), fc.nat(3), fc.nat(7), (bytes, key, phase, at) => {
        const room = new Uint8Array(at + bytes.length);
        room.set(bytes, at);
        applyMask(room.subarray(at), key, phase);
        const expected = bytes.map(
          (byte, index) => byte ^ ((key >>> (24 - 8 * ((index + phase) % 4))) & 0xff),
        );
        expect(room.subarray(at)).toEqual(expected);
        applyMask(room.subarray(at), key, phase);
        expect(room.subarray(at)).toEqual(bytes);
      }),
    );
  });
});

/** Bytes that are nearly a text. */
const nearlyText = fc
  .tuple(fc.string({ unit: "binary" }), fc.nat(), fc.nat(255), fc.boolean())
  .map(([text, at, byte, isBroken]) => {
    const bytes = new TextEncoder().encode(text);
    if (isBroken && bytes.length > 0) bytes[at % bytes.length] = byte;
    return bytes;
  });

describe("UTF-8", () => {
  const isText = (bytes: Uint8Array): boolean => {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes) !== undefined;
    } catch {
      return false;
    }
  };

  test("isUtf8() says what a strict decoder does", () => {
    fc.assert(
      fc.property(fc.oneof(nearlyText, noise), (bytes) => {
        expect(isUtf8(bytes)).toBe(isText(bytes));
      }),
    );
  });

  test("push() says so byte by byte too, and refuses where no text can go on", () => {
    fc.assert(
      fc.property(nearlyText, (bytes) => {
        const checker = new Utf8Checker();
        const at = bytes.findIndex((byte) => !checker.push(Uint8Array.of(byte)));
        const valid = at === -1 ? bytes : bytes.subarray(0, at);
        expect(at === -1 && checker.isComplete).toBe(isText(bytes));
        // What was taken is the beginning of a text: so many bytes more make it one.
        const rests = [[], [0x80], [0xa0], [0x90, 0x80], [0x80, 0x80], [0xa0, 0x80]];
        const longer = [
          [0x90, 0x80, 0x80],
          [0x80, 0x80, 0x80],
        ];
        const ends = [...rests, ...longer].map((rest) => Uint8Array.of(...valid, ...rest));
        expect(ends.some(isText)).toBe(true);
      }),
    );
  });
});

describe("Close frames", () => {
  const codes = fc.integer({ min: 1000, max: 4999 }).filter(isCloseCode);

  test("decodeClose() gives what encodeClose() wrote", () => {
    fc.assert(
      fc.property(codes, fc.string({ maxLength: 123 }), (code, reason) => {
        expect(decodeClose(encodeClose(code, reason))).toEqual({ code, reason });
      }),
    );
    expect(encodeCloseAnswer({ code: closeCode.none, reason: "x" })).toEqual(new Uint8Array(0));
    expect(decodeClose(new Uint8Array(0))).toEqual({ code: 1005, reason: "" });
  });

  test("decodeClose() takes any bytes", () => {
    fc.assert(fc.property(noise, (bytes) => decodeClose(bytes) !== undefined));
    expect(decodeClose(Uint8Array.of(3))).toBe("malformed");
    expect(decodeClose(Uint8Array.of(3, 237))).toBe("malformed");
    expect(decodeClose(Uint8Array.of(3, 232, 0xff))).toBe("invalid-text");
  });

  test("encodeClose() throws for a code that is never sent, and too long a reason", () => {
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5, Number.NaN]) {
      expect(() => encodeClose(code)).toThrow(RangeError);
    }
    expect(() => encodeClose(1000, "é".repeat(62))).toThrow("124 bytes");
    expect(encodeClose(1000, "é".repeat(61))).toHaveLength(124);
  });
});
