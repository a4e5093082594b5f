import fc from "fast-check";
import { expect, test } from "vitest";
import { Reassembly } from "./reassembly.ts";
import { add, difference } from "./sequence.ts";

const roomy = 1_000_000;

/** Bytes held by their distance from `base`; the first to come stays. */
class Model {
  readonly held = new Map<number, number>();

  insert(at: number, payload: Uint8Array): void {
    for (const [index, value] of payload.entries()) {
      if (!this.held.has(at + index)) this.held.set(at + index, value);
    }
  }

  /** Where bytes without a gap begin and end. */
  runs(): [number, number][] {
    const found: [number, number][] = [];
    for (const at of [...this.held.keys()].toSorted((a, b) => a - b)) {
      const last = found.at(-1);
      if (last?.[1] === at) last[1] = at + 1;
      else found.push([at, at + 1]);
    }
    return found;
  }

  /** All bytes from `next` up to a gap; those before it are forgotten. */
  take(next: number): number[] {
    const run = this.runs().find(([left, right]) => left <= next && right > next);
    const end = run?.[1] ?? next;
    const taken: number[] = [];
    for (let at = next; at < end; at += 1) taken.push(this.held.get(at) ?? -1);
    for (const at of this.held.keys()) if (at < end) this.held.delete(at);
    return taken;
  }
}

function runsOf(reassembly: Reassembly, base: number): [number, number][] {
  return reassembly
    .blocks(Infinity)
    .map(({ left, right }): [number, number] => [difference(left, base), difference(right, base)])
    .toSorted((a, b) => a[0] - b[0]);
}

function takeAll(reassembly: Reassembly, next: number): number[] {
  const taken: number[] = [];
  for (;;) {
    const chunk = reassembly.take(add(next, taken.length));
    if (chunk === undefined) return taken;
    expect(chunk.length).toBeGreaterThan(0);
    taken.push(...chunk);
  }
}

const segments = fc.array(
  fc.record({
    at: fc.nat(120),
    payload: fc.uint8Array({ maxLength: 25, size: "max" }),
    take: fc.constantFrom(false, false, false, true),
  }),
  { maxLength: 40, size: "max" },
);

const bases = fc.constantFrom(0, 1000, 0x7fff_ffc0, 0xffff_ffc0, 0xffff_fffe);

test("insert() and take() do what a map of bytes does, around the end of the numbers too", () => {
  fc.assert(
    fc.property(segments, bases, (steps, base) => {
      const reassembly = new Reassembly(roomy);
      const model = new Model();
      let next = 0;
      for (const { at, payload, take } of steps) {
        expect(reassembly.insert(add(base, next + at), payload)).toBe(true);
        model.insert(next + at, payload);
        if (take) {
          const taken = model.take(next);
          expect(takeAll(reassembly, add(base, next))).toEqual(taken);
          next += taken.length;
        }
        expect(runsOf(reassembly, base)).toEqual(model.runs());
        expect(reassembly.byteCount).toBe(model.held.size);
        expect(reassembly.runCount).toBe(model.runs().length);
      }
    }),
    { numRuns: 200 },
  );
});

test("take() trims what was received in order meanwhile", () => {
  const reassembly = new Reassembly(roomy);
  reassembly.insert(10, Uint8Array.of(1, 2, 3));
  reassembly.insert(13, Uint8Array.of(4, 5, 6));
  expect(reassembly.take(9)).toBeUndefined();
  expect(reassembly.take(14)).toEqual(Uint8Array.of(5, 6));
  expect(reassembly.byteCount).toBe(0);
  expect(reassembly.take(16)).toBeUndefined();
  reassembly.insert(20, Uint8Array.of(1));
  reassembly.insert(21, Uint8Array.of(2));
  expect(reassembly.take(21)).toEqual(Uint8Array.of(2));
});

test("take() gives also what comes before the rest of a run that was begun", () => {
  const reassembly = new Reassembly(roomy);
  reassembly.insert(10, Uint8Array.of(1));
  reassembly.insert(11, Uint8Array.of(2));
  expect(reassembly.take(10)).toEqual(Uint8Array.of(1));
  reassembly.insert(9, Uint8Array.of(8, 9));
  expect(takeAll(reassembly, 9)).toEqual([8, 9, 2]);
});

test("take() gives bytes that share no buffer with what came in or with each other", () => {
  const reassembly = new Reassembly(roomy);
  const payload = Uint8Array.of(1, 2, 3);
  reassembly.insert(10, payload);
  reassembly.insert(13, payload);
  payload.fill(9);
  const [first, second] = [reassembly.take(10), reassembly.take(13)];
  expect(first).toEqual(Uint8Array.of(1, 2, 3));
  expect(first?.buffer.byteLength).toBe(3);
  expect(second?.buffer).not.toBe(first?.buffer);
});

test("blocks() lists the run that changed last first (RFC 2018, section 4)", () => {
  const reassembly = new Reassembly(roomy);
  const byte = Uint8Array.of(1);
  for (const sequence of [10, 30, 20, 40]) reassembly.insert(sequence, byte);
  expect(reassembly.blocks(3).map(({ left }) => left)).toEqual([40, 20, 30]);
  reassembly.insert(31, byte);
  expect(reassembly.blocks(2)).toMatchObject([
    { left: 30, right: 32 },
    { left: 40, right: 41 },
  ]);
  // Also by what was held already: the first block tells which segment arrived.
  reassembly.insert(10, byte);
  expect(reassembly.blocks(1)).toMatchObject([{ left: 10, right: 11 }]);
});

test("insert() refuses a 257th run, but fills gaps", () => {
  const reassembly = new Reassembly(roomy);
  const byte = Uint8Array.of(1);
  for (let run = 0; run < 256; run += 1) expect(reassembly.insert(run * 3, byte)).toBe(true);
  expect(reassembly.insert(256 * 3, byte)).toBe(false);
  expect(reassembly.insert(7, Uint8Array.of(2, 2))).toBe(true);
  expect(reassembly.runCount).toBe(255);
});

test("insert() refuses what there is no room for, and keeps nothing of it", () => {
  const reassembly = new Reassembly(2 * (256 + 100));
  expect(reassembly.insert(100, new Uint8Array(100))).toBe(true);
  expect(reassembly.insert(300, new Uint8Array(101))).toBe(false);
  expect(reassembly.insert(100, new Uint8Array(100))).toBe(true);
  expect(reassembly.byteCount).toBe(100);
  expect(reassembly.insert(300, new Uint8Array(100))).toBe(true);
  expect(reassembly.insert(400, Uint8Array.of(1))).toBe(false);
  expect(reassembly.runCount).toBe(2);
  reassembly.take(100);
  expect(reassembly.insert(400, Uint8Array.of(1))).toBe(true);
});

test("insert() bounds what segments of one byte cost, in whatever order", () => {
  const reassembly = new Reassembly(257 * 1000);
  let kept = 0;
  for (let sequence = 5000; sequence > 0; sequence -= 1) {
    if (reassembly.insert(sequence, Uint8Array.of(1))) kept += 1;
  }
  expect(kept).toBeLessThanOrEqual(1000);
  expect(reassembly.byteCount).toBe(kept);
  expect(kept).toBeGreaterThan(990);
});

test("clear() forgets everything, and the room is free again", () => {
  const reassembly = new Reassembly(400);
  reassembly.insert(5, new Uint8Array(100));
  reassembly.clear();
  expect([reassembly.byteCount, reassembly.runCount]).toEqual([0, 0]);
  expect(reassembly.blocks(4)).toEqual([]);
  expect(reassembly.insert(50, new Uint8Array(100))).toBe(true);
});
