import fc from "fast-check";
import { expect, test } from "vitest";
import { Simulation } from "../simulated/index.ts";
import { type Timer, Timers, timersOf } from "./timers.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("timersOf() gives one wheel for a clock", () => {
  const { clock } = new Simulation({ seed: 1, turn });
  expect(timersOf(clock)).toBe(timersOf(clock));
});

test("timers expire once, in order, never early and at once when they are due", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.nat(5e9).map((microseconds) => microseconds / 1000),
        { maxLength: 40 },
      ),
      async (delays) => {
        const simulation = new Simulation({ seed: 1, turn });
        const timers = new Timers(simulation.clock);
        const startMs = timers.nowMs();
        const expired: number[] = [];
        for (const delay of delays) {
          const timer = timers.timer((nowMs) => {
            expect(nowMs).toBeGreaterThanOrEqual(startMs + delay);
            expect(nowMs - startMs - delay).toBeLessThan(0.01);
            expired.push(delay);
          });
          timer.set(startMs + delay);
        }
        expect(timers.activeCount).toBe(delays.length);
        await simulation.run(() => simulation.clock.sleep(5e6 + 10));
        expect(expired).toEqual(delays.toSorted((a, b) => a - b));
        expect(timers.activeCount).toBe(0);
      },
    ),
    { numRuns: 30 },
  );
});

test("set() moves a timer, later and earlier, and clear() forgets it", async () => {
  const simulation = new Simulation({ seed: 1, turn });
  const timers = new Timers(simulation.clock);
  const startMs = timers.nowMs();
  const seen: [string, number][] = [];
  const note =
    (name: string) =>
    (nowMs: number): void => {
      seen.push([name, Math.round(nowMs - startMs)]);
    };
  const later = timers.timer(note("later"));
  const earlier = timers.timer(note("earlier"));
  const never = timers.timer(note("never"));
  later.set(startMs + 10);
  later.set(startMs + 70_000);
  earlier.set(startMs + 70_000);
  earlier.set(startMs + 10);
  never.set(startMs + 20);
  never.clear();
  never.clear();
  await simulation.run(() => simulation.clock.sleep(80_000));
  expect(seen).toEqual([
    ["earlier", 10],
    ["later", 70_000],
  ]);
});

test("a timer that expires may set itself, and clear one of the same instant", async () => {
  const simulation = new Simulation({ seed: 1, turn });
  const timers = new Timers(simulation.clock);
  const startMs = timers.nowMs();
  let rounds = 0;
  const again: Timer = timers.timer((nowMs) => {
    rounds += 1;
    other.clear();
    if (rounds < 5) again.set(nowMs + 1000);
  });
  const other = timers.timer(() => expect.unreachable("it was cleared"));
  again.set(startMs + 5);
  other.set(startMs + 5);
  await simulation.run(() => simulation.clock.sleep(10_000));
  expect(rounds).toBe(5);
  expect(timers.activeCount).toBe(0);
});

test("no wake of the clock stays behind when no timer is set", async () => {
  const simulation = new Simulation({ seed: 1, turn });
  const timers = new Timers(simulation.clock);
  const timer = timers.timer(() => {});
  timer.set(timers.nowMs() + 1e6);
  timer.clear();
  await simulation.run(() => simulation.clock.sleep(1));
  expect(simulation.timeline.nextNs).toBeUndefined();
});
