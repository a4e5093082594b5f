import { describe, expect, test } from "vitest";
import type { MdnsRecord } from "./packet.ts";
import { RecordCache } from "./record-cache.ts";

function record(last: number, options: Partial<MdnsRecord> = {}): MdnsRecord {
  const data = Uint8Array.of(10, 0, 0, last);
  return { name: "a.local", type: 1, class: 1, ttlSeconds: 100, data, isUnique: false, ...options };
}

const lasts = (records: readonly MdnsRecord[]): readonly (number | undefined)[] =>
  records.map(({ data }) => data[3]);

describe("add()", () => {
  test("says what is new, and keeps it for its life", () => {
    const cache = new RecordCache();
    expect(cache.add(record(1), 0)).toBe(true);
    expect(cache.add(record(1, { name: "A.LOCAL" }), 50_000)).toBe(false);
    expect(cache.get("A.local", 1, 149_000)).toMatchObject([{ ttlSeconds: 1 }]);
    expect(cache.get("a.local", 1, 150_000)).toEqual([]);
    expect([cache.expire(149_999), cache.expire(150_000), cache.size]).toEqual([false, true, 0]);
  });

  test("keeps what was said goodbye for for a second more", () => {
    const cache = new RecordCache();
    cache.add(record(1), 0);
    expect(cache.add(record(1, { ttlSeconds: 0 }), 10_000)).toBe(false);
    expect(lasts(cache.get("a.local", 1, 10_999))).toEqual([1]);
    expect(cache.get("a.local", 1, 11_000)).toEqual([]);
    cache.add(record(2, { ttlSeconds: 0 }), 10_000);
    expect(cache.expire(20_000)).toBe(true);
    expect(cache.size).toBe(0);
  });

  test("lets what was heard before go where somebody has them all, but for the last second", () => {
    const cache = new RecordCache();
    cache.add(record(1), 0);
    cache.add(record(2, { isUnique: true }), 5000);
    cache.add(record(3, { isUnique: true }), 5500);
    cache.add(record(4, { type: 2 }), 0);
    expect(lasts(cache.get("a.local", 1, 5999))).toEqual([1, 2, 3]);
    expect(lasts(cache.get("a.local", 1, 6000))).toEqual([2, 3]);
    expect(lasts(cache.get("a.local", 2, 6000))).toEqual([4]);
  });

  test("keeps a thousand records, and no longer than a day", () => {
    const cache = new RecordCache();
    for (let index = 0; index < 3000; index += 1) {
      cache.add(record(1, { name: `${index}.local`, ttlSeconds: 0xffff_ffff }), 0);
    }
    expect(cache.size).toBe(1000);
    expect(cache.get("2999.local", 1, 86_399_000)).toHaveLength(1);
    expect(cache.get("2999.local", 1, 86_400_000)).toEqual([]);
    expect(cache.get("0.local", 1, 0)).toEqual([]);
  });
});

test("known() gives what has more than half of its life left", () => {
  const cache = new RecordCache();
  cache.add(record(1), 0);
  expect(cache.known("a.local", 1, 49_000)).toMatchObject([{ ttlSeconds: 51 }]);
  expect(cache.known("a.local", 1, 50_000)).toEqual([]);
});

test("refreshMs() is at 80, 85, 90 and 95 % of a life, and then never", () => {
  const cache = new RecordCache();
  expect(cache.refreshMs("a.local", 1)).toBe(Infinity);
  cache.add(record(1), 0);
  const times = Array.from({ length: 5 }, () => {
    const ms = cache.refreshMs("a.local", 1);
    if (ms < Infinity) cache.refreshed("a.local", 1, ms);
    return Math.round(ms / 1000);
  });
  expect(times).toEqual([80, 85, 90, 95, Infinity]);
  cache.add(record(1), 99_000);
  expect(cache.refreshMs("a.local", 1)).toBe(179_000);
});
