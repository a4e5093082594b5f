import { afterEach, describe, expect, test, vi } from "vitest";
import { fakeProcess } from "../../test/fake-process.ts";
import type { Ending } from "../../test/fake-process.ts";
import { checkUnikernel } from "../config/check.ts";
import { defaultClock, defaultConsole, defaultRandom } from "../config/devices.ts";
import type { Context, Unikernel, UnikernelOptions } from "../config/unikernel.ts";
import { unikernel } from "../config/unikernel.ts";
import type { Clock, Console, Random } from "../devices/index.ts";
import { bootSimulated, simulationArguments } from "./simulated.ts";

afterEach(() => vi.restoreAllMocks());

/** Boots it as a process with these words and this standard input would. */
async function boot(found: Unikernel, words: readonly string[], input = ""): Promise<Ending> {
  const { ended } = fakeProcess(words, input);
  await bootSimulated({ default: found }, "dice/config.ts", []);
  return ended;
}

const args = { sides: { type: "int", default: 6, doc: "Of the dice" } } as const;

/** Throws a die, says when, and repeats what it is told. */
async function start(
  console: Console,
  clock: Clock,
  random: Random,
  context: Context<{ readonly sides: number }>,
): Promise<number> {
  await clock.sleep(1000);
  await console.writeLine(`${random.uint32() % context.args.sides} after ${clock.monotonicMs()}`);
  await console.writeLine(`${await console.readLine()} ${JSON.stringify(context.args)}`);
  return 3;
}

function dice(options: UnikernelOptions<typeof args> = { args }): Unikernel {
  const devices = [defaultConsole, defaultClock, defaultRandom] as const;
  return unikernel("dice", () => Promise.resolve({ start }), devices, { args, ...options });
}

describe("bootSimulated()", () => {
  test("runs it to its end, with standard input and its own arguments", async () => {
    const { code, output, errors } = await boot(dice(), ["--sides=1"], "hello\n");
    expect([code, errors]).toEqual([3, ""]);
    expect(output).toMatch(/^0 after 1000\.?\d*\nhello \{"sides":1\}\n$/);
  });

  test.each([
    [["--seed=5"], ["--seed", "5"]],
    [
      ["--sides=1000000", "--seed=5"],
      ["--seed=5", "--sides", "1000000"],
    ],
    [["--seed=1"], []],
    [["--seed=5"], ["--seed=4", "--seed=5", "--until-ms", "1000000"]],
  ])("does the same with %j and %j", async (one, other) => {
    expect(await boot(dice(), one)).toEqual(await boot(dice(), other));
  });

  test("does otherwise with another seed", async () => {
    const words = ["--sides=1000000"];
    const first = await boot(dice(), [...words, "--seed=5"]);
    expect(await boot(dice(), [...words, "--seed=-6"])).not.toEqual(first);
  });

  test.each([
    [["--seed=abc"], '--seed must be a whole number, not "abc"'],
    [["--seed=1.5"], '--seed must be a whole number, not "1.5"'],
    [["--seed="], '--seed must be a whole number, not ""'],
    [["--seed"], "--seed needs a value"],
    [["--seed", "--sides=6"], "--seed needs a value"],
    [["--seed", "--help"], "--seed needs a value"],
    [["--sides=6", "--until-ms=soon"], '--until-ms must be a number, at least 0, not "soon"'],
    [["--until-ms", "-1"], '--until-ms must be a number, at least 0, not "-1"'],
    [["--sides=abc", "--seed=5"], '--sides must be a whole number, not "abc"'],
    [["--sed=5"], "Unknown argument --sed"],
    [["5"], 'Unexpected argument "5"'],
  ])("exits with 64 and says why, for %j", async (words, why) => {
    const { code, output, errors } = await boot(dice(), words);
    expect([code, output]).toEqual([64, ""]);
    expect(errors.split("\n")[0]).toBe(why);
    expect(errors).toContain("--sides=<int>");
    expect(errors).toContain("--seed=<int>");
  });

  test("exits with 63 and lists the simulation's arguments too, for --help", async () => {
    const { code, output } = await boot(dice({ args, description: "Throws" }), ["--help"]);
    expect(code).toBe(63);
    expect(output).toBe(
      [
        "dice: Throws",
        "",
        "  --sides=<int>        Of the dice (default 6)",
        "  --seed=<int>         What all that is random follows from (default 1)",
        "  --until-ms=<number>  Virtual time to give up at, in ms",
        "  --logs=<text>        Log levels, for all or by source, such as debug,tcp:info" +
          " (default info)",
        "  --help               Show this text",
        "",
      ].join("\n"),
    );
  });

  test("exits with 255, the output so far and the seed, when the time is over", async () => {
    const forever = unikernel(
      "forever",
      async () => ({
        async start(console: Console, clock: Clock) {
          await console.writeLine("waiting");
          for (;;) await clock.sleep(1000);
        },
      }),
      [defaultConsole, defaultClock],
    );
    const { code, output, errors } = await boot(forever, ["--until-ms=5000", "--seed=9"]);
    expect([code, output]).toEqual([255, "waiting\n"]);
    expect(errors).toContain("Not done after 5000 ms of virtual time (seed 9");
  });

  test("prints at once: what comes after may block the thread for ever", async () => {
    const { printed } = fakeProcess([]);
    let before = "";
    const start = async (console: Console): Promise<void> => {
      await console.writeLine("on its way");
      before = printed.stdout;
    };
    const devices = [defaultConsole] as const;
    const found = unikernel("quick", () => Promise.resolve({ start }), devices);
    await bootSimulated({ default: found }, "quick/config.ts", []);
    expect(before).toBe("on its way\n");
  });

  test("exits with 255 and says what it waits for, when nothing can happen any more", async () => {
    const stuck = unikernel(
      "stuck",
      async () => ({ start: () => new Promise<void>(() => {}) }),
      [],
    );
    const { code, errors } = await boot(stuck, []);
    expect(code).toBe(255);
    expect(errors).toContain("Deadlock: nothing left to wait for");
  });
});

describe("simulationArguments", () => {
  test.each(Object.keys(simulationArguments))("cannot be declared by a unikernel: %s", (name) => {
    const found = unikernel("dice", () => Promise.resolve({ start() {} }), [], {
      args: { [name]: { type: "int", default: 1, doc: "Mine" } },
    });
    expect(() => checkUnikernel(found)).toThrow(`and Morgana both declare "${name}"`);
  });
});
