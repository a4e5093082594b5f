import { expect, test } from "vitest";
import { format, parse } from "./address.ts";
import { selectSource, type SourceCandidate } from "./source-selection.ts";

function candidate(text: string): SourceCandidate {
  const [address = "", flags = ""] = text.split(" ");
  return {
    address: parse(address) ?? new Uint8Array(16),
    isOptimistic: flags.includes("optimistic"),
    isDeprecated: flags.includes("deprecated"),
  };
}

test.each([
  [
    "the destination itself",
    "2001:db8::9",
    ["2001:db8::1", "2001:db8::9 deprecated"],
    "2001:db8::9",
  ],
  ["a global one for a global one", "2001:db8:1::9", ["fe80::1", "2001:db8::1"], "2001:db8::1"],
  ["a link-local one for the link", "fe80::9", ["2001:db8::1", "fe80::1"], "fe80::1"],
  ["a link-local one for a group of the link", "ff02::9", ["2001:db8::1", "fe80::1"], "fe80::1"],
  ["a global one for a group of the site", "ff05::9", ["fe80::1", "2001:db8::1"], "2001:db8::1"],
  ["what reaches furthest if none reaches", "2001:db8::9", ["fe80::1"], "fe80::1"],
  ["one that is not deprecated", "2001:db8::9", ["2001:db8::1 deprecated", "2002::1"], "2002::1"],
  ["one that is not optimistic", "2001:db8::9", ["2001:db8::1 optimistic", "2002::1"], "2002::1"],
  [
    "an optimistic one before a deprecated one",
    "2001:db8::9",
    ["2001:db8::1 deprecated", "2001:db8::2 optimistic"],
    "2001:db8::2",
  ],
  ["a unique local one for a unique local one", "fd01::9", ["2001:db8::1", "fd99::1"], "fd99::1"],
  [
    "a global one for a global one, not a local one",
    "2a00::9",
    ["fd00::1", "2001:db8::1"],
    "2001:db8::1",
  ],
  [
    "the longest prefix in common",
    "2001:db8:1::9",
    ["2001:db8:8::1", "2001:db8:1::1"],
    "2001:db8:1::1",
  ],
])("selectSource() takes %s, in any order", (_, destination, candidates, expected) => {
  for (const order of [candidates, candidates.toReversed()]) {
    const best = selectSource(order.map(candidate), parse(destination) ?? new Uint8Array());
    expect(best && format(best.address)).toBe(expected);
  }
});

test("selectSource() has nothing to take where there is nothing", () => {
  expect(selectSource([], new Uint8Array(16))).toBeUndefined();
});
