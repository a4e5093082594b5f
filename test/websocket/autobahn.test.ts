import { expect, test } from "vitest";
import { echo, settle, socketWorld, until } from "./echo-world.ts";
import { goodbye, groups, type Case } from "./autobahn.ts";

/** How what is sent can be cut. */
const chops: Readonly<Record<string, (frames: readonly Uint8Array[]) => readonly Uint8Array[]>> = {
  "in one": (frames) => [Buffer.concat(frames)],
  "frame by frame": (frames) => frames,
  "octet by octet": (frames) =>
    frames.flatMap((frame) => Array.from(frame, (byte) => Uint8Array.of(byte))),
};

/** As long as the longest of the suite. */
const maxFrameBytes = 2 ** 24;

/** Longer exchanges are not sent octet by octet here: the parser's tests split them at every. */
const maxOctets = 4096;

async function play(
  { heard, sent, later = [goodbye] }: Case,
  chop: string,
  deflate: boolean,
): Promise<readonly string[]> {
  const { near, sayings, socket } = socketWorld({
    deflate,
    maxFrameBytes,
    maxMessageBytes: maxFrameBytes,
  });
  void echo(socket);
  for (const [index, bytes] of (chops[chop]?.(sent) ?? []).entries()) {
    near.arrive(bytes.slice());
    // A long queue is not what is tested.
    if (index % 500 === 499) await settle();
  }
  await settle();
  // What inflates runs on other threads of the host, for as many turns as that takes.
  if (deflate) await until(() => sayings().includes(heard[0] ?? ""));
  if (sayings().at(-1) !== "end") near.arrive(Uint8Array.from(Buffer.concat(later)));
  await settle();
  return sayings();
}

for (const { group, what, cases, deflate = false } of groups) {
  test(`${group}: ${what}`, async () => {
    for (const each of cases) {
      const length = each.sent.reduce((total, { byteLength }) => total + byteLength, 0);
      for (const chop of Object.keys(chops)) {
        if (chop === "octet by octet" && length > maxOctets) continue;
        expect(await play(each, chop, deflate), chop).toEqual(each.heard);
      }
    }
  });
}
