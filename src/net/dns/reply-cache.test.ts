import { expect, test } from "vitest";
import type { ForwardedReply } from "./forwarder.ts";
import { ReplyCache } from "./reply-cache.ts";

function reply(ttlSeconds: number, dataBytes = 4): ForwardedReply {
  const record = { name: "a", type: 1, class: 1, ttlSeconds, data: new Uint8Array(dataBytes) };
  return { code: 0, answers: [[record]], authorities: [] };
}

const ttlOf = (found: ForwardedReply | undefined): number | undefined =>
  found?.answers[0]?.[0]?.ttlSeconds;

test("get() counts times to live down, until there is nothing left", () => {
  const cache = new ReplyCache(10_000);
  cache.set("a", reply(10), 10, 5000);
  expect(ttlOf(cache.get("a", 5999))).toBe(10);
  expect(ttlOf(cache.get("a", 14_999))).toBe(1);
  expect(cache.bytes).toBeGreaterThan(0);
  expect(cache.get("a", 15_000)).toBeUndefined();
  expect(cache.bytes).toBe(0);
});

test("set() keeps nothing without time to live, or that is too large", () => {
  const cache = new ReplyCache(10_000);
  cache.set("a", reply(10), 10, 0);
  cache.set("a", reply(0), 0, 0);
  cache.set("b", reply(10, 10_000), 10, 0);
  expect([cache.get("a", 0), cache.get("b", 0), cache.bytes]).toEqual([undefined, undefined, 0]);
});

test("set() lets go of what nobody asked for, so that the bytes stay within bounds", () => {
  const cache = new ReplyCache(10_000);
  cache.set("first", reply(1e6), 1e6, 0);
  for (let index = 0; index < 1000; index += 1) {
    cache.set(`${index}`, reply(1e6, 100), 1e6, index);
    expect(cache.get("first", index)).toBeDefined();
    expect(cache.bytes).toBeLessThanOrEqual(10_000);
  }
  expect(cache.get("999", 1000)).toBeDefined();
  expect(cache.get("0", 1000)).toBeUndefined();
  cache.clear();
  expect([cache.bytes, cache.get("999", 1000)]).toEqual([0, undefined]);
});
