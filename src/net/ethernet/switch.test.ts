import { describe, expect, test } from "vitest";
import { networkLaws } from "../../conformance/index.ts";
import { connect, inPageOffloads } from "../../platform-js/network-message-port.ts";
import type { Network } from "../../devices/index.ts";
import { Simulation, Wire, type SimulatedNetwork } from "../../simulated/index.ts";
import type { SwitchOptions } from "./switch.ts";
import { Switch } from "./switch.ts";

/** Frames heard, as "source>destination", by station. */
type Heard = string[][];

interface Bench {
  readonly lan: Switch;
  readonly heard: Heard;
  now: number;
  /** Sends a frame from a station (its number) to an address's last byte, and waits. */
  readonly send: (
    from: number,
    to: number,
    options?: { source?: number; length?: number },
  ) => Promise<void>;
}

const broadcast = 0xff;

/** Stations on a switch, each on a wire of its own; station 1 has the address 02:…:01. */
function makeBench(stations: number, options: Partial<SwitchOptions> = {}): Bench {
  const simulation = new Simulation({
    seed: 1,
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  });
  const heard: Heard = Array.from({ length: stations + 1 }, () => []);
  const networks: Network[] = [];
  const lan = new Switch({ nowMs: () => bench.now, ...options });
  for (let station = 1; station <= stations; station += 1) {
    const wire = new Wire(simulation);
    const network = wire.connect(address(station));
    network.listen({
      frame: (frame) => heard[station]?.push(`${frame[11]}>${frame[5]}`),
    });
    networks[station] = network;
    lan.attach(wire.connect());
  }
  const bench: Bench = {
    lan,
    heard,
    now: 0,
    async send(from, to, { source = from, length = 60 } = {}) {
      networks[from]?.write(length, (into) => {
        into.set(to === broadcast ? new Uint8Array(6).fill(0xff) : address(to), 0);
        into.set(address(source), 6);
        return length;
      });
      await simulation.run(() => simulation.clock.sleep(10));
    },
  };
  return bench;
}

function address(last: number): Uint8Array {
  return Uint8Array.of(last >= 0x80 ? 3 : 2, 0, 0, 0, 0, last);
}

test("attach() floods what it does not know, and never back", async () => {
  const { send, heard } = makeBench(3);
  await send(1, 2);
  expect(heard).toEqual([[], [], ["1>2"], ["1>2"]]);
});

test("attach() sends to one port, when it has learned the address", async () => {
  const { send, heard, lan } = makeBench(3);
  await send(2, broadcast);
  await send(1, 2);
  expect(heard[3]).toEqual(["2>255"]);
  expect(heard[2]).toEqual(["1>2"]);
  expect(lan.ports[0]?.counters).toMatchObject({ framesIn: 1, framesOut: 1, flooded: 0 });
  expect(lan.ports[1]?.counters).toMatchObject({ framesIn: 1, framesOut: 1, flooded: 1 });
});

test("attach() learns anew, when an address moves", async () => {
  const { send, heard } = makeBench(3);
  await send(2, broadcast);
  await send(3, broadcast, { source: 2 });
  await send(1, 2);
  expect(heard[3]?.at(-1)).toBe("1>2");
  expect(heard[2]?.at(-1)).not.toBe("1>2");
});

test("attach() forgets an address, when it was not heard for the ageing time", async () => {
  const bench = makeBench(3, { ageingMs: 1000 });
  await bench.send(2, broadcast);
  bench.now = 999;
  await bench.send(1, 2);
  expect(bench.heard[3]).toEqual(["2>255"]);
  bench.now = 1000;
  await bench.send(1, 2);
  expect(bench.heard[3]).toEqual(["2>255", "1>2"]);
});

test("attach() filters frames for the side they come from", async () => {
  const { send, heard, lan } = makeBench(2);
  await send(1, broadcast, { source: 9 });
  await send(1, 9);
  expect(heard[2]).toEqual(["9>255"]);
  expect(lan.ports[0]?.counters.dropped).toBe(1);
});

test("attach() does not learn the address of a group", async () => {
  const { send, lan } = makeBench(2);
  await send(1, 2, { source: 0x81 });
  expect(lan.addressCount).toBe(0);
});

test("attach() keeps its table bounded, and forgets what it learned longest ago", async () => {
  const bench = makeBench(2, { maxAddresses: 3 });
  for (const source of [10, 11, 12, 13]) await bench.send(1, broadcast, { source });
  expect(bench.lan.addressCount).toBe(3);
  await bench.send(2, 10);
  expect(bench.lan.ports[1]?.counters.flooded).toBe(1);
  await bench.send(2, 13);
  expect(bench.lan.ports[1]?.counters.flooded).toBe(1);
});

test("detach() forgets what was behind the port", async () => {
  const { send, heard, lan } = makeBench(3);
  await send(2, broadcast);
  lan.ports[1]?.detach();
  await send(1, 2);
  expect(heard[3]).toEqual(["2>255", "1>2"]);
  expect(heard[2]).toEqual([]);
});

test("attach() refuses a network that is attached already", () => {
  const { lan } = makeBench(2);
  const [port] = lan.ports;
  expect(() => port && lan.attach(port.network)).toThrow(TypeError);
  expect(lan.ports.length).toBe(2);
});

test("attach() takes off a network that was disposed, and others hear the frame", async () => {
  const { send, heard, lan } = makeBench(3);
  await send(2, broadcast);
  await lan.ports[1]?.network[Symbol.asyncDispose]();
  await send(1, broadcast);
  expect(heard[3]).toEqual(["2>255", "1>255"]);
  expect(lan.ports.length).toBe(2);
  await send(1, 2);
  expect(heard[3]?.at(-1)).toBe("1>2");
});

test("attach() forgets what was behind a network, when its link goes down", async () => {
  const { send, lan } = makeBench(2);
  await send(2, broadcast);
  expect(lan.addressCount).toBe(1);
  const network = lan.ports[1]?.network as SimulatedNetwork;
  network.setLink(false);
  expect(lan.addressCount).toBe(0);
  lan.ports[1]?.detach();
  network.setLink(true);
  expect(lan.ports.length).toBe(1);
});

test("tap() sees every frame once", async () => {
  const { send, lan } = makeBench(3);
  const seen: number[] = [];
  const stop = lan.tap((frame, port) => seen.push(frame.length + lan.ports.indexOf(port)));
  await send(1, broadcast);
  await send(2, 1, { length: 100 });
  stop();
  await send(2, 1);
  expect(seen).toEqual([60, 101]);
});

test("VLAN tags pass through", async () => {
  const simulation = new Simulation({
    seed: 1,
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  });
  const lan = new Switch({ nowMs: () => 0 });
  const wires = [new Wire(simulation), new Wire(simulation)] as const;
  const [one, other] = [wires[0].connect(), wires[1].connect()];
  for (const wire of wires) lan.attach(wire.connect());
  const tagged = Uint8Array.of(
    ...new Uint8Array(6).fill(255),
    ...one.mac,
    0x81,
    0,
    0x20,
    7,
    8,
    0,
    1,
  );
  const heard: Uint8Array[] = [];
  other.listen({ frame: (frame) => heard.push(frame.slice()) });
  one.write(tagged.length, (into) => (into.set(tagged), tagged.length));
  await simulation.run(() => simulation.clock.sleep(1));
  expect(heard).toEqual([tagged]);
});

describe("over message ports", () => {
  async function settle(): Promise<void> {
    for (let turn = 0; turn < 9; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /** A station in a thread of its own, on a switch. */
  function plugIn(lan: Switch, station: number, offers = false): Network {
    const { port1, port2 } = new MessageChannel();
    const options = offers ? { offloads: inPageOffloads } : {};
    lan.attach(connect({ port: port2, mac: address(0), ...options }));
    return connect({ port: port1, mac: address(station), ...options });
  }

  /** Stations in threads of their own, and what each hears. */
  function makePage(stations: number): { lan: Switch; networks: Network[]; heard: number[][] } {
    const lan = new Switch({ nowMs: () => 0 });
    const heard: number[][] = Array.from({ length: stations }, () => []);
    const networks = heard.map((frames, index) => {
      const network = plugIn(lan, index + 1);
      network.listen({ frame: (frame) => frames.push(frame[14] ?? 0) });
      return network;
    });
    return { lan, networks, heard };
  }

  function write(network: Network | undefined, to: number, mark: number): void {
    network?.write(60, (into) => {
      into.fill(0);
      into.set(to === broadcast ? new Uint8Array(6).fill(0xff) : address(to), 0);
      into.set(network.mac, 6);
      into[14] = mark;
      return 60;
    });
  }

  describe("what is attached keeps the laws of Network", () => {
    const laws = networkLaws({
      async connectPair() {
        const lan = new Switch({ nowMs: () => 0 });
        return [plugIn(lan, 1), plugIn(lan, 2)];
      },
      settle,
    });
    for (const law of laws) test(law.name, () => law.run());
  });

  test("a batch for one station is handed on without being copied", async () => {
    const { lan, networks, heard } = makePage(3);
    write(networks[1], broadcast, 1);
    await settle();
    for (let mark = 10; mark < 20; mark += 1) write(networks[0], 2, mark);
    await settle();
    expect(heard[1]).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    expect(heard[2]).toEqual([1]);
    expect(lan.ports[0]?.counters).toMatchObject({ framesIn: 10, handedOn: 10 });
    expect(lan.ports[1]?.counters.framesOut).toBe(10);
  });

  test("a batch for several stations is taken apart, in order", async () => {
    const { lan, networks, heard } = makePage(3);
    write(networks[1], broadcast, 1);
    write(networks[2], broadcast, 2);
    await settle();
    for (const [to, mark] of [
      [2, 10],
      [3, 11],
      [2, 12],
      [broadcast, 13],
      [3, 14],
    ] as const) {
      write(networks[0], to, mark);
    }
    await settle();
    expect(heard[1]).toEqual([2, 10, 12, 13]);
    expect(heard[2]).toEqual([1, 11, 13, 14]);
    expect(lan.ports[0]?.counters.handedOn).toBe(0);
  });

  test("a batch is handed on whole, only where its frames left nothing undone or it is offered", async () => {
    const lan = new Switch({ nowMs: () => 0 });
    const [offering, plain] = [plugIn(lan, 1, true), plugIn(lan, 2)];
    const heard: number[] = [];
    plain.listen({ frame: (frame) => heard.push(frame[14] ?? 0) });
    write(plain, broadcast, 1);
    await settle();
    for (let mark = 10; mark < 13; mark += 1) write(offering, 2, mark);
    await settle();
    expect(lan.ports[0]?.counters).toMatchObject({ handedOn: 3, malformed: 0 });
    write(offering, 2, 13);
    const undone = { checksumOmitted: true, segmentBytes: 0 };
    offering.write(60, (into) => (into.fill(0), into.set(address(2)), 60), undone);
    await settle();
    expect(lan.ports[0]?.counters).toMatchObject({ handedOn: 3, malformed: 1 });
    expect(heard).toEqual([10, 11, 12, 13]);
  });
});
