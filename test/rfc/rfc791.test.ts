/** RFC 791, Internet Protocol. */

import { expect, test } from "vitest";
import { headerOptions } from "../../src/net/ipv4/header-options.ts";
import { address, world, type World } from "./world.ts";

const protocol = 253;

function payloadsOf({ host }: World, number = protocol): Uint8Array[] {
  const payloads: Uint8Array[] = [];
  host.ip.listen(number, ({ payload }) => payloads.push(payload.slice()));
  return payloads;
}

function send({ host }: World, sizeBytes: number, options = {}): void {
  const to = address("10.0.0.1");
  const fill = (into: Uint8Array): number => into.fill(7).length;
  host.ip.write(to, protocol, sizeBytes, fill, options);
}

test("3.1-1 impossible lengths are dropped", async () => {
  const all = await world();
  const payloads = payloadsOf(all);
  const one = Uint8Array.of(1);
  all.peer.sendIpv4({}, one, (packet) => void (packet[0] = 0x44));
  all.peer.sendIpv4({}, one, (packet) => void (packet[0] = 0x4f));
  all.peer.sendIpv4({}, one, (packet) => void (packet[3] = 19));
  all.peer.sendIpv4({}, one, (packet) => void (packet[3] = 22));
  await all.pass();
  expect(payloads).toEqual([]);
  expect(all.host.ip.counters["malformed"]).toBe(4);
});

test("3.1-2 padding is left out", async () => {
  const all = await world();
  const payloads = payloadsOf(all);
  const packet = new Uint8Array(46);
  all.peer.sendIpv4({}, Uint8Array.of(1, 2), (bytes) => packet.set(bytes));
  all.peer.send(all.host.mac, 0x0800, packet);
  await all.pass();
  expect(payloads).toEqual([Uint8Array.of(1, 2), Uint8Array.of(1, 2)]);
});

test("3.1-3 a datagram of 576 bytes is taken, whole or in fragments", async () => {
  const all = await world();
  const payloads = payloadsOf(all);
  const payload = Uint8Array.from({ length: 556 }, (_, index) => index & 0xff);
  all.peer.sendIpv4({}, payload);
  all.peer.sendIpv4({ moreFragments: true }, payload.subarray(0, 280));
  all.peer.sendIpv4({ fragmentOffset: 280 }, payload.subarray(280));
  await all.pass();
  expect(payloads).toEqual([payload, payload]);
});

test("3.1-4 fragments of two packets do not mix", async () => {
  const all = await world();
  const payloads = payloadsOf(all);
  for (const identification of [1, 2]) {
    const half = new Uint8Array(8).fill(identification);
    all.peer.sendIpv4({ identification, moreFragments: true }, half);
  }
  for (const identification of [2, 1]) {
    const half = new Uint8Array(8).fill(identification);
    all.peer.sendIpv4({ identification, fragmentOffset: 8 }, half);
  }
  await all.pass();
  expect(payloads).toEqual([new Uint8Array(16).fill(2), new Uint8Array(16).fill(1)]);
});

test("3.1-5 what must not be fragmented says so, and is not", async () => {
  const all = await world();
  send(all, 100, { dontFragment: true });
  expect(() => send(all, 1481, { dontFragment: true })).toThrow("takes fewer");
  await all.pass();
  expect(all.peer.packets).toMatchObject([{ dontFragment: true, moreFragments: false }]);
});

test("3.1-6 fragments say where they belong, and which is the last", async () => {
  const all = await world();
  send(all, 3000);
  await all.pass();
  const parts = all.peer.packets.map((packet) => [packet.fragmentOffset, packet.moreFragments]);
  expect(parts).toEqual([
    [0, true],
    [1480, true],
    [2960, false],
  ]);
  expect(all.peer.packets.map(({ payload }) => payload.length)).toEqual([1480, 1480, 40]);
});

test("3.1-7 every header has its right checksum", async () => {
  const all = await world();
  send(all, 3000);
  send(all, 10);
  await all.pass();
  for (const { bytes } of all.peer.packets) {
    let sum = 0;
    for (let at = 0; at < 20; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    expect((sum & 0xffff) + (sum >> 16)).toBe(0xffff);
  }
});

test("3.1-8 record route, timestamp, security and padding are passed over", async () => {
  const all = await world();
  const payloads = payloadsOf(all);
  for (const option of [
    [7, 7, 4, 0, 0, 0, 0, 0],
    [68, 8, 5, 0, 0, 0, 0, 0],
    [130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    [1, 1, 1, 0],
  ]) {
    all.peer.sendIpv4({ options: Uint8Array.from(option) }, Uint8Array.of(option.length));
  }
  await all.pass();
  expect(payloads.map(([length]) => length)).toEqual([8, 8, 12, 4]);
});

test("3.1-9 every option is passed up, and a source route led to us, where that is wanted", async () => {
  const all = await world(true, { headerOptions });
  const heard: unknown[] = [];
  all.host.ip.listen(protocol, ({ ipOptions }) => heard.push(ipOptions?.slice()));
  const options = [
    [130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [131, 7, 8, 192, 0, 2, 1, 0],
    [137, 7, 8, 192, 0, 2, 1, 0],
    [7, 7, 4, 0, 0, 0, 0, 0],
    [136, 4, 0, 1],
    [68, 8, 5, 0, 0, 0, 0, 0],
    [1, 1, 1, 0],
  ].map((each) => Uint8Array.from(each));
  for (const each of options) all.peer.sendIpv4({ options: each }, Uint8Array.of(1));
  await all.pass();
  expect(heard).toEqual(options);
});

test("3.2-4 later fragments have the options whose copied flag is set", async () => {
  const all = await world(true, { headerOptions });
  const ipOptions = Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 136, 4, 0, 9, 0);
  send(all, 4000, { ipOptions });
  await all.pass();
  const stream = Uint8Array.of(136, 4, 0, 9);
  expect(all.peer.packets.map(({ options }) => options)).toEqual([ipOptions, stream, stream]);
  expect(all.peer.packets.map(({ fragmentOffset }) => fragmentOffset)).toEqual([0, 1464, 2928]);
});

test("3.2-1 fragments that differ in one of four fields do not join", async () => {
  const all = await world();
  const payloads = [payloadsOf(all), payloadsOf(all, 254)];
  await all.host.ip.configure({ address: address("10.0.0.3"), prefixLength: 24, isFixed: true });
  const first = { identification: 1, moreFragments: true };
  all.peer.sendIpv4(first, new Uint8Array(8));
  for (const other of [
    { source: "10.0.0.9" },
    { destination: "10.0.0.3" },
    { protocol: 254 },
    { identification: 2 },
  ]) {
    all.peer.sendIpv4(
      { ...first, fragmentOffset: 8, moreFragments: false, ...other },
      new Uint8Array(8),
    );
  }
  await all.pass();
  expect(payloads.flat()).toEqual([]);
});

test("3.2-2 packets that may be fragmented have different identifications", async () => {
  const all = await world();
  for (let count = 0; count < 100; count += 1) send(all, 8);
  await all.pass();
  expect(new Set(all.peer.packets.map(({ identification }) => identification)).size).toBe(100);
});

test("3.3-1 a packet goes and comes with what its user chooses", async () => {
  const all = await world();
  const heard: unknown[] = [];
  all.host.ip.listen(protocol, (packet) => {
    heard.push([packet.source.join("."), packet.destination.join("."), packet.timeToLive]);
  });
  send(all, 4, { timeToLive: 9, trafficClass: 8, dontFragment: true });
  all.peer.sendIpv4({ timeToLive: 5 }, Uint8Array.of(1));
  await all.pass();
  expect(all.peer.packets).toMatchObject([
    { protocol, source: "10.0.0.2", destination: "10.0.0.1", timeToLive: 9, trafficClass: 8 },
  ]);
  expect(heard).toEqual([["10.0.0.1", "10.0.0.2", 5]]);
});
