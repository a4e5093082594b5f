import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { SimulatedConsole, Simulation } from "./index.ts";

const screen = { columns: 80, rows: 24 };

function simulate(): Simulation {
  return new Simulation({ seed: 1, turn: () => setImmediate() });
}

test("readLine() echoes keys and erasures, on a screen", async () => {
  const console = new SimulatedConsole(simulate(), { size: screen, input: "ab\u007fc\r" });
  expect(await console.readLine()).toBe("ac");
  expect(console.output).toBe("ab\b \bc\r\n");
});

test("readLine() takes \\r, \\n and \\r\\n for one end each, on any console", async () => {
  for (const size of [undefined, screen]) {
    const input = "one\r\ntwo\nthree\rfour\r\n";
    const console = new SimulatedConsole(simulate(), size ? { size, input } : { input });
    const lines = [];
    console.endInput();
    for (;;) {
      const line = await console.readLine();
      if (line === undefined) break;
      lines.push(line);
    }
    expect(lines).toEqual(["one", "two", "three", "four"]);
  }
});

test("readLine() gives back what was typed, when it is aborted half way", async () => {
  const console = new SimulatedConsole(simulate(), { size: screen });
  const controller = new AbortController();
  const line = console.readLine(controller.signal);
  console.type("half a ");
  controller.abort(new Error("enough"));
  await expect(line).rejects.toThrow("enough");
  console.type("line\r");
  expect(await console.readLine()).toBe("half a line");
});

test("readLine() keeps control characters, without a screen", async () => {
  const console = new SimulatedConsole(simulate(), { input: "a\u007fb\u0004\n" });
  expect(await console.readLine()).toBe("a\u007fb\u0004");
  expect(console.output).toBe("");
});

test("onOutput gets what is written and echoed, as it comes, and it is not kept", async () => {
  const pieces: string[] = [];
  const onOutput = (bytes: Uint8Array): void => void pieces.push(new TextDecoder().decode(bytes));
  const console = new SimulatedConsole(simulate(), { size: screen, input: "a\r", onOutput });
  await console.write("> ");
  await console.readLine();
  expect(pieces).toEqual(["> ", "a", "\r\n"]);
  expect(console.output).toBe("");
});
