import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { mapStack } from "./stack-trace.ts";

const script = "https://example.org/throws/unikernel.js";

/** Line 1 from column 1 is 10:9 of the first source; line 2 from column 5 is 1:3 of the second. */
const map = {
  version: 3,
  sources: ["../../throws/unikernel.ts", "./$&.ts"],
  names: [],
  mappings: "AASQ;ICTN",
};

/** What the server has, by address. */
const files = new Map<string, string>();
const fetched: string[] = [];

beforeEach(() => {
  files.clear();
  fetched.length = 0;
  files.set(`${script}.map`, JSON.stringify(map));
  vi.stubGlobal("fetch", async (url: string) => {
    fetched.push(url);
    const body = files.get(url);
    if (body === "unreachable") throw new TypeError("Failed to fetch");
    return new Response(body ?? "Not found", { status: body === undefined ? 404 : 200 });
  });
});

afterEach(() => vi.unstubAllGlobals());

describe("mapStack()", () => {
  test("gives the user's own lines, as Chromium writes a stack", async () => {
    const stack = [
      "Error: Cannot go on",
      `    at fail (${script}:1:1)`,
      `    at async start (${script}?v=3:2:5)`,
      `    at ${script}:1:20`,
      "    at new Promise (<anonymous>)",
    ];
    expect(await mapStack(stack.join("\n"))).toBe(
      [
        "Error: Cannot go on",
        "    at fail (throws/unikernel.ts:10:9)",
        "    at async start ($&.ts:1:3)",
        "    at throws/unikernel.ts:10:9",
        "    at new Promise (<anonymous>)",
      ].join("\n"),
    );
    expect(fetched).toEqual([`${script}.map`]);
  });

  test("gives them as Firefox and Safari write it, too", async () => {
    expect(await mapStack(`fail@${script}:1:1\n@${script}:2:9`)).toBe(
      "fail@throws/unikernel.ts:10:9\n@$&.ts:1:3",
    );
  });

  test.each([
    ["a line that no source has", `    at ${script}:9:1`],
    ["a column before the first", `    at ${script}:2:1`],
    ["a position that there is none of", `Error: see ${script}:0:0`],
    ["a script without a map", "    at f (https://example.org/other.js:1:1)"],
    ["a script of no server", "    at f (node:internal/timers:1:1)"],
    ["what is no stack", "text\n\n"],
    ["nothing", ""],
  ])("leaves %s as it is", async (_what, stack) => {
    expect(await mapStack(stack)).toBe(stack);
  });

  test.each([
    ["is not JSON", "<!doctype html>"],
    ["is no map", "{}"],
    ["is null", "null"],
    ["lacks its sources", JSON.stringify({ ...map, sources: [] })],
    ["cannot be fetched", "unreachable"],
  ])("leaves a stack as it is, whose map %s", async (_what, body) => {
    files.set(`${script}.map`, body);
    const stack = `Error: Cannot go on\n    at fail (${script}:1:1)`;
    expect(await mapStack(stack)).toBe(stack);
  });

  test("maps a script that has a map beside one that has none", async () => {
    const other = "https://example.org/other.js";
    const stack = `    at f (${other}:1:1)\n    at g (${script}:1:1)\n    at h (${other}:2:1)`;
    expect(await mapStack(stack)).toBe(
      `    at f (${other}:1:1)\n    at g (throws/unikernel.ts:10:9)\n    at h (${other}:2:1)`,
    );
    expect(fetched.toSorted()).toEqual([`${other}.map`, `${script}.map`]);
  });
});
