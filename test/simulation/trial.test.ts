import { expect, test } from "vitest";
import { planFor, runTrial } from "./trial.ts";

/** A few of the seeds; `run.mjs` beside this runs many. */
const seeds = Array.from({ length: 8 }, (_, index) => 1000 + index);

test.each(seeds)(
  "every byte arrives in order, whatever befalls the frames (seed %i)",
  async (seed) => {
    const { hasConnected } = await runTrial(planFor(seed));
    expect(hasConnected).toBe(true);
  },
);

test("runTrial() does the same for the same seed, byte for byte", async () => {
  // Every kind of fault, and an outage.
  const plan = planFor(49);
  const [one, again] = [await runTrial(plan), await runTrial(plan)];
  expect(again.traceHash).toBe(one.traceHash);
  expect(one.retransmissions).toBeGreaterThan(0);
});
