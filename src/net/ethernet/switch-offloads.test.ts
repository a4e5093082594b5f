/** A switch of links that leave work undone, and of some that do not. */

import { expect, test } from "vitest";
import type { FrameOffload, Network, Offloads } from "../../devices/index.ts";
import { connectPair } from "./crossover.ts";
import { Switch } from "./switch.ts";

const broadcast = 0xff;

function address(last: number): Uint8Array {
  return Uint8Array.of(2, 0, 0, 0, 0, last);
}

const none: Offloads = { checksum: false, segmentationBytes: 0 };
const all: Offloads = { checksum: true, segmentationBytes: 65_549 };
const omitted: FrameOffload = { checksumOmitted: true, segmentBytes: 1000 };

interface Seen {
  readonly length: number;
  readonly offload: FrameOffload | undefined;
  readonly checksum: number;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 9; turn += 1) await Promise.resolve();
}

/** Stations on cables of one thread, of which each has its own offloads, and what each hears. */
async function makeLan(...links: readonly Offloads[]) {
  const lan = new Switch({ nowMs: () => 0 });
  const heard: Seen[][] = links.map(() => []);
  const stations = links.map((offloads, index) => {
    const macs = [address(index + 1), address(0x70 + index)] as const;
    const [station, port] = connectPair({ offloads, macs });
    station.listen({ frame: (frame, offload) => heard[index]?.push(seen(frame, offload)) });
    lan.attach(port);
    return station;
  });
  // The last one is known, and so it hears what is for it alone.
  send(stations.at(-1), broadcast, 0);
  await settle();
  for (const frames of heard) frames.length = 0;
  return { lan, heard, stations };
}

function seen(frame: Uint8Array, offload?: FrameOffload): Seen {
  const checksum = (frame[50] ?? 0) * 256 + (frame[51] ?? 0);
  return { length: frame.length, offload: offload && { ...offload }, checksum };
}

/** Sends TCP over IPv4, from 10.0.0.1 to 10.0.0.2, with its checksum left at 0xbad0. */
function send(
  station: Network | undefined,
  to: number,
  payloadBytes: number,
  offload?: FrameOffload,
  protocol = 6,
): void {
  const length = 54 + payloadBytes;
  const fill = (into: Uint8Array): number => {
    into.fill(0);
    into.set(to === broadcast ? new Uint8Array(6).fill(0xff) : address(to));
    into.set(station?.mac ?? [], 6);
    const ip = [0x45, 0, (length - 14) >> 8, (length - 14) & 255, 0, 0, 0x40, 0, 64, protocol];
    into.set([8, 0, ...ip, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2], 12);
    into.set([0, 7, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 1, 0, 0xba, 0xd0], 34);
    return length;
  };
  station?.write(length, fill, offload);
}

test("a frame goes on as it is, where both links offer the same", async () => {
  const { stations, heard } = await makeLan(all, all);
  send(stations[0], 2, 2500, omitted);
  await settle();
  expect(heard[1]).toEqual([{ length: 2554, offload: omitted, checksum: 0xbad0 }]);
});

test("a frame is cut and its checksums filled in, for a link that offers nothing", async () => {
  const { lan, stations, heard } = await makeLan(all, none);
  send(stations[0], 2, 2500, omitted);
  await settle();
  expect(heard[1]?.map(({ length }) => length)).toEqual([1054, 1054, 554]);
  expect(heard[1]?.some(({ checksum }) => checksum === 0xbad0)).toBe(false);
  expect(lan.ports[1]?.counters).toMatchObject({ framesOut: 3, bytesOut: 2662 });
  expect(lan.ports[0]?.counters).toMatchObject({ framesIn: 1, dropped: 0, malformed: 0 });
});

test("a frame is cut, for a link that takes no segment so long", async () => {
  const { stations, heard } = await makeLan(all, { checksum: true, segmentationBytes: 2000 });
  send(stations[0], 2, 1500, omitted);
  send(stations[0], 2, 2500, omitted);
  await settle();
  expect(heard[1]?.map(({ length }) => length)).toEqual([1554, 1054, 1054, 554]);
});

test("a flooded frame is made into what each link takes", async () => {
  const { stations, heard } = await makeLan(all, none, all);
  send(stations[0], broadcast, 2500, omitted);
  await settle();
  expect(heard.map((frames) => frames.length)).toEqual([0, 3, 1]);
});

test("a frame that left undone what cannot be done is counted and dropped", async () => {
  const { lan, stations, heard } = await makeLan(all, none);
  send(stations[0], 2, 100, omitted, 99);
  await settle();
  expect(heard[1]).toEqual([]);
  expect(lan.ports[0]?.counters).toMatchObject({ framesIn: 1, malformed: 1, dropped: 0 });
});

test("a frame whose parts are too long for a link is counted and dropped", async () => {
  const { lan, stations, heard } = await makeLan(all, none);
  send(stations[0], 2, 2500, { checksumOmitted: true, segmentBytes: 2000 });
  await settle();
  expect(heard[1]?.map(({ length }) => length)).toEqual([554]);
  expect(lan.ports[0]?.counters.dropped).toBe(1);
});

test("tap() sees frames as they came, or finished", async () => {
  const { lan, stations } = await makeLan(all, all);
  const raw: Seen[] = [];
  const finished: Seen[] = [];
  lan.tap((frame, _port, offload) => raw.push(seen(frame, offload)));
  lan.tap((frame, _port, offload) => finished.push(seen(frame, offload)), { finished: true });
  send(stations[0], 2, 2500, omitted);
  send(stations[0], 2, 100, { checksumOmitted: false, segmentBytes: 0 });
  send(stations[0], 2, 100, omitted, 99);
  await settle();
  expect(raw.map(({ length }) => length)).toEqual([2554, 154, 154]);
  expect(finished.map(({ length }) => length)).toEqual([1054, 1054, 554, 154, 154]);
  expect(finished.map(({ checksum }) => checksum === 0xbad0)).toEqual([
    false,
    false,
    false,
    true,
    true,
  ]);
  const undone = finished.map(({ offload }) => offload);
  expect(undone).toEqual([undefined, undefined, undefined, undefined, omitted]);
});
