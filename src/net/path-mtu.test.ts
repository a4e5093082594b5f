import { expect, test } from "vitest";
import { Simulation } from "../simulated/index.ts";
import { PathMtus } from "./path-mtu.ts";
import { timersOf } from "./timers.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("what was learned holds for a while, only gets less, and not less than it may", async () => {
  const simulation = new Simulation({ seed: 1, turn });
  const timers = timersOf(simulation.clock);
  let changeCount = 0;
  const mtus = new PathMtus({
    timers,
    linkBytes: 1500,
    leastBytes: 552,
    changed: () => (changeCount += 1),
    maxDestinations: 2,
  });
  await simulation.run(async () => {
    expect(mtus.get("a")).toBe(1500);
    mtus.learn("a", 1500);
    expect(changeCount).toBe(0);
    mtus.learn("a", 1400);
    mtus.learn("a", 1450);
    expect(mtus.get("a")).toBe(1400);
    await simulation.clock.sleep(500_000);
    mtus.learn("b", 1);
    expect(mtus.get("b")).toBe(552);
    await simulation.clock.sleep(100_001);
    expect([mtus.get("a"), mtus.get("b")]).toEqual([1500, 552]);
    expect(changeCount).toBe(3);
    mtus.learn("c", 1000);
    mtus.learn("d", 1000);
    expect([mtus.get("b"), mtus.get("c"), mtus.get("d")]).toEqual([1500, 1000, 1000]);
    await simulation.clock.sleep(600_001);
  });
  expect(mtus.get("d")).toBe(1500);
  expect(timers.activeCount).toBe(0);
});
