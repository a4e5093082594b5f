import fc from "fast-check";
import { expect, test } from "vitest";
import { differences, format, type Strictness } from "./compare.ts";
import { Conversation, pattern } from "./conversation.ts";
import type { OptionSpec, SegmentSpec } from "./script.ts";
import { decode, encode, type Segment } from "./wire.ts";

const source = Uint8Array.of(10, 0, 0, 1);
const destination = Uint8Array.of(10, 0, 0, 2);

const word = fc.integer({ min: 0, max: 0xffff_ffff });
const short = fc.integer({ min: 0, max: 0xffff });
const block = fc.tuple(word, word);
const options: fc.Arbitrary<OptionSpec[]> = fc.uniqueArray(
  fc.oneof(
    fc.record({ kind: fc.constant("mss" as const), value: short }),
    fc.record({ kind: fc.constant("wscale" as const), value: fc.integer({ min: 0, max: 14 }) }),
    fc.record({ kind: fc.constant("sackOK" as const) }),
    fc.record({ kind: fc.constant("TS" as const), value: word, echo: word }),
    fc.record({
      kind: fc.constant("sack" as const),
      blocks: fc.array(block, { minLength: 1, maxLength: 2 }),
    }),
  ),
  { selector: ({ kind }) => kind },
);
const segments: fc.Arbitrary<Segment> = fc.record({
  sourcePort: short,
  destinationPort: short,
  sequence: word,
  acknowledgment: word,
  flags: fc.subarray([..."FSRPEW"]).map((flags) => [".", ...flags].sort().join("")),
  windowField: short,
  urgentPointer: fc.constant(0),
  options,
  payload: fc.uint8Array({ maxLength: 50 }),
});

test("decode() gives what encode() was given", () => {
  fc.assert(
    fc.property(segments, (segment) => {
      expect(decode(encode(segment, source, destination), source, destination)).toEqual(segment);
    }),
    { numRuns: 200 },
  );
});

test("decode() refuses a segment with a bit turned over", () => {
  fc.assert(
    fc.property(segments, fc.nat(), (segment, position) => {
      const bytes = encode(segment, source, destination);
      const bit = position % (8 * bytes.length);
      const index = bit >> 3;
      bytes[index] = (bytes[index] ?? 0) ^ (1 << (bit & 7));
      expect(() => decode(bytes, source, destination)).toThrow(/TCP/);
    }),
    { numRuns: 200 },
  );
});

test("encode() writes the header of RFC 9293, 3.1", () => {
  const segment: Segment = {
    sourcePort: 0x1234,
    destinationPort: 80,
    sequence: 1,
    acknowledgment: 2,
    flags: ".S",
    windowField: 0xffff,
    urgentPointer: 0,
    options: [{ kind: "mss", value: 1460 }],
    payload: new Uint8Array(0),
  };
  const bytes = [...encode(segment, source, destination)];
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  expect(hex).toMatch(/^123400500000000100000002[6]012ffff....0000020405b4$/);
});

/** A segment of a script with nothing but what matters. */
function spec(fields: Partial<SegmentSpec>): SegmentSpec {
  return {
    flags: ".",
    sequence: 1,
    isAbsolute: false,
    payloadBytes: 0,
    acknowledgment: 1,
    windowField: undefined,
    urgentPointer: 0,
    options: [],
    sourcePort: undefined,
    destinationPort: undefined,
    timeToLive: undefined,
    trafficClass: undefined,
    ecn: undefined,
    ...fields,
  };
}

test("Conversation maps both streams, timestamps and SACK, across the end of the numbers", () => {
  const conversation = new Conversation(50_000, 80, 0xffff_fff0);
  const timestamps = { kind: "TS", value: 100, echo: 0 } as const;
  const syn: Segment = {
    ...conversation.toLive(spec({})),
    flags: "S",
    sequence: 0xffff_fffe,
    options: [{ ...timestamps, value: 7000 }],
  };
  const expected = spec({
    flags: "S",
    sequence: 0,
    acknowledgment: undefined,
    options: [timestamps],
  });
  expect(conversation.toScript(syn, expected)).toMatchObject({
    sequence: 0,
    options: [timestamps],
  });
  const answer = spec({
    flags: ".S",
    sequence: 0,
    acknowledgment: 1,
    options: [
      { kind: "TS", value: 5, echo: 100 },
      { kind: "sack", blocks: [[11, 21]] },
    ],
  });
  expect(conversation.toLive(answer)).toMatchObject({
    sequence: 0xffff_fff0,
    acknowledgment: 0xffff_ffff,
    options: [
      { kind: "TS", value: 5, echo: 7000 },
      { kind: "sack", blocks: [[9, 19]] },
    ],
  });
});

test("Conversation keeps the first initial sequence number until the peer sends a SYN", () => {
  const conversation = new Conversation(50_000, 80, 0);
  const expected = spec({ flags: "S", sequence: 0, acknowledgment: undefined });
  const syn = { ...conversation.toLive(expected), sequence: 1000 };
  // toLive() has seen a SYN of the peer: the first number counts, the second is another.
  expect(conversation.toScript(syn, expected).sequence).toBe(0);
  expect(conversation.toScript({ ...syn, sequence: 2000 }, expected).sequence).toBe(1000);
  conversation.toLive(expected);
  expect(conversation.toScript({ ...syn, sequence: 2000 }, expected).sequence).toBe(0);
});

test("differences() compares options as a set, windows and pushes as strictly as asked", () => {
  const exact: Strictness = { windows: "exact", pushes: "exact", timestampTicks: undefined };
  const loose: Strictness = { ...exact, windows: "loose", pushes: "loose" };
  const expected = spec({
    flags: ".P",
    payloadBytes: 10,
    windowField: 500,
    options: [{ kind: "sackOK" }, { kind: "mss", value: 1460 }],
  });
  const got: Segment = {
    ...new Conversation(1, 2, 0).toLive(expected),
    flags: ".",
    windowField: 400,
    options: [{ kind: "mss", value: 1460 }, { kind: "sackOK" }],
  };
  expect(differences(expected, got, exact, false)).toEqual(["flags", "win"]);
  expect(differences(expected, got, loose, false)).toEqual([]);
  expect(differences(expected, got, loose, true)).toEqual(["flags"]);
  expect(differences(expected, { ...got, windowField: 0 }, loose, false)).toEqual(["win"]);
  expect(differences(expected, { ...got, options: [{ kind: "sackOK" }] }, loose, false)).toEqual([
    "options",
  ]);
});

test("differences() checks timestamps when their tick is known, and echoes always", () => {
  const expected = spec({ options: [{ kind: "TS", value: 100, echo: 7 }] });
  const got = (value: number, echo: number): Segment => ({
    ...new Conversation(1, 2, 0).toLive(expected),
    options: [{ kind: "TS", value, echo }],
  });
  const strictness = (timestampTicks: number | undefined): Strictness => ({
    windows: "exact",
    pushes: "exact",
    timestampTicks,
  });
  expect(differences(expected, got(150, 7), strictness(undefined), true)).toEqual([]);
  expect(differences(expected, got(150, 7), strictness(10), true)).toEqual(["options"]);
  expect(differences(expected, got(105, 7), strictness(10), true)).toEqual([]);
  expect(differences(expected, got(100, 8), strictness(undefined), true)).toEqual(["options"]);
});

test("format() writes a segment as scripts do", () => {
  const segment = spec({
    flags: ".FP",
    payloadBytes: 10,
    windowField: 5,
    options: [{ kind: "sack", blocks: [[1, 2]] }],
  });
  expect(format(segment)).toBe("FP. 1:11(10) ack 1 win 5 <sack 1:2>");
  expect(format(spec({ flags: "R", acknowledgment: undefined }))).toBe("R 1:1(0)");
});

test("pattern() differs where a stream is cut wrongly", () => {
  const stream = pattern(1, 70_000);
  for (const shift of [1, 2, 1000, 1460, 65_535, 65_536]) {
    expect(pattern(1 + shift, 1000)).not.toEqual(stream.subarray(0, 1000));
  }
});
