import { describe, expect, test, vi } from "vitest";
import { networkLaws } from "../conformance/index.ts";
import type { FrameOffload, Network } from "../devices/index.ts";
import type { MessagePortOptions } from "./network-message-port.ts";
import { connect } from "./network-message-port.ts";

function connectPair(options: Partial<MessagePortOptions> = {}): [Network, Network] {
  const { port1, port2 } = new MessageChannel();
  return [
    connect({ port: port1, mac: Uint8Array.of(2, 0, 0, 0, 0, 1), ...options }),
    connect({ port: port2, mac: Uint8Array.of(2, 0, 0, 0, 0, 2), ...options }),
  ];
}

/** Lets messages that are under way arrive. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A frame from one station to the other, with a payload of one number over and over. */
function frameOf(length: number, fill: number): Uint8Array {
  const frame = new Uint8Array(length).fill(fill);
  frame.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5]);
  return frame;
}

function send(network: Network, frame: Uint8Array, offload?: FrameOffload): void {
  const fill = (into: Uint8Array): number => {
    into.set(frame);
    return frame.length;
  };
  network.write(frame.length, fill, offload);
}

/** Collects what a network hears, batch by batch. */
function listen(network: Network): { frames: Uint8Array[]; batches: number[] } {
  const heard = { frames: [] as Uint8Array[], batches: [] as number[] };
  network.listen({
    frame: (frame) => heard.frames.push(frame),
    batchEnd: () => heard.batches.push(heard.frames.length),
  });
  return heard;
}

describe("the laws of Network", () => {
  const subject = { connectPair: async () => connectPair(), settle };
  for (const law of networkLaws(subject)) test(law.name, () => law.run());
});

describe("the laws of Network, on a link with offloads", () => {
  const offloads = { checksum: true, segmentationBytes: 65_550 };
  const subject = { connectPair: async () => connectPair({ offloads }), settle };
  for (const law of networkLaws(subject)) test(law.name, () => law.run());
});

test("write() sends the frames of one task in one batch, each aligned for its payload", async () => {
  const [one, other] = connectPair();
  const heard = listen(other);
  for (let index = 0; index < 5; index += 1) send(one, frameOf(61 + index, index));
  await settle();
  expect(heard.batches).toEqual([5]);
  expect(heard.frames.map(({ byteOffset }) => byteOffset % 4)).toEqual([2, 2, 2, 2, 2]);
  expect(heard.frames.map(({ length }) => length)).toEqual([61, 62, 63, 64, 65]);
  expect(new Set(heard.frames.map(({ buffer }) => buffer)).size).toBe(1);
});

test("write() keeps what it was given, when its frames need many batches", async () => {
  const [one, other] = connectPair();
  const heard = listen(other);
  for (let index = 0; index < 500; index += 1) send(one, frameOf(1514, index & 0xff));
  await settle();
  expect(heard.frames.length).toBe(500);
  expect(heard.frames.every((frame, index) => frame[20] === (index & 0xff))).toBe(true);
});

test("write() drops and counts, when the other end takes nothing", () => {
  const [one] = connectPair();
  for (let index = 0; index < 4000; index += 1) send(one, frameOf(1514, 1));
  expect(one.counters.droppedOut).toBeGreaterThan(500);
  expect(one.counters.framesOut + one.counters.droppedOut).toBe(4000);
  expect(one.counters.bytesOut).toBeLessThanOrEqual((4 + 1) * 1024 * 1024);
});

test("write() sends nothing of a frame whose filling threw", async () => {
  const [one, other] = connectPair();
  const heard = listen(other);
  const fail = (): number => {
    throw new Error("cannot fill");
  };
  expect(() => one.write(100, fail)).toThrow("cannot fill");
  send(one, frameOf(60, 1));
  await settle();
  expect(heard.frames.length).toBe(1);
});

test("offloads cross the link beside their frames", async () => {
  const [one, other] = connectPair({ offloads: { checksum: true, segmentationBytes: 65_550 } });
  const heard: [number, FrameOffload | undefined][] = [];
  other.listen({ frame: (frame, offload) => heard.push([frame.length, offload]) });
  send(one, frameOf(40_000, 1), { checksumOmitted: true, segmentBytes: 1460 });
  send(one, frameOf(60, 1));
  await settle();
  expect(heard).toEqual([
    [40_000, { checksumOmitted: true, segmentBytes: 1460 }],
    [60, { checksumOmitted: false, segmentBytes: 0 }],
  ]);
});

test.each([
  ["a length beyond the batch", [255, 255, 0, 0]],
  ["a length beyond any number of bytes", [255, 255, 255, 255]],
  ["a length shorter than a header", [13, 0, 0, 0]],
])("a batch that holds %s is counted, and the link goes on", async (_name, length) => {
  const { port1, port2 } = new MessageChannel();
  const network = connect({ port: port1, mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  const heard = listen(network);
  const bytes = new Uint8Array(64);
  bytes.set(length, 2);
  port2.postMessage({ kind: "batch", buffer: bytes.buffer, byteLength: 64 });
  port2.postMessage({ kind: "batch", buffer: new ArrayBuffer(3), byteLength: 3 });
  await settle();
  expect(network.counters["malformedIn"]).toBe(1);
  expect(heard.frames).toEqual([]);
  const good = new Uint8Array(64);
  good.set([50, 0, 0, 0], 2);
  port2.postMessage({ kind: "batch", buffer: good.buffer, byteLength: 64 });
  await settle();
  expect(heard.frames.length).toBe(1);
  port2.close();
});

test.each([
  undefined,
  null,
  7,
  "batch",
  {},
  { kind: "other" },
  { kind: "batch" },
  { kind: "batch", buffer: new Uint8Array(64), byteLength: 64 },
  { kind: "batch", buffer: new ArrayBuffer(64), byteLength: 65 },
  { kind: "batch", buffer: new ArrayBuffer(64), byteLength: -1 },
  { kind: "batch", buffer: new ArrayBuffer(64), byteLength: Number.NaN },
  { kind: "batch", buffer: new ArrayBuffer(2 ** 23), byteLength: 10 },
  { kind: "credit" },
  { kind: "credit", bytes: -1 },
  { kind: "credit", bytes: Number.NaN },
  { kind: "credit", bytes: "1" },
])("a message that is none is counted, and the link goes on: %o", async (message) => {
  const { port1, port2 } = new MessageChannel();
  const network = connect({ port: port1, mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  const other = connect({ port: port2, mac: Uint8Array.of(2, 0, 0, 0, 0, 2) });
  const heard = listen(network);
  port2.postMessage(message);
  send(other, frameOf(60, 1));
  await settle();
  expect(network.counters["malformedIn"]).toBe(1);
  expect(heard.frames.length).toBe(1);
  port2.close();
});

test("write() drops as much, though the other end gives back more than was sent", async () => {
  const { port1, port2 } = new MessageChannel();
  const network = connect({ port: port1, mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  port2.postMessage({ kind: "credit", bytes: 2 ** 50 });
  await settle();
  for (let index = 0; index < 4000; index += 1) send(network, frameOf(1514, 1));
  expect(network.counters.droppedOut).toBeGreaterThan(500);
  port2.close();
});

test("buffers come back empty for batches to come, when their receiver borrows", async () => {
  const [one, other] = connectPair();
  let fresh = 0;
  const counting = new Proxy(ArrayBuffer, {
    construct(target, [length]) {
      fresh += 1;
      return new target(length);
    },
  });
  vi.stubGlobal("ArrayBuffer", counting);
  const freshFor = async (rounds: number): Promise<number> => {
    fresh = 0;
    for (let round = 0; round < rounds; round += 1) {
      for (let index = 0; index < 40; index += 1) send(one, frameOf(1514, index));
      await settle();
      await settle();
    }
    return fresh;
  };
  try {
    other.listen({ borrows: true, frame() {} });
    await freshFor(5);
    expect(await freshFor(5)).toBe(0);
    other.listen({ frame() {} });
    expect(await freshFor(20)).toBeGreaterThan(10);
  } finally {
    vi.unstubAllGlobals();
  }
});

test.each([new ArrayBuffer(100), new ArrayBuffer(2 ** 21), "none"])(
  "credit takes nothing but buffers of use: %o",
  async (buffer) => {
    const { port1, port2 } = new MessageChannel();
    const network = connect({ port: port1, mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
    port2.postMessage({ kind: "credit", bytes: 0, buffer });
    await settle();
    send(network, frameOf(60, 1));
    const batch = new Promise<{ buffer: ArrayBuffer }>((resolve) => {
      port2.onmessage = ({ data }) => resolve(data);
    });
    expect((await batch).buffer.byteLength).toBe(2048);
    expect(network.counters["malformedIn"]).toBe(0);
    port2.close();
  },
);

test("the link goes down, when the thread at the other end is gone and said nothing", async () => {
  const { port1, port2 } = new MessageChannel();
  const network = connect({ port: port1, mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  const down = new Promise<boolean>((resolve) => network.onLinkChange(resolve));
  port2.close();
  expect(await down).toBe(false);
  expect(network.linkUp).toBe(false);
});

test.each([new Uint8Array(5), Uint8Array.of(1, 0, 0, 0, 0, 1)])(
  "connect() throws RangeError, for the address %o",
  (mac) => {
    const { port1 } = new MessageChannel();
    expect(() => connect({ port: port1, mac })).toThrow(RangeError);
    port1.close();
  },
);

test("dispose() takes the link of the other end down", async () => {
  const [one, other] = connectPair();
  const changes: boolean[] = [];
  other.onLinkChange((linkUp) => changes.push(linkUp));
  await one[Symbol.asyncDispose]();
  await settle();
  expect(changes).toEqual([false]);
  expect(other.linkUp).toBe(false);
  send(other, frameOf(60, 1));
  expect(other.counters.droppedOut).toBe(1);
});
