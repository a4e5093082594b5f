import fc from "fast-check";
import { expect, test } from "vitest";
import { ReceiveQueue } from "./receive-queue.ts";

const pattern = new Uint8Array(2_200_000);
for (let at = 0; at < pattern.length; at += 1) pattern[at] = at % 251;

/** Bytes that tell where in the stream they are. */
function streamOf(start: number, length: number): Uint8Array {
  return pattern.slice(start, start + length);
}

/** Appends segments until `bytes` are there, without a reader. */
function fill(queue: ReceiveQueue, bytes: number): void {
  for (let at = 0; at < bytes; at += 1000) queue.append(streamOf(at, Math.min(1000, bytes - at)));
}

/** Takes everything that is there. */
function drain(queue: ReceiveQueue): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let chunk = queue.take(); chunk !== undefined; chunk = queue.take()) chunks.push(chunk);
  return chunks;
}

const steps = fc.array(
  fc.record({
    do: fc.constantFrom("append", "append", "push", "take"),
    size: fc.oneof(fc.nat(100), fc.nat(3000), fc.nat(70_000)),
  }),
  { maxLength: 30, size: "max" },
);

test("take() gives what came in, in order, in buffers of its own", () => {
  fc.assert(
    fc.property(steps, (operations) => {
      const queue = new ReceiveQueue();
      const taken: Uint8Array[] = [];
      let end = 0;
      for (const { do: what, size } of operations) {
        if (what === "take") {
          taken.push(...[queue.take() ?? []].flat());
          continue;
        }
        const bytes = streamOf(end, size);
        if (what === "push") queue.push(bytes);
        else queue.append(bytes);
        if (what === "append") bytes.fill(255);
        end += size;
      }
      const takenBytes = taken.reduce((sum, { length }) => sum + length, 0);
      expect(queue.byteCount).toBe(end - takenBytes);
      taken.push(...drain(queue));
      expect(Buffer.concat(taken).equals(streamOf(0, end))).toBe(true);
      expect(new Set(taken.map(({ buffer }) => buffer)).size).toBe(taken.length);
      expect(queue.byteCount).toBe(0);
    }),
    { numRuns: 100 },
  );
});

test("append() gathers segments into blocks that double up to 64 KiB", () => {
  const queue = new ReceiveQueue();
  fill(queue, 200_000);
  expect(drain(queue).map(({ length }) => length)).toEqual([
    2048, 4096, 8192, 16_384, 32_768, 65_536, 65_536, 5440,
  ]);
});

test("take() hands out no more than four times the memory of what it gives", () => {
  const queue = new ReceiveQueue();
  fill(queue, 300_000);
  for (const chunk of drain(queue)) {
    expect(chunk.buffer.byteLength).toBeLessThanOrEqual(4 * chunk.length);
  }
});

test("append() takes smaller blocks again when there is less to put in", () => {
  const queue = new ReceiveQueue();
  fill(queue, 300_000);
  drain(queue);
  for (let round = 0; round < 5; round += 1) {
    fill(queue, 1000);
    drain(queue);
  }
  fill(queue, 1000);
  expect(queue.take()?.buffer.byteLength).toBe(2048);
});

test("append() keeps an exact copy of few bytes, and of very many", () => {
  const queue = new ReceiveQueue();
  for (const size of [1, 511, 32_768, 65_000]) {
    queue.append(streamOf(0, size));
    expect(queue.take()?.buffer.byteLength).toBe(size);
  }
});

test("push() hands on large bytes without a copy, after what came before", () => {
  const queue = new ReceiveQueue();
  const large = streamOf(0, 2048);
  fill(queue, 600);
  queue.push(large);
  expect(queue.take()).toEqual(streamOf(0, 600));
  expect(queue.take()).toBe(large);
});

test("empty bytes are nothing to take", () => {
  const queue = new ReceiveQueue();
  queue.append(new Uint8Array(0));
  queue.push(new Uint8Array(0));
  expect(queue.take()).toBeUndefined();
});

test("clear() forgets everything, and the queue goes on", () => {
  const queue = new ReceiveQueue();
  fill(queue, 5000);
  queue.clear();
  expect(queue.byteCount).toBe(0);
  expect(queue.take()).toBeUndefined();
  fill(queue, 700);
  expect(queue.take()).toEqual(streamOf(0, 700));
});

test("recycle() has a large chunk filled again, once", () => {
  const queue = new ReceiveQueue();
  // Those that were there before a reader has given something back are of other sizes.
  queue.append(streamOf(0, 60_000));
  queue.recycle(queue.take() ?? new Uint8Array());
  queue.append(streamOf(0, 60_000));
  const chunk = queue.take() ?? new Uint8Array();
  queue.recycle(chunk);
  queue.recycle(chunk);
  queue.append(streamOf(7, 50_000));
  queue.append(streamOf(9, 40_000));
  const [again, other] = drain(queue);
  expect(again?.buffer).toBe(chunk.buffer);
  expect(other?.buffer).not.toBe(chunk.buffer);
  expect(Buffer.compare(again ?? chunk, streamOf(7, 50_000))).toBe(0);
  expect(Buffer.compare(other ?? chunk, streamOf(9, 40_000))).toBe(0);
});

test("recycle() leaves alone what is small, transferred or not the reader's alone", () => {
  const queue = new ReceiveQueue();
  const transferred = new Uint8Array(65_536);
  structuredClone(transferred, { transfer: [transferred.buffer] });
  const shared = new Uint8Array(new SharedArrayBuffer(65_536));
  for (const bytes of [new Uint8Array(100), transferred, shared]) queue.recycle(bytes);
  queue.append(streamOf(0, 60_000));
  const chunk = queue.take();
  expect([...(chunk?.subarray(0, 3) ?? [])]).toEqual([0, 1, 2]);
  expect(chunk?.buffer).toBeInstanceOf(ArrayBuffer);
});
