/** The laws of {@link Network} about frames that are not plain, and callers that do wrong. */

import {
  NetworkError,
  type FrameOffload,
  type FrameReceiver,
  type Network,
} from "../devices/index.ts";
import { bytesEqual, equal, holds, listEqual, sampleBytes, throws, type Law } from "./law.ts";

/** What these laws need of a subject; see `NetworkSubject`. */
interface EdgeSubject {
  readonly connectPair: () => Promise<readonly [Network, Network]>;
  readonly settle: () => Promise<void>;
}

/** One law's link: `a` sends, `b` hears. */
interface Link {
  readonly a: Network;
  readonly b: Network;
  readonly settle: () => Promise<void>;
}

/** A frame as it was heard: its own copy, and what came with it. */
interface Heard {
  readonly frame: Uint8Array;
  readonly offload: FrameOffload | undefined;
}

/** The laws of offloads, and of callers that do what they must not, or what few do. */
export function networkEdgeLaws({ connectPair, settle }: EdgeSubject): readonly Law[] {
  const law = (name: string, body: (link: Link) => Promise<void>): Law => ({
    name,
    async run() {
      const [a, b] = await connectPair();
      try {
        await body({ a, b, settle });
      } finally {
        await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]);
      }
    },
  });
  return [
    law("write() fails and does not call fill, for a size that no frame has", refusesSizes),
    law("write() sends nothing of a frame whose fill threw, and throws the same", passesErrorsOn),
    law("what a frame left undone arrives with it, and only where the link offers it", carries),
    law("write() throws TypeError, for what the link does not let undone", refusesOffloads),
    law("a receiver that borrows hears the same frames", lendsFrames),
    law("listen() may be called by a receiver, for the frames after", replacesInside),
    law("a receiver may dispose its interface, and hears nothing more", disposesInside),
    law("frames written just before dispose() leave all the same", sendsBeforeDisposed),
    law("write() still delivers, after megabytes of frames", goesOn),
  ];
}

async function refusesSizes({ a, b, settle }: Link): Promise<void> {
  const heard = listen(b);
  let filledCount = 0;
  const write = (sizeBytes: number) => (): void =>
    a.write(sizeBytes, (into) => (filledCount++, into.length));
  for (const sizeBytes of [0, 1, 13]) {
    throws(`write(${sizeBytes})`, write(sizeBytes), NetworkError, "frame-too-short");
  }
  for (const sizeBytes of [-1, 60.5, Number.NaN]) {
    throws(`write(${sizeBytes})`, write(sizeBytes), RangeError);
  }
  await settle();
  equal("times fill was called", filledCount, 0);
  equal("frames heard", heard.length, 0);
}

async function passesErrorsOn({ a, b, settle }: Link): Promise<void> {
  const heard = listen(b);
  const reason = new RangeError("a reason of our own");
  send(a, frameFor(b, 60, 1));
  let thrown: unknown;
  try {
    a.write(100, () => {
      throw reason;
    });
  } catch (error) {
    thrown = error;
  }
  equal("what write() threw", thrown, reason);
  send(a, frameFor(b, 61, 2));
  await settle();
  framesEqual(heard, [frameFor(b, 60, 1), frameFor(b, 61, 2)]);
}

async function carries({ a, b, settle }: Link): Promise<void> {
  const heard = listen(b);
  const { checksum, segmentationBytes } = a.offloads;
  const isOffering = checksum || segmentationBytes > 0;
  const offloads: FrameOffload[] = [{ checksumOmitted: false, segmentBytes: 0 }];
  if (checksum) offloads.push({ checksumOmitted: true, segmentBytes: 0 });
  if (segmentationBytes > 0) offloads.push({ checksumOmitted: checksum, segmentBytes: 536 });
  const sent = offloads.map((_, index) => frameFor(b, 60 + index, index));
  sent.forEach((frame, index) => send(a, frame, offloads[index]));
  send(a, frameFor(b, 90, 9));
  await settle();
  framesEqual(heard, [...sent, frameFor(b, 90, 9)]);
  const asText = (offload: FrameOffload | undefined): string =>
    offload === undefined ? "none" : `${offload.checksumOmitted} ${offload.segmentBytes}`;
  const expected = isOffering ? [...offloads.map(asText), "false 0"] : ["none", "none"];
  listEqual(
    "what the frames left undone",
    heard.map(({ offload }) => asText(offload)),
    expected,
  );
}

async function refusesOffloads({ a, b, settle }: Link): Promise<void> {
  const heard = listen(b);
  const frame = frameFor(b, 60, 3);
  const { checksum, segmentationBytes } = a.offloads;
  if (!checksum) {
    const write = (): void => send(a, frame, { checksumOmitted: true, segmentBytes: 0 });
    throws("write() of a frame without its checksum", write, TypeError);
  }
  if (segmentationBytes === 0) {
    const write = (): void => send(a, frame, { checksumOmitted: false, segmentBytes: 536 });
    throws("write() of a segment", write, TypeError);
  }
  await settle();
  equal("frames heard", heard.length, 0);
}

async function lendsFrames({ a, b, settle }: Link): Promise<void> {
  const heard = listen(b, { borrows: true });
  const sent = Array.from({ length: 20 }, (_, index) => frameFor(b, 80 + index, index));
  sent.slice(0, 10).forEach((frame) => send(a, frame));
  await settle();
  sent.slice(10).forEach((frame) => send(a, frame));
  await settle();
  framesEqual(heard, sent);
}

async function replacesInside({ a, b, settle }: Link): Promise<void> {
  let second: Heard[] = [];
  const first: number[] = [];
  b.listen({
    frame(frame) {
      first.push(frame.length);
      second = listen(b);
    },
  });
  for (const sizeBytes of [60, 61, 62]) send(a, frameFor(b, sizeBytes, sizeBytes));
  await settle();
  listEqual("sizes heard by the first receiver", first, [60]);
  framesEqual(second, [frameFor(b, 61, 61), frameFor(b, 62, 62)]);
}

async function disposesInside({ a, b, settle }: Link): Promise<void> {
  let heardCount = 0;
  let endedCount = 0;
  b.listen({
    frame() {
      heardCount++;
      void b[Symbol.asyncDispose]();
    },
    batchEnd: () => void endedCount++,
  });
  for (const sizeBytes of [60, 61, 62]) send(a, frameFor(b, sizeBytes, sizeBytes));
  await settle();
  equal("frames heard by the receiver that disposed its interface", heardCount, 1);
  equal("batches that ended afterwards", endedCount, 0);
}

async function sendsBeforeDisposed({ a, b, settle }: Link): Promise<void> {
  const heard = listen(b);
  const sent = [1, 2, 3].map((seed) => frameFor(b, 60 + seed, seed));
  sent.forEach((frame) => send(a, frame));
  await a[Symbol.asyncDispose]();
  await settle();
  framesEqual(heard, sent);
}

/** A link that bounds what is under way must learn what has arrived. */
async function goesOn({ a, b, settle }: Link): Promise<void> {
  const frame = frameFor(b, a.mtu + 14, 4);
  const frameCount = Math.ceil(65_536 / frame.length);
  let heardCount = 0;
  b.listen({ frame: () => void heardCount++ });
  for (let round = 0; round < 24; round++) {
    heardCount = 0;
    for (let index = 0; index < frameCount; index++) send(a, frame);
    await settle();
    holds(`frames heard in round ${round}`, heardCount > 0, "at least one", heardCount);
  }
}

/** Collects copies of the frames heard from now on. */
function listen(network: Network, options: Pick<FrameReceiver, "borrows"> = {}): Heard[] {
  const heard: Heard[] = [];
  const frame = (bytes: Uint8Array, offload?: FrameOffload): void =>
    void heard.push({ frame: bytes.slice(), offload: offload && { ...offload } });
  network.listen({ ...options, frame });
  return heard;
}

function send(network: Network, frame: Uint8Array, offload?: FrameOffload): void {
  const fill = (into: Uint8Array): number => {
    into.set(frame);
    return frame.length;
  };
  network.write(frame.length, fill, offload);
}

/** A frame to a station, whose other bytes differ from those of other seeds. */
function frameFor({ mac }: Network, sizeBytes: number, seed: number): Uint8Array {
  const frame = sampleBytes(sizeBytes, seed);
  frame.set(mac);
  frame.set([2, 0, 0, 0, 0xee, 1, 0x88, 0xb5], mac.length);
  return frame;
}

function framesEqual(heard: readonly Heard[], expected: readonly Uint8Array[]): void {
  equal("the number of frames heard", heard.length, expected.length);
  expected.forEach((frame, index) => bytesEqual(`frame ${index}`, heard[index]?.frame, frame));
}
