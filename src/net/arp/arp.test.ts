import { expect, test } from "vitest";
import type { Ethernet, ProtocolError } from "../../devices/index.ts";
import { Simulation, Wire } from "../../simulated/index.ts";
import { connect as connectEthernet } from "../ethernet/ethernet.ts";
import { broadcast } from "../ethernet/packet.ts";
import { parse } from "../ipv4/address.ts";
import { timersOf } from "../timers.ts";
import { type ArpLayer, type ArpOptions, connect } from "./arp.ts";
import { type ArpPacket, decode, encode, etherType, operation, packetBytes } from "./packet.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const nobody = new Uint8Array(6);
const forged = Uint8Array.of(2, 0, 0, 0, 0, 0x66);

function address(text: string): Uint8Array {
  return parse(text) ?? expect.unreachable(`${text} is no address`);
}

const ours = address("10.0.0.1");
const theirs = address("10.0.0.2");

interface Host {
  readonly ethernet: Ethernet;
  readonly arp: ArpLayer;
}

/** A wire with a host that has ARP, and one that has only what a test makes of it. */
class Segment {
  readonly simulation = new Simulation({ seed: 1, turn });
  readonly wire = new Wire(this.simulation, { delayMs: 1 });
  readonly us: Host;
  readonly other: Ethernet = connectEthernet({ network: this.wire.connect() });
  /** What the other host heard, with the virtual second of it. */
  readonly heard: (ArpPacket & { readonly atS: number })[] = [];

  constructor(options: Partial<ArpOptions> = {}) {
    this.us = this.host(options);
    this.other.listen(etherType, (bytes) => {
      const packet = decode(bytes.slice());
      if (packet === undefined) return;
      this.heard.push({ ...packet, atS: this.simulation.clock.monotonicMs() / 1000 });
      this.onHeard(packet);
    });
  }

  onHeard: (packet: ArpPacket) => void = () => {};

  host(options: Partial<ArpOptions> = {}): Host {
    const ethernet = connectEthernet({ network: this.wire.connect() });
    const { clock } = this.simulation;
    const random = this.simulation.random(this.simulation.nameOf("arp"));
    return { ethernet, arp: connect({ ethernet, clock, random, ...options }) };
  }

  say(packet: Partial<ArpPacket>, to: Uint8Array = broadcast): void {
    const whole = {
      operation: operation.request,
      senderMac: this.other.mac,
      senderAddress: theirs,
      targetMac: nobody,
      targetAddress: ours,
      ...packet,
    };
    this.other.write(to, etherType, packetBytes, (into) => encode(whole, into));
  }

  sleep(durationMs: number): Promise<void> {
    return this.simulation.clock.sleep(durationMs);
  }
}

function query(host: Host, wanted: Uint8Array): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => host.arp.query(wanted, (mac) => resolve(mac?.slice())));
}

test("query() finds a neighbour, then knows it without asking", async () => {
  const segment = new Segment();
  const peer = segment.host();
  await segment.simulation.run(async () => {
    await segment.us.arp.claim(ours, { isFixed: true });
    await peer.arp.claim(theirs, { isFixed: true });
    await segment.sleep(10_000);
    segment.heard.length = 0;
    expect(await query(segment.us, theirs)).toEqual(peer.ethernet.mac);
    expect(await query(segment.us, theirs)).toEqual(peer.ethernet.mac);
    // Who was asked knows who asked.
    expect(await query(peer, ours)).toEqual(segment.us.ethernet.mac);
  });
  expect(segment.heard).toHaveLength(1);
  expect(segment.heard[0]).toMatchObject({ senderAddress: ours, targetAddress: theirs });
});

test("query() gives undefined after three requests, a second apart, and lets all know", async () => {
  const segment = new Segment();
  await segment.simulation.run(async () => {
    const answers = await Promise.all([query(segment.us, theirs), query(segment.us, theirs)]);
    expect(answers).toEqual([undefined, undefined]);
    expect(segment.heard.map(({ atS }) => Math.floor(atS))).toEqual([0, 1, 2]);
    expect(segment.simulation.clock.monotonicMs()).toBeGreaterThan(3000);
  });
  expect(timersOf(segment.simulation.clock).activeCount).toBe(0);
});

test("a neighbour in use is asked again by unicast, and forgotten when it is silent", async () => {
  const segment = new Segment();
  const toUs: boolean[] = [];
  await segment.simulation.run(async () => {
    segment.onHeard = () => {
      segment.say({ operation: operation.reply }, segment.us.ethernet.mac);
    };
    await query(segment.us, theirs);
    await query(segment.us, theirs);
    await segment.sleep(61_000);
    expect(segment.heard).toHaveLength(2);
    segment.onHeard = () => {};
    await query(segment.us, theirs);
    await segment.sleep(63_500);
    segment.other.listen(etherType, (_bytes, _source, destination) => {
      toUs.push(destination[0] !== 0xff);
    });
    expect(await query(segment.us, theirs)).toBeUndefined();
  });
  expect(toUs).toEqual([false, false, false]);
});

test("a neighbour that nobody uses is forgotten without being asked", async () => {
  const segment = new Segment();
  await segment.simulation.run(async () => {
    await segment.us.arp.claim(ours, { isFixed: true });
    await segment.sleep(10_000);
    segment.heard.length = 0;
    segment.say({});
    await segment.sleep(1_300_000);
  });
  expect(segment.heard.map((packet) => packet.operation)).toEqual([operation.reply]);
  expect(timersOf(segment.simulation.clock).activeCount).toBe(0);
});

test("answers to no question are not believed, of known neighbours they are", async () => {
  const segment = new Segment();
  await segment.simulation.run(async () => {
    segment.say({ operation: operation.reply, senderMac: forged }, segment.us.ethernet.mac);
    segment.say({ senderMac: forged, targetAddress: theirs });
    await segment.sleep(10);
    segment.onHeard = () => segment.say({ operation: operation.reply }, segment.us.ethernet.mac);
    expect(await query(segment.us, theirs)).toEqual(segment.other.mac);
    // It does not change at once, as when two answer the same request.
    segment.say({ operation: operation.reply, senderMac: forged });
    await segment.sleep(10);
    expect(await query(segment.us, theirs)).toEqual(segment.other.mac);
    await segment.sleep(2000);
    segment.say({ senderMac: forged, targetAddress: theirs });
    await segment.sleep(10);
    expect(await query(segment.us, theirs)).toEqual(forged);
  });
});

test("claim() probes three times, announces twice and then answers", async () => {
  const segment = new Segment();
  await segment.simulation.run(async () => {
    const claimed = segment.us.arp.claim(ours);
    await segment.sleep(100);
    segment.say({});
    await claimed;
    expect(segment.us.arp.addresses).toEqual([ours]);
    await segment.sleep(10_000);
    segment.say({});
    await segment.sleep(10);
  });
  const said = segment.heard.map(({ senderAddress, ...rest }) => [rest.operation, senderAddress]);
  const [probe, announcement] = [
    [operation.request, address("0.0.0.0")],
    [operation.request, ours],
  ];
  expect(said).toEqual([probe, probe, probe, announcement, announcement, [operation.reply, ours]]);
  const times = segment.heard.map(({ atS }) => atS);
  const between = (index: number): number => (times[index + 1] ?? 0) - (times[index] ?? 0);
  expect(times[0]).toBeLessThan(1.1);
  for (const index of [0, 1]) {
    expect(between(index)).toBeGreaterThan(0.999);
    expect(between(index)).toBeLessThan(2.001);
  }
  expect([2, 3].map((index) => Math.round(between(index)))).toEqual([2, 2]);
});

test.each([
  ["uses it", { senderAddress: ours, targetAddress: ours }],
  ["probes for it too", { senderAddress: address("0.0.0.0") }],
])("claim() rejects when another host %s", async (_what, packet) => {
  const segment = new Segment();
  segment.onHeard = () => segment.say(packet);
  await segment.simulation.run(async () => {
    const error: ProtocolError = await segment.us.arp.claim(ours).then(
      () => expect.unreachable("it is taken"),
      (error: ProtocolError) => error,
    );
    expect(error.code).toBe("address-conflict");
    expect(error.message).toBe("Cannot claim 10.0.0.1: another host has it");
  });
  expect(segment.us.arp.addresses).toEqual([]);
  expect(timersOf(segment.simulation.clock).activeCount).toBe(0);
});

test("an address is defended once, then given up to whoever insists", async () => {
  const segment = new Segment();
  const lost: Uint8Array[] = [];
  segment.us.arp.onConflict((address) => lost.push(address));
  await segment.simulation.run(async () => {
    await segment.us.arp.claim(ours);
    await segment.sleep(10_000);
    segment.heard.length = 0;
    const conflict = { senderMac: forged, senderAddress: ours };
    segment.say(conflict);
    await segment.sleep(11_000);
    segment.say(conflict);
    await segment.sleep(10);
    expect(segment.heard).toHaveLength(2);
    expect(lost).toEqual([]);
    segment.say(conflict);
    await segment.sleep(10);
    segment.say({});
    await segment.sleep(10);
  });
  expect(segment.heard).toHaveLength(2);
  expect(lost).toEqual([ours]);
});

test("a fixed address is kept, and defended no more than every ten seconds", async () => {
  const segment = new Segment();
  segment.us.arp.onConflict(() => expect.unreachable("it is kept"));
  await segment.simulation.run(async () => {
    await segment.us.arp.claim(ours, { isFixed: true });
    expect(segment.us.arp.addresses).toEqual([ours]);
    await segment.sleep(10_000);
    segment.heard.length = 0;
    for (let count = 0; count < 100; count += 1) {
      segment.say({ senderMac: forged, senderAddress: ours });
      await segment.sleep(150);
    }
  });
  expect(segment.heard).toHaveLength(2);
  expect(segment.us.arp.counters).toMatchObject({ conflicts: 100 });
});

test("of two hosts with one fixed address, the later one learns that it lost it", async () => {
  const segment = new Segment();
  const peer = segment.host();
  const lost: Uint8Array[] = [];
  peer.arp.onConflict((address) => lost.push(address));
  await segment.simulation.run(async () => {
    await segment.us.arp.claim(ours, { isFixed: true });
    await segment.sleep(10_000);
    await peer.arp.claim(ours, { isFixed: true });
    await segment.sleep(10);
  });
  expect(lost).toEqual([ours]);
  expect(peer.arp.addresses).toEqual([]);
  expect(segment.us.arp.addresses).toEqual([ours]);
});

test("the cache is bounded, whoever asks and whatever is asked for", async () => {
  const segment = new Segment({ cache: { maxEntries: 8 } });
  const host = (index: number): Uint8Array => Uint8Array.of(10, 1, index >> 8, index & 0xff);
  await segment.simulation.run(async () => {
    await segment.us.arp.claim(ours, { isFixed: true });
    for (let index = 0; index < 100; index += 1) segment.say({ senderAddress: host(index) });
    await segment.sleep(10);
    // Each of these pushes one of those out; then all eight are asked for, and there is no room.
    const answers = Array.from({ length: 9 }, (_, index) => query(segment.us, host(1000 + index)));
    expect(await Promise.race(answers)).toBeUndefined();
    await Promise.all(answers);
    await segment.sleep(10);
    const asked = segment.heard.filter((packet) => packet.operation === operation.request);
    expect(asked.filter(({ targetAddress }) => targetAddress[1] === 1)).toHaveLength(8 * 3);
    expect(segment.us.arp.counters.packetsIn).toBe(100);
  });
});

test("nonsense is counted and dropped", async () => {
  const segment = new Segment();
  await segment.simulation.run(async () => {
    await segment.us.arp.claim(ours, { isFixed: true });
    await segment.sleep(10_000);
    segment.heard.length = 0;
    segment.say({ senderMac: broadcast });
    segment.say({ senderMac: nobody });
    segment.say({ senderAddress: address("224.0.0.1") });
    segment.other.write(broadcast, etherType, 9, (into) => into.fill(1).length);
    segment.say({ operation: 77 });
    await segment.sleep(10);
  });
  expect(segment.heard).toEqual([]);
  expect(segment.us.arp.counters).toMatchObject({ malformed: 4, packetsIn: 1 });
});

test("disposal settles who waits, and leaves no timer", async () => {
  const segment = new Segment();
  await segment.simulation.run(async () => {
    await segment.us.arp.claim(address("10.0.0.9"), { isFixed: true });
    const answer = query(segment.us, theirs);
    const claim = segment.us.arp.claim(ours).catch((error: ProtocolError) => error.code);
    await segment.us.arp[Symbol.asyncDispose]();
    await segment.us.arp[Symbol.asyncDispose]();
    expect(await answer).toBeUndefined();
    expect(await claim).toBe("closed");
    expect(await query(segment.us, theirs)).toBeUndefined();
    await expect(segment.us.arp.claim(ours)).rejects.toThrow("ARP was disposed");
  });
  expect(segment.us.arp.addresses).toEqual([]);
  expect(timersOf(segment.simulation.clock).activeCount).toBe(0);
});
