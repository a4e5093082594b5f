import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fakeProcess } from "../../test/fake-process.ts";
import type { FakeProcess } from "../../test/fake-process.ts";
import { device } from "../config/device.ts";
import { defaultConsole } from "../config/devices.ts";
import type { Context, Exit, Unikernel } from "../config/unikernel.ts";
import { unikernel } from "../config/unikernel.ts";
import type { Console } from "../devices/index.ts";
import { haltGraceMs, serviceGraceMs, terminateAfterMs } from "./exit.ts";
import { bootNode } from "./node.ts";

type Start = (console: Console, context: Context) => Exit | Promise<Exit>;

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "setInterval"] }));

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function make(start: Start): Unikernel {
  return unikernel("tool", async () => ({ start }), [defaultConsole], { description: "A tool" });
}

/** Boots it, and lets it come as far as it gets. */
async function boot(found: Unikernel, ...words: readonly string[]): Promise<FakeProcess> {
  const process = fakeProcess(words);
  void bootNode({ default: found }, "tool/config.ts", []);
  await setImmediate();
  return process;
}

const forever: Start = () => new Promise(() => {});

async function untilHalted({ signal }: Context): Promise<void> {
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

describe("bootNode()", () => {
  test("exits with the unikernel's code, after its output", async () => {
    const { ended } = await boot(
      make(async (console) => {
        void console.writeLine("the last line");
        return 3;
      }),
    );
    expect(await ended).toEqual({ code: 3, output: "the last line\n", errors: "" });
  });

  test("prints help to standard output, and what is wrong with the words to the other", async () => {
    const help = await (await boot(make(forever), "--help")).ended;
    expect(help.output).toMatch(/^tool: A tool\n\n {2}--logs=<text>/);
    expect([help.code, help.errors]).toEqual([63, ""]);
    vi.restoreAllMocks();
    const misuse = await (await boot(make(forever), "--what")).ended;
    expect(misuse.errors).toMatch(/^Unknown argument --what\n\ntool: A tool\n/);
    expect([misuse.code, misuse.output]).toEqual([64, ""]);
  });

  test.each([
    [new RangeError("Too far"), /^Uncaught RangeError: Too far\n {4}at /],
    [undefined, /^Uncaught undefined\n$/],
    ["text", /^Uncaught 'text'\n$/],
  ])("exits with 255 and shows what start threw: %s", async (thrown, shown) => {
    const { ended } = await boot(make(() => Promise.reject(thrown)));
    const { code, output, errors } = await ended;
    expect([code, output]).toEqual([255, ""]);
    expect(errors).toMatch(shown);
  });

  test.each(["uncaughtException", "unhandledRejection"])(
    "exits with 255 and shows an error that nobody caught: %s",
    async (event) => {
      const process = await boot(make(forever));
      process.emit(event, new Error("Nobody awaits this"));
      const { code, errors } = await process.ended;
      expect(code).toBe(255);
      expect(errors).toMatch(/^Uncaught Error: Nobody awaits this\n/);
    },
  );

  test("keeps the process, while the unikernel waits for nothing but its halt", async () => {
    const keep = vi.spyOn(globalThis, "setInterval");
    await boot(make(forever));
    expect(keep).toHaveBeenCalledOnce();
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"])("halts it on %s", async (signal) => {
    const process = await boot(
      make(async (console, context) => {
        await untilHalted(context);
        await console.writeLine("bye");
      }),
    );
    process.emit(signal);
    expect(await process.ended).toEqual({ code: 0, output: "bye\n", errors: "" });
  });

  test("exits with 137, when it does not stop in the time it has", async () => {
    const process = await boot(make(forever));
    process.emit("SIGINT");
    await vi.advanceTimersByTimeAsync(haltGraceMs);
    expect(await process.ended).toEqual({ code: 137, output: "", errors: "" });
  });

  test("leaves it more time after SIGTERM, for what is under way", async () => {
    const process = await boot(
      make(async (_console, context) => {
        await untilHalted(context);
        await new Promise((resolve) => setTimeout(resolve, serviceGraceMs - 1));
        return 7;
      }),
    );
    process.emit("SIGTERM");
    await vi.advanceTimersByTimeAsync(serviceGraceMs - 1);
    expect(await process.ended).toMatchObject({ code: 7 });
  });

  test("exits with 137 a little later, when a device does not let go", async () => {
    const stubborn = device({
      name: "stubborn",
      signature: "Stubborn",
      connect: () => ({ counters: {}, [Symbol.asyncDispose]: () => new Promise<void>(() => {}) }),
    });
    const start = async (_stubborn: unknown, context: Context): Promise<void> => {
      await untilHalted(context);
    };
    const process = await boot(unikernel("tool", async () => ({ start }), [stubborn]));
    process.emit("SIGINT");
    let ended = false;
    void process.ended.then(() => (ended = true));
    await vi.advanceTimersByTimeAsync(terminateAfterMs - 1);
    expect(ended).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await process.ended).toEqual({ code: 137, output: "", errors: "" });
  });

  test("halts it once, when a terminal and the parent both interrupt it", async () => {
    const process = await boot(
      make(async (console, context) => {
        await untilHalted(context);
        await console.writeLine("bye");
      }),
    );
    process.emit("SIGINT");
    process.emit("SIGINT");
    expect(await process.ended).toEqual({ code: 0, output: "bye\n", errors: "" });
  });
});
