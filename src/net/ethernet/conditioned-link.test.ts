import { expect, test } from "vitest";
import { Simulation, Wire } from "../../simulated/index.ts";
import { ConditionedLink, type LinkConditions, noConditions } from "./conditioned-link.ts";

/** Sends 200 numbered frames over a link, and gives what arrives, and after how long. */
async function send(
  conditions: Partial<LinkConditions>,
): Promise<{ marks: number[]; lastMs: number; lost: number }> {
  const simulation = new Simulation({
    seed: 5,
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  });
  const { clock } = simulation;
  const wire = new Wire(simulation);
  const [network, other] = [wire.connect(), wire.connect()];
  const link = new ConditionedLink(
    network,
    { ...noConditions, ...conditions },
    { clock, random: simulation.random("link") },
  );
  const marks: number[] = [];
  let lastMs = 0;
  const startMs = clock.monotonicMs();
  other.listen({
    frame(frame) {
      marks.push(frame[14] ?? 0);
      lastMs = clock.monotonicMs() - startMs;
    },
  });
  await simulation.run(async () => {
    for (let mark = 0; mark < 200; mark += 1) {
      link.write(1000, (into) => {
        into.fill(0).fill(0xff, 0, 6);
        into.set(link.mac, 6);
        into[14] = mark;
        return 1000;
      });
    }
    await clock.sleep(5000);
    await link[Symbol.asyncDispose]();
  });
  return { marks, lastMs, lost: link.counters["lost"] ?? 0 };
}

const all = Array.from({ length: 200 }, (_, mark) => mark);

test("without conditions frames arrive at once, in order", async () => {
  const { marks, lastMs } = await send({});
  expect(marks).toEqual(all);
  expect(lastMs).toBeLessThan(1);
});

test("a delay and jitter keep the order", async () => {
  const { marks, lastMs } = await send({ delayMs: 100, jitterMs: 50 });
  expect(marks).toEqual(all);
  expect(lastMs).toBeGreaterThan(100);
  expect(lastMs).toBeLessThan(151);
});

test("loss and duplication befall about as many frames as they say", async () => {
  const lossy = await send({ loss: 0.25 });
  expect(lossy.marks.length).toBeGreaterThan(120);
  expect(lossy.marks.length + lossy.lost).toBe(200);
  expect(lossy.lost).toBeGreaterThan(20);
  const doubled = await send({ duplication: 0.25 });
  expect(doubled.marks.length).toBeGreaterThan(220);
  expect([...new Set(doubled.marks)]).toEqual(all);
});

test("reordering lets frames overtake others, and loses none", async () => {
  const { marks } = await send({ reordering: 0.2, delayMs: 5, holdBackMs: 10 });
  expect(marks).not.toEqual(all);
  expect(marks.toSorted((a, b) => a - b)).toEqual(all);
});

test("a rate spaces frames, and its queue is bounded", async () => {
  const { marks, lastMs } = await send({ bitsPerSecond: 8e6 });
  // 1,000 bytes take 1 ms.
  expect(marks).toEqual(all);
  expect(lastMs).toBeCloseTo(200, 0);
  const slow = await send({ bitsPerSecond: 8e6, delayMs: 1 });
  expect(slow.lost).toBe(0);
});

test("change() is for what is sent from then on", async () => {
  const simulation = new Simulation({
    seed: 5,
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  });
  const wire = new Wire(simulation);
  const [network, other] = [wire.connect(), wire.connect()];
  const random = simulation.random("link");
  const link = new ConditionedLink(network, noConditions, { clock: simulation.clock, random });
  let count = 0;
  other.listen({ frame: () => (count += 1) });
  const write = (): void => link.write(60, (into) => into.fill(0).length);
  await simulation.run(async () => {
    write();
    link.change({ ...noConditions, loss: 1 });
    write();
    await simulation.clock.sleep(1);
  });
  expect(count).toBe(1);
});
