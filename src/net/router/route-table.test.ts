import fc from "fast-check";
import { expect, test } from "vitest";
import { sharePrefix } from "../prefix.ts";
import { RouteTable, type Route } from "./route-table.ts";

const anAddress = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
);
const aRoute: fc.Arbitrary<Route> = fc.tuple(anAddress, fc.nat(128)).map(([prefix, bits]) => ({
  // Near one another, so that they overlap.
  prefix: prefix.map((byte) => byte & 3),
  length: bits % (8 * prefix.length + 1),
  nextHop: undefined,
  to: String(bits),
}));

test("find() finds the longest prefix, as a search through all would", () => {
  fc.assert(
    fc.property(fc.array(aRoute, { maxLength: 30 }), anAddress, (routes, destination) => {
      const table = new RouteTable();
      for (const route of routes) table.add(route);
      const near = destination.map((byte) => byte & 3);
      const best = routes
        .filter(({ prefix }) => prefix.length === near.length)
        .filter(({ prefix, length }) => sharePrefix(prefix, near, length))
        .reduce((most, { length }) => Math.max(most, length), -1);
      expect(table.find(near)?.length ?? -1).toBe(best);
    }),
    { numRuns: 100 },
  );
});

test("remove() removes one route, and what is remembered of it", () => {
  const table = new RouteTable();
  const prefix = Uint8Array.of(10, 0, 0, 0);
  table.add({ prefix, length: 8, nextHop: undefined, to: "a" });
  table.add({ prefix, length: 24, nextHop: undefined, to: "b" });
  const host = Uint8Array.of(10, 0, 0, 7);
  expect(table.find(host)?.to).toBe("b");
  expect(table.remove(prefix, 24)).toBe(true);
  expect(table.remove(prefix, 24)).toBe(false);
  expect(table.find(host)?.to).toBe("a");
  expect(table.all.length).toBe(1);
});

test("add() refuses what is no prefix, and more routes than there may be", () => {
  const table = new RouteTable({ maxRoutes: 1 });
  const prefix = Uint8Array.of(10, 0, 0, 0);
  expect(() => table.add({ prefix, length: 33, nextHop: undefined, to: "a" })).toThrow(RangeError);
  table.add({ prefix, length: 8, nextHop: undefined, to: "a" });
  table.add({ prefix, length: 8, nextHop: undefined, to: "b" });
  expect(() => table.add({ prefix, length: 9, nextHop: undefined, to: "a" })).toThrow(RangeError);
});
