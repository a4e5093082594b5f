/**
 * What a visitor downloads stays within recorded budgets, in bytes after gzip. A budget is a
 * decision: raise one only with a reason in the commit.
 */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { measureSizes } from "../bench/size.mjs";

const budgets: Readonly<Record<string, number>> = JSON.parse(
  readFileSync(new URL("size-budgets.json", import.meta.url), "utf8"),
);

const sizes = await measureSizes();

test("each measured size has a budget", () => {
  expect(Object.keys(sizes).toSorted()).toEqual(Object.keys(budgets).toSorted());
});

test.each(Object.entries(budgets))("%s is at most %i bytes", (name, budget) => {
  expect(sizes[name]).toBeLessThanOrEqual(budget);
});
