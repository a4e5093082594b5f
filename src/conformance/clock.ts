import { ClockError, type Clock } from "../devices/index.ts";
import { deviceLaws } from "./device.ts";
import {
  equal,
  holds,
  later,
  LawError,
  rejectsWithReason,
  rejects,
  throws,
  withDevice,
  type Law,
} from "./law.ts";

/** What the laws need to know of a driver of {@link Clock}. */
export interface ClockSubject {
  /** Connects a clock whose time passes by itself, and each time another. The law disposes it. */
  readonly connect: () => Promise<Clock>;
}

/** Readings that must increase strictly: enough to stand still on any coarse host clock. */
const readingCount = 100_000;

/** A sleep that no law waits for: an hour. */
const longMs = 3_600_000;

/** The laws of {@link Clock}. */
export function clockLaws({ connect }: ClockSubject): readonly Law[] {
  const law = (name: string, body: (clock: Clock) => Promise<void>): Law => ({
    name,
    run: () => withDevice(connect, body),
  });
  return [
    ...deviceLaws(connect),
    law("monotonicNs() gives more, each time", increasesInNs),
    law("monotonicMs() gives more, each time", increasesInMs),
    law("monotonicMs() and monotonicNs() are one clock", isOneClock),
    law("wallMs() and timeZoneOffsetMinutes are plausible", tellsWallTime),
    law("sleep() takes at least as long as asked", sleepsLongEnough),
    law("sleep() lets other work go first, for 0", yieldsAtZero),
    law("sleep()s end in the order of their deadlines", sleepsInOrder),
    law("sleep() fails with RangeError, for what is no duration", refusesMisuse),
    law("sleep() rejects with the reason at once, when aborted", abortsAtOnce),
    law("sleep() rejects with the reason, for a signal aborted before", abortsBefore),
    law("sleep() resolves, though its signal aborts afterwards", ignoresLateAbort),
    law("sleep() leaves nothing on its signal, when it is over", letsGoOfSignals),
    law("sleep() and wakeAt() last, for weeks", lastsForWeeks),
    law("sleep() rejects with closed, when the clock is disposed and afterwards", rejectsDisposed),
    law("wakeAt() wakes once, when the deadline is reached", wakesOnce),
    law("wakeAt() does not wake from inside the call, for a deadline past", wakesLater),
    law("wakeAt() does not wake, when cancelled", cancels),
    law("wakeAt() wakes in the order of the deadlines", wakesInOrder),
    law("wakeAt() never wakes for Infinity, and throws RangeError for NaN", refusesNoTime),
    law("wakeAt() never wakes, when the clock is disposed", (clock) => wakesNobody(clock, connect)),
  ];
}

async function increasesInNs(clock: Clock): Promise<void> {
  let last = clock.monotonicNs();
  for (let index = 0; index < readingCount; index++) {
    const reading = clock.monotonicNs();
    if (reading <= last) throw new LawError(`reading ${index}`, `more than ${last}`, reading);
    last = reading;
  }
}

async function increasesInMs(clock: Clock): Promise<void> {
  let last = clock.monotonicMs();
  for (let index = 0; index < readingCount; index++) {
    const reading = clock.monotonicMs();
    if (!(reading > last)) throw new LawError(`reading ${index}`, `more than ${last}`, reading);
    last = reading;
  }
}

async function isOneClock(clock: Clock): Promise<void> {
  let lastMs = clock.monotonicMs();
  for (let index = 0; index < readingCount / 10; index++) {
    const fromNs = Number(clock.monotonicNs()) / 1e6;
    if (!(fromNs > lastMs)) throw new LawError("monotonicNs() in ms", `over ${lastMs}`, fromNs);
    lastMs = clock.monotonicMs();
    if (!(lastMs > fromNs)) throw new LawError("monotonicMs()", `over ${fromNs}`, lastMs);
  }
}

async function tellsWallTime(clock: Clock): Promise<void> {
  const wallMs = clock.wallMs();
  holds("wallMs()", Number.isFinite(wallMs) && wallMs >= 0, "milliseconds since 1970", wallMs);
  const offset = clock.timeZoneOffsetMinutes;
  const isPlausible = offset === undefined || Math.abs(offset) <= 18 * 60;
  holds("timeZoneOffsetMinutes", isPlausible, "undefined, or at most 18 hours", offset);
}

async function sleepsLongEnough(clock: Clock): Promise<void> {
  for (const durationMs of [0, 0.5, 1, 7.25, 20]) {
    const from = clock.monotonicMs();
    await clock.sleep(durationMs);
    const tookMs = clock.monotonicMs() - from;
    holds(
      `the time of sleep(${durationMs})`,
      tookMs >= durationMs,
      `${durationMs} or more`,
      tookMs,
    );
  }
}

async function yieldsAtZero(clock: Clock): Promise<void> {
  const order: string[] = [];
  const slept = clock.sleep(0).then(() => order.push("sleep"));
  await Promise.resolve();
  queueMicrotask(() => order.push("other work"));
  await slept;
  equal("what ran first", order[0], "other work");
}

async function sleepsInOrder(clock: Clock): Promise<void> {
  const woken: number[] = [];
  const sleep = (durationMs: number): Promise<unknown> =>
    clock.sleep(durationMs).then(() => woken.push(durationMs));
  await Promise.all([60, 0, 40, 20].map(sleep));
  equal("the order of waking", woken.join(" "), "0 20 40 60");
}

async function refusesMisuse(clock: Clock): Promise<void> {
  for (const durationMs of [-1, -0.001, Number.POSITIVE_INFINITY, Number.NaN]) {
    await rejects(`sleep(${durationMs})`, () => clock.sleep(durationMs), RangeError);
  }
}

async function abortsAtOnce(clock: Clock): Promise<void> {
  const controller = new AbortController();
  const reason = { name: "a reason of our own" };
  const slept = later(clock.sleep(longMs, controller.signal));
  const aborted = rejectsWithReason("the aborted sleep()", () => slept, reason);
  controller.abort(reason);
  await Promise.race([aborted, fails(clock, "the rejection of an aborted sleep()")]);
}

async function abortsBefore(clock: Clock): Promise<void> {
  const signal = AbortSignal.abort("aborted before");
  const slept = (): Promise<void> => clock.sleep(longMs, signal);
  const aborted = rejectsWithReason("sleep()", slept, "aborted before");
  await Promise.race([aborted, fails(clock, "the rejection of an aborted sleep()")]);
}

async function ignoresLateAbort(clock: Clock): Promise<void> {
  const controller = new AbortController();
  await clock.sleep(1, controller.signal);
  controller.abort("too late");
  await clock.sleep(1);
}

async function letsGoOfSignals(clock: Clock): Promise<void> {
  const { signal } = new AbortController();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  let listenerCount = 0;
  signal.addEventListener = (...listening) => {
    listenerCount++;
    add(...listening);
  };
  signal.removeEventListener = (...listening) => {
    listenerCount--;
    remove(...listening);
  };
  await clock.sleep(1, signal);
  await clock.sleep(0, signal);
  holds("listeners left on the signal", listenerCount <= 0, "none", listenerCount);
}

async function lastsForWeeks(clock: Clock): Promise<void> {
  // Hosts' timers take 2³¹ − 1 ms at most, which are 24 days, and fire at once for more.
  const weeksMs = 2 ** 31 + 1;
  const controller = new AbortController();
  const ended: string[] = [];
  const slept = clock.sleep(weeksMs, controller.signal).then(
    () => ended.push("sleep"),
    () => {},
  );
  const cancel = clock.wakeAt(clock.monotonicMs() + weeksMs, () => ended.push("wake"));
  await clock.sleep(20);
  controller.abort("enough");
  cancel();
  await slept;
  equal("what was over at once", ended.join(), "");
}

async function rejectsDisposed(clock: Clock): Promise<void> {
  const sleep = (): Promise<void> => clock.sleep(longMs);
  const slept = later(rejects("a sleep() under way", sleep, ClockError, "closed"));
  await clock[Symbol.asyncDispose]();
  await slept;
  await rejects("sleep() after dispose()", () => clock.sleep(0), ClockError, "closed");
}

async function wakesOnce(clock: Clock): Promise<void> {
  const deadlineMs = clock.monotonicMs() + 10;
  let wokenCount = 0;
  const wokenMs = await new Promise<number>((resolve) => {
    clock.wakeAt(deadlineMs, () => {
      wokenCount++;
      resolve(clock.monotonicMs());
    });
  });
  holds("the time of waking", wokenMs >= deadlineMs, `${deadlineMs} or more`, wokenMs);
  await clock.sleep(20);
  equal("times woken", wokenCount, 1);
}

async function wakesLater(clock: Clock): Promise<void> {
  for (const deadlineMs of [clock.monotonicMs() - 5, clock.monotonicMs(), 0]) {
    let isInside = true;
    const wokenInside = await new Promise<boolean>((resolve) => {
      clock.wakeAt(deadlineMs, () => resolve(isInside));
      isInside = false;
    });
    equal("woken from inside wakeAt()", wokenInside, false);
  }
}

async function cancels(clock: Clock): Promise<void> {
  const woken: string[] = [];
  const nowMs = clock.monotonicMs();
  const cancelPast = clock.wakeAt(nowMs, () => woken.push("past"));
  const cancelSoon = clock.wakeAt(nowMs + 5, () => woken.push("soon"));
  const cancelKept = clock.wakeAt(nowMs + 10, () => woken.push("kept"));
  cancelPast();
  cancelSoon();
  cancelSoon();
  await clock.sleep(40);
  cancelKept();
  equal("what was woken", woken.join(), "kept");
}

async function wakesInOrder(clock: Clock): Promise<void> {
  const woken: number[] = [];
  const nowMs = clock.monotonicMs();
  for (const afterMs of [45, 5, 25]) clock.wakeAt(nowMs + afterMs, () => woken.push(afterMs));
  await clock.sleep(80);
  equal("the order of waking", woken.join(" "), "5 25 45");
}

async function refusesNoTime(clock: Clock): Promise<void> {
  let wokenCount = 0;
  const cancel = clock.wakeAt(Number.POSITIVE_INFINITY, () => wokenCount++);
  throws("wakeAt(NaN)", () => clock.wakeAt(Number.NaN, () => wokenCount++), RangeError);
  await clock.sleep(20);
  cancel();
  equal("times woken", wokenCount, 0);
}

async function wakesNobody(clock: Clock, connect: () => Promise<Clock>): Promise<void> {
  let wokenCount = 0;
  const cancel = clock.wakeAt(clock.monotonicMs() + 5, () => wokenCount++);
  await clock[Symbol.asyncDispose]();
  cancel();
  clock.wakeAt(0, () => wokenCount++)();
  clock.wakeAt(0, () => wokenCount++);
  await withDevice(connect, (other) => other.sleep(30));
  equal("times woken after dispose()", wokenCount, 0);
}

/** Rejects after a while of the clock's own time, so that a law fails where it would hang. */
async function fails(clock: Clock, what: string): Promise<void> {
  await clock.sleep(200);
  throw new LawError(what, "at once", "nothing within 200 ms");
}
