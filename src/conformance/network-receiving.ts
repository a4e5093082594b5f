import { bytesEqual, equal, holds, type Check } from "./law.ts";
import { frameTo, framesEqual, listen, send, type Link } from "./network-link.ts";

/** What a receiver hears: each frame once, in order, for good, and only while it listens. */
export const receivingChecks: readonly Check<Link>[] = [
  ["frames arrive in order, once each, or are counted as dropped", keepsOrder],
  ["frames are the receiver's for good: later traffic does not change them", givesFrames],
  ["batchEnd() is called after the frames of a batch", endsBatches],
  ["frame() and batchEnd() may write an answer", answers],
  ["listen() gets nothing heard before it, and that is counted", dropsBeforeListen],
  ["listen() replaces the receiver before", replacesReceiver],
  ["a disposed interface hears nothing, and its peer may go on writing", staysSilent],
];

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

async function staysSilent({ a, b, settle }: Link): Promise<void> {
  const heard = listen(b);
  await b[Symbol.asyncDispose]();
  send(a, frameTo(b.mac, a.mac, 60, 18));
  await settle();
  framesEqual("frames heard after dispose()", heard, []);
}
