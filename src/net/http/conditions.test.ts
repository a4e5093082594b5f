import { expect, test } from "vitest";
import { allowsRange, unmetCondition } from "./conditions.ts";

const lastModifiedMs = Date.UTC(2026, 0, 1);
const validators = { etag: '"a,b"', lastModifiedMs, nowMs: lastModifiedMs + 5000 };
const [before, same, after] = [-1000, 0, 1000].map((ms) =>
  new Date(lastModifiedMs + ms).toUTCString(),
) as [string, string, string];

test.each<[Record<string, string>, 304 | 412 | undefined]>([
  [{}, undefined],
  [{ "if-match": "*" }, undefined],
  [{ "if-match": '"x", "a,b"' }, undefined],
  [{ "if-match": 'W/"a,b"' }, 412],
  [{ "if-match": "a,b" }, 412],
  [{ "if-none-match": "*" }, 304],
  [{ "if-none-match": '"x",W/"a,b"' }, 304],
  [{ "if-none-match": '"a", "b"' }, undefined],
  [{ "if-modified-since": same }, 304],
  [{ "if-modified-since": after }, 304],
  [{ "if-modified-since": before }, undefined],
  [{ "if-modified-since": "yesterday" }, undefined],
  [{ "if-unmodified-since": before }, 412],
  [{ "if-unmodified-since": same }, undefined],
  [{ "if-unmodified-since": "yesterday" }, undefined],
  // The order of RFC 9110, 13.2.2: tags before dates, what must hold before what must not.
  [{ "if-match": "*", "if-unmodified-since": before }, undefined],
  [{ "if-match": '"x"', "if-none-match": '"a,b"' }, 412],
  [{ "if-match": "*", "if-none-match": '"a,b"' }, 304],
  [{ "if-none-match": '"x"', "if-modified-since": same }, undefined],
  [{ "if-unmodified-since": before, "if-none-match": "*" }, 412],
])("unmetCondition() of %j is %s", (headers, expected) => {
  expect(unmetCondition(new Headers(headers), validators)).toBe(expected);
});

test.each<[string | undefined, boolean]>([
  [undefined, true],
  ['"a,b"', true],
  ['W/"a,b"', false],
  ['"x"', false],
  [same, true],
  [after, false],
  [before, false],
  ["yesterday", false],
])("allowsRange() with If-Range %s is %s", (ifRange, expected) => {
  const headers = new Headers(ifRange === undefined ? {} : { "if-range": ifRange });
  expect(allowsRange(headers, validators)).toBe(expected);
});

test("allowsRange() trusts no date of the second that just passes", () => {
  const headers = new Headers({ "if-range": same });
  expect(allowsRange(headers, { ...validators, nowMs: lastModifiedMs + 999 })).toBe(false);
});
