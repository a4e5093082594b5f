import { NetworkError } from "../devices/index.ts";
import { equal, throws, type Check } from "./law.ts";
import { frameTo, framesEqual, headerBytes, listen, send, type Link } from "./network-link.ts";

const broadcast = new Uint8Array(6).fill(0xff);

/** What write() takes, how it asks for the bytes, and what it refuses. */
export const writingChecks: readonly Check<Link>[] = [
  ["write() delivers a frame to the other end, as it was", delivers],
  ["write() delivers frames for groups and for everyone", deliversToGroups],
  ["write() calls fill once, at once, with exactly the room asked for", fillsOnce],
  ["write() sends as many bytes as fill says", sendsWhatFillSays],
  ["write() takes frames of 14 bytes up to the MTU and 14", takesEverySize],
  ["write() throws frame-too-long and does not call fill, over the MTU and 14", refusesLong],
  ["write() throws frame-too-short, when fill returns less than 14", refusesShort],
  ["write() throws RangeError, when fill returns more than its room", refusesOverrun],
  ["write() keeps the other frames of the batch, when it refuses one", keepsTheBatch],
  ["large segments are taken as offered, or refused", segments],
];

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
