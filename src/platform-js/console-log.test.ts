import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConsoleLog, maxLines } from "./console-log.ts";

function textOf(...pieces: readonly string[]): string {
  const log = new ConsoleLog();
  for (const piece of pieces) log.write(new TextEncoder().encode(piece));
  return log.text();
}

describe("text()", () => {
  test.each([
    ["plain lines", "one\ntwo", "one\ntwo"],
    ["colours", "\u001b[1;31mred\u001b[0m plain", "red plain"],
    [
      "titles",
      "\u001b]0;title\u0007text\u001b]8;;http://x/\u001b\\link\u001b]8;;\u001b\\",
      "textlink",
    ],
    ["a return", "old text\rnew", "new text"],
    ["a backspace", "ab\bc", "ac"],
    ["erasing to the end", "\r> hello\u001b[K\r> hi\u001b[K", "> hi"],
    ["moving and inserting", "ac\u001b[D\u001b[@b", "abc"],
    ["deleting", "abXc\u001b[2D\u001b[P", "abc"],
    ["moving to a column", "hello\u001b[1GJ", "Jello"],
    ["moving past the end", "a\u001b[2Cb", "a  b"],
    ["moving past the end for nothing", "a\u001b[2C\nb", "a\nb"],
    ["erasing to the cursor", "abcd\u001b[2D\u001b[1K", "   d"],
    ["erasing the line", "abcd\u001b[2K\rx", "x"],
    ["a clipboard that is written to", "\u001b]52;c;c3RvbGVu\u0007text", "text"],
    ["tabs", "a\tb", "a       b"],
    ["an escape that is none", "a\u001b\u0001b", "ab"],
    ["character sets", "\u001b(Bx", "x"],
  ])("gives what a person reads of %s", (_name, output, expected) => {
    expect(textOf(output)).toBe(expected);
  });

  test("does not depend on how the output is cut", () => {
    const piece = fc.constantFrom(
      "a",
      "é",
      "語",
      "\n",
      "\r",
      "\b",
      "\u001b[31m",
      "\u001b[K",
      "\u001b]0;t\u0007",
      "\u001b",
      "[",
      "\t",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.nat(100)), (pieces, cuts) => {
        const bytes = new TextEncoder().encode(pieces.join(""));
        const whole = new ConsoleLog();
        whole.write(bytes);
        const inPieces = new ConsoleLog();
        const places = [...cuts.filter((cut) => cut < bytes.length), 0, bytes.length];
        places.sort((a, b) => a - b);
        places.forEach((place, index) => {
          inPieces.write(bytes.subarray(places[index - 1] ?? 0, place));
        });
        expect(inPieces.text()).toBe(whole.text());
      }),
    );
  });

  test("keeps the last lines only", () => {
    const log = new ConsoleLog();
    const bytes = new TextEncoder().encode("line\n".repeat(1000));
    for (let count = 0; count < 50; count += 1) log.write(bytes);
    log.write(new TextEncoder().encode("end"));
    expect(log.text().split("\n").length).toBe(maxLines);
    expect(log.text().endsWith("line\nend")).toBe(true);
  });
});

test("write() keeps a bounded part of lines that are long", () => {
  const log = new ConsoleLog();
  const line = new TextEncoder().encode(`${"x".repeat(64 * 1024)}\n`);
  for (let count = 0; count < 300; count += 1) log.write(line);
  log.write(new TextEncoder().encode("end"));
  expect(log.text().length).toBeLessThan(17 * 1024 * 1024);
  expect(log.text().endsWith("x\nend")).toBe(true);
});

test("clear() forgets half a character and half an escape sequence too", () => {
  const log = new ConsoleLog();
  log.write(Uint8Array.of(0x61, 0xe4, 0xb8));
  log.clear();
  log.write(new TextEncoder().encode("b\u001b]0;tit"));
  log.clear();
  log.write(new TextEncoder().encode("c"));
  expect(log.text()).toBe("c");
});

test("write() gives the lines that it finished", () => {
  const log = new ConsoleLog();
  const write = (text: string): readonly string[] => log.write(new TextEncoder().encode(text));
  expect(write("one\ntw")).toEqual(["one"]);
  expect(write("o")).toEqual([]);
  expect(write("\nthree\n")).toEqual(["two", "three"]);
});
