import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { SimulatedClock, SimulatedConsole, Simulation, SimulationError } from "./index.ts";

const turn = (): Promise<void> => setImmediate();

function simulate(seed = 42): Simulation {
  return new Simulation({ seed, turn });
}

/** What `operation` throws. */
async function errorOf(operation: Promise<unknown>): Promise<Error & { cause?: unknown }> {
  try {
    await operation;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("It did not fail");
}

test("run() lets years pass without waiting", async () => {
  const simulation = simulate();
  const tenYearsMs = 3650 * 86_400_000;
  const passedMs = await simulation.run(async () => {
    const startMs = simulation.clock.wallMs();
    await simulation.clock.sleep(tenYearsMs);
    return simulation.clock.wallMs() - startMs;
  });
  expect(passedMs).toBe(tenYearsMs);
});

test("run() lets all code go as far as it can, before time passes", async () => {
  const simulation = simulate();
  const order: string[] = [];
  await simulation.run(async () => {
    const slept = simulation.clock.sleep(0).then(() => order.push("slept"));
    for (let step = 0; step < 10_000; step++) await Promise.resolve();
    order.push("10,000 microtasks");
    await slept;
  });
  expect(order).toEqual(["10,000 microtasks", "slept"]);
});

test("run() reports a deadlock, with the seed and who waits for what", async () => {
  const simulation = simulate();
  const console = new SimulatedConsole(simulation, { name: "console-of-a" });
  const error = await errorOf(simulation.run(() => console.readLine()));
  expect(error).toBeInstanceOf(SimulationError);
  expect(error.message).toBe(
    "Deadlock: nothing left to wait for; still waiting: input on console-of-a " +
      "(seed 42, at 0.000000 ms)",
  );
});

test("run() reports what main threw as the cause, with the seed", async () => {
  const simulation = simulate(7);
  const cause = new TypeError("It broke");
  const error = await errorOf(
    simulation.run(async () => {
      await simulation.clock.sleep(1.5);
      throw cause;
    }),
  );
  expect(error.message).toBe("It broke (seed 7, at 1.500000 ms)");
  expect(error.cause).toBe(cause);
});

test("run() reports what a device's callback threw", async () => {
  const simulation = simulate();
  const cause = new Error("Thrown on waking");
  const run = simulation.run(async () => {
    simulation.clock.wakeAt(5, () => {
      throw cause;
    });
    await simulation.clock.sleep(10);
  });
  expect((await errorOf(run)).cause).toBe(cause);
});

test("run() gives up when virtual time reaches its limit", async () => {
  const simulation = simulate();
  const forever = async (): Promise<never> => {
    for (;;) await simulation.clock.sleep(100);
  };
  const error = await errorOf(simulation.run(forever, 1000));
  expect(error.message).toMatch(/^Not done after 1000 ms of virtual time \(seed 42/u);
});

test("run() refuses to run within itself", async () => {
  const simulation = simulate();
  const error = await errorOf(simulation.run(() => simulation.run(async () => {})));
  expect(error.message).toContain("running already");
});

test("outside() stops the time while the host works", async () => {
  const simulation = simulate();
  const order: string[] = [];
  await simulation.run(async () => {
    const slept = simulation.clock.sleep(1).then(() => order.push("slept"));
    const hostWork = async (): Promise<void> => {
      for (let turns = 0; turns < 50; turns++) await turn();
      order.push("host");
    };
    await Promise.all([simulation.outside(hostWork()), slept]);
  });
  expect(order).toEqual(["host", "slept"]);
});

test("random() gives one stream for each name, whatever else is drawn", () => {
  const [one, other] = [simulate(), simulate()];
  other.random("disturbance").uint32();
  expect(one.random("a").uint32()).toBe(other.random("a").uint32());
  expect(one.random("a").uint32()).not.toBe(one.random("b").uint32());
});

test("SimulatedClock leaves nothing planned, when cancelled, aborted or disposed", async () => {
  const simulation = simulate();
  const clock = new SimulatedClock(simulation.timeline);
  const controller = new AbortController();
  clock.wakeAt(10, () => {})();
  clock.wakeAt(Number.POSITIVE_INFINITY, () => {});
  const aborted = errorOf(clock.sleep(10, controller.signal));
  const disposed = errorOf(clock.sleep(10));
  controller.abort(new Error("enough"));
  await clock[Symbol.asyncDispose]();
  expect((await aborted).message).toBe("enough");
  expect((await disposed).message).toBe("Cannot sleep: the clock was disposed");
  expect(simulation.timeline.nextNs).toBeUndefined();
});

test("Simulation refuses a seed that is not a safe integer", () => {
  expect(() => simulate(0.5)).toThrow(RangeError);
});
