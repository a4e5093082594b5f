import { expect, test } from "vitest";
import {
  type EchoReply,
  type FrameWriter,
  type Icmp,
  type IcmpReport,
  type PacketOptions,
  type PacketReceiver,
  ProtocolError,
} from "../../devices/index.ts";
import { Simulation, Wire, type WireConditions } from "../../simulated/index.ts";
import { parseAddress } from "../address.ts";
import { connect as connectArp } from "../arp/arp.ts";
import { pseudoHeaderSum } from "../checksum.ts";
import { connect as connectEthernet } from "../ethernet/ethernet.ts";
import type { InternetLayer, Undeliverable } from "../internet.ts";
import { connect as connectIpv4, type Ipv4 } from "../ipv4/ipv4.ts";
import { timersOf } from "../timers.ts";
import { connect } from "./icmp.ts";
import { decode, encode, hasRightChecksum, type IcmpPacket } from "./packet.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function address(text: string): Uint8Array {
  return parseAddress(text) ?? expect.unreachable(`${text} is no address`);
}

interface Host {
  readonly ip: Ipv4;
  readonly icmp: Icmp;
  dispose(): Promise<void>;
}

class Segment {
  readonly simulation = new Simulation({ seed: 1, turn });
  readonly wire: Wire;

  constructor(conditions: WireConditions = {}) {
    this.wire = new Wire(this.simulation, { delayMs: 1, ...conditions });
  }

  async host(text: string): Promise<Host> {
    const { clock } = this.simulation;
    const random = this.simulation.random(text);
    const ethernet = connectEthernet({ network: this.wire.connect() });
    const arp = connectArp({ ethernet, clock, random });
    const ip = connectIpv4({ ethernet, arp, clock, random });
    const icmp = connect({ v4: ip, clock, random });
    await ip.configure({ address: address(text), prefixLength: 24, isFixed: true });
    return {
      ip,
      icmp,
      dispose: async () => {
        for (const layer of [icmp, ip, arp, ethernet]) await layer[Symbol.asyncDispose]();
      },
    };
  }

  sleep(durationMs: number): Promise<void> {
    return this.simulation.clock.sleep(durationMs);
  }
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "none",
    (error: unknown) => (error instanceof ProtocolError ? error.code : String(error)),
  );
}

/** What a fake layer was asked to send. */
interface Sent extends IcmpPacket {
  readonly destination: Uint8Array;
  readonly bytes: Uint8Array;
  readonly options: PacketOptions | undefined;
}

/** A layer of IPv6 or IPv4 with one address, which sends nothing. */
class FakeIp implements InternetLayer {
  readonly counters = {};
  readonly addresses: readonly string[] = [];
  readonly offloads = { checksum: false, segmentationBytes: 0 };
  readonly sent: Sent[] = [];
  readonly learned: [Uint8Array, number][] = [];
  readonly version: 4 | 6;
  readonly ours: Uint8Array;
  giveUp: (undeliverable: Undeliverable) => void = () => {};
  #receiver: PacketReceiver | undefined;

  constructor(ours: string) {
    this.ours = address(ours);
    this.version = this.ours.length === 4 ? 4 : 6;
  }

  write(
    destination: Uint8Array,
    _protocol: number,
    sizeBytes: number,
    fill: FrameWriter,
    options?: PacketOptions,
  ): void {
    const bytes = new Uint8Array(sizeBytes);
    expect(fill(bytes)).toBe(sizeBytes);
    const packet = decode(bytes) ?? expect.unreachable("it is too short");
    this.sent.push({ ...packet, destination: destination.slice(), bytes, options });
  }

  listen(_protocol: number, receiver: PacketReceiver | undefined): void {
    this.#receiver = receiver;
  }

  onBatchEnd(): () => void {
    return () => {};
  }

  join(): () => void {
    return () => {};
  }

  onUndeliverable(listener: (undeliverable: Undeliverable) => void): () => void {
    this.giveUp = listener;
    return () => {};
  }

  pathPayloadBytes(): number {
    return 1280;
  }

  sourceFor(): Uint8Array {
    return this.ours;
  }

  learnPathMtu(destination: Uint8Array, mtuBytes: number): void {
    this.learned.push([destination.slice(), mtuBytes]);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** Hears a message from `source`. */
  hear(source: string, packet: Partial<IcmpPacket>, destination: Uint8Array = this.ours): void {
    const from = address(source);
    const whole = { type: 0, code: 0, parameter: 0, body: new Uint8Array(), ...packet };
    const payload = new Uint8Array(8 + whole.body.length);
    const sum = this.version === 4 ? 0 : pseudoHeaderSum(from, destination, 58, payload.length);
    encode(whole, payload, sum);
    this.hearBytes(source, payload, destination);
  }

  hearBytes(source: string, payload: Uint8Array, destination: Uint8Array = this.ours): void {
    this.#receiver?.({
      payload,
      source: address(source),
      destination,
      timeToLive: 60,
      trafficClass: 0,
      bytes: payload,
      offload: undefined,
    });
  }
}

/** A packet of UDP, or of ICMP if it begins with `type`. */
function packetOf(source: string, destination: string, type?: number): Uint8Array {
  const from = address(source);
  const isIpv4 = from.length === 4;
  const headerBytes = isIpv4 ? 20 : 40;
  const packet = new Uint8Array(1500);
  packet.set(isIpv4 ? [0x45, 0, 0x05, 0xdc] : [0x60, 0, 0, 0, 0x05, 0xb4]);
  const icmp = isIpv4 ? 1 : 58;
  packet[isIpv4 ? 9 : 6] = type === undefined ? 17 : icmp;
  packet.set(from, isIpv4 ? 12 : 8);
  packet.set(address(destination), isIpv4 ? 16 : 24);
  packet[headerBytes] = type ?? 0;
  return packet;
}

function alone(ours: string): { readonly ip: FakeIp; readonly icmp: Icmp } {
  const simulation = new Simulation({ seed: 1, turn });
  const ip = new FakeIp(ours);
  const layers = ip.version === 4 ? { v4: ip } : { v6: ip };
  return {
    ip,
    icmp: connect({ ...layers, clock: simulation.clock, random: simulation.random("") }),
  };
}

test("echo() resolves to the reply of a neighbour, of ourselves, and of any size", async () => {
  const segment = new Segment();
  await segment.simulation.run(async () => {
    const [a] = [await segment.host("10.0.0.1"), await segment.host("10.0.0.2")];
    await a.icmp.echo("10.0.0.2");
    const reply: EchoReply = await a.icmp.echo("10.0.0.2");
    expect(reply).toMatchObject({ address: "10.0.0.2", payloadBytes: 56, timeToLive: 64 });
    expect(reply.roundTripMs).toBeCloseTo(2, 3);
    for (const payloadBytes of [0, 1, 8000, 65_507]) {
      expect(await a.icmp.echo("10.0.0.2", { payloadBytes })).toMatchObject({ payloadBytes });
    }
    for (const us of ["10.0.0.1", "127.0.0.1"]) {
      expect((await a.icmp.echo(us)).address).toBe(us);
    }
  });
});

test("a flood of echo requests is answered without loss", async () => {
  const segment = new Segment();
  await segment.simulation.run(async () => {
    const [a, b] = [await segment.host("10.0.0.1"), await segment.host("10.0.0.2")];
    await a.icmp.echo("10.0.0.2");
    const replies = await Promise.all(Array.from({ length: 1000 }, () => a.icmp.echo("10.0.0.2")));
    expect(replies).toHaveLength(1000);
    expect(b.icmp.counters).toMatchObject({ echoesAnswered: 1001 });
  });
});

test("echo() says what went wrong, and leaves nothing behind", async () => {
  const segment = new Segment();
  await segment.simulation.run(async () => {
    const [a, b] = [await segment.host("10.0.0.1"), await segment.host("10.0.0.2")];
    expect(await codeOf(a.icmp.echo("10.0.0.9", { timeoutMs: 5000 }))).toBe("unreachable");
    expect(await codeOf(a.icmp.echo("8.8.8.8"))).toBe("no-route");
    expect(await codeOf(a.icmp.echo("fe80::1"))).toBe("no-route");
    expect(await codeOf(a.icmp.echo("10.0.0.2", { payloadBytes: 65_508 }))).toBe("too-large");
    expect(await codeOf(a.icmp.echo("nobody"))).toContain("TypeError: Cannot ping nobody");
    const signal = AbortSignal.abort("enough");
    expect(await codeOf(a.icmp.echo("10.0.0.2", { signal }))).toBe("enough");
    const controller = new AbortController();
    const waiting = codeOf(a.icmp.echo("10.0.0.2", { signal: controller.signal }));
    controller.abort("stop");
    expect(await waiting).toBe("stop");
    segment.wire.change({ loss: 1 });
    expect(await codeOf(a.icmp.echo("10.0.0.2", { timeoutMs: 50 }))).toBe("timed-out");
    const disposed = codeOf(a.icmp.echo("10.0.0.2", { timeoutMs: 5000 }));
    await a.dispose();
    expect(await disposed).toBe("closed");
    expect(await codeOf(a.icmp.echo("10.0.0.2"))).toBe("closed");
    await b.dispose();
  });
  expect(timersOf(segment.simulation.clock).activeCount).toBe(0);
});

test("a packet of a protocol that nobody listens to is reported to its sender", async () => {
  const segment = new Segment();
  await segment.simulation.run(async () => {
    const [a, b] = [await segment.host("10.0.0.1"), await segment.host("10.0.0.2")];
    const reports: IcmpReport[] = [];
    a.icmp.onReport((report) => reports.push({ ...report, packet: report.packet.slice() }));
    a.ip.write(address("10.0.0.2"), 99, 1000, (into) => into.fill(7).length);
    a.ip.write(address("255.255.255.255"), 99, 4, (into) => into.fill(7).length);
    await segment.sleep(10);
    expect(reports).toHaveLength(1);
    const [report] = reports;
    expect(report).toMatchObject({ type: 3, code: 2, source: address("10.0.0.2") });
    // All that fits into 576 bytes with two headers.
    expect(report?.packet).toHaveLength(576 - 28);
    expect(report?.packet.subarray(16, 20)).toEqual(address("10.0.0.2"));
    expect(b.icmp.counters).toMatchObject({ reportsOut: 1 });
  });
});

test.each([
  ["10.0.0.1", "10.0.0.2", 8, 0],
  ["fd00::1", "fd00::2", 128, 129],
])("an echo request to %s is answered with what it held", (ours, theirs, request, reply) => {
  const { ip } = alone(ours);
  const body = Uint8Array.of(1, 2, 3);
  ip.hear(theirs, { type: request, parameter: 0x0102_0304, body });
  expect(ip.sent).toHaveLength(1);
  const [sent] = ip.sent;
  expect(sent).toMatchObject({ type: reply, code: 0, parameter: 0x0102_0304, body });
  expect(sent?.options?.source).toEqual(ip.ours);
  const sum = ip.version === 4 ? 0 : pseudoHeaderSum(ip.ours, address(theirs), 58, 11);
  expect(hasRightChecksum(sent?.bytes ?? new Uint8Array(), sum)).toBe(true);
});

test("an echo request to a group is answered in version 6 only", () => {
  const v4 = alone("10.0.0.1");
  v4.ip.hear("10.0.0.2", { type: 8 }, address("224.0.0.1"));
  expect(v4.ip.sent).toHaveLength(0);
  const v6 = alone("fd00::1");
  v6.ip.hear("fd00::2", { type: 128 }, address("ff02::1"));
  expect(v6.ip.sent).toHaveLength(1);
});

test.each([
  ["from nobody", packetOf("0.0.0.0", "10.0.0.1")],
  ["from a group", packetOf("224.0.0.1", "10.0.0.1")],
  ["to all", packetOf("10.0.0.2", "255.255.255.255")],
  ["of an error", packetOf("10.0.0.2", "10.0.0.1", 3)],
  ["of a fragment that is not the first", packetOf("10.0.0.2", "10.0.0.1").fill(9, 6, 8)],
  ["to a group, in version 6", packetOf("fd00::2", "ff02::1")],
  ["of an error, in version 6", packetOf("fd00::2", "fd00::1", 1)],
  ["of nothing", new Uint8Array(3)],
])("report() sends nothing about a packet %s", (_what, packet) => {
  const { ip, icmp } = alone((packet[0] ?? 0) >> 4 === 6 ? "fd00::1" : "10.0.0.1");
  icmp.report(packet, ip.version === 4 ? 3 : 1, 3);
  expect(ip.sent).toHaveLength(0);
  const source = ip.version === 4 ? "10.0.0.2" : "fd00::2";
  icmp.report(packetOf(source, ip.version === 4 ? "10.0.0.1" : "fd00::1"), 1, 3);
  expect(ip.sent).toHaveLength(1);
});

test("report() is limited, and quotes no more than it may", async () => {
  const { ip, icmp } = alone("fd00::1");
  for (let count = 0; count < 500; count += 1) icmp.report(packetOf("fd00::2", "fd00::1"), 1, 4);
  expect(ip.sent.length).toBeLessThan(60);
  expect(icmp.counters).toMatchObject({ reportsOut: ip.sent.length });
  expect(icmp.counters["reportsLimited"]).toBe(500 - ip.sent.length);
  expect(ip.sent[0]?.bytes).toHaveLength(1280 - 40);
  // Packet too big may go to who sent to a group.
  const other = alone("fd00::1");
  other.icmp.report(packetOf("fd00::2", "ff02::1"), 2, 0, 1280);
  expect(other.ip.sent[0]).toMatchObject({ type: 2, parameter: 1280 });
});

test("the MTU of a report is learned, if the packet was longer and ours", () => {
  const v4 = alone("10.0.0.1");
  const quote = packetOf("10.0.0.1", "10.9.0.1");
  const hear = (parameter: number, body: Uint8Array = quote): void => {
    v4.ip.hear("10.0.0.254", { type: 3, code: 4, parameter, body });
  };
  hear(1400);
  hear(0);
  hear(1500);
  hear(1000, packetOf("10.0.0.99", "10.9.0.1"));
  hear(1000, quote.subarray(0, 19));
  expect(v4.ip.learned).toEqual([
    [address("10.9.0.1"), 1400],
    [address("10.9.0.1"), 1492],
  ]);
  expect(v4.icmp.counters).toMatchObject({ reportsIn: 3, ignored: 2 });
  const v6 = alone("fd00::1");
  const body = packetOf("fd00::1", "fd09::1").subarray(0, 1232);
  v6.ip.hear("fd00::99", { type: 2, parameter: 1300, body });
  expect(v6.ip.learned).toEqual([[address("fd09::1"), 1300]]);
});

test("onReport() tells of a neighbour that does not answer, as a router would", () => {
  const { ip, icmp } = alone("fd00::1");
  const reports: IcmpReport[] = [];
  const stop = icmp.onReport((report) => reports.push(report));
  const packet = packetOf("fd00::1", "fd00::9");
  ip.giveUp({ reason: "neighbour", packet, pointer: 0 });
  stop();
  ip.giveUp({ reason: "neighbour", packet, pointer: 0 });
  expect(reports).toMatchObject([{ type: 1, code: 3, source: ip.ours, packet }]);
  ip.giveUp({ reason: "option", packet: packetOf("fd00::2", "ff02::1"), pointer: 42 });
  expect(ip.sent).toMatchObject([{ type: 4, code: 2, parameter: 42 }]);
});

test("nonsense is counted by kind and dropped", () => {
  const { ip, icmp } = alone("10.0.0.1");
  ip.hear("10.0.0.2", { type: 13 });
  ip.hear("10.0.0.2", { type: 0, parameter: 77 });
  ip.hear("10.0.0.2", { type: 5, body: packetOf("10.0.0.3", "10.0.0.2") });
  ip.hearBytes("10.0.0.2", new Uint8Array(7));
  ip.hearBytes("10.0.0.2", Uint8Array.of(8, 0, 1, 2, 3, 4, 5, 6));
  expect(icmp.counters).toMatchObject({ ignored: 3, malformed: 1, badChecksum: 1 });
  expect(ip.sent).toEqual([]);
});
