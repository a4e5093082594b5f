import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { agreesOnDeflate, answerToDeflate, deflateOffer, parseExtensions } from "./extensions.ts";

const offersIn = (header: string): NonNullable<ReturnType<typeof parseExtensions>> =>
  parseExtensions(header) ?? [];
const name = "permessage-deflate";

describe("parseExtensions()", () => {
  test("reads names, parameters and quoted values", () => {
    expect(parseExtensions('a; b=1; c, d;e = "f" ,')).toEqual([
      {
        name: "a",
        parameters: [
          ["b", "1"],
          ["c", ""],
        ],
      },
      { name: "d", parameters: [["e", "f"]] },
    ]);
    expect(parseExtensions("")).toEqual([]);
  });

  test.each(['a; b="c d"', 'a; b="c,d"', "a b", "a;", "a; =1", 'a; b="c', "ä", "a;b=c=d"])(
    "refuses %s",
    (header) => {
      expect(parseExtensions(header)).toBeUndefined();
    },
  );

  test("takes any text, and no more than 32 extensions", () => {
    fc.assert(fc.property(fc.string(), (text) => parseExtensions(text) !== null));
    expect(parseExtensions("a,".repeat(32))).toHaveLength(32);
    expect(parseExtensions("a,".repeat(33))).toBeUndefined();
  });
});

describe("answerToDeflate()", () => {
  test.each([
    name,
    deflateOffer,
    `${name}; client_max_window_bits`,
    `${name}; client_max_window_bits=9`,
    `x-webkit-deflate-frame, ${name}; server_max_window_bits=10, ${name}`,
  ])("takes %s", (header) => {
    expect(answerToDeflate(offersIn(header))).toBe(deflateOffer);
  });

  test("confirms the largest window, if it is asked for", () => {
    const answer = `${deflateOffer}; server_max_window_bits=15`;
    expect(answerToDeflate(offersIn(`${name}; server_max_window_bits=15`))).toBe(answer);
  });

  test.each([
    "",
    "x-webkit-deflate-frame",
    `${name}; server_max_window_bits=10`,
    `${name}; server_max_window_bits`,
    `${name}; server_max_window_bits=16`,
    `${name}; client_max_window_bits=015`,
    `${name}; server_no_context_takeover=1`,
    `${name}; server_no_context_takeover; server_no_context_takeover`,
    `${name}; other`,
  ])("declines %s", (header) => {
    expect(answerToDeflate(offersIn(header))).toBeUndefined();
  });
});

describe("agreesOnDeflate()", () => {
  test.each([
    ["", false],
    [`${name}; server_no_context_takeover`, true],
    [deflateOffer, true],
    [`${deflateOffer}; server_max_window_bits=9`, true],
    [name, undefined],
    [`${deflateOffer}; client_max_window_bits=9`, undefined],
    [`${deflateOffer}; other`, undefined],
    [`${deflateOffer}, ${deflateOffer}`, undefined],
    ["other", undefined],
  ])("says of the answer %s: %s", (header, expected) => {
    expect(agreesOnDeflate(offersIn(header), true)).toBe(expected);
  });

  test("lets a server answer nothing, if nothing was offered", () => {
    expect(agreesOnDeflate(offersIn(deflateOffer), false)).toBeUndefined();
    expect(agreesOnDeflate([], false)).toBe(false);
  });
});
