import { expect, test } from "vitest";
import { AnswerCache } from "./cache.ts";

test("get() gives what set() kept, until its time is up", () => {
  const cache = new AnswerCache<string>();
  cache.set("a", "one", 10, 1000);
  expect(cache.get("a", 3500)).toEqual({ answer: "one", age: 2 });
  expect(cache.get("a", 11_000)).toBeUndefined();
  expect(cache.size).toBe(0);
});

test("set() keeps nothing for no time, and nothing for more than a day", () => {
  const cache = new AnswerCache<string>();
  cache.set("a", "one", 0, 0);
  expect(cache.size).toBe(0);
  cache.set("b", "two", 1e9, 0);
  expect(cache.get("b", 86_399_999)?.answer).toBe("two");
  expect(cache.get("b", 86_400_000)).toBeUndefined();
});

test("set() forgets the oldest beyond 512", () => {
  const cache = new AnswerCache<number>();
  for (let index = 0; index < 600; index += 1) cache.set(`${index}`, index, 10, 0);
  expect(cache.size).toBe(512);
  expect(cache.get("87", 0)).toBeUndefined();
  expect(cache.get("88", 0)?.answer).toBe(88);
});
