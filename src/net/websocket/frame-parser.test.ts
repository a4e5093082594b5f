import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { closing, frame, latin1 } from "../../../test/websocket/raw-peer.ts";
import { FrameParser, type FrameParserOptions } from "./frame-parser.ts";

const options: FrameParserOptions = {
  isPeerMasking: true,
  isCompressible: true,
  maxFrameBytes: 300,
  maxMessageBytes: 400,
  maxFragmentCount: 4,
};

/** What a parser says of bytes that come in chunks; the parts of a message put together. */
function parse(chunks: readonly Uint8Array[], some?: Partial<FrameParserOptions>): string[] {
  const parser = new FrameParser({ ...options, ...some });
  const said: string[] = [];
  let text = "";
  for (const chunk of chunks) {
    // Pushed bytes are unmasked in place.
    parser.push(chunk.slice());
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      if (event.kind === "part") {
        text += latin1(event.bytes);
        if (!event.isLast) continue;
        said.push(`${event.isText ? "text" : "binary"}${event.isCompressed ? "*" : ""} ${text}`);
        text = "";
      } else if (event.kind === "violation") {
        said.push(`violation ${event.code}: ${event.why}`);
      } else if (event.kind === "close") {
        said.push(`close ${event.code} ${event.reason}`);
      } else {
        said.push(`${event.kind} ${latin1(event.payload)}`);
      }
    }
  }
  return said;
}

const whole = (bytes: Uint8Array): string[] => parse([bytes]);
const octets = (bytes: Uint8Array): string[] =>
  parse(Array.from(bytes, (byte) => Uint8Array.of(byte)));

const payload = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.uint8Array({ maxLength: 140 }),
  fc.constantFrom(closing(1000, "bye"), closing(1005), "x".repeat(126), "x".repeat(299)),
);
const flags = fc.record({
  isFinal: fc.boolean(),
  reserved: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(7)),
  isMasked: fc.oneof({ weight: 19, arbitrary: fc.constant(true) }, fc.boolean()),
});
const opcodes = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(0, 0, 1, 2, 8, 9, 10) },
  fc.nat(15),
);
const streams = fc
  .array(fc.tuple(opcodes, payload, flags), { minLength: 1, maxLength: 8 })
  .map((frames) => Uint8Array.from(frames.flatMap((each) => Array.from(frame(...each)))));

describe("FrameParser", () => {
  test("next() says the same, however the bytes are split", () => {
    fc.assert(
      fc.property(streams, fc.array(fc.nat(400)), (bytes, cuts) => {
        const expected = whole(bytes);
        expect(octets(bytes)).toEqual(expected);
        const places = [0, ...cuts.map((at) => Math.min(at, bytes.length)), bytes.length];
        places.sort((a, b) => a - b);
        const chunks = places.map((at, index) => bytes.subarray(places[index - 1] ?? 0, at));
        expect(parse(chunks)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  test("next() says the same for each place of one cut", () => {
    const bytes = Uint8Array.from(
      [
        frame(1, "Grüße, ", { isFinal: false }),
        frame(9, "are you there?"),
        frame(0, "x".repeat(200)),
        frame(2, new Uint8Array(126)),
        frame(8, closing(1001, "€")),
      ].flatMap((each) => Array.from(each)),
    );
    const expected = whole(bytes);
    expect(expected.map((each) => each.slice(0, 8))).toEqual([
      "ping are",
      "text Gr\u00c3\u00bc".slice(0, 8),
      "binary \0",
      "close 10",
    ]);
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(parse([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(expected);
    }
  });

  test("next() takes noise, and ends at the first violation", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isPeerMasking) => {
        const said = parse([bytes], { isPeerMasking });
        const at = said.findIndex((each) => /^(?:violation|close)/.test(each));
        expect([-1, said.length - 1]).toContain(at);
      }),
    );
  });

  test.each([
    ["not masked", frame(1, "x", { isMasked: false }), "1002: a frame is not masked"],
    ["with RSV2", frame(1, "x", { reserved: 2 }), "1002: a reserved bit is set"],
    ["with RSV1 on a Ping", frame(9, "x", { reserved: 4 }), "1002: a reserved bit is set"],
    ["of opcode 3", frame(3), "1002: opcode 3 is reserved"],
    ["of opcode 11", frame(11), "1002: opcode 11 is reserved"],
    [
      "of a fragmented Ping",
      frame(9, "", { isFinal: false }),
      "1002: a control frame is fragmented",
    ],
    ["of 126 bytes of Pong", frame(10, "x".repeat(126)), "1002: a control frame is too long"],
    ["that continues nothing", frame(0, "x"), "1002: there is no message to continue"],
    [
      "of a long length",
      Uint8Array.of(0x82, 0xfe, 0, 9),
      "1002: a length is longer than it need be",
    ],
    ["of 301 bytes", frame(2, new Uint8Array(301)), "1009: a frame has over 300 bytes"],
  ])("next() refuses a frame %s at its header", (_, bytes, why) => {
    // The key, which the last two do not have, and some payload.
    expect(whole(Uint8Array.of(...bytes, 1, 2, 3, 4))).toEqual([`violation ${why}`]);
  });

  test("next() refuses masked frames of a server", () => {
    expect(parse([frame(1, "x")], { isPeerMasking: false })).toEqual([
      "violation 1002: a frame is masked",
    ]);
  });

  test("next() refuses a length of over 63 bits, and takes no memory for one of 62", () => {
    const lengthOf = (high: number): Uint8Array =>
      Uint8Array.of(0x82, 0xff, high, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4);
    expect(whole(lengthOf(0x80))).toEqual(["violation 1002: a length has its highest bit set"]);
    expect(whole(lengthOf(0x7f))).toEqual(["violation 1009: a frame has over 300 bytes"]);
  });

  test("next() bounds a message by its bytes and its fragments, empty ones too", () => {
    const piece = frame(2, new Uint8Array(200), { isFinal: false });
    const more = frame(0, new Uint8Array(201));
    expect(parse([piece, more])).toEqual(["violation 1009: a message has over 400 bytes"]);
    const empty = frame(0, "", { isFinal: false });
    expect(parse([frame(1, "", { isFinal: false }), empty, empty, empty, empty])).toEqual([
      "violation 1009: a message has over 4 fragments",
    ]);
  });

  test("next() refuses a text at the byte that makes it none, before the frame is whole", () => {
    const bytes = frame(1, Uint8Array.of(0x78, 0xf4, 0x90, 0x80, 0x80, 0x79));
    expect(whole(bytes.subarray(0, 6 + 2))).toEqual([]);
    expect(whole(bytes.subarray(0, 6 + 3))).toEqual(["violation 1007: a text is no UTF-8"]);
  });

  test("next() leaves compressed texts to who inflates them", () => {
    const bytes = frame(1, Uint8Array.of(0xff, 0xfe), { reserved: 4 });
    expect(whole(bytes)).toEqual(["text* \u00ff\u00fe"]);
    expect(parse([bytes], { isCompressible: false })).toEqual([
      "violation 1002: a reserved bit is set",
    ]);
  });
});
