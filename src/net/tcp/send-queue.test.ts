import fc from "fast-check";
import { expect, test } from "vitest";
import { SendQueue } from "./send-queue.ts";

/** What the queue holds, copied in one piece. */
function contentOf(queue: SendQueue): number[] {
  const into = new Uint8Array(queue.byteCount);
  queue.copy(0, into);
  return [...into];
}

const pattern = new Uint8Array(200_000);
for (let at = 0; at < pattern.length; at += 1) pattern[at] = at % 251;

/** Bytes that tell where in the stream they are. */
function streamOf(start: number, length: number): Uint8Array {
  return pattern.slice(start, start + length);
}

const operations = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant("append"), size: fc.nat(900) }),
    fc.record({ do: fc.constant("release"), size: fc.nat(3000) }),
    fc.record({ do: fc.constant("copy"), size: fc.nat(5000), offset: fc.nat(9000) }),
  ),
  { maxLength: 80, size: "max" },
);

test("copy() gives the bytes of any range, whatever was appended and released", () => {
  fc.assert(
    fc.property(operations, (steps) => {
      const queue = new SendQueue();
      let front = 0;
      let end = 0;
      for (const step of steps) {
        const held = end - front;
        if (step.do === "append") {
          queue.append(streamOf(end, step.size));
          end += step.size;
        } else if (step.do === "release") {
          const count = Math.min(step.size, held);
          queue.release(count);
          front += count;
        } else {
          const offset = Math.min("offset" in step ? step.offset : 0, held);
          const into = new Uint8Array(Math.min(step.size, held - offset));
          const wide = new Uint8Array(into.length + 3);
          queue.copy(offset, into);
          queue.copy(offset, wide, 2, into.length);
          expect(Buffer.compare(wide.subarray(2, -1), into)).toBe(0);
          expect(Buffer.compare(into, streamOf(front + offset, into.length))).toBe(0);
        }
        expect(queue.byteCount).toBe(end - front);
      }
    }),
    { numRuns: 100 },
  );
});

test("copy() finds bytes far apart among many chunks", () => {
  const queue = new SendQueue();
  for (let index = 0; index < 200; index += 1) queue.append(streamOf(index * 600, 600));
  queue.release(60_001);
  for (const offset of [0, 59_000, 30_000, 30_100, 30_700, 1, 59_990, 598, 599]) {
    const into = new Uint8Array(9);
    queue.copy(offset, into);
    expect(into, `${offset}`).toEqual(streamOf(60_001 + offset, 9));
  }
});

test("append() keeps large bytes without a copy and gathers small ones", () => {
  const queue = new SendQueue();
  const large = streamOf(0, 600);
  const small = streamOf(1, 3);
  queue.append(large);
  queue.append(small);
  large[0] = 99;
  small[0] = 99;
  queue.append(streamOf(2, 2));
  expect(contentOf(queue)).toEqual([99, ...streamOf(1, 599), 1, 2, 3, 2, 3]);
});

test("clear() forgets everything, and the queue goes on", () => {
  const queue = new SendQueue();
  for (let index = 0; index < 9; index += 1) queue.append(streamOf(0, 100));
  queue.clear();
  expect(queue.byteCount).toBe(0);
  queue.append(streamOf(3, 4));
  queue.append(streamOf(7, 4));
  expect(contentOf(queue)).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
});

test("copy() and release() refuse what is not there", () => {
  const queue = new SendQueue();
  queue.append(streamOf(0, 10));
  expect(() => queue.release(11)).toThrow(RangeError);
  expect(() => queue.copy(8, new Uint8Array(3))).toThrow(RangeError);
  expect(() => queue.copy(-1, new Uint8Array(3))).toThrow(RangeError);
  expect(queue.byteCount).toBe(10);
});
