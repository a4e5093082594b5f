import fc from "fast-check";
import { expect, test } from "vitest";
import { address, Link, prefix, type Host, type Node } from "../../../test/ipv6-link.ts";
import type { ReceivedPacket } from "../../devices/index.ts";
import type { Undeliverable } from "../internet.ts";
import { encode as encodeFragmentHeader } from "./fragment-header.ts";

const a = address("2001:db8::a");
const b = address("2001:db8::b");

/** A protocol for experiments (RFC 3692). */
const protocol = 253;

interface Received {
  readonly payload: readonly number[];
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly timeToLive: number;
  readonly trafficClass: number;
  readonly bytes: Uint8Array;
}

/** Keeps copies of what arrives. */
function listen({ ip }: Host, of = protocol): Received[] {
  const received: Received[] = [];
  ip.listen(of, (packet: ReceivedPacket) => {
    received.push({
      payload: [...packet.payload],
      source: packet.source.slice(),
      destination: packet.destination.slice(),
      timeToLive: packet.timeToLive,
      trafficClass: packet.trafficClass,
      bytes: packet.bytes.slice(),
    });
  });
  return received;
}

function pair(mtu = 1500): { link: Link; one: Host; other: Host } {
  const link = new Link(1, mtu);
  const one = link.host({ addresses: [prefix("2001:db8::a")] });
  const other = link.host({ addresses: [prefix("2001:db8::b")] });
  return { link, one, other };
}

function write(
  { ip }: Host,
  to: Uint8Array,
  payload: readonly number[],
  options?: Parameters<Host["ip"]["write"]>[4],
): void {
  ip.write(
    to,
    protocol,
    payload.length,
    (into) => {
      into.set(payload);
      return payload.length;
    },
    options,
  );
}

/** Bytes that differ. */
function pattern(length: number): readonly number[] {
  return Array.from({ length }, (_, index) => (index * 7) & 0xff);
}

test("write() reaches another host at once, before anybody has found duplicates", async () => {
  const { link, one, other } = pair();
  const received = listen(other);
  write(one, b, [1, 2, 3], { timeToLive: 9, trafficClass: 0xb8 });
  await link.pass(3);
  expect(received).toMatchObject([
    { payload: [1, 2, 3], source: a, destination: b, timeToLive: 9, trafficClass: 0xb8 },
  ]);
  expect(received[0]?.bytes).toHaveLength(43);
});

test("write() sends less than it was given room for, if there is less", async () => {
  const { link, one, other } = pair();
  const received = listen(other);
  one.ip.write(b, protocol, 100, () => 5);
  await link.pass(3);
  one.ip.write(b, protocol, 100, () => 5);
  await link.pass(3);
  expect(received.map(({ payload }) => payload.length)).toEqual([5, 5]);
});

test("write() to a group reaches those who joined it, until they leave", async () => {
  const { link, one, other } = pair();
  const group = address("ff05::7");
  const received = listen(other);
  write(one, group, [1]);
  await link.pass(3);
  const leave = other.ip.join(group);
  write(one, group, [2]);
  await link.pass(3);
  leave();
  write(one, group, [3]);
  write(one, address("ff02::1"), [4]);
  await link.pass(3);
  expect(received.map(({ payload }) => payload)).toEqual([[2], [4]]);
  expect(received[0]).toMatchObject({ destination: group });
});

test("write() to ourselves arrives after the caller, in a batch of its own", async () => {
  const { link, one } = pair();
  const received = listen(one);
  let batchCount = 0;
  one.ip.onBatchEnd(() => (batchCount += 1));
  await link.pass(2000);
  batchCount = 0;
  write(one, a, [1]);
  write(one, address("::1"), [2]);
  expect(received).toEqual([]);
  await link.pass(0);
  expect(received).toMatchObject([
    { payload: [1], source: a, destination: a },
    { payload: [2], source: address("::1"), destination: address("::1") },
  ]);
  expect(batchCount).toBe(1);
});

test("write() refuses what has no route or no such source", async () => {
  const { one } = pair();
  const noRoute: unknown = expect.objectContaining({ code: "no-route" });
  expect(() => write(one, address("2001:db8:1::1"), [1])).toThrow(noRoute);
  expect(() => write(one, b, [1], { source: address("2001:db8::c") })).toThrow(noRoute);
  expect(one.ip.counters.noRoute).toBe(2);
  expect(one.ip.sourceFor(address("2001:db8:1::1"))).toBeUndefined();
  expect(one.ip.sourceFor(b)).toEqual(a);
});

test("what is longer than the link carries arrives in fragments", async () => {
  const { link, one, other } = pair();
  const received = listen(other);
  const sizes = [1460, 1461, 5000, 65_000];
  for (const size of sizes) {
    write(one, b, pattern(size));
    await link.pass(5);
  }
  expect(received.map(({ payload }) => payload.length)).toEqual(sizes);
  expect(received.map(({ payload }) => payload)).toEqual(sizes.map(pattern));
  expect(other.ip.counters.reassembled).toBe(3);
  expect(() => write(one, b, pattern(1461), { dontFragment: true })).toThrow(
    expect.objectContaining({ code: "too-large" }),
  );
  expect(() => one.ip.write(b, protocol, 65_536, () => 0)).toThrow(
    expect.objectContaining({ code: "too-large" }),
  );
});

test("fragments that are lost, reordered and repeated give whole packets or none", async () => {
  const { link, one, other } = pair();
  const received = listen(other);
  write(one, b, [0]);
  await link.pass(2000);
  link.wire.change({ loss: 0.1, duplication: 0.2, reordering: 0.3 });
  for (let count = 0; count < 50; count += 1) {
    write(one, b, pattern(4000 + count));
    await link.pass(10);
  }
  await link.pass(70_000);
  const whole = received.slice(1);
  expect(whole.length).toBeGreaterThan(10);
  expect(whole.length).toBeLessThan(50);
  for (const { payload } of whole) expect(payload).toEqual(pattern(payload.length));
  expect(other.ip.counters.reassemblyTimeouts).toBeGreaterThan(0);
});

test("learnPathMtu() is believed down to 1,280 bytes, not below, and for ten minutes", async () => {
  const { link, one, other } = pair();
  const received = listen(other);
  expect(one.ip.pathPayloadBytes(b)).toBe(1460);
  one.ip.learnPathMtu(b, 1400);
  expect(one.ip.pathPayloadBytes(b)).toBe(1360);
  one.ip.learnPathMtu(b, 1279);
  expect(one.ip.pathPayloadBytes(b)).toBe(1360);
  one.ip.learnPathMtu(b, 1280);
  expect(one.ip.pathPayloadBytes(b)).toBe(1240);
  write(one, b, pattern(1400));
  await link.pass(10);
  expect(one.ip.counters.fragmentsOut).toBe(2);
  expect(received).toHaveLength(1);
  await link.pass(601_000);
  expect(one.ip.pathPayloadBytes(b)).toBe(1460);
});

/** A host, and a node that its frames come from. */
async function besideNode(): Promise<{
  link: Link;
  host: Host;
  node: Node;
  given: Undeliverable[];
}> {
  const link = new Link();
  const node = link.node();
  const host = link.host({ addresses: [prefix("2001:db8::a")] });
  await link.pass(15_000);
  const given: Undeliverable[] = [];
  host.ip.onUndeliverable(({ packet, ...rest }) => given.push({ ...rest, packet: packet.slice() }));
  return { link, host, node, given };
}

/** A fragment: `offset` in bytes. */
function fragment(offset: number, hasMore: boolean, payload: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8 + payload.length);
  const header = { nextHeader: protocol, fragmentOffset: offset, hasMore, identification: 5 };
  encodeFragmentHeader(header, bytes);
  bytes.set(payload, 8);
  return bytes;
}

async function hear(...fragments: readonly Uint8Array[]): Promise<{
  host: Host;
  received: readonly Received[];
  given: readonly Undeliverable[];
}> {
  const { link, host, node, given } = await besideNode();
  const received = listen(host);
  for (const payload of fragments) {
    node.send({ source: b, destination: a, nextHeader: 44, payload }, host.network.mac);
    await link.pass(1);
  }
  await link.pass(65_000);
  return { host, received, given };
}

test("a fragment that is all of its packet stands for itself", async () => {
  const { received } = await hear(
    fragment(0, true, pattern(8)),
    fragment(0, false, [1, 2, 3]),
    fragment(8, false, [9]),
  );
  expect(received.map(({ payload }) => payload)).toEqual([
    [1, 2, 3],
    [...pattern(8), 9],
  ]);
});

test("fragments that overlap spoil their packet", async () => {
  const { host, received } = await hear(
    fragment(0, true, pattern(16)),
    fragment(8, false, [1, 2, 3]),
    fragment(16, false, [4]),
  );
  expect(received).toEqual([]);
  expect(host.ip.counters.fragmentsOverlapped).toBe(1);
});

test("fragments of impossible lengths are reported to their sender", async () => {
  const { received, given } = await hear(
    fragment(0, true, [1, 2, 3]),
    fragment(65_528, false, pattern(16)),
  );
  expect(received).toEqual([]);
  expect(given.map(({ reason, pointer }) => [reason, pointer])).toEqual([
    ["header", 4],
    ["header", 42],
  ]);
});

test("a packet of which fragments are missing is reported with its first", async () => {
  const { given } = await hear(fragment(0, true, pattern(8)));
  expect(given).toMatchObject([{ reason: "reassembly-timeout", packet: { length: 56 } }]);
  expect((await hear(fragment(8, false, pattern(8)))).given).toEqual([]);
});

test("discovery in fragments is not believed", async () => {
  const { link, host, node } = await besideNode();
  const first = fragment(0, true, [135, ...Array.from({ length: 15 }, () => 0)]);
  const last = fragment(
    16,
    false,
    Array.from({ length: 8 }, () => 0),
  );
  first[0] = 58;
  for (const payload of [first, last]) {
    node.send({ source: b, destination: a, nextHeader: 44, payload }, host.network.mac);
  }
  await link.pass(1);
  expect(host.ip.counters.badChecksum + host.ip.counters.badDiscovery).toBe(1);
});

test("a protocol that nobody listens to is reported, where its number stands", async () => {
  const { link, host, node, given } = await besideNode();
  const options = Uint8Array.of(protocol, 0, 1, 4, 0, 0, 0, 0, 77);
  node.send({ destination: a, nextHeader: 60, payload: options }, host.network.mac);
  await link.pass(1);
  expect(given.map(({ reason, pointer }) => [reason, pointer])).toEqual([["protocol", 40]]);
  expect(host.ip.counters.unknownProtocol).toBe(1);
  const received = listen(host);
  node.send({ destination: a, nextHeader: 60, payload: options }, host.network.mac);
  await link.pass(1);
  expect(received.map(({ payload }) => payload)).toEqual([[77]]);
});

test("a source route is refused", async () => {
  const { link, host, node, given } = await besideNode();
  const route = Uint8Array.of(protocol, 2, 0, 1, 0, 0, 0, 0, ...b);
  node.send({ destination: a, nextHeader: 43, payload: route }, host.network.mac);
  await link.pass(1);
  expect(given.map(({ reason, pointer }) => [reason, pointer])).toEqual([["header", 42]]);
  expect(host.ip.counters.badHeader).toBe(1);
});

test.each([
  ["from a group", { source: address("ff02::1"), destination: a }, "badSource"],
  ["from ::1", { source: address("::1"), destination: a }, "badSource"],
  ["from our own address", { source: a, destination: a, hopLimit: 64 }, "badSource"],
  ["to ::1", { destination: address("::1") }, "notForUs"],
  ["to another's address", { destination: b }, "notForUs"],
  ["to a group that we did not join", { destination: address("ff05::7") }, "notForUs"],
])("a packet %s is dropped", async (_, packet, counter) => {
  const { link, host, node } = await besideNode();
  const received = listen(host);
  const before = host.ip.counters[counter] ?? 0;
  const payload = Uint8Array.of(1);
  node.send({ nextHeader: protocol, payload, ...packet }, host.network.mac);
  await link.pass(1);
  expect(received).toEqual([]);
  expect(host.ip.counters[counter]).toBe(before + 1);
});

test("noise in frames does no harm", async () => {
  const { link, host, node } = await besideNode();
  listen(host, 0x11);
  const start = [0x60, 0, 0, 0, 0];
  const noise = fc.sample(
    fc.record({
      bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }),
      header: fc.constantFrom(0, 6, 17, 43, 44, 58, 60),
      type: fc.constantFrom(128, 130, 131, 132, 133, 134, 135, 136, 137, 143),
    }),
    { numRuns: 2000, seed: 7 },
  );
  for (const { bytes, header, type } of noise) {
    const packet = new Uint8Array(40 + bytes.length);
    packet.set([...start, bytes.length, header, 255]);
    packet.set(b, 8);
    packet.set(a, 24);
    packet.set(bytes, 40);
    if (header === 58) packet[40] = type;
    node.sendRaw(packet, host.network.mac);
    node.sendRaw(bytes, host.network.mac);
  }
  await link.pass(1);
  expect(host.ip.counters.malformed).toBeGreaterThan(2000);
  const received = listen(host);
  node.send({ destination: a, nextHeader: protocol, payload: Uint8Array.of(5) }, host.network.mac);
  await link.pass(1);
  expect(received).toHaveLength(1);
});

test("disposal leaves nothing behind, and what is called later fails with closed", async () => {
  const { link, one, other } = pair();
  const configured = one.ip.configure(prefix("2001:db8::c"));
  const settled = configured.catch((error: unknown) => error);
  write(one, b, [1]);
  write(one, address("2001:db8::dead"), [1]);
  write(one, a, [1]);
  one.ip.join(address("ff05::7"));
  one.ip.learnPathMtu(b, 1300);
  const payload = fragment(0, true, pattern(8));
  const node = link.node();
  node.send({ source: b, destination: a, nextHeader: 44, payload }, one.network.mac);
  await link.pass(1);
  for (const { ip } of [one, other]) {
    await ip[Symbol.asyncDispose]();
    await ip[Symbol.asyncDispose]();
  }
  expect(link.timers.activeCount).toBe(0);
  const closed: unknown = expect.objectContaining({ code: "closed" });
  expect(await settled).toEqual(closed);
  expect(() => write(one, b, [1])).toThrow(closed);
  expect(() => one.ip.listen(1, undefined)).toThrow(closed);
  expect(() => one.ip.join(address("ff05::8"))).toThrow(closed);
  await expect(one.ip.configure(prefix("2001:db8::d"))).rejects.toEqual(closed);
  one.ip.learnPathMtu(b, 1290);
  one.ip.advise?.(b, true);
  one.ip.deconfigure(a);
  expect(one.ip.addresses).toEqual([]);
  expect(link.timers.activeCount).toBe(0);
});

test("a layer whose Ethernet is gone says so, and its timers do no harm", async () => {
  const { link, one } = pair();
  await one.ethernet[Symbol.asyncDispose]();
  await link.pass(20_000);
  expect(() => write(one, address("ff02::1"), [1])).toThrow(
    expect.objectContaining({ code: "closed" }),
  );
  expect(one.ip.counters.droppedOut).toBeGreaterThan(0);
  await one.ip[Symbol.asyncDispose]();
});
