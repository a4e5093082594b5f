import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ScriptError, tokenize } from "./lexer.ts";
import { parse } from "./parser.ts";
import type { Action } from "./script.ts";

function actionOf(text: string): Action | undefined {
  return parse(`+0 ${text}`).events[0]?.action;
}

describe("tokenize()", () => {
  test("takes the longest token, as times and sequence numbers need it", () => {
    const texts = tokenize("1.00...6.00 +.1~+.105 1:11(10) 0x2a 2001:db8::1 10.0.0.1").map(
      ({ text }) => text,
    );
    const times = ["1.00", "...", "6.00", "+", ".1", "~", "+", ".105"];
    const numbers = ["1", ":", "11", "(", "10", ")", "0x2a"];
    expect(texts).toEqual([...times, ...numbers, "2001:db8::1", "10.0.0.1", ""]);
  });

  test("drops comments and counts lines", () => {
    const tokens = tokenize("a // b\n/* c\n d */ e\n`f\ng` h");
    expect(tokens.map(({ text, line }) => `${line}${text}`)).toEqual([
      "1a",
      "3e",
      "4f\ng",
      "5h",
      "5",
    ]);
  });

  test("reads the branches that are defined", () => {
    const text = "#ifdef A\na\n#else\nb\n#endif\n#ifndef A\nc\n#endif";
    const chosen = (names: readonly string[]): string =>
      tokenize(text, new Set(names))
        .map((token) => token.text)
        .join("");
    expect(chosen(["A"])).toBe("a");
    expect(chosen([])).toBe("bc");
    expect(() => tokenize("#ifdef A")).toThrow(ScriptError);
    expect(() => tokenize("#endif")).toThrow("line 1");
  });
});

describe("parse()", () => {
  test("reads options, then events with their lines", () => {
    const { options, events } = parse("--mtu=9000\n--strict_segments\n\n0 `true`\n+1 %{ x }%");
    expect([...options]).toEqual([
      ["mtu", "9000"],
      ["strict_segments", ""],
    ]);
    expect(events).toEqual([
      {
        line: 4,
        time: { kind: "absolute", startMs: 0 },
        action: { kind: "command", text: "true" },
      },
      { line: 5, time: { kind: "relative", startMs: 1000 }, action: { kind: "code", text: "x" } },
    ]);
  });

  test.each([
    ["1.5 > . 1:1(0)", { kind: "absolute", startMs: 1500 }],
    ["+.25 > . 1:1(0)", { kind: "relative", startMs: 250 }],
    ["* > . 1:1(0)", { kind: "any" }],
    ["1~2 > . 1:1(0)", { kind: "absolute", startMs: 1000, endMs: 2000 }],
    ["+1~+2.5 > . 1:1(0)", { kind: "relative", startMs: 1000, endMs: 2500 }],
  ])("reads the time of %s", (text, time) => {
    expect(parse(text).events[0]?.time).toEqual(time);
  });

  test("reads all of a segment", () => {
    const text =
      "< [ect0] 2000 > 80 FPU. 1:11(10) ack 5 win 9 urg 3 <mss 1,nop,wscale 2,sackOK,TS val 3 ecr 4,sack 1:2 3:4>";
    expect(actionOf(text)).toMatchObject({
      kind: "segment",
      isInbound: true,
      segment: {
        flags: ".FPU",
        sequence: 1,
        payloadBytes: 10,
        acknowledgment: 5,
        windowField: 9,
        urgentPointer: 3,
        sourcePort: 2000,
        destinationPort: 80,
        ecn: 2,
        options: [
          { kind: "mss", value: 1 },
          { kind: "wscale", value: 2 },
          { kind: "sackOK" },
          { kind: "TS", value: 3, echo: 4 },
          {
            kind: "sack",
            blocks: [
              [1, 2],
              [3, 4],
            ],
          },
        ],
      },
    });
  });

  test.each([
    ["> S. ...(0) ack 1 <...>", { flags: ".S", sequence: undefined, options: undefined }],
    ["> R. 0:0(0)! ack 1 win 0", { isAbsolute: true, windowField: 0, options: [] }],
    ["> - 4294967295:4(5) win *", { flags: "", windowField: undefined, payloadBytes: 5 }],
    ["> (ttl 4) . 1:1(0) ack 1", { timeToLive: 4, acknowledgment: 1 }],
  ])("reads %s", (text, segment) => {
    expect(actionOf(text)).toMatchObject({ kind: "segment", segment });
  });

  test("reads an ICMP message and what it quotes", () => {
    expect(actionOf("< icmp unreachable frag_needed mtu 1200 [1:1461(1460)]")).toEqual({
      kind: "icmp",
      isInbound: true,
      icmp: {
        type: "unreachable",
        code: "frag_needed",
        mtuBytes: 1200,
        quoted: { sequence: 1, payloadBytes: 1460 },
      },
    });
  });

  test("reads a call with its error and its note", () => {
    const text =
      "...6.00 connect(3, {sa_family=AF_INET, p=htons(80)}, A|B) = -1 EAGAIN (try (again)";
    expect(actionOf(text)).toMatchObject({
      kind: "call",
      name: "connect",
      endMs: 6000,
      args: [{ value: 3 }, { kind: "struct", items: [{ name: "sa_family" }, {}] }, { kind: "or" }],
      result: { value: -1 },
      errorName: "EAGAIN",
    });
  });

  test.each([
    ["x", "line 1: expected a time"],
    ["+0 > S 0:5(4)", "line 1: 0:5 are not 4 bytes"],
    ["+0 > SX 0:0(0)", 'line 1: unknown flags "SX"'],
    ["\n* < . 1:1(0)", "line 2: only an outbound packet"],
    ["2~1 > . 1:1(0)", "line 1: the range of time is backwards"],
    ["+0 read(3", "line 1: expected"],
    ["+0 read(", "line 1: the script ends too early"],
  ])("refuses %j", (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  test("throws nothing but ScriptError, whatever it is given", () => {
    const bits = [
      "+",
      "0",
      "<",
      ">",
      "S.",
      "1:1(0)",
      "ack",
      "(",
      ")",
      "[",
      "`",
      "...",
      "*",
      "a",
      "=",
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...bits)), (parts) => {
        try {
          parse(parts.join(" "));
        } catch (error) {
          expect(error).toBeInstanceOf(ScriptError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
