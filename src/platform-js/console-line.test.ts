import { expect, test } from "vitest";
import { LineDiscipline } from "./console-line.ts";

/** Types text, and gives the echo and the lines it came to. */
function type(text: string): { echo: string; lines: (string | undefined)[] } {
  const discipline = new LineDiscipline();
  const lines: (string | undefined)[] = [];
  let echo = "";
  let bytes: Uint8Array = new TextEncoder().encode(text);
  while (bytes.length > 0) {
    const fed = discipline.feed(bytes);
    echo += new TextDecoder().decode(fed.echo);
    if (fed.result !== "pending") lines.push(fed.result.line);
    bytes = bytes.subarray(fed.usedBytes);
  }
  return { echo, lines };
}

test("feed() ends a line at Return, at a line feed, and once at both", () => {
  expect(type("a\rb\nc\r\nd\r").lines).toEqual(["a", "b", "c", "d"]);
  expect(type("\r\r").lines).toEqual(["", ""]);
});

test("feed() rubs out the last character, when Backspace is typed", () => {
  expect(type("ab\u007f\u007f\u007fc\r")).toEqual({ echo: "ab\b \b\b \bc\n", lines: ["c"] });
});

test("feed() rubs out a whole character, when it took several bytes", () => {
  expect(type("é\u007fx\r")).toEqual({ echo: "é\b \bx\n", lines: ["x"] });
  expect(type("語\u007fx\r")).toEqual({ echo: "語\b \b\b \bx\n", lines: ["x"] });
});

test("feed() rubs out a word for Ctrl-W and the line for Ctrl-U", () => {
  expect(type("one two  \u0017three\r").lines).toEqual(["one three"]);
  expect(type("one two\u0015three\r").lines).toEqual(["three"]);
});

test("feed() drops the line, when Ctrl-C is typed", () => {
  expect(type("oops\u0003fine\r")).toEqual({ echo: "oops^C\nfine\n", lines: ["fine"] });
});

test("feed() ends the input, when Ctrl-D is typed on an empty line only", () => {
  expect(type("a\u0004b\r\u0004").lines).toEqual(["ab", undefined]);
});

test("feed() ignores the keys it has no use for", () => {
  expect(type("a\u001b[A\u001b[1;5C\u001bOHb\u0001\r")).toEqual({ echo: "ab\n", lines: ["ab"] });
});
