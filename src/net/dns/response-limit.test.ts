import { expect, test } from "vitest";
import { ResponseLimit } from "./response-limit.ts";

/** Judges so many equal answers at one time, and counts the verdicts. */
function flood(limit: ResponseLimit, count: number, address = "192.0.2.1", kind = "a"): string {
  const verdicts = Array.from({ length: count }, () => limit.judge(address, kind, 1000));
  return ["send", "cut", "drop"]
    .map((each) => verdicts.filter((verdict) => verdict === each).length)
    .join(" ");
}

test("judge() lets so many through, then cuts every second", () => {
  expect(flood(new ResponseLimit({ rate: 10 }), 30)).toBe("10 10 10");
  expect(flood(new ResponseLimit({ rate: 10, slip: 0 }), 30)).toBe("10 0 20");
  expect(flood(new ResponseLimit({ rate: 10, slip: 1 }), 30)).toBe("10 20 0");
});

test("judge() goes by network and kind", () => {
  const limit = new ResponseLimit({ rate: 10 });
  expect(flood(limit, 10)).toBe("10 0 0");
  expect(flood(limit, 10, "192.0.2.255")).toBe("0 5 5");
  expect(flood(limit, 10, "192.0.3.1")).toBe("10 0 0");
  expect(flood(limit, 10, "192.0.2.1", "b")).toBe("10 0 0");
  expect(flood(limit, 10, "2001:db8::1")).toBe("10 0 0");
  expect(flood(limit, 10, "2001:db8:0:ff::1")).toBe("0 5 5");
  expect(flood(limit, 10, "2001:db8:0:100::1")).toBe("10 0 0");
});

test("judge() lets more through with time", () => {
  const limit = new ResponseLimit({ rate: 10 });
  flood(limit, 20);
  expect(limit.judge("192.0.2.1", "a", 1100)).toBe("send");
  expect(limit.judge("192.0.2.1", "a", 1100)).toBe("drop");
});

test("judge() remembers so many networks, the latest", () => {
  const limit = new ResponseLimit({ rate: 1, slip: 0, maxEntries: 2 });
  expect(flood(limit, 2, "10.0.0.1")).toBe("1 0 1");
  expect(flood(limit, 2, "10.0.1.1")).toBe("1 0 1");
  expect(flood(limit, 1, "10.0.0.1")).toBe("0 0 1");
  expect(flood(limit, 1, "10.0.2.1")).toBe("1 0 0");
  expect(flood(limit, 1, "10.0.0.1")).toBe("0 0 1");
  expect(flood(limit, 1, "10.0.1.1")).toBe("1 0 0");
});
