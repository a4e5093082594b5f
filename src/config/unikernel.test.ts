import { describe, expect, expectTypeOf, test } from "vitest";
import type { Block, Clock, Console } from "../devices/index.ts";
import type { ArgumentValues } from "./arguments.ts";
import type { DevicesOf } from "./device.ts";
import { device } from "./device.ts";
import { defaultBlock, defaultClock, defaultConsole } from "./devices.ts";
import type { Context, UnikernelModule } from "./unikernel.ts";
import { unikernel, unikernelFrom } from "./unikernel.ts";

/** Loads a module whose `start` is that function; as `() => import("./unikernel.ts")` does. */
function load<Start>(start: Start): () => Promise<{ readonly start: Start }> {
  return () => Promise.resolve({ start });
}

const disk = defaultBlock("disk", { sectorCount: 64 });
const withConsole = load(async (console: Console) => console.writeLine("hello"));
const withNothing = load(() => {});
const withBoth = load((_console: Console, _clock: Clock) => 0);

describe("unikernel()", () => {
  test("gives what it was given, and empty texts for what it was not", async () => {
    const description = unikernel("hello", withConsole, [defaultConsole]);
    expect(description).toEqual({
      kind: "morgana-unikernel",
      name: "hello",
      description: "",
      version: "0.0.0",
      devices: [defaultConsole],
      args: {},
      load: withConsole,
    });
    const options = {
      description: "Says hello",
      version: "1.2.3",
      args: { port: { type: "int", default: 7, doc: "Where" } },
    } as const;
    expect(unikernel("hello", withConsole, [defaultConsole], options)).toMatchObject(options);
  });

  test("takes a start that wants its devices in order, or fewer, and nothing else", () => {
    unikernel("a", withBoth, [defaultConsole, defaultClock]);
    unikernel("a", withConsole, [defaultConsole, defaultClock]);
    unikernel("a", withNothing, []);
    unikernel(
      "a",
      load((_block: Block, _context: Context) => Promise.resolve(3)),
      [disk],
    );
  });

  test("does not compile, when start wants other devices than it gets", () => {
    // @ts-expect-error -- start wants a clock, and gets the context
    unikernel("a", withBoth, [defaultConsole]);
    // @ts-expect-error -- in the other order
    unikernel("a", withBoth, [defaultClock, defaultConsole]);
    // @ts-expect-error -- a disk is no console
    unikernel("a", withConsole, [disk]);
    // @ts-expect-error -- no devices at all
    unikernel("a", withConsole, []);
    const withThree = load((_console: Console, _clock: Clock, _disk: Block) => {});
    // @ts-expect-error -- more than there are: the third is the context
    unikernel("a", withThree, [defaultConsole, defaultClock]);
  });

  test("does not compile, when start returns what is no exit code", () => {
    const text = load(() => "done");
    // @ts-expect-error -- text
    unikernel("a", text, []);
    const textLater = load(async () => "done");
    // @ts-expect-error -- text, later
    unikernel("a", textLater, []);
    // @ts-expect-error -- a module without start
    unikernel("a", () => Promise.resolve({ main() {} }), []);
  });

  test("gives start the arguments that are declared, of their types", () => {
    const args = {
      port: { type: "int", default: 7, doc: "" },
      peer: { type: "string", optional: true, doc: "" },
      mode: { type: "choice", choices: ["fast", "safe"], doc: "" },
      verbose: { type: "boolean", default: false, doc: "" },
    } as const;
    interface Values {
      readonly port: number;
      readonly peer: string | undefined;
      readonly mode: "fast" | "safe";
      readonly verbose: boolean;
    }
    expectTypeOf<ArgumentValues<typeof args>>().toEqualTypeOf<Values>();
    const takes = <Values>(): (() => Promise<UnikernelModule<[], Values>>) =>
      load((_context: Context<Values>) => {});
    unikernel("a", takes<Values>(), [], { args });
    unikernel("a", takes<Pick<Values, "port">>(), [], { args });
    // @ts-expect-error -- the port is a number
    unikernel("a", takes<{ readonly port: string }>(), [], { args });
    // @ts-expect-error -- the peer may be missing
    unikernel("a", takes<{ readonly peer: string }>(), [], { args });
    // @ts-expect-error -- nobody declared it
    unikernel("a", takes<{ readonly prot: number }>(), [], { args });
    // @ts-expect-error -- no arguments are declared
    unikernel("a", takes<{ readonly port: number }>(), []);
    const wrongDefault = { args: { port: { type: "int", default: "7", doc: "" } } } as const;
    // @ts-expect-error -- a default of another type
    unikernel("a", withNothing, [], wrongDefault);
    const wrongType = { args: { port: { type: "port", doc: "" } } } as const;
    // @ts-expect-error -- a type that there is none of
    unikernel("a", withNothing, [], wrongType);
  });
});

describe("device()", () => {
  test("connects with the devices that it needs, in their order", () => {
    const pair = device({
      name: "pair",
      signature: "Pair",
      needs: [defaultConsole, defaultClock],
      connect: (_context, console, clock) => ({ console, clock }),
    });
    expectTypeOf<DevicesOf<readonly [typeof pair]>>().toEqualTypeOf<
      [{ console: Console; clock: Clock }]
    >();
    expect(pair.connect({} as never, ["a console", "a clock"])).toEqual({
      console: "a console",
      clock: "a clock",
    });
    expect(pair.args).toEqual({});
  });

  test("does not compile, when connect wants other devices than it needs", () => {
    device({
      name: "odd",
      signature: "Odd",
      needs: [defaultConsole],
      // @ts-expect-error -- a console is no clock
      connect: (_context, clock: Clock) => clock,
    });
  });
});

describe("unikernelFrom()", () => {
  test("gives the default export", () => {
    const exported = unikernel("hello", withConsole, [defaultConsole]);
    expect(unikernelFrom({ default: exported, other: 1 }, "hello/config.ts")).toBe(exported);
  });

  test.each([
    ["has no default export", {}],
    [
      "has no default export",
      {
        default: undefined,
        hello: unikernel("a", withNothing, []),
      },
    ],
    ["exports something else", { default: null }],
    ["exports something else", { default: "hello" }],
    ["exports something else", { default: () => {} }],
    ["exports something else", { default: { kind: "unikernel" } }],
  ])("throws TypeError that says it %s", (why, module) => {
    expect(() => unikernelFrom(module, "hello/config.ts")).toThrow(
      new TypeError(`hello/config.ts ${why}: write \`export default unikernel("name", …)\``),
    );
  });
});
