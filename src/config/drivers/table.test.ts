import { expect, expectTypeOf, test } from "vitest";
import * as browser from "./browser.ts";
import * as node from "./node.ts";
import * as simulated from "./simulated.ts";
import type { Drivers } from "./table.ts";

// The compiler knows `#drivers` as Node's file alone.
test("every target has a driver for each stock device, and no other", () => {
  expectTypeOf(browser).toExtend<Drivers>();
  expectTypeOf(simulated).toExtend<Drivers>();
  expectTypeOf(node).toExtend<Drivers>();
  const names = ["block", "clock", "network", "random", "stack"];
  for (const table of [browser, node, simulated])
    expect(Object.keys(table).toSorted()).toEqual(names);
});
