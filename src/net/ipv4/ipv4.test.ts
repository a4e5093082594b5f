import { expect, test } from "vitest";
import type { FrameOffload, PacketOptions, ProtocolError } from "../../devices/index.ts";
import { Simulation, Wire, type WireOptions } from "../../simulated/index.ts";
import { connect as connectArp } from "../arp/arp.ts";
import { connect as connectEthernet } from "../ethernet/ethernet.ts";
import { timersOf } from "../timers.ts";
import { parse } from "./address.ts";
import type { Ipv4Configuration } from "./configuration.ts";
import { connect, type Ipv4 } from "./ipv4.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const protocol = 253;

function address(text: string): Uint8Array {
  return parse(text) ?? expect.unreachable(`${text} is no address`);
}

interface Heard {
  readonly payload: Uint8Array;
  readonly source: string;
  readonly destination: string;
  readonly timeToLive: number;
  readonly trafficClass: number;
  readonly offload: FrameOffload | undefined;
}

class Segment {
  readonly simulation = new Simulation({ seed: 1, turn });
  readonly wire: Wire;

  constructor(options: WireOptions = {}) {
    this.wire = new Wire(this.simulation, { delayMs: 1, ...options });
  }

  host(): Host {
    return new Host(this);
  }

  sleep(durationMs: number): Promise<void> {
    return this.simulation.clock.sleep(durationMs);
  }

  get activeCount(): number {
    return timersOf(this.simulation.clock).activeCount;
  }
}

class Host {
  readonly network;
  readonly ethernet;
  readonly arp;
  readonly ip: Ipv4;
  readonly heard: Heard[] = [];

  constructor({ wire, simulation }: Segment) {
    const { clock } = simulation;
    const random = simulation.random(simulation.nameOf("host"));
    this.network = wire.connect();
    this.ethernet = connectEthernet({ network: this.network });
    this.arp = connectArp({ ethernet: this.ethernet, clock, random });
    this.ip = connect({ ethernet: this.ethernet, arp: this.arp, clock, random });
    this.ip.listen(protocol, (packet) => {
      this.heard.push({
        payload: packet.payload.slice(),
        source: packet.source.join("."),
        destination: packet.destination.join("."),
        timeToLive: packet.timeToLive,
        trafficClass: packet.trafficClass,
        offload: packet.offload,
      });
    });
  }

  configure(text: string, more: Partial<Ipv4Configuration> = {}): Promise<void> {
    const [host = "", length = ""] = text.split("/");
    const configuration = { address: address(host), prefixLength: Number(length), isFixed: true };
    return this.ip.configure({ ...configuration, ...more });
  }

  send(to: string, payload: Uint8Array | readonly number[], options?: PacketOptions): void {
    const fill = (into: Uint8Array): number => {
      into.set(payload);
      return payload.length;
    };
    this.ip.write(address(to), protocol, payload.length, fill, options);
  }

  async dispose(): Promise<void> {
    for (const layer of [this.ip, this.arp, this.ethernet]) await layer[Symbol.asyncDispose]();
  }
}

async function pair(segment: Segment): Promise<[Host, Host]> {
  const hosts: [Host, Host] = [segment.host(), segment.host()];
  await hosts[0].configure("10.0.0.1/24");
  await hosts[1].configure("10.0.0.2/24");
  return hosts;
}

function codeOf(action: () => void): string {
  try {
    action();
  } catch (error) {
    return (error as ProtocolError).code;
  }
  return "none";
}

test("write() carries a payload to a neighbour, with what its options say", async () => {
  const segment = new Segment();
  await segment.simulation.run(async () => {
    const [a, b] = await pair(segment);
    a.send("10.0.0.2", [1, 2, 3]);
    a.send("10.0.0.2", [4], { timeToLive: 9, trafficClass: 0xb8, dontFragment: true });
    await segment.sleep(10);
    const common = { source: "10.0.0.1", destination: "10.0.0.2", offload: undefined };
    expect(b.heard).toEqual([
      { ...common, payload: Uint8Array.of(1, 2, 3), timeToLive: 64, trafficClass: 0 },
      { ...common, payload: Uint8Array.of(4), timeToLive: 9, trafficClass: 0xb8 },
    ]);
  });
});

test.each([0, 0.3])(
  "a payload of any length arrives, in fragments (reordering %d)",
  async (reordering) => {
    const segment = new Segment({ reordering, duplication: reordering });
    await segment.simulation.run(async () => {
      const [a, b] = await pair(segment);
      for (const length of [1480, 1481, 2960, 65_515]) {
        b.heard.length = 0;
        const payload = new Uint8Array(length).map((_, index) => index % 251);
        a.send("10.0.0.2", payload);
        await segment.sleep(50);
        expect(b.heard[0]?.payload).toEqual(payload);
      }
      expect(b.ip.counters).toMatchObject({ fragmentsOverlapped: 0, malformed: 0 });
      if (reordering === 0) expect(b.ip.counters).toMatchObject({ fragmentsIn: 2 + 2 + 45 });
    });
  },
);

test("write() refuses what is too large, or has no way", async () => {
  const segment = new Segment();
  await segment.simulation.run(async () => {
    const [a] = await pair(segment);
    const long = new Uint8Array(1481);
    expect(codeOf(() => a.send("10.0.0.2", long, { dontFragment: true }))).toBe("too-large");
    expect(codeOf(() => a.send("10.0.0.2", new Uint8Array(65_516)))).toBe("too-large");
    for (const nowhere of ["10.0.1.1", "0.0.0.1", "240.0.0.1"]) {
      expect(codeOf(() => a.send(nowhere, []))).toBe("no-route");
    }
    const source = address("10.0.0.77");
    expect(codeOf(() => a.send("10.0.0.2", [], { source }))).toBe("no-route");
    expect(() => a.send("10.0.1.1", [])).toThrow("Cannot send to 10.0.1.1: there is no route");
  });
});

test("packets take the longest route, and the address that belongs to it", async () => {
  const segment = new Segment();
  await segment.simulation.run(async () => {
    const [a, b] = await pair(segment);
    const c = segment.host();
    await c.configure("10.0.0.3/24");
    await a.configure("10.0.0.1/24", { gateway: address("10.0.0.2") });
    await a.configure("10.9.0.1/16");
    a.ip.addRoute(address("192.168.0.0"), 16, address("10.0.0.3"));
    a.ip.addRoute(address("192.168.7.0"), 24, undefined);
    a.send("8.8.8.8", [1]);
    a.send("192.168.1.1", [2]);
    await segment.sleep(10);
    expect([b, c].map(({ ip }) => ip.counters["notForUs"])).toEqual([1, 1]);
    expect(a.ip.sourceFor(address("10.9.3.3"))).toEqual(address("10.9.0.1"));
    expect(a.ip.sourceFor(address("192.168.7.7"))).toEqual(address("10.0.0.1"));
    a.ip.removeRoute(address("192.168.0.0"), 16);
    a.send("192.168.1.1", [3]);
    await segment.sleep(10);
    expect(b.ip.counters["notForUs"]).toBe(2);
    expect(a.ip.addresses).toEqual(["10.0.0.1/24", "10.9.0.1/16"]);
    a.ip.deconfigure(address("10.0.0.1"));
    expect(codeOf(() => a.send("8.8.8.8", [4]))).toBe("no-route");
  });
});

test("broadcasts and groups reach those they are for, DHCP's from nobody too", async () => {
  const segment = new Segment();
  await segment.simulation.run(async () => {
    const [a, b] = await pair(segment);
    const fresh = segment.host();
    fresh.send("255.255.255.255", [1], { source: address("0.0.0.0") });
    await segment.sleep(10);
    expect(b.heard.map(({ source }) => source)).toEqual(["0.0.0.0"]);
    a.send("255.255.255.255", [2]);
    a.send("10.0.0.255", [3]);
    a.send("224.0.0.1", [4]);
    a.send("239.1.2.3", [5]);
    await segment.sleep(10);
    expect(b.heard.map(({ payload }) => payload[0])).toEqual([1, 2, 3, 4]);
    expect(fresh.heard.map(({ payload }) => payload[0])).toEqual([2, 4]);
    const leave = b.ip.join(address("239.1.2.3"));
    a.send("239.1.2.3", [6]);
    await segment.sleep(10);
    leave();
    a.send("239.1.2.3", [7]);
    await segment.sleep(10);
    expect(b.heard.at(-1)?.payload).toEqual(Uint8Array.of(6));
  });
});

test("packets to ourselves arrive later, in a batch, and never on the wire", async () => {
  const segment = new Segment();
  await segment.simulation.run(async () => {
    const [a] = await pair(segment);
    await segment.sleep(20_000);
    const { framesOut } = a.network.counters;
    let batchCount = 0;
    a.ip.onBatchEnd(() => (batchCount += 1));
    a.send("10.0.0.1", [1]);
    a.send("127.0.0.1", new Uint8Array(60_000));
    expect(a.heard).toEqual([]);
    await segment.sleep(1);
    expect(a.heard.map(({ source, destination }) => [source, destination])).toEqual([
      ["10.0.0.1", "10.0.0.1"],
      ["127.0.0.1", "127.0.0.1"],
    ]);
    expect(batchCount).toBe(1);
    for (let count = 0; count < 100; count += 1) a.send("127.0.0.1", new Uint8Array(60_000));
    expect(a.ip.counters["noRoom"]).toBeGreaterThan(20);
    expect(a.network.counters.framesOut).toBe(framesOut);
  });
});

test("packets wait for a neighbour, within bounds, and are given up if there is none", async () => {
  const segment = new Segment();
  await segment.simulation.run(async () => {
    const [a] = await pair(segment);
    const given: [string, number][] = [];
    a.ip.onUndeliverable(({ reason, packet }) => given.push([reason, packet.length]));
    for (let count = 0; count < 1000; count += 1) a.send("10.0.0.9", new Uint8Array(1000));
    await segment.sleep(3100);
    expect(given.length).toBeGreaterThan(100);
    expect(given.every(([reason, length]) => reason === "neighbour" && length === 1020)).toBe(true);
    expect(a.ip.counters).toMatchObject({ unresolved: given.length, noRoom: 1000 - given.length });
    for (let host = 10; host < 200; host += 1) {
      for (let count = 0; count < 20; count += 1) a.send(`10.0.0.${host}`, new Uint8Array(1000));
    }
    await segment.sleep(3100);
    expect(given.length).toBeLessThan(1200);
  });
});

test("a path MTU that was learned holds for its destination, and for ten minutes", async () => {
  const segment = new Segment();
  await segment.simulation.run(async () => {
    const [a, b] = await pair(segment);
    const to = address("10.0.0.2");
    expect(a.ip.pathPayloadBytes(to)).toBe(1480);
    a.ip.learnPathMtu(to, 1000);
    expect(a.ip.pathPayloadBytes(to)).toBe(980);
    expect(a.ip.pathPayloadBytes(address("10.0.0.3"))).toBe(1480);
    const long = new Uint8Array(1480);
    expect(codeOf(() => a.send("10.0.0.2", long, { dontFragment: true }))).toBe("too-large");
    a.send("10.0.0.2", long);
    a.ip.learnPathMtu(to, 68);
    expect(a.ip.pathPayloadBytes(to)).toBe(532);
    await segment.sleep(600_001);
    expect(b.heard).toHaveLength(1);
    expect(b.ip.counters["fragmentsIn"]).toBe(2);
    expect(a.ip.pathPayloadBytes(to)).toBe(1480);
  });
});

test("configure() probes, and refuses an address that another host has", async () => {
  const segment = new Segment();
  await segment.simulation.run(async () => {
    const [a] = await pair(segment);
    await segment.sleep(10_000);
    const late = segment.host();
    const changes: (readonly string[])[] = [];
    late.ip.onAddressesChange((addresses) => changes.push(addresses));
    const refused = await late
      .configure("10.0.0.1/24", { isFixed: false })
      .catch((error: ProtocolError) => error.code);
    expect(refused).toBe("address-conflict");
    expect(changes).toEqual([]);
    const lost: string[] = [];
    late.ip.onConflict((ours) => lost.push(ours.join(".")));
    await late.configure("10.0.0.1/24");
    await segment.sleep(10);
    expect(lost).toEqual(["10.0.0.1"]);
    expect(changes).toEqual([["10.0.0.1/24"], []]);
    await expect(late.configure("224.0.0.1/24")).rejects.toThrow(RangeError);
    await expect(late.configure("10.0.0.5/33")).rejects.toThrow(RangeError);
    expect(a.ip.addresses).toEqual(["10.0.0.1/24"]);
  });
});

test("disposal leaves no timer, gives up the addresses, and later calls say closed", async () => {
  const segment = new Segment();
  await segment.simulation.run(async () => {
    const [a, b] = await pair(segment);
    a.ip.learnPathMtu(address("10.0.0.2"), 1000);
    a.ip.join(address("239.0.0.1"));
    a.send("10.0.0.9", [1]);
    a.send("10.0.0.1", [1]);
    const claiming = a
      .configure("10.0.0.5/24", { isFixed: false })
      .catch((error: ProtocolError) => error.code);
    await a.ip[Symbol.asyncDispose]();
    await a.ip[Symbol.asyncDispose]();
    expect(a.arp.addresses).toEqual([]);
    expect(codeOf(() => a.send("10.0.0.2", []))).toBe("closed");
    expect(codeOf(() => a.ip.join(address("239.0.0.1")))).toBe("closed");
    expect(codeOf(() => a.ip.listen(protocol, () => {}))).toBe("closed");
    await a.arp[Symbol.asyncDispose]();
    expect(await claiming).toBe("closed");
    await b.dispose();
  });
  expect(segment.activeCount).toBe(0);
});

test("write() with a link address asks nobody who has the destination", async () => {
  const segment = new Segment();
  const [sender, receiver] = [segment.host(), segment.host()];
  await segment.simulation.run(async () => {
    await sender.configure("10.0.0.1/24");
    await segment.sleep(5000);
    const asked = sender.arp.counters["packetsOut"];
    sender.send("10.0.0.77", [1, 2, 3], { linkAddress: receiver.network.mac });
    await segment.sleep(2);
    expect(sender.arp.counters["packetsOut"]).toBe(asked);
    // It came, though its IP has no such address.
    expect(receiver.ip.counters["notForUs"]).toBe(1);
    // The next one without it is a question again.
    sender.send("10.0.0.77", [1, 2, 3]);
    expect(sender.arp.counters["packetsOut"]).toBe((asked ?? 0) + 1);
  });
});
