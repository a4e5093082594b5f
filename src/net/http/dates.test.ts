import { expect, test } from "vitest";
import { formatDate, parseDate } from "./dates.ts";

const nowMs = Date.UTC(2026, 0, 1);
const epoch = Date.UTC(1994, 10, 6, 8, 49, 37);

test("formatDate() writes the form that RFC 9110 wants sent", () => {
  expect(formatDate(epoch + 999)).toBe("Sun, 06 Nov 1994 08:49:37 GMT");
});

test.each([
  "Sun, 06 Nov 1994 08:49:37 GMT",
  "Sunday, 06-Nov-94 08:49:37 GMT",
  "Sun Nov  6 08:49:37 1994",
])("parseDate() reads %s", (text) => {
  expect(parseDate(text, nowMs)).toBe(epoch);
});

test("parseDate() takes two digits of a year as one at most 50 years ahead", () => {
  const yearOf = (digits: string): number =>
    new Date(parseDate(`Friday, 01-Jan-${digits} 00:00:00 GMT`, nowMs) ?? 0).getUTCFullYear();
  expect([yearOf("76"), yearOf("77"), yearOf("26"), yearOf("99")]).toEqual([
    2076, 1977, 2026, 1999,
  ]);
});

test.each([
  "",
  "yesterday",
  "Sun, 06 Nov 1994 08:49:37 UTC",
  "Sun, 6 Nov 1994 08:49:37 GMT",
  "Sun, 31 Feb 1994 08:49:37 GMT",
  "Sun, 00 Nov 1994 08:49:37 GMT",
  "Sun, 06 Nov 1994 24:49:37 GMT",
  "Sun, 06 Nox 1994 08:49:37 GMT",
])("parseDate() does not read %j", (text) => {
  expect(parseDate(text, nowMs)).toBeUndefined();
});
