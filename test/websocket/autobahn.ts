/**
 * The cases of the Autobahn test suite for WebSocket, as a table of our own: what a client sends to
 * an echo server, and what it must hear. A group has the numbers of the suite.
 */

import { constants, deflateRawSync } from "node:zlib";
import { bytesOf, closing, frame, latin1 } from "./raw-peer.ts";

/** One exchange. */
export interface Case {
  /** Then {@link goodbye}, if the server has not ended the connection by itself. */
  readonly sent: readonly Uint8Array[];
  /** What is sent once that has been answered. */
  readonly later?: readonly Uint8Array[];
  /** What the server says, in the words of `sayingsOf`, and how it ends. */
  readonly heard: readonly string[];
}

/** Cases that are about the same. */
export interface CaseGroup {
  readonly group: string;
  readonly what: string;
  readonly cases: readonly Case[];
  /** What the connection needs to be able to. */
  readonly deflate?: boolean;
}

const part = { isFinal: false };
/** What a client sends at the end that has heard all it waited for. */
export const goodbye: Uint8Array = frame(8, closing(1000));
const clean = ["close 1000", "end"];
const failed = (code: number): readonly string[] => [`close ${code}`, "end"];

function echoed(code: 1 | 2, payload: Uint8Array | string): string {
  return `${code === 1 ? "text" : "binary"} ${latin1(payload)}`;
}

/** A message that comes back. */
function echoes(code: 1 | 2, payload: Uint8Array | string): Case {
  return { sent: [frame(code, payload)], heard: [echoed(code, payload), ...clean] };
}

/** The suite's own lengths take too long for every day. */
const isLong = process.env["MORGANA_LONG"] !== undefined;
const longSizes = isLong ? [16, 18, 20, 22, 23, 24].map((bits) => 2 ** bits) : [2 ** 16, 2 ** 18];
const long = new Uint8Array(isLong ? 2 ** 22 : 2 ** 17).fill(0x2a);
const messageCount = isLong ? 1000 : 50;

const sizes = [0, 125, 126, 127, 128, 65_535, 65_536];

/** A text in frames of some bytes each, and its end. */
function fragments(code: 1 | 2, payload: Uint8Array, byteCount: number): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < payload.length; at += byteCount) {
    const isFinal = at + byteCount >= payload.length;
    const piece = payload.subarray(at, at + byteCount);
    frames.push(frame(at === 0 ? code : 0, piece, { isFinal }));
  }
  return frames;
}

/** Bytes in pieces of so many. */
function chopped(bytes: Uint8Array, byteCount: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += byteCount) {
    pieces.push(bytes.subarray(at, at + byteCount));
  }
  return pieces;
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
}

const greek = hex("ce ba e1 bd b9 cf 83 ce bc ce b5");
const brokenGreek = Uint8Array.of(...greek, ...hex("ed a0 80 65 64 69 74 65 64"));

/** Texts that are UTF-8, by what is special about them (6.5 to 6.22). */
const valid: Readonly<Record<string, readonly string[]>> = {
  "6.5 characters of one to four bytes": ["6824", "68c2a2", "68e282ac", "68f0a4ada2", "ceba"],
  "6.7 the first of each length": ["00", "c280", "e0a080", "f0908080"],
  "6.9 the last of each length": ["7f", "dfbf", "efbfbf", "f48fbfbf"],
  "6.11 beside the surrogates and at the end": ["ed9fbf", "ee8080", "efbfbd", "f48fbfbf"],
  "6.22 code points that are no characters": [
    "efbfbe",
    "efbfbf",
    "f09fbfbe",
    "f3bfbfbf",
    "f48fbfbe",
  ],
  "6.23 specials": ["efbfb9", "efbfba", "efbfbb", "efbfbc", "efbfbd"],
};

/** Texts that are not. */
const invalid: Readonly<Record<string, readonly string[]>> = {
  "6.6 cut inside a character": ["ce", "cebae1", "cebae1bd"],
  "6.8 characters of five and six bytes": ["f888808080", "fc8480808080"],
  "6.10 the last of five and six": ["f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf"],
  "6.11.5 beyond the last code point": ["f4908080"],
  "6.12 bytes that only continue": ["80", "bf", "80bf80", "80bf80bf80bf"],
  "6.13 bytes that only begin": ["c020c120", "e020e120", "f020f120", "f820", "fc20"],
  "6.14 the last byte missing": ["c0", "e080", "f08080", "df", "efbf", "f7bfbf"],
  "6.15 those in a row": ["c0e080f08080f8808080dfefbff7bfbf"],
  "6.16 bytes that never are": ["fe", "ff", "fefeffff"],
  "6.17 a slash in too many bytes": ["c0af", "e080af", "f08080af", "f8808080af"],
  "6.18 the last of those": ["c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf"],
  "6.19 a NUL in too many bytes": ["c080", "e08080", "f0808080"],
  "6.20 one surrogate": ["eda080", "edadbf", "edaebf", "edb080", "edbfbf"],
  "6.21 two surrogates": ["eda080edb080", "edadbfedbfbf", "edafbfedbfbf"],
};

const texts: readonly CaseGroup[] = [
  ...Object.entries(valid).map(([name, list]) => ({
    group: name.slice(0, name.indexOf(" ")),
    what: `comes back: ${name.slice(name.indexOf(" ") + 1)}`,
    cases: list.map((each) => echoes(1, hex(each))),
  })),
  ...Object.entries(invalid).map(([name, list]) => ({
    group: name.slice(0, name.indexOf(" ")),
    what: `fails with 1007: ${name.slice(name.indexOf(" ") + 1)}`,
    cases: list.map((each) => ({ sent: [frame(1, hex(each))], heard: failed(1007) })),
  })),
];

/** A message that a client compressed, in one frame or several. */
function deflated(code: 1 | 2, payload: Uint8Array, byteCount: number = Infinity): Case {
  // What ends a flush, 00 00 ff ff, is left out (RFC 7692, 7.2.1).
  const bytes = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
  const sent: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += byteCount) {
    const isFinal = at + byteCount >= bytes.length;
    const reserved = at === 0 ? 4 : 0;
    const piece = bytes.subarray(at, Math.min(bytes.length, at + byteCount));
    sent.push(frame(at === 0 ? code : 0, piece, { isFinal, reserved }));
  }
  return { sent: [...sent], heard: [echoed(code, payload), ...clean] };
}

const prose = bytesOf("The quick brown fox jumps over the lazy dog. ".repeat(200));

export const groups: readonly CaseGroup[] = [
  {
    group: "1.1",
    what: "texts of all lengths come back",
    cases: sizes.map((n) => echoes(1, "*".repeat(n))),
  },
  {
    group: "1.2",
    what: "bytes of all lengths come back",
    cases: sizes.map((n) => echoes(2, new Uint8Array(n).fill(0xfe))),
  },
  {
    group: "2.1–2.4",
    what: "a Ping is answered with what it holds",
    cases: ["", "Hello", hex("00 ff fe fd fc fb 00 ff"), "x".repeat(125)].map((payload) => ({
      sent: [frame(9, payload)],
      heard: [`pong ${latin1(payload)}`, ...clean],
    })),
  },
  {
    group: "2.5",
    what: "a Ping of 126 bytes fails with 1002",
    cases: [{ sent: [frame(9, "x".repeat(126))], heard: failed(1002) }],
  },
  {
    group: "2.6",
    what: "a Ping of 125 bytes is answered, whole or byte by byte",
    cases: [{ sent: [frame(9, "y".repeat(125))], heard: [`pong ${"y".repeat(125)}`, ...clean] }],
  },
  {
    group: "2.7–2.9",
    what: "a Pong that nobody asked for is passed over",
    cases: [
      { sent: [frame(10)], heard: clean },
      { sent: [frame(10, "unasked")], heard: clean },
      { sent: [frame(10, "unasked"), frame(9, "ping")], heard: ["pong ping", ...clean] },
    ],
  },
  {
    group: "2.10–2.11",
    what: "ten Pings in a row are answered in their order",
    cases: [
      {
        sent: Array.from({ length: 10 }, (_, index) => frame(9, `ping ${index}`)),
        heard: [...Array.from({ length: 10 }, (_, index) => `pong ping ${index}`), ...clean],
      },
    ],
  },
  {
    group: "3.1–3.7",
    what: "a reserved bit fails with 1002, after what was before it",
    cases: [1, 2, 3, 4, 5, 6, 7].flatMap((reserved) => [
      { sent: [frame(1, "x", { reserved })], heard: failed(1002) },
      { sent: [frame(9, "x", { reserved })], heard: failed(1002) },
      { sent: [frame(8, closing(1000), { reserved })], heard: failed(1002) },
      { sent: [frame(2, new Uint8Array(8), { reserved }), frame(9)], heard: failed(1002) },
    ]),
  },
  {
    group: "4.1–4.2",
    what: "a reserved opcode fails with 1002",
    cases: [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((code) => [
      { sent: [frame(code)], heard: failed(1002) },
      { sent: [frame(code, "reserved"), frame(9)], heard: failed(1002) },
    ]),
  },
  {
    group: "5.1–5.2",
    what: "a Ping or Pong in fragments fails with 1002",
    cases: [9, 10].map((code) => ({
      sent: [frame(code, "fragment1", part), frame(0, "fragment2")],
      heard: failed(1002),
    })),
  },
  {
    group: "5.3–5.5",
    what: "a text in two fragments comes back whole",
    cases: [
      {
        sent: [frame(1, "fragment1", part), frame(0, "fragment2")],
        heard: ["text fragment1fragment2", ...clean],
      },
    ],
  },
  {
    group: "5.6–5.8",
    what: "a Ping between fragments is answered before the message",
    cases: [
      {
        sent: [frame(1, "fragment1", part), frame(9, "ping"), frame(0, "fragment2")],
        heard: ["pong ping", "text fragment1fragment2", ...clean],
      },
    ],
  },
  {
    group: "5.9–5.14",
    what: "a continuation of nothing fails with 1002, final or not",
    cases: [true, false].map((isFinal) => ({
      sent: [frame(0, "nothing before", { isFinal }), frame(1, "Hello")],
      heard: failed(1002),
    })),
  },
  {
    group: "5.15",
    what: "a continuation of a message that has ended fails with 1002",
    cases: [
      {
        sent: [frame(1, "fragment1", part), frame(0, "fragment2")],
        later: [frame(0, "fragment3", part), frame(1, "fragment4")],
        heard: ["text fragment1fragment2", ...failed(1002)],
      },
    ],
  },
  {
    group: "5.16–5.17",
    what: "a stray continuation between messages fails with 1002",
    cases: [part, { isFinal: true }].map((options) => ({
      sent: [frame(0, "fragment1", options), frame(1, "fragment2", part), frame(0, "fragment3")],
      heard: failed(1002),
    })),
  },
  {
    group: "5.18",
    what: "a message inside another fails with 1002",
    cases: [{ sent: [frame(1, "fragment1", part), frame(1, "fragment2")], heard: failed(1002) }],
  },
  {
    group: "5.19–5.20",
    what: "Pings between five fragments are answered, and the text comes back",
    cases: [
      {
        sent: [
          frame(1, "1", part),
          frame(0, "2", part),
          frame(9, "ping 1"),
          frame(0, "3", part),
          frame(0, "4", part),
          frame(9, "ping 2"),
          frame(0, "5"),
        ],
        heard: ["pong ping 1", "pong ping 2", "text 12345", ...clean],
      },
    ],
  },
  {
    group: "6.1",
    what: "an empty text comes back, and one of empty fragments",
    cases: [
      echoes(1, ""),
      {
        sent: [frame(1, "", part), frame(0, "", part), frame(0)],
        heard: ["text ", ...clean],
      },
      {
        sent: [frame(1, "", part), frame(0, "middle", part), frame(0)],
        heard: ["text middle", ...clean],
      },
    ],
  },
  {
    group: "6.2",
    what: "a text comes back, cut between characters and inside them",
    cases: [
      echoes(1, "Hello-µ@ßöäüàá-UTF-8!!"),
      ...[1, 2, 7].map((byteCount) => ({
        sent: [...fragments(1, bytesOf("Hello-µ@ßöäüàá-UTF-8!!"), byteCount)],
        heard: [echoed(1, "Hello-µ@ßöäüàá-UTF-8!!"), ...clean],
      })),
      { sent: [...fragments(1, greek, 1)], heard: [echoed(1, greek), ...clean] },
    ],
  },
  {
    group: "6.3",
    what: "a text that is no UTF-8 fails with 1007, whole or byte by byte",
    cases: [
      { sent: [frame(1, brokenGreek)], heard: failed(1007) },
      { sent: fragments(1, brokenGreek, 1), heard: failed(1007) },
    ],
  },
  {
    group: "6.4",
    what: "it fails at once, before the message or the frame is whole",
    cases: [
      { sent: [frame(1, greek, part), frame(0, hex("f4 90 80 80"), part)], heard: failed(1007) },
      {
        sent: [frame(1, greek, part), frame(0, hex("f4"), part), frame(0, hex("90"), part)],
        heard: failed(1007),
      },
      { sent: [frame(1, brokenGreek).subarray(0, 6 + 13)], heard: failed(1007) },
    ],
  },
  ...texts,
  {
    group: "7.1",
    what: "nothing is heard after a Close frame, and no message is answered that came after it",
    cases: [
      echoes(1, "Hello World!"),
      { sent: [goodbye, goodbye], heard: clean },
      { sent: [goodbye, frame(9)], heard: clean },
      { sent: [goodbye, frame(1, "too late")], heard: clean },
      { sent: [frame(1, "fragment1", part), goodbye, frame(0, "fragment2")], heard: clean },
    ],
  },
  {
    group: "7.3",
    what: "a Close frame holds nothing, or a code and up to 123 bytes, else it fails with 1002",
    cases: [
      { sent: [frame(8)], heard: ["close", "end"] },
      { sent: [frame(8, "a")], heard: failed(1002) },
      { sent: [frame(8, closing(1000))], heard: clean },
      { sent: [frame(8, closing(1000, "Hello World!"))], heard: clean },
      { sent: [frame(8, closing(1000, "*".repeat(123)))], heard: clean },
      { sent: [frame(8, closing(1000, "*".repeat(124)))], heard: failed(1002) },
    ],
  },
  {
    group: "7.5",
    what: "a reason that is no UTF-8 fails with 1007",
    cases: [{ sent: [frame(8, closing(1000, brokenGreek))], heard: failed(1007) }],
  },
  {
    group: "7.7",
    what: "a code that may be sent comes back",
    cases: [
      1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000,
      4999,
    ].map((code) => ({ sent: [frame(8, closing(code))], heard: failed(code) })),
  },
  {
    group: "7.9, 7.13",
    what: "a code that must not be sent fails with 1002",
    cases: [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code) => ({
      sent: [frame(8, closing(code))],
      heard: failed(1002),
    })),
  },
  {
    group: "9.1–9.2",
    what: "long messages come back",
    cases: longSizes.flatMap((n) => [
      echoes(1, "*".repeat(n)),
      echoes(2, new Uint8Array(n).fill(0xfe)),
    ]),
  },
  {
    group: "9.3–9.4",
    what: "a long message comes back, whatever its fragments",
    cases: [64, 256, 1024, 4096, 16_384, 65_536, 262_144].map((byteCount) => ({
      sent: fragments(2, long, byteCount),
      heard: [echoed(2, long), ...clean],
    })),
  },
  {
    group: "9.5–9.6",
    what: "a long message comes back, however its frame is chopped",
    cases: [64, 128, 256, 512, 1024, 2048].map((byteCount) => ({
      sent: chopped(frame(1, long), byteCount),
      heard: [echoed(1, long), ...clean],
    })),
  },
  {
    group: "9.7–9.8",
    what: "many messages come back in their order",
    cases: [0, 16, 64, 256, 1024].map((n) => ({
      sent: Array.from({ length: messageCount }, () => frame(1, "x".repeat(n))),
      heard: [...Array.from({ length: messageCount }, () => `text ${"x".repeat(n)}`), ...clean],
    })),
  },
  {
    group: "10.1",
    what: "a text of 65,536 bytes in fragments of 1,300 comes back",
    cases: [
      {
        sent: [...fragments(1, new Uint8Array(65_536).fill(0x2a), 1300)],
        heard: [`text ${"*".repeat(65_536)}`, ...clean],
      },
    ],
  },
  {
    group: "12",
    what: "compressed messages of all lengths come back",
    deflate: true,
    cases: [0, 16, 64, 256, 1024, 4096, 8192].flatMap((n) => [
      deflated(1, prose.subarray(0, n)),
      deflated(2, prose.subarray(0, n)),
    ]),
  },
  {
    group: "12 (in fragments)",
    what: "compressed messages come back, whatever their fragments",
    deflate: true,
    cases: [1, 7, 64].map((byteCount) => deflated(1, prose, byteCount)),
  },
];
