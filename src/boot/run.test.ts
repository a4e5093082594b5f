import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { FakeHost } from "../../test/fake-host.ts";
import type { Start } from "../../test/fake-host.ts";
import type { ArgumentTable } from "../config/arguments.ts";
import type { Context } from "../config/unikernel.ts";
import { ConsoleError } from "../devices/errors.ts";
import type { Outcome } from "./exit.ts";

describe("run() of a unikernel that ends by itself", () => {
  test("connects its devices in order, starts it, and disposes them in reverse", async () => {
    const host = new FakeHost();
    const network = host.device("network");
    const stack = host.device("stack", { needs: [network, host.device("clock")] });
    const found = host.unikernel([stack, network], (...parameters) => {
      const [first, second] = parameters as readonly { name: string }[];
      expect([first?.name, second?.name, parameters.length]).toEqual(["stack", "network", 3]);
    });
    expect(await host.run(found)).toEqual({ code: 0 });
    expect(host.events).toEqual([
      "connect network",
      "connect clock",
      "connect stack network clock",
      "load",
      "start",
      "dispose stack",
      "dispose clock",
      "dispose network",
      "dispose console",
    ]);
  });

  test("refuses what a device says of its arguments, before anything is connected", async () => {
    const host = new FakeHost();
    const clock = host.device("clock");
    const picky = host.device("picky", {
      args: { fullName: { type: "string", default: "Bob", doc: "Who" } },
      check: ({ fullName }) => (fullName === "Eve" ? "fullName" : undefined),
    });
    expect(await host.run(host.unikernel([clock, picky]), "--full-name=Eve")).toEqual({
      code: 64,
      misuse: { problem: "bad-value", word: "--full-name", text: "Eve" },
    });
    expect(host.events).toEqual([]);
    expect(await host.run(host.unikernel([clock, picky]), "--full-name=Bob")).toEqual({ code: 0 });
  });

  test("gives start its context, and each device only its own arguments", async () => {
    const host = new FakeHost();
    const given: unknown[] = [];
    const clock = host.device("clock", {
      args: { speed: { type: "number", default: 1, doc: "How fast" } },
      connect: ({ args, unikernel, signal }) => void given.push({ ...args }, unikernel, signal),
    });
    const port: ArgumentTable = { port: { type: "int", default: 7, doc: "Where" } };
    const start: Start = (_clock, context) => void given.push(context);
    await host.run(host.unikernel([clock], start, port), "--port=8", "--speed=2");
    const { signal } = host.halting;
    expect(given).toEqual([
      { speed: 2 },
      "faked",
      signal,
      {
        args: { port: 8 },
        signal,
        log: expect.anything(),
        about: {
          name: "faked",
          version: "1.2.3",
          target: "node",
          devices: [{ name: "clock", signature: "Thing", needs: [] }],
          packages: [{ name: "lit", version: "3.0.0" }],
        },
      },
    ]);
  });

  test.each([
    [undefined, 0],
    [0, 0],
    [3, 3],
    [255, 255],
  ])("gives the code for %s", async (exit, code) => {
    const host = new FakeHost();
    expect(await host.run(host.unikernel([], async () => exit))).toEqual({ code });
  });

  test.each<unknown>([-1, 256, 1.5, Number.NaN, "3", Symbol("3"), {}])(
    "gives 255 and RangeError, for %s",
    async (exit) => {
      const host = new FakeHost();
      const outcome = await host.run(host.unikernel([], () => exit as number));
      expect(outcome).toEqual({ code: 255, error: expect.any(Error) });
      expect(host.events).toEqual(["load", "start", "dispose console"]);
    },
  );

  test("says which exit code is none", async () => {
    const host = new FakeHost();
    const { error } = await host.run(host.unikernel([], () => 256));
    expect(error).toEqual(
      new RangeError("Cannot exit with 256: an exit code is a whole number 0–255"),
    );
  });

  test("resolves when the console has let go of all output", async () => {
    const host = new FakeHost();
    const found = host.unikernel([], () => void host.console.writeLine("the last line"));
    await host.run(found);
    expect(host.console.output).toBe("the last line\n");
    expect(host.events.at(-1)).toBe("dispose console");
  });
});

describe("run() with words that are not arguments", () => {
  const port: ArgumentTable = { port: { type: "int", doc: "Where" } };

  test.each<[string, readonly string[], Outcome]>([
    ["help", ["--port=7", "--help"], { code: 63 }],
    [
      "an unknown one",
      ["--prot=7"],
      { code: 64, misuse: { problem: "unknown", word: "--prot", text: "" } },
    ],
    ["one missing", [], { code: 64, misuse: { problem: "missing", word: "--port", text: "" } }],
    [
      "log levels that are none",
      ["--port=7", "--logs=loud"],
      { code: 64, misuse: { problem: "bad-value", word: "--logs", text: "loud" } },
    ],
  ])("connects nothing and says so, for %s", async (_what, argv, expected) => {
    const host = new FakeHost();
    const found = host.unikernel([host.device("clock")], () => {}, port);
    expect(await host.run(found, ...argv)).toEqual(expected);
    expect(host.events).toEqual([]);
  });
});

describe("run() with log levels", () => {
  const logs: Start = (context) => {
    const { log } = context as Context;
    log.info("an information");
    log.debug("a detail");
    log.source("tcp").debug("a segment");
  };

  test.each([
    [[], "info faked: an information\n"],
    [["--logs=error"], ""],
    [["--logs=error,tcp:debug"], "debug tcp: a segment\n"],
    [
      ["--logs", "debug"],
      "info faked: an information\ndebug faked: a detail\ndebug tcp: a segment\n",
    ],
  ])("writes what %j lets through", async (argv, expected) => {
    const host = new FakeHost();
    await host.run(host.unikernel([], logs), ...argv);
    expect(host.console.output).toBe(expected);
  });

  test("loses a line that the console cannot take, and nothing else", async () => {
    const host = new FakeHost();
    host.console.writeLine = async () => {
      throw new ConsoleError("closed", "Cannot write to the console: nobody reads it");
    };
    expect(await host.run(host.unikernel([], logs))).toEqual({ code: 0 });
    // A rejection that nobody caught would fail this test here.
    await setImmediate();
  });
});
