import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BlockError, deviceErrors } from "../devices/errors.ts";
import { decodeError, encodeError } from "./errors.ts";

/** An error as it arrives on the other side of a thread's boundary. */
function travel(thrown: unknown): Error & { readonly code?: unknown } {
  return decodeError(structuredClone(encodeError(thrown)));
}

/** How many errors `error` and its causes are. */
function chainLength(error: unknown): number {
  return error instanceof Error ? 1 + chainLength(error.cause) : 0;
}

describe("decodeError() of encodeError()", () => {
  test.each(Object.entries(deviceErrors))("gives %s its class and code", (name, DeviceError) => {
    for (const code of ["closed", "io", "a code of a later version"]) {
      const sent = new DeviceError(code as never, "Cannot do it: why");
      const error = travel(sent);
      expect(error).toBeInstanceOf(DeviceError);
      expect([error.name, error.code, error.message]).toEqual([name, code, "Cannot do it: why"]);
      expect(error.stack).toBe(sent.stack);
    }
  });

  test("gives any other error its name, and a code if that is text", () => {
    const coded = Object.assign(new RangeError("Too far"), { code: "ERR_FAR" });
    expect(travel(coded)).toMatchObject({
      name: "RangeError",
      code: "ERR_FAR",
      message: "Too far",
    });
    expect(travel(coded).stack).toBe(coded.stack);
    expect("code" in travel(Object.assign(new Error("Too far"), { code: 7 }))).toBe(false);
    class OddError extends Error {
      override readonly name = "OddError";
    }
    expect(travel(new OddError("Odd")).name).toBe("OddError");
    expect(travel(new OddError("Odd"))).toBeInstanceOf(Error);
  });

  test("gives a DOMException its name, without its number", () => {
    const error = travel(new DOMException("The disk is full", "QuotaExceededError"));
    expect([error.name, error.message]).toEqual(["QuotaExceededError", "The disk is full"]);
    expect("code" in error).toBe(false);
  });

  test.each(["BlockError", "constructor", "toString", "__proto__", "hasOwnProperty", ""])(
    "gives an Error, for one that calls itself %j without being it",
    (name) => {
      const plain = Object.assign(new Error("A message"), { name });
      expect(travel(plain)).toBeInstanceOf(Error);
      expect(travel(plain)).toMatchObject({ name, message: "A message" });
      const coded = travel(Object.assign(plain, { code: "io" }));
      expect(coded).toBeInstanceOf(Error);
      expect(coded).toMatchObject({ name, code: "io", message: "A message" });
    },
  );

  test("keeps causes, with their classes", () => {
    const cause = new BlockError("io", "Cannot read sector 3: the medium failed");
    const error = travel(new Error("Cannot mount", { cause: new TypeError("No", { cause }) }));
    expect(error.cause).toMatchObject({ name: "TypeError", message: "No" });
    expect((error.cause as Error).cause).toBeInstanceOf(BlockError);
    expect((error.cause as Error).cause).toMatchObject({ code: "io" });
    expect("cause" in travel(new Error("alone"))).toBe(false);
  });

  test("cuts causes without an end", () => {
    const error = new Error("I am my own cause");
    error.cause = error;
    expect(chainLength(travel(error))).toBe(9);
    let deep = new Error("0");
    for (let depth = 1; depth < 10_000; depth += 1) deep = new Error(`${depth}`, { cause: deep });
    expect(chainLength(travel(deep))).toBe(9);
  });

  test.each<[unknown, string]>([
    [undefined, "undefined"],
    [null, "null"],
    [7, "7"],
    ["some text", "some text"],
    [Symbol("mine"), "Symbol(mine)"],
    [{}, "[object Object]"],
    [Object.create(null), "object"],
  ])("says that %s is no Error", (thrown, shown) => {
    const error = travel(thrown);
    expect(error.message).toBe(`Something that is not an Error was thrown: ${shown}`);
    // And does not point at the code that rebuilt it.
    expect(error.stack).toBe(`Error: ${error.message}`);
  });

  test("keeps a long message and a long stack whole", () => {
    const long = new Error("x".repeat(1_000_000));
    long.stack = `Error\n${"    at somewhere\n".repeat(100_000)}`;
    expect(travel(long).message).toBe(long.message);
    expect(travel(long).stack).toBe(long.stack);
  });

  test("gives an Error of the same name, code, message and stack, for any texts", () => {
    const text = fc.string({ unit: "binary-ascii" });
    fc.assert(
      fc.property(text, text, text, text, (name, code, message, stack) => {
        const sent = Object.assign(new Error(message), { name, code });
        sent.stack = stack;
        const error = travel(sent);
        expect(error).toBeInstanceOf(Error);
        expect([error.name, error.code, error.message, error.stack]).toEqual([
          name,
          code,
          message,
          stack,
        ]);
      }),
    );
  });
});
