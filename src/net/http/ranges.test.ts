import { expect, test } from "vitest";
import { contentRange, rangesIn } from "./ranges.ts";

test.each<[string, number, [number, number][] | undefined]>([
  ["bytes=0-4", 10, [[0, 5]]],
  ["Bytes=5-", 10, [[5, 5]]],
  ["bytes=-3", 10, [[7, 3]]],
  ["bytes=-30", 10, [[0, 10]]],
  ["bytes=8-99999999999999999999", 10, [[8, 2]]],
  [
    "bytes=0-0, ,9-",
    10,
    [
      [0, 1],
      [9, 1],
    ],
  ],
  ["bytes=0-1,10-", 10, [[0, 2]]],
  ["bytes=10-", 10, []],
  ["bytes=-0", 10, []],
  ["bytes=0-", 0, []],
  ["bytes=-1", 0, undefined],
  ["bytes=4-3", 10, undefined],
  ["bytes=", 10, undefined],
  ["bytes=-", 10, undefined],
  ["bytes=a-b", 10, undefined],
  ["bytes=0x1-", 10, undefined],
  ["bytes 0-4", 10, undefined],
  ["lines=0-4", 10, undefined],
])("rangesIn(%j, %d) finds %j", (field, sizeBytes, expected) => {
  expect(rangesIn(field, sizeBytes)).toEqual(
    expected?.map(([offset, lengthBytes]) => ({ offset, lengthBytes })),
  );
});

test("rangesIn() ignores ranges that are many, or more than the whole", () => {
  const many = (count: number): string => `bytes=${Array(count).fill("0-0").join(",")}`;
  expect(rangesIn(many(32), 100)).toHaveLength(32);
  expect(rangesIn(many(33), 100)).toBeUndefined();
  expect(rangesIn("bytes=0-,0-", 100)).toBeUndefined();
  expect(rangesIn("bytes=0-69,40-69", 100)).toHaveLength(2);
});

test("contentRange() names the first and the last byte", () => {
  expect(contentRange({ offset: 500, lengthBytes: 500 }, 1234)).toBe("bytes 500-999/1234");
});
