import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { clockLaws } from "../conformance/index.ts";
import { connect } from "./clock.ts";

/** Firefox's clock without isolation: whole milliseconds. */
const coarseNow = (): number => Math.floor(performance.now());

describe("laws", () => {
  for (const law of clockLaws({ connect: async () => connect() })) test(law.name, () => law.run());
});

describe("laws, on a clock of whole milliseconds", () => {
  const coarse = async (): Promise<ReturnType<typeof connect>> => connect({ now: coarseNow });
  for (const law of clockLaws({ connect: coarse })) test(law.name, () => law.run());
});

describe("monotonicMs() and monotonicNs()", () => {
  test("count nanoseconds, while the host's clock stands still", () => {
    const clock = connect({ now: () => 7 });
    expect(clock.monotonicNs()).toBe(7_000_000n);
    expect(clock.monotonicMs()).toBe(7.000001);
    expect(clock.monotonicNs()).toBe(7_000_002n);
  });

  test("follow the host's clock again, when it moves", () => {
    let nowMs = 7;
    const clock = connect({ now: () => nowMs });
    for (let reading = 0; reading < 100; reading++) clock.monotonicNs();
    nowMs = 8;
    expect(clock.monotonicNs()).toBe(8_000_000n);
    nowMs = 3;
    expect(clock.monotonicNs()).toBe(8_000_001n);
  });

  test.each([1, 25, 27, 52, 105, 400, 10_000])("increase, %i days on", (days) => {
    const clock = connect({ now: () => days * 86_400_000 });
    let lastMs = clock.monotonicMs();
    for (let reading = 0; reading < 10_000; reading++) {
      const fromNs = Number(clock.monotonicNs()) / 1e6;
      const ms = clock.monotonicMs();
      if (!(fromNs > lastMs && ms > fromNs)) expect([lastMs, fromNs, ms]).toBe("increasing");
      lastMs = ms;
    }
    expect(lastMs).toBeLessThan(days * 86_400_000 + 100);
  });
});

describe("wallMs()", () => {
  test("is the host's wall clock, which may go back", () => {
    let wallMs = 5_000;
    const clock = connect({ wallNow: () => wallMs });
    expect(clock.wallMs()).toBe(5_000);
    wallMs = 4_000;
    expect(clock.wallMs()).toBe(4_000);
  });
});

describe("timers", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const dayMs = 86_400_000;

  test("sleep() lasts, for more than the 24 days that setTimeout() takes", async () => {
    const clock = connect();
    const slept = vi.fn<() => void>();
    void clock.sleep(60 * dayMs).then(slept);
    await vi.advanceTimersByTimeAsync(60 * dayMs - 10);
    expect(slept).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(20);
    expect(slept).toHaveBeenCalledOnce();
  });

  test("wakeAt() never wakes and can be cancelled, for Infinity", async () => {
    const wake = vi.fn<() => void>();
    const cancel = connect().wakeAt(Number.POSITIVE_INFINITY, wake);
    await vi.advanceTimersByTimeAsync(60 * dayMs);
    expect(wake).not.toHaveBeenCalled();
    cancel();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("wakeAt() waits on, when a timer fires early", async () => {
    let nowMs = 0;
    const wake = vi.fn<() => void>();
    connect({ now: () => nowMs }).wakeAt(10, wake);
    nowMs = 9.5;
    await vi.advanceTimersByTimeAsync(10);
    expect(wake).not.toHaveBeenCalled();
    nowMs = 10;
    await vi.advanceTimersByTimeAsync(1);
    expect(wake).toHaveBeenCalledOnce();
  });

  test("wakeAt() fails with RangeError, for NaN", () => {
    expect(() => connect().wakeAt(Number.NaN, () => {})).toThrow(RangeError);
  });

  test("dispose() leaves no timer", async () => {
    const clock = connect();
    const slept = expect(clock.sleep(1_000)).rejects.toThrow("the clock was disposed");
    const wake = vi.fn<() => void>();
    clock.wakeAt(clock.monotonicMs() + 1_000, wake);
    await clock[Symbol.asyncDispose]();
    await slept;
    expect(vi.getTimerCount()).toBe(0);
    clock.wakeAt(0, wake);
    expect(vi.getTimerCount()).toBe(0);
    expect(wake).not.toHaveBeenCalled();
  });

  test("an aborted sleep() leaves no timer", async () => {
    const controller = new AbortController();
    const slept = expect(connect().sleep(1_000, controller.signal)).rejects.toBe("enough");
    controller.abort("enough");
    await slept;
    expect(vi.getTimerCount()).toBe(0);
  });
});
