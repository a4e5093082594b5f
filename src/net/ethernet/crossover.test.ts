import { describe, expect, test } from "vitest";
import { networkLaws } from "../../conformance/index.ts";
import type { FrameOffload, Network } from "../../devices/index.ts";
import { connectPair } from "./crossover.ts";

/** Lets microtasks run, and those that they queue. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

function send(network: Network, length: number, mark: number, offload?: FrameOffload): void {
  network.write(length, (into) => (into.fill(mark), length), offload);
}

const segments = { checksum: true, segmentationBytes: 65_549 };

describe("the laws of Network", () => {
  const subject = { connectPair: async () => connectPair(), settle };
  for (const law of networkLaws(subject)) test(law.name, () => law.run());
});

describe("the laws of Network, on a cable with offloads", () => {
  const subject = { connectPair: async () => connectPair({ offloads: segments }), settle };
  for (const law of networkLaws(subject)) test(law.name, () => law.run());
});

test("write() sends the frames of one task in one batch, each aligned for its payload", async () => {
  const [one, other] = connectPair();
  const lengths: number[] = [];
  const offsets = new Set<number>();
  let batchCount = 0;
  other.listen({
    frame: (frame) => (lengths.push(frame.length), offsets.add(frame.byteOffset % 4)),
    batchEnd: () => (batchCount += 1),
  });
  for (let length = 61; length < 66; length += 1) send(one, length, 1);
  expect(lengths).toEqual([]);
  await settle();
  expect(lengths).toEqual([61, 62, 63, 64, 65]);
  expect([...offsets]).toEqual([2]);
  expect(batchCount).toBe(1);
});

test("write() drops and counts, when a window is under way", async () => {
  const [one, other] = connectPair({ windowBytes: 10_000 });
  other.listen({ borrows: true, frame() {} });
  for (let index = 0; index < 20; index += 1) send(one, 1000, index);
  expect(one.counters).toMatchObject({ framesOut: 10, droppedOut: 10 });
  await settle();
  send(one, 1000, 1);
  expect(one.counters.framesOut).toBe(11);
});

test("write() uses the memory of a batch again, when its receiver borrows", async () => {
  const [one, other] = connectPair();
  const buffers = new Set<ArrayBufferLike>();
  const views = new Set<Uint8Array>();
  other.listen({
    borrows: true,
    frame: (frame) => (buffers.add(frame.buffer), views.add(frame)),
  });
  for (let round = 0; round < 10; round += 1) {
    for (let index = 0; index < 5; index += 1) send(one, 1514, index);
    await settle();
  }
  expect(buffers.size).toBe(1);
  expect(views.size).toBe(5);
});

test("write() keeps each frame as it was written, when many batches of many sizes pass", async () => {
  const [one, other] = connectPair({ offloads: segments });
  const heard: string[] = [];
  const sent: string[] = [];
  other.listen({
    borrows: true,
    frame: (frame, offload) =>
      heard.push(`${frame.length} ${frame.at(-1)} ${offload?.segmentBytes}`),
  });
  for (let index = 0; index < 200; index += 1) {
    const length = index % 3 === 0 ? 65_549 : 14 + ((index * 37) % 1500);
    const segmentBytes = index % 3 === 0 ? 1460 : 0;
    send(one, length, index, { checksumOmitted: true, segmentBytes });
    sent.push(`${length} ${index} ${segmentBytes}`);
    if (index % 10 === 0) await settle();
  }
  await settle();
  expect(heard).toEqual(sent);
});

test("dispose() takes the link of the other end down, after what was written", async () => {
  const [one, other] = connectPair();
  const events: string[] = [];
  other.listen({ frame: () => events.push("frame") });
  other.onLinkChange((linkUp) => events.push(`link ${linkUp}`));
  send(one, 60, 1);
  await one[Symbol.asyncDispose]();
  await settle();
  expect(events).toEqual(["frame", "link false"]);
  expect(other.linkUp).toBe(false);
  send(other, 60, 1);
  expect(other.counters.droppedOut).toBe(1);
});

test("connectPair() takes the addresses that it is given, and throws RangeError for a group's", () => {
  const macs = [Uint8Array.of(2, 1, 1, 1, 1, 1), Uint8Array.of(2, 1, 1, 1, 1, 2)] as const;
  expect(connectPair({ macs }).map(({ mac }) => mac)).toEqual(macs);
  expect(() => connectPair({ macs: [Uint8Array.of(1, 0, 0, 0, 0, 0), macs[1]] })).toThrow(
    RangeError,
  );
});
