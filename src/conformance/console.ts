import { ConsoleError, type Console } from "../devices/index.ts";
import { deviceLaws } from "./device.ts";
import {
  bytesEqual,
  equal,
  holds,
  later,
  LawError,
  rejects,
  rejectsWithReason,
  type Law,
} from "./law.ts";

/** A console with the person's side of it. */
export interface ConsoleSide {
  readonly console: Console;

  /** Types `text` as a person would: `\r` is Enter (`\n` where there is no screen will do). */
  readonly type: (text: string) => void | Promise<void>;

  /** All output so far as text, once what was written has arrived; `\r\n` counts as `\n`. */
  readonly output: () => string | Promise<string>;

  /** Ends the input: nothing will be typed any more. */
  readonly endInput: () => void | Promise<void>;

  /** Changes the screen's size, where there is a screen that can be resized. */
  readonly resize?: (columns: number, rows: number) => void | Promise<void>;
}

/** What the laws need to know of a driver of {@link Console}. */
export interface ConsoleSubject {
  /** Connects a fresh console. The law disposes it. */
  readonly connect: () => Promise<ConsoleSide>;
}

/** The laws of {@link Console}. */
export function consoleLaws({ connect }: ConsoleSubject): readonly Law[] {
  const law = (name: string, body: (side: ConsoleSide) => Promise<void>): Law => ({
    name,
    run: () => withSide(connect, body),
  });
  return [
    ...deviceLaws(async () => (await connect()).console),
    ...outputLaws(law),
    ...inputLaws(law),
    ...lineLaws(law),
    law("size is undefined, or at least 1 × 1", checkSize),
    law("onResize() tells each change, later, until it is stopped", tellsResize),
    law("counters count bytes out and in, live", counts),
    law("every operation rejects with closed, after dispose()", refusesWhenClosed),
    law("a waiting read() rejects with closed, on dispose()", closesWaitingRead),
    law("output written before dispose() is not lost", flushesOnDispose),
  ];
}

type MakeLaw = (name: string, body: (side: ConsoleSide) => Promise<void>) => Law;

function outputLaws(law: MakeLaw): readonly Law[] {
  return [
    law("write() and writeLine() keep the order of the calls", writesInOrder),
    law("write() keeps the order and loses nothing, when nobody awaits it", losesNothing),
    law("write() takes UTF-8 bytes, cut anywhere", writesBytes),
    law("write() forgets its bytes when it settled", borrowsBytes),
    law("write() takes nothing at all", writesNothing),
  ];
}

function inputLaws(law: MakeLaw): readonly Law[] {
  return [
    law("read() gives the bytes typed, as UTF-8, in order", readsBytes),
    law("read() waits until something is typed", waitsForInput),
    law("read() gives an Enter as \\r, on a screen", readsEnter),
    law("read() does not echo", doesNotEcho),
    law("read() gives undefined at the end of input, again and again", readsTheEnd),
    law("read() gives undefined, when the input ends while it waits", endsWaitingRead),
    law("read() rejects with input-busy, while another read waits", isBusy),
    law("read() rejects with the reason when aborted, and loses no input", abortsRead),
    law("read() rejects with the reason, for a signal aborted before", abortsReadBefore),
  ];
}

function lineLaws(law: MakeLaw): readonly Law[] {
  return [
    law("readLine() gives each line without its end", readsLines),
    law("readLine() waits for the Enter", waitsForEnter),
    law("readLine() gives a last line without an end, then undefined", readsLastLine),
    law("readLine() leaves what follows the line to the next read", leavesTheRest),
    law("readLine() rejects with input-busy, while another read waits", lineIsBusy),
    law("readLine() rejects with the reason when aborted, and can be called again", abortsLine),
    law("readLine() shows what is typed, on a screen", echoesLine),
    law("readLine() lets the person edit with Backspace, Ctrl-U and Ctrl-W, on a screen", edits),
    law("readLine() takes Ctrl-D on an empty line for the end of input, on a screen", endsOnCtrlD),
  ];
}

async function withSide(
  connect: () => Promise<ConsoleSide>,
  body: (side: ConsoleSide) => Promise<void>,
): Promise<void> {
  const side = await connect();
  try {
    await body(side);
  } finally {
    await side.console[Symbol.asyncDispose]();
  }
}

async function writesInOrder(side: ConsoleSide): Promise<void> {
  const { console } = side;
  await console.write("one ");
  await console.writeLine("two");
  await console.write(utf8("three "));
  await console.writeLine("");
  await console.writeLine("four");
  equal("the output", await outputOf(side), "one two\nthree \nfour\n");
}

async function losesNothing(side: ConsoleSide): Promise<void> {
  const { console } = side;
  const numbers = Array.from({ length: 1000 }, (_, index) => index);
  const written = numbers.map((number) =>
    number % 2 === 0 ? console.writeLine(`line ${number}`) : console.write(`line ${number}\n`),
  );
  await Promise.all(written);
  equal("the output", await outputOf(side), numbers.map((number) => `line ${number}\n`).join(""));
}

async function writesBytes(side: ConsoleSide): Promise<void> {
  const text = "naïve 日本 😀";
  for (const byte of utf8(text)) await side.console.write(new Uint8Array([byte]));
  await side.console.write("\n");
  equal("the output", await outputOf(side), `${text}\n`);
}

async function borrowsBytes(side: ConsoleSide): Promise<void> {
  const bytes = utf8("as it was\n");
  await side.console.write(bytes);
  equal("the bytes after write()", new TextDecoder().decode(bytes), "as it was\n");
  bytes.fill(0x78);
  equal("the output", await outputOf(side), "as it was\n");
}

async function writesNothing(side: ConsoleSide): Promise<void> {
  await side.console.write("");
  await side.console.write(new Uint8Array(0));
  equal("the output", await outputOf(side), "");
}

async function readsBytes(side: ConsoleSide): Promise<void> {
  await side.type("ab");
  await side.type("é日😀");
  const expected = utf8("abé日😀");
  bytesEqual("the input", await readBytes(side.console, expected.length), expected);
}

async function waitsForInput(side: ConsoleSide): Promise<void> {
  const bytes = later(readBytes(side.console, 3));
  await side.type("abc");
  bytesEqual("the input", await bytes, utf8("abc"));
}

async function readsEnter(side: ConsoleSide): Promise<void> {
  if (side.console.size === undefined) return;
  await side.type("a\r");
  bytesEqual("the input", await readBytes(side.console, 2), utf8("a\r"));
}

async function doesNotEcho(side: ConsoleSide): Promise<void> {
  await side.type("secret");
  await readBytes(side.console, 6);
  equal("the output", await outputOf(side), "");
}

async function readsTheEnd(side: ConsoleSide): Promise<void> {
  await side.type("z");
  await side.endInput();
  bytesEqual("the input before the end", await side.console.read(), utf8("z"));
  equal("the end of input", await side.console.read(), undefined);
  equal("the end of input, again", await side.console.read(), undefined);
  equal("the end of input, as a line", await side.console.readLine(), undefined);
}

async function endsWaitingRead(side: ConsoleSide): Promise<void> {
  const read = later(side.console.read());
  await side.endInput();
  equal("the end of input", await read, undefined);
}

async function isBusy(side: ConsoleSide): Promise<void> {
  const { console } = side;
  const first = later(console.read());
  await rejects("a second read()", () => console.read(), ConsoleError, "input-busy");
  await rejects("readLine() beside it", () => console.readLine(), ConsoleError, "input-busy");
  await side.type("k");
  bytesEqual("the first read()", await first, utf8("k"));
  await side.type("l");
  bytesEqual("a read() afterwards", await console.read(), utf8("l"));
}

async function abortsRead(side: ConsoleSide): Promise<void> {
  const controller = new AbortController();
  const read = later(side.console.read(controller.signal));
  controller.abort("enough");
  await rejectsWithReason("read()", () => read, "enough");
  await side.type("kept");
  bytesEqual("the input afterwards", await readBytes(side.console, 4), utf8("kept"));
}

async function abortsReadBefore(side: ConsoleSide): Promise<void> {
  await side.type("kept");
  const signal = AbortSignal.abort("before");
  await rejectsWithReason("read()", () => side.console.read(signal), "before");
  await rejectsWithReason("readLine()", () => side.console.readLine(signal), "before");
  bytesEqual("the input afterwards", await readBytes(side.console, 4), utf8("kept"));
}

async function readsLines(side: ConsoleSide): Promise<void> {
  await side.type("one\r\rthrée 日😀\r");
  for (const line of ["one", "", "thrée 日😀"]) {
    equal("the line", await side.console.readLine(), line);
  }
}

async function waitsForEnter(side: ConsoleSide): Promise<void> {
  let isSettled = false;
  const line = later(side.console.readLine().finally(() => (isSettled = true)));
  await side.type("half");
  await outputOf(side);
  equal("readLine() settled before the Enter", isSettled, false);
  await side.type(" whole\r");
  equal("the line", await line, "half whole");
}

async function readsLastLine(side: ConsoleSide): Promise<void> {
  await side.type("one\rlast");
  await side.endInput();
  equal("the first line", await side.console.readLine(), "one");
  equal("the last line", await side.console.readLine(), "last");
  equal("the end of input", await side.console.readLine(), undefined);
  equal("the end of input, again", await side.console.readLine(), undefined);
}

async function leavesTheRest(side: ConsoleSide): Promise<void> {
  await side.type("line\rrest");
  equal("the line", await side.console.readLine(), "line");
  bytesEqual("the rest", await readBytes(side.console, 4), utf8("rest"));
}

async function lineIsBusy(side: ConsoleSide): Promise<void> {
  const { console } = side;
  const first = later(console.readLine());
  await rejects("a second readLine()", () => console.readLine(), ConsoleError, "input-busy");
  await rejects("read() beside it", () => console.read(), ConsoleError, "input-busy");
  await side.type("first\r");
  equal("the first readLine()", await first, "first");
}

async function abortsLine(side: ConsoleSide): Promise<void> {
  const controller = new AbortController();
  const line = later(side.console.readLine(controller.signal));
  controller.abort("enough");
  await rejectsWithReason("readLine()", () => line, "enough");
  await side.type("next\r");
  equal("the next line", await side.console.readLine(), "next");
}

async function echoesLine(side: ConsoleSide): Promise<void> {
  if (side.console.size === undefined) return;
  const line = later(side.console.readLine());
  await side.type("shown\r");
  await line;
  const output = await outputOf(side);
  holds("the output", output.includes("shown"), "what was typed", output);
}

async function edits(side: ConsoleSide): Promise<void> {
  if (side.console.size === undefined) return;
  const keys = [
    ["abx\u007fc\r", "abc"],
    ["\u007f\u007fa\r", "a"],
    ["é日😀\u007f\u007fx\r", "éx"],
    ["all of it\u0015b\r", "b"],
    ["two words\u0017one\r", "two one"],
    ["\u0017\u0015empty\r", "empty"],
  ] as const;
  for (const [typed, line] of keys) {
    await side.type(typed);
    equal(`the line of ${JSON.stringify(typed)}`, await side.console.readLine(), line);
  }
}

async function endsOnCtrlD(side: ConsoleSide): Promise<void> {
  if (side.console.size === undefined) return;
  await side.type("one\r\u0004");
  equal("the line", await side.console.readLine(), "one");
  equal("the end of input", await side.console.readLine(), undefined);
  equal("the end of input, again", await side.console.readLine(), undefined);
}

async function checkSize({ console }: ConsoleSide): Promise<void> {
  if (console.size === undefined) return;
  const { columns, rows } = console.size;
  holds("size.columns", Number.isInteger(columns) && columns >= 1, "1 or more", columns);
  holds("size.rows", Number.isInteger(rows) && rows >= 1, "1 or more", rows);
}

async function tellsResize(side: ConsoleSide): Promise<void> {
  const { console, resize } = side;
  const told: string[] = [];
  const stop = console.onResize(({ columns, rows }) => void told.push(`${columns} × ${rows}`));
  equal("sizes told before a change", told.length, 0);
  if (resize !== undefined && console.size !== undefined) {
    await resize(100, 30);
    equal("the size told", told.join(), "100 × 30");
    equal("size.columns", console.size.columns, 100);
    equal("size.rows", console.size.rows, 30);
    stop();
    await resize(90, 20);
    equal("the sizes told, after stopping", told.join(), "100 × 30");
  }
  stop();
}

async function counts(side: ConsoleSide): Promise<void> {
  const { counters } = side.console;
  const { bytesIn, bytesOut } = counters;
  await side.console.write("é");
  await side.console.writeLine("é");
  await side.console.write(new Uint8Array([65, 66]));
  equal("counters.bytesOut", counters.bytesOut - bytesOut, 7);
  await side.type("é!");
  await readBytes(side.console, 3);
  equal("counters.bytesIn", counters.bytesIn - bytesIn, 3);
}

async function refusesWhenClosed({ console }: ConsoleSide): Promise<void> {
  await console[Symbol.asyncDispose]();
  await rejects("write()", () => console.write("a"), ConsoleError, "closed");
  await rejects("writeLine()", () => console.writeLine("a"), ConsoleError, "closed");
  await rejects("read()", () => console.read(), ConsoleError, "closed");
  await rejects("readLine()", () => console.readLine(), ConsoleError, "closed");
}

async function closesWaitingRead({ console }: ConsoleSide): Promise<void> {
  const closed = later(rejects("the waiting read()", () => console.read(), ConsoleError, "closed"));
  await console[Symbol.asyncDispose]();
  await closed;
}

async function flushesOnDispose(side: ConsoleSide): Promise<void> {
  const written = [
    later(side.console.writeLine("first")),
    later(side.console.writeLine("last words")),
  ];
  await side.console[Symbol.asyncDispose]();
  await Promise.all(written);
  equal("the output", await outputOf(side), "first\nlast words\n");
}

/** Reads until `lengthBytes` bytes have come, in however many pieces. */
async function readBytes(console: Console, lengthBytes: number): Promise<Uint8Array> {
  const bytes: number[] = [];
  while (bytes.length < lengthBytes) {
    const piece = await console.read();
    if (piece === undefined) throw new LawError("the input", `${lengthBytes} bytes`, "its end");
    holds("the length of what read() gave", piece.length > 0, "at least 1", piece.length);
    bytes.push(...piece);
  }
  return new Uint8Array(bytes);
}

async function outputOf(side: ConsoleSide): Promise<string> {
  return (await side.output()).replaceAll("\r\n", "\n");
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
