import { beforeEach, describe, expect, test, vi } from "vitest";
import { networkLaws } from "../conformance/index.ts";
import type { Network } from "../devices/index.ts";
import { Switch } from "../net/ethernet/switch.ts";
import type { MessagePortOptions } from "./network-message-port.ts";
import { connect } from "./network-message-port.ts";
import { offerOnRequest, requestRing } from "./network-ring-request.ts";
import { join, offer, type RingLink } from "./network-ring.ts";

beforeEach(() => {
  vi.stubGlobal("crossOriginIsolated", true);
  return () => vi.unstubAllGlobals();
});

/** Lets messages that are under way arrive. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 9; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Two ends of a link, of which the first has joined the ring that the second offered. */
async function connectPair(options: Partial<MessagePortOptions> = {}): Promise<[Network, Network]> {
  const { port1, port2 } = new MessageChannel();
  const one = connect({ port: port1, mac: Uint8Array.of(2, 0, 0, 0, 0, 1), ...options });
  const other = connect({ port: port2, mac: Uint8Array.of(2, 0, 0, 0, 0, 2), ...options });
  offerOnRequest(other);
  requestRing(one);
  const { onMessage } = one;
  while (one.onMessage === onMessage) await settle();
  await settle();
  return [one, other];
}

function send(network: Network, length: number, mark: number): void {
  network.write(length, (into) => (into.fill(mark), length));
}

describe("the laws of Network", () => {
  const subject = { connectPair, settle };
  for (const law of networkLaws(subject)) test(law.name, () => law.run());
});

describe("the laws of Network, with offloads, the offering end first", () => {
  const offloads = { checksum: true, segmentationBytes: 65_549 };
  const subject = {
    connectPair: async () => (await connectPair({ offloads })).toReversed() as [Network, Network],
    settle,
  };
  for (const law of networkLaws(subject)) test(law.name, () => law.run());
});

test("frames are in shared memory, when the receiver borrows, and else in its own", async () => {
  const [one, other] = await connectPair();
  const kinds: string[] = [];
  const frame = ({ buffer }: Uint8Array): void => void kinds.push(buffer.constructor.name);
  other.listen({ borrows: true, frame });
  send(one, 60, 1);
  await settle();
  other.listen({ frame });
  send(one, 60, 1);
  await settle();
  expect(kinds).toEqual(["SharedArrayBuffer", "ArrayBuffer"]);
});

test("frames keep their order, when some were written before the ring was joined", async () => {
  const { port1, port2 } = new MessageChannel();
  const one = connect({ port: port1, mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  const other = connect({ port: port2, mac: Uint8Array.of(2, 0, 0, 0, 0, 2) });
  const heard: [number[], number[]] = [[], []];
  one.listen({ borrows: true, frame: (frame) => heard[0].push(frame[20] ?? -1) });
  other.listen({ borrows: true, frame: (frame) => heard[1].push(frame[20] ?? -1) });
  offerOnRequest(other);
  requestRing(one);
  const asking = one.onMessage;
  for (let mark = 0; mark < 100; mark += 1) {
    send(one, 60, mark);
    send(other, 60, mark);
    if (mark % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  while (one.onMessage === asking) await settle();
  send(one, 60, 100);
  send(other, 60, 100);
  await settle();
  const marks = Array.from({ length: 101 }, (_, mark) => mark);
  expect(heard).toEqual([marks, marks]);
});

test("frames arrive as they were, when they go round the ring many times", async () => {
  const offloads = { checksum: true, segmentationBytes: 65_549 };
  const [one, other] = await connectPair({ offloads });
  let expected = 0;
  let wrongCount = 0;
  other.listen({
    borrows: true,
    frame(frame) {
      const isRight = frame[0] === expected % 251 && frame.at(-1) === expected % 251;
      if (!isRight) wrongCount += 1;
      expected += 1;
    },
  });
  let sentCount = 0;
  for (let round = 0; round < 40; round += 1) {
    for (let count = 0; count < (round % 7) * 8; count += 1) {
      const length = count % 2 === 0 ? 65_549 : 61 + round;
      const offload = { checksumOmitted: true, segmentBytes: 1460 };
      one.write(length, (into) => (into.fill(sentCount % 251), length), offload);
      sentCount += 1;
    }
    await settle();
  }
  expect(one.counters.droppedOut).toBe(0);
  expect([expected, wrongCount]).toEqual([sentCount, 0]);
});

test("write() drops and counts, when the other end reads nothing", async () => {
  const [one, other] = await connectPair();
  other.listen({ borrows: true, frame() {} });
  for (let index = 0; index < 4000; index += 1) send(one, 1514, 1);
  expect(one.counters.droppedOut).toBeGreaterThan(1000);
  await settle();
  const droppedCount = one.counters.droppedOut;
  send(one, 1514, 1);
  expect(one.counters.droppedOut).toBe(droppedCount);
});

describe("through a switch", () => {
  /** A station on a switch, over a ring or not. */
  async function plugIn(lan: Switch, station: number, withRing: boolean): Promise<Network> {
    const { port1, port2 } = new MessageChannel();
    const one = connect({ port: port1, mac: Uint8Array.of(2, 0, 0, 0, 0, station) });
    const other = connect({ port: port2, mac: Uint8Array.of(2, 0, 0, 0, 0, 0) });
    lan.attach(other);
    offerOnRequest(other);
    if (!withRing) return one;
    requestRing(one);
    const { onMessage } = one;
    while (one.onMessage === onMessage) await settle();
    return one;
  }

  test.each([
    ["from ring to ring", true, true, 500],
    ["from messages to a ring", false, true, 500],
    ["from a ring to messages", true, false, 0],
  ])(
    "frames arrive as they were, and whole batches, %s",
    async (_name, first, second, handedOn) => {
      const lan = new Switch({ nowMs: () => 0 });
      const one = await plugIn(lan, 1, first);
      const other = await plugIn(lan, 2, second);
      const heard: string[] = [];
      const sent: string[] = [];
      other.listen({
        borrows: true,
        frame: (frame) => heard.push(`${frame.length} ${frame.at(-1)}`),
      });
      other.write(60, (into) => (into.fill(0xff, 0, 6), into.set(other.mac, 6), 60));
      await settle();
      for (let index = 0; index < 500; index += 1) {
        const length = 60 + ((index * 37) % 1400);
        one.write(length, (into) => {
          into.fill(index);
          into.set(other.mac);
          into.set(one.mac, 6);
          return length;
        });
        sent.push(`${length} ${index & 255}`);
        if (index % 50 === 0) await settle();
      }
      await settle();
      expect(heard).toEqual(sent);
      expect(lan.ports[0]?.counters.handedOn).toBe(handedOn);
    },
  );
});

test.each<[string, (one: Network & RingLink, other: Network & RingLink) => void]>([
  ["when nobody asks for it", (_, other) => offerOnRequest(other)],
  [
    "when it cannot be loaded",
    (one, other) => {
      offerOnRequest(other);
      requestRing(one, () => Promise.reject(new Error("offline")));
    },
  ],
  [
    "where threads may not share memory",
    (one, other) => {
      vi.stubGlobal("crossOriginIsolated", false);
      offerOnRequest(other);
      requestRing(one);
    },
  ],
])("a ring is not joined, and the link goes on, %s", async (_name, prepare) => {
  const { port1, port2 } = new MessageChannel();
  const one = connect({ port: port1, mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  const other = connect({ port: port2, mac: Uint8Array.of(2, 0, 0, 0, 0, 2) });
  prepare(one, other);
  const buffers: string[] = [];
  one.listen({ borrows: true, frame: ({ buffer }) => buffers.push(buffer.constructor.name) });
  send(other, 60, 1);
  await settle();
  send(other, 60, 1);
  await settle();
  expect(buffers).toEqual(["ArrayBuffer", "ArrayBuffer"]);
  expect(other.counters["malformedIn"]).toBe(0);
});

describe("an end that lies", () => {
  /** A link whose other end is the test, which has the ring's memory. */
  function connectLiar(): {
    readonly ring: { readonly out: Int32Array; readonly back: Int32Array };
    readonly received: number[];
    readonly counters: { malformedIn: number };
    readonly tell: (kind: string) => void;
    readonly write: (length: number) => number | undefined;
  } {
    const received: number[] = [];
    let writer: Parameters<RingLink["sendBy"]>[0] | undefined;
    let used = 2;
    const offers: { there: SharedArrayBuffer; back: SharedArrayBuffer }[] = [];
    const link: RingLink = {
      counters: { malformedIn: 0 },
      onMessage: undefined,
      post: (message) => void offers.push(message as (typeof offers)[number]),
      sendBy: (ring) => (writer = ring),
      receive: ({ length }) => void received.push(length),
    };
    offer(link);
    const [{ there, back } = { there: undefined, back: undefined }] = offers;
    if (there === undefined) throw new Error("no ring was offered");
    return {
      ring: { out: new Int32Array(there, 0, 16), back: new Int32Array(back, 0, 16) },
      received,
      counters: link.counters,
      tell: (kind) => void link.onMessage?.({ kind }),
      write(length) {
        const at = writer?.reserve(used, length);
        if (at === undefined) return undefined;
        used = at + ((length + 3) & ~3);
        writer?.publish(used);
        return at;
      },
    };
  }

  test.each([
    ["a tail before the memory", [2, -2, 2]],
    ["a tail behind it", [2, 2 ** 30, 2]],
    ["a tail that is not aligned", [2, 64, 2]],
    ["a wrap that is not aligned", [102, 50, 104]],
    ["a wrap before the head", [102, 50, 98]],
    ["a wrap behind the memory", [102, 50, 2 ** 30 + 2]],
  ])("with %s is counted and gives nothing", (_name, [start = 0, tail = 0, wrap = 0]) => {
    const { ring, received, counters, tell } = connectLiar();
    tell("ring-begins");
    ring.back[1] = start;
    tell("ring-bell");
    const before = received.length;
    ring.back[1] = tail;
    ring.back[2] = wrap;
    tell("ring-bell");
    expect(counters.malformedIn).toBe(1);
    expect(received.length).toBe(before);
    ring.back[1] = start + 100;
    tell("ring-bell");
    expect(received.length).toBe(before + 1);
  });

  test.each([-2, 0, 3, 2 ** 30 + 2])("with a head at %i is taken for one that is full", (head) => {
    const { ring, counters, tell, write } = connectLiar();
    tell("ring-begins");
    expect(write(100)).toBe(2);
    ring.out[0] = head;
    expect(write(100)).toBeUndefined();
    expect(counters.malformedIn).toBe(1);
    ring.out[0] = 2;
    expect(write(100)).toBe(102);
  });

  test("that says nothing of beginning is sent and heard nothing by the ring", () => {
    const { ring, received, tell, write } = connectLiar();
    ring.back[1] = 102;
    tell("ring-bell");
    expect(received).toEqual([]);
    expect(write(100)).toBeUndefined();
  });

  test.each([{}, { there: new SharedArrayBuffer(64) }, { there: new ArrayBuffer(64), back: 7 }])(
    "join() counts an offer that is none: %o",
    (message) => {
      const link: RingLink = {
        counters: { malformedIn: 0 },
        onMessage: undefined,
        post() {},
        sendBy() {},
        receive() {},
      };
      join(link, message);
      expect(link.counters.malformedIn).toBe(1);
      expect(link.onMessage).toBeUndefined();
    },
  );
});
