import {
  NetworkError,
  type FrameOffload,
  type FrameReceiver,
  type Network,
} from "../devices/index.ts";
import { deviceLaws } from "./device.ts";
import { networkEdgeLaws } from "./network-edges.ts";
import { bytesEqual, equal, holds, sampleBytes, throws, type Law } from "./law.ts";

/** What the laws need to know of a driver of {@link Network}. */
export interface NetworkSubject {
  /** Connects two interfaces of one link without loss, both up. The law disposes both. */
  readonly connectPair: () => Promise<readonly [Network, Network]>;

  /** Resolves when every frame written so far has arrived, or never will. */
  readonly settle: () => Promise<void>;

  /** Takes the link of `network` down or up; resolves when the interface knows. */
  readonly setLink?: (network: Network, linkUp: boolean) => Promise<void>;
}

/** One law's link: `a` sends, `b` hears. */
interface Link {
  readonly a: Network;
  readonly b: Network;
  readonly settle: () => Promise<void>;
}

/** Bytes of an Ethernet header: two addresses and a type. */
const headerBytes = 14;

/** The EtherType that IEEE 802 keeps for experiments. */
const experimentalType = 0x88b5;

const broadcast = new Uint8Array(6).fill(0xff);

/** The laws of {@link Network}. */
export function networkLaws(subject: NetworkSubject): readonly Law[] {
  const law = (name: string, body: (link: Link) => Promise<void>): Law => ({
    name,
    run: () => withLink(subject, body),
  });
  return [
    ...deviceLaws(() => connectOne(subject)),
    law("mac, mtu, offloads and linkUp say what the interface is", describes),
    law("write() delivers a frame to the other end, as it was", delivers),
    law("write() delivers frames for groups and for everyone", deliversToGroups),
    law("write() calls fill once, at once, with exactly the room asked for", fillsOnce),
    law("write() sends as many bytes as fill says", sendsWhatFillSays),
    law("write() takes frames of 14 bytes up to the MTU and 14", takesEverySize),
    law("write() throws frame-too-long and does not call fill, over the MTU and 14", refusesLong),
    law("write() throws frame-too-short, when fill returns less than 14", refusesShort),
    law("write() throws RangeError, when fill returns more than its room", refusesOverrun),
    law("write() keeps the other frames of the batch, when it refuses one", keepsTheBatch),
    law("frames arrive in order, once each, or are counted as dropped", keepsOrder),
    law("frames are the receiver's for good: later traffic does not change them", givesFrames),
    law("batchEnd() is called after the frames of a batch", endsBatches),
    law("frame() and batchEnd() may write an answer", answers),
    law("listen() gets nothing heard before it, and that is counted", dropsBeforeListen),
    law("listen() replaces the receiver before", replacesReceiver),
    law("counters count frames and bytes, live", counts),
    law("large segments are taken as offered, or refused", segments),
    law("write() and listen() throw closed, after dispose()", refusesWhenClosed),
    law("a disposed interface hears nothing, and its peer may go on writing", staysSilent),
    law("onLinkChange() returns a function that may be called twice", stopsListening),
    ...networkEdgeLaws(subject),
    ...linkLaws(subject),
  ];
}

function linkLaws(subject: NetworkSubject): readonly Law[] {
  const { setLink } = subject;
  if (setLink === undefined) return [];
  return [
    {
      name: "frames are dropped and counted while the link is down, and changes are told",
      run: () => withLink(subject, (link) => goesDownAndUp(link, setLink)),
    },
  ];
}

async function withLink(
  { connectPair, settle }: NetworkSubject,
  body: (link: Link) => Promise<void>,
): Promise<void> {
  const [a, b] = await connectPair();
  try {
    await body({ a, b, settle });
  } finally {
    await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]);
  }
}

/** Connects a pair and keeps one end. */
async function connectOne({ connectPair }: NetworkSubject): Promise<Network> {
  const [a, b] = await connectPair();
  await b[Symbol.asyncDispose]();
  return a;
}

async function describes({ a, b }: Link): Promise<void> {
  for (const { mac, mtu, offloads, linkUp } of [a, b]) {
    equal("the length of mac", mac.length, 6);
    equal("the group bit of mac", (mac[0] ?? 1) & 1, 0);
    holds(
      "mac",
      mac.some((byte) => byte !== 0),
      "not all zeros",
      mac,
    );
    holds("mtu", Number.isSafeInteger(mtu) && mtu > 0, "a positive integer", mtu);
    equal("the type of offloads.checksum", typeof offloads.checksum, "boolean");
    const { segmentationBytes } = offloads;
    const isPossible = segmentationBytes === 0 || segmentationBytes > mtu + headerBytes;
    holds("offloads.segmentationBytes", isPossible, "0, or over the MTU and 14", segmentationBytes);
    equal("linkUp", linkUp, true);
  }
  holds("the two addresses", a.mac.join() !== b.mac.join(), "different", a.mac);
}

async function delivers({ a, b, settle }: Link): Promise<void> {
  const heardByA = listen(a);
  const heardByB = listen(b);
  send(a, frameTo(b.mac, a.mac, 100, 1));
  send(b, frameTo(a.mac, b.mac, 101, 2));
  await settle();
  framesEqual("frames heard by b", heardByB, [frameTo(b.mac, a.mac, 100, 1)]);
  framesEqual("frames heard by a", heardByA, [frameTo(a.mac, b.mac, 101, 2)]);
}

async function deliversToGroups({ a, b, settle }: Link): Promise<void> {
  const heard = listen(b);
  const multicast = new Uint8Array([0x33, 0x33, 0, 0, 0, 1]);
  const sent = [broadcast, multicast].map((to) => frameTo(to, a.mac, 60, 3));
  sent.forEach((frame) => send(a, frame));
  await settle();
  framesEqual("frames heard", heard, sent);
}

async function fillsOnce({ a, b, settle }: Link): Promise<void> {
  listen(b);
  const rooms: number[] = [];
  a.write(77, (into) => {
    rooms.push(into.length);
    into.set(frameTo(b.mac, a.mac, 77, 4));
    return 77;
  });
  equal("the rooms that fill was given by the time write() returned", rooms.join(), "77");
  await settle();
  equal("the rooms that fill was given at the end", rooms.join(), "77");
}

async function sendsWhatFillSays({ a, b, settle }: Link): Promise<void> {
  const heard = listen(b);
  const frame = frameTo(b.mac, a.mac, 60, 5);
  a.write(500, (into) => {
    into.fill(0xee);
    into.set(frame);
    return frame.length;
  });
  send(a, frame);
  await settle();
  framesEqual("frames heard", heard, [frame, frame]);
}

async function takesEverySize({ a, b, settle }: Link): Promise<void> {
  const heard = listen(b);
  const longestBytes = a.mtu + headerBytes;
  const sizes = [headerBytes, headerBytes + 1, 60, 61, longestBytes - 1, longestBytes];
  const sent = sizes.map((sizeBytes) => frameTo(b.mac, a.mac, sizeBytes, sizeBytes));
  sent.forEach((frame) => send(a, frame));
  await settle();
  framesEqual("frames heard", heard, sent);
}

async function refusesLong({ a, b, settle }: Link): Promise<void> {
  const heard = listen(b);
  let filledCount = 0;
  for (const sizeBytes of [a.mtu + headerBytes + 1, 1_000_000]) {
    const write = (): void => a.write(sizeBytes, (into) => (filledCount++, into.length));
    throws(`write(${sizeBytes})`, write, NetworkError, "frame-too-long");
  }
  await settle();
  equal("times fill was called", filledCount, 0);
  framesEqual("frames heard", heard, []);
}

async function refusesShort({ a, b, settle }: Link): Promise<void> {
  const heard = listen(b);
  for (const usedBytes of [0, 1, headerBytes - 1]) {
    const write = (): void => a.write(60, () => usedBytes);
    throws(`write() of ${usedBytes} bytes`, write, NetworkError, "frame-too-short");
  }
  await settle();
  framesEqual("frames heard", heard, []);
}

async function refusesOverrun({ a, b, settle }: Link): Promise<void> {
  const heard = listen(b);
  throws("write() of 61 bytes in room for 60", () => a.write(60, () => 61), RangeError);
  await settle();
  framesEqual("frames heard", heard, []);
}

async function keepsTheBatch({ a, b, settle }: Link): Promise<void> {
  const heard = listen(b);
  const before = frameTo(b.mac, a.mac, 60, 6);
  const after = frameTo(b.mac, a.mac, 61, 7);
  send(a, before);
  throws("write() of 13 bytes", () => a.write(60, () => 13), NetworkError, "frame-too-short");
  throws("write() of 61 bytes in room for 60", () => a.write(60, () => 61), RangeError);
  send(a, after);
  await settle();
  framesEqual("frames heard", heard, [before, after]);
}

async function keepsOrder({ a, b, settle }: Link): Promise<void> {
  const frameCount = 200;
  const heard = listen(b);
  const sent = Array.from({ length: frameCount }, (_, index) => frameTo(b.mac, a.mac, 90, index));
  sent.forEach((frame) => send(a, frame));
  await settle();
  const numbers = heard.map((frame) => sent.findIndex((each) => each.join() === frame.join()));
  numbers.forEach((number, index) => {
    holds("a frame heard", number >= 0, "one that was sent, unchanged", heard[index]);
    const last = index === 0 ? -1 : (numbers[index - 1] ?? -1);
    holds(`the frame heard after frame ${last}`, number > last, "a later one", number);
  });
  const droppedCount = a.counters.droppedOut + b.counters.droppedIn;
  holds("frames heard", heard.length > 0, "at least one", heard.length);
  equal("frames heard or counted as dropped", heard.length + droppedCount, frameCount);
}

async function givesFrames({ a, b, settle }: Link): Promise<void> {
  const kept: Uint8Array[] = [];
  b.listen({ frame: (frame) => void kept.push(frame) });
  const sent = Array.from({ length: 20 }, (_, index) => frameTo(b.mac, a.mac, 80, index));
  sent.slice(0, 10).forEach((frame) => send(a, frame));
  await settle();
  const firstKept = [...kept];
  const [scribbled] = firstKept;
  scribbled?.fill(0);
  sent.slice(10).forEach((frame) => send(a, frame));
  await settle();
  framesEqual("frames kept without copying", firstKept.slice(1), sent.slice(1, 10));
  framesEqual("frames heard later", kept.slice(10), sent.slice(10));
  bytesEqual("a frame that was overwritten", scribbled, new Uint8Array(80));
}

async function endsBatches({ a, b, settle }: Link): Promise<void> {
  const events: string[] = [];
  b.listen({
    frame: () => void events.push("frame"),
    batchEnd: () => void events.push("end"),
  });
  for (let index = 0; index < 5; index++) send(a, frameTo(b.mac, a.mac, 60, index));
  await settle();
  equal("frames heard", events.filter((event) => event === "frame").length, 5);
  equal("the first event", events[0], "frame");
  equal("the last event", events.at(-1), "end");
  equal("an end without a frame before it", events.join(" ").includes("end end"), false);
}

async function answers({ a, b, settle }: Link): Promise<void> {
  const heard = listen(a);
  const answer = (): void => send(b, frameTo(a.mac, b.mac, 62, 8));
  const batchAnswer = frameTo(a.mac, b.mac, 63, 9);
  let isAnswered = false;
  b.listen({
    frame: answer,
    batchEnd() {
      if (!isAnswered) send(b, batchAnswer);
      isAnswered = true;
    },
  });
  send(a, frameTo(b.mac, a.mac, 60, 10));
  await settle();
  await settle();
  framesEqual("answers", heard, [frameTo(a.mac, b.mac, 62, 8), batchAnswer]);
}

async function dropsBeforeListen({ a, b, settle }: Link): Promise<void> {
  send(a, frameTo(b.mac, a.mac, 60, 11));
  await settle();
  equal("counters.droppedIn", b.counters.droppedIn, 1);
  const heard = listen(b);
  await settle();
  framesEqual("frames heard before listen()", heard, []);
  send(a, frameTo(b.mac, a.mac, 60, 12));
  await settle();
  framesEqual("frames heard", heard, [frameTo(b.mac, a.mac, 60, 12)]);
}

async function replacesReceiver({ a, b, settle }: Link): Promise<void> {
  const first = listen(b);
  send(a, frameTo(b.mac, a.mac, 60, 13));
  await settle();
  const second = listen(b);
  send(a, frameTo(b.mac, a.mac, 60, 14));
  await settle();
  framesEqual("frames of the first receiver", first, [frameTo(b.mac, a.mac, 60, 13)]);
  framesEqual("frames of the second receiver", second, [frameTo(b.mac, a.mac, 60, 14)]);
}

async function counts({ a, b, settle }: Link): Promise<void> {
  const [out, heard] = [a.counters, b.counters];
  listen(b);
  send(a, frameTo(b.mac, a.mac, 60, 15));
  send(a, frameTo(b.mac, a.mac, 100, 16));
  await settle();
  equal("counters.framesOut of the sender", out.framesOut, 2);
  equal("counters.bytesOut of the sender", out.bytesOut, 160);
  equal("counters.droppedOut of the sender", out.droppedOut, 0);
  equal("counters.framesIn of the receiver", heard.framesIn, 2);
  equal("counters.bytesIn of the receiver", heard.bytesIn, 160);
  equal("counters.droppedIn of the receiver", heard.droppedIn, 0);
}

async function segments({ a, b, settle }: Link): Promise<void> {
  const heard = listen(b);
  const { checksum, segmentationBytes } = a.offloads;
  const offload = { checksumOmitted: checksum, segmentBytes: a.mtu - 40 };
  const longestBytes = Math.max(segmentationBytes, a.mtu + headerBytes);
  const tooLong = (): void => a.write(longestBytes + 1, (into) => into.length, offload);
  throws(`write(${longestBytes + 1})`, tooLong, NetworkError, "frame-too-long");
  if (segmentationBytes === 0) return;
  send(a, frameTo(b.mac, a.mac, longestBytes, 17), offload);
  await settle();
  equal("segments heard or dropped", heard.length + a.counters.droppedOut > 0, true);
}

async function refusesWhenClosed({ a }: Link): Promise<void> {
  await a[Symbol.asyncDispose]();
  let filledCount = 0;
  const write = (): void => a.write(60, (into) => (filledCount++, into.length));
  throws("write()", write, NetworkError, "closed");
  throws("listen()", () => a.listen({ frame() {} }), NetworkError, "closed");
  equal("times fill was called", filledCount, 0);
}

async function staysSilent({ a, b, settle }: Link): Promise<void> {
  const heard = listen(b);
  await b[Symbol.asyncDispose]();
  send(a, frameTo(b.mac, a.mac, 60, 18));
  await settle();
  framesEqual("frames heard after dispose()", heard, []);
}

async function stopsListening({ a }: Link): Promise<void> {
  let calledCount = 0;
  const stop = a.onLinkChange(() => calledCount++);
  stop();
  stop();
  equal("calls without a change", calledCount, 0);
}

async function goesDownAndUp(
  { a, b, settle }: Link,
  setLink: (network: Network, linkUp: boolean) => Promise<void>,
): Promise<void> {
  const heard = listen(b);
  const told: boolean[] = [];
  const stop = a.onLinkChange((linkUp) => void told.push(linkUp));
  await setLink(a, false);
  equal("linkUp", a.linkUp, false);
  send(a, frameTo(b.mac, a.mac, 60, 19));
  await settle();
  equal("counters.droppedOut", a.counters.droppedOut, 1);
  await setLink(a, true);
  equal("linkUp", a.linkUp, true);
  send(a, frameTo(b.mac, a.mac, 60, 20));
  await settle();
  framesEqual("frames heard", heard, [frameTo(b.mac, a.mac, 60, 20)]);
  stop();
  await setLink(a, false);
  equal("what the listener was told", told.join(), "false,true");
}

/** Collects copies of the frames heard from now on. */
function listen(network: Network): Uint8Array[] {
  const heard: Uint8Array[] = [];
  const receiver: FrameReceiver = { frame: (frame) => void heard.push(frame.slice()) };
  network.listen(receiver);
  return heard;
}

function send(network: Network, frame: Uint8Array, offload?: FrameOffload): void {
  const fill = (into: Uint8Array): number => {
    into.set(frame);
    return frame.length;
  };
  network.write(frame.length, fill, offload);
}

/** An Ethernet frame of `sizeBytes` bytes whose payload differs from that of other seeds. */
function frameTo(to: Uint8Array, from: Uint8Array, sizeBytes: number, seed: number): Uint8Array {
  const frame = sampleBytes(sizeBytes, seed);
  frame.set(to, 0);
  frame.set(from, 6);
  new DataView(frame.buffer).setUint16(12, experimentalType);
  return frame;
}

function framesEqual(
  what: string,
  actual: readonly Uint8Array[],
  expected: readonly Uint8Array[],
): void {
  equal(`the number of ${what}`, actual.length, expected.length);
  expected.forEach((frame, index) => bytesEqual(`${index} of ${what}`, actual[index], frame));
}
