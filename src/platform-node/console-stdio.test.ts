import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import type { ConsoleSide } from "../conformance/index.ts";
import { consoleLaws } from "../conformance/index.ts";
import { connect } from "./console-stdio.ts";

interface Streams extends ConsoleSide {
  readonly input: PassThrough;
  readonly stdout: PassThrough;
}

/** A console on two pipes. */
function openPipes(): Streams {
  const input = new PassThrough();
  const stdout = new PassThrough();
  const chunks: Buffer[] = [];
  stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  return {
    input,
    stdout,
    console: connect({ input, output: stdout }),
    type: (text) => void input.write(text),
    endInput: () => void input.end(),
    async output() {
      await new Promise((resolve) => setImmediate(resolve));
      return Buffer.concat(chunks).toString("utf8");
    },
  };
}

/** The same as a terminal: of a size, and of two modes. */
function openTerminal(): Streams & { readonly modes: boolean[] } {
  const pipes = openPipes();
  const modes: boolean[] = [];
  Object.assign(pipes.input, { isTTY: true, setRawMode: (raw: boolean) => modes.push(raw) });
  Object.assign(pipes.stdout, { isTTY: true, columns: 80, rows: 24 });
  return {
    ...pipes,
    modes,
    resize(columns, rows) {
      Object.assign(pipes.stdout, { columns, rows });
      pipes.stdout.emit("resize");
    },
  };
}

describe("the laws of Console, on pipes", () => {
  for (const law of consoleLaws({ connect: async () => openPipes() })) {
    test(law.name, () => law.run());
  }
});

test("readLine() takes lines that end as Windows ends them", async () => {
  const { console, type, endInput } = openPipes();
  await type("one\r\ntwo\r\n\r\nlast");
  await endInput();
  const lines = [];
  for (let line = await console.readLine(); line !== undefined; line = await console.readLine()) {
    lines.push(line);
  }
  expect(lines).toEqual(["one", "two", "", "last"]);
});

test("read() makes a terminal raw, and readLine() and disposal cooked again", async () => {
  const { console, type, modes } = openTerminal();
  await type("x");
  await console.read();
  await type("line\n");
  await console.readLine();
  await type("y");
  await console.read();
  await console[Symbol.asyncDispose]();
  expect(modes).toEqual([true, false, true, false]);
});

test("onResize() tells the size of a terminal", async () => {
  const { console, resize } = openTerminal();
  const sizes: unknown[] = [];
  expect(console.size).toEqual({ columns: 80, rows: 24 });
  const stop = console.onResize((size) => sizes.push(size));
  await resize?.(100, 30);
  stop();
  await resize?.(90, 20);
  expect(sizes).toEqual([{ columns: 100, rows: 30 }]);
  expect(console.size).toEqual({ columns: 90, rows: 20 });
});

test("write() rejects with closed, when nobody reads the pipe any more", async () => {
  const { console, stdout } = openPipes();
  stdout.destroy(new Error("EPIPE"));
  await expect(console.write("lost")).rejects.toMatchObject({ code: "closed" });
  await console[Symbol.asyncDispose]();
});

test("dispose() waits until a slow reader has taken all output", async () => {
  const input = new PassThrough();
  const output = new PassThrough({ highWaterMark: 10 });
  const console = connect({ input, output });
  for (let count = 0; count < 100; count += 1) void console.write("0123456789");
  let disposed = false;
  const disposing = console[Symbol.asyncDispose]().then(() => (disposed = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(disposed).toBe(false);
  const chunks: Buffer[] = [];
  output.on("data", (chunk: Buffer) => chunks.push(chunk));
  await disposing;
  await new Promise((resolve) => setImmediate(resolve));
  expect(Buffer.concat(chunks).length).toBe(1000);
});
