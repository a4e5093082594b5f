import { expect, test } from "vitest";
import { bytesOf, httpSimulation, MemoryFlow, textOf } from "../../../test/http-flows.ts";

import { FlowReader } from "./flow-reader.ts";

const simulation = httpSimulation();

function held(reader: FlowReader): string {
  return textOf(reader.buffer.subarray(reader.start, reader.end));
}

test("more() puts what arrives behind what was not consumed", async () => {
  const flow = new MemoryFlow();
  const reader = new FlowReader(flow, simulation.clock);
  for (const text of ["abc", "d", "ef", "g"]) {
    flow.arrive(text);
    expect(await reader.more()).toBe(true);
    reader.consume(text === "abc" ? 2 : 0);
  }
  expect(held(reader)).toBe("cdefg");
  flow.arrive(undefined);
  expect(await reader.more()).toBe(false);
  expect(reader.isAtEnd).toBe(false);
  expect(textOf(reader.take(2))).toBe("cd");
  expect(textOf(reader.take(9))).toBe("efg");
  expect([reader.take(1), reader.isAtEnd]).toEqual([undefined, true]);
});

test("take() gives bytes that stay as they are when more arrives", async () => {
  const flow = new MemoryFlow();
  const reader = new FlowReader(flow, simulation.clock);
  const taken: Uint8Array[] = [];
  for (let round = 0; round < 50; round += 1) {
    flow.arrive(String.fromCharCode(65 + (round % 26)).repeat(3));
    await reader.more();
    const bytes = reader.take(2);
    if (bytes !== undefined) taken.push(bytes);
  }
  const all = taken.map(textOf).join("") + held(reader);
  const sent = Array.from({ length: 50 }, (_, round) =>
    String.fromCharCode(65 + (round % 26)).repeat(3),
  );
  expect(all).toBe(sent.join(""));
});

test("unread() puts bytes before what is held", () => {
  const reader = new FlowReader(new MemoryFlow(), simulation.clock);
  reader.unread(bytesOf("cd"));
  reader.unread(bytesOf("ab"));
  expect(held(reader)).toBe("abcd");
});

test("readAhead() keeps one chunk, and reports a failure that nobody waits for", async () => {
  const flow = new MemoryFlow();
  const failures: unknown[] = [];
  const reader = new FlowReader(flow, simulation.clock, {
    failed: (error) => failures.push(error),
  });
  flow.arrive("abc");
  reader.readAhead();
  await Promise.resolve();
  expect(reader.byteCount).toBe(0);
  reader.readAhead();
  expect(await reader.more()).toBe(true);
  reader.readAhead();
  flow.fail();
  await new Promise((resolve) => setImmediate(resolve));
  expect(failures).toMatchObject([{ code: "reset" }]);
  await expect(reader.more()).rejects.toMatchObject({ code: "reset" });
  expect(held(reader)).toBe("abc");
});

test("setPatience() ends waiting, and what arrives later is not lost", async () => {
  const flow = new MemoryFlow();
  const reader = new FlowReader(flow, simulation.clock);
  reader.setPatience(500, "head-timed-out");
  const waiting = expect(reader.more()).rejects.toMatchObject({ code: "timed-out" });
  await simulation.run(async () => simulation.clock.sleep(501));
  await waiting;
  await expect(reader.more()).rejects.toMatchObject({ code: "timed-out" });
  flow.arrive("abc");
  reader.setPatience(Infinity);
  expect(await reader.more()).toBe(true);
  expect(held(reader)).toBe("abc");
});

test("setPatience() shortens the wait of who waits already, and lengthens it", async () => {
  const flow = new MemoryFlow();
  const reader = new FlowReader(flow, simulation.clock);
  const { clock } = simulation;
  for (const [first, second] of [
    [1000, 100],
    [100, 1000],
  ] as const) {
    const startMs = clock.monotonicMs();
    reader.setPatience(first);
    const waiting = reader.more().catch(() => clock.monotonicMs() - startMs);
    reader.setPatience(second);
    await simulation.run(() => clock.sleep(1500));
    expect(Math.round(Number(await waiting))).toBe(second);
  }
});
