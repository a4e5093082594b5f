import { expect, test } from "vitest";
import { ConsoleInput, maxInputBytes } from "./console-input.ts";
import type { PageMessage } from "./console-protocol.ts";

interface Typist {
  readonly input: ConsoleInput;
  readonly answers: PageMessage[];
  readonly type: (text: string) => boolean;
  /** What was echoed so far. */
  readonly echo: () => string;
}

function typist(): Typist {
  const answers: PageMessage[] = [];
  let echoed = "";
  const input = new ConsoleInput({
    answer: (message) => void answers.push(message),
    echo: (bytes) => (echoed += new TextDecoder().decode(bytes)),
  });
  const type = (text: string): boolean => input.type(new TextEncoder().encode(text));
  return { input, answers, type, echo: () => echoed };
}

function bytes(text: string): PageMessage {
  return { kind: "bytes", bytes: new TextEncoder().encode(text) };
}

test("type() keeps what nobody asked for, and want() hands it out at once", () => {
  const { input, answers, type } = typist();
  type("ab");
  type("c");
  expect(answers).toEqual([]);
  input.want("bytes");
  expect(answers).toEqual([bytes("abc")]);
});

test("want() is answered once, and what follows waits for the next", () => {
  const { input, answers, type } = typist();
  input.want("bytes");
  expect(input.isWanted).toBe(true);
  type("a");
  expect(input.isWanted).toBe(false);
  type("b");
  expect(answers).toEqual([bytes("a")]);
  input.want("bytes");
  expect(answers).toEqual([bytes("a"), bytes("b")]);
});

test("want() hands out bytes in a buffer of their own size, which a worker is then sent", () => {
  const { input, answers, type } = typist();
  type("line\rrest");
  input.want("line");
  input.want("bytes");
  expect(answers).toEqual([{ kind: "line", line: "line" }, bytes("rest")]);
  expect(answers[1]?.kind === "bytes" && answers[1].bytes.buffer.byteLength).toBe(4);
});

test("want() of a line echoes what was typed before, and only as far as the line", () => {
  const { input, answers, type, echo } = typist();
  type("one\rtwo\rthr");
  input.want("line");
  expect([answers.length, echo()]).toEqual([1, "one\n"]);
  input.want("line");
  input.want("line");
  type("ee\r");
  expect(answers.map((answer) => answer.kind === "line" && answer.line)).toEqual([
    "one",
    "two",
    "three",
  ]);
  expect(echo()).toBe("one\ntwo\nthree\n");
});

test("type() takes all of a paste or none of it", () => {
  const { input, answers, type } = typist();
  expect(type("kept ")).toBe(true);
  expect(type("x".repeat(maxInputBytes - 4))).toBe(false);
  expect(type("x".repeat(maxInputBytes - 5))).toBe(true);
  expect(type("x")).toBe(false);
  input.want("bytes");
  const [answer] = answers;
  const answered = answer?.kind === "bytes" ? new TextDecoder().decode(answer.bytes) : "";
  expect(answered === `kept ${"x".repeat(maxInputBytes - 5)}`).toBe(true);
  expect(type("room again")).toBe(true);
});

test("unread() puts bytes back before what was typed after them", () => {
  const { input, answers, type } = typist();
  type("second");
  input.unread(new TextEncoder().encode("first "));
  input.want("bytes");
  expect(answers).toEqual([bytes("first second")]);
});

test("end() comes after what was typed, and then for good", () => {
  const { input, answers, type } = typist();
  type("last");
  input.end();
  input.want("line");
  input.want("line");
  type("too late\r");
  input.want("bytes");
  expect(answers).toEqual([{ kind: "line", line: "last" }, { kind: "end" }, { kind: "end" }]);
});

test("type() of Ctrl-D ends the input, and what follows it is not read", () => {
  const { input, answers, type } = typist();
  input.want("line");
  type("\u0004after\r");
  type("more\r");
  input.want("line");
  expect(answers).toEqual([{ kind: "end" }, { kind: "end" }]);
});

test("reset() keeps what nobody read, and forgets the line that was begun", () => {
  const { input, answers, type } = typist();
  input.want("line");
  type("begun");
  input.reset();
  type("kept\r");
  expect(answers).toEqual([]);
  input.want("line");
  expect(answers).toEqual([{ kind: "line", line: "kept" }]);
});

test("clear() forgets what nobody read, and that the input had ended", () => {
  const { input, answers, type } = typist();
  type("old");
  input.end();
  input.clear();
  type("new");
  input.want("bytes");
  expect(answers).toEqual([bytes("new")]);
});
