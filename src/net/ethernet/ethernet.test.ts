import { expect, test } from "vitest";
import { NetworkError, type Ethernet } from "../../devices/index.ts";
import { type SimulatedNetwork, Simulation, Wire } from "../../simulated/index.ts";
import { connect } from "./ethernet.ts";
import { broadcast, encode } from "./packet.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const etherType = 0x88b5;

interface Segment {
  readonly simulation: Simulation;
  readonly network: SimulatedNetwork;
  readonly us: Ethernet;
  readonly other: SimulatedNetwork;
}

function segment(): Segment {
  const simulation = new Simulation({ seed: 1, turn });
  const wire = new Wire(simulation);
  const network = wire.connect();
  return { simulation, network, us: connect({ network }), other: wire.connect() };
}

/** Sends a frame of one payload byte. */
function send(
  from: SimulatedNetwork,
  destination: Uint8Array,
  type: number,
  source: Uint8Array = from.mac,
): void {
  const packet = { destination, source, etherType: type, payload: Uint8Array.of(7) };
  from.write(15, (into) => encode(packet, into));
}

test("write() and listen() carry a payload with its addresses", async () => {
  const { simulation, us, other } = segment();
  const peer = connect({ network: other });
  const heard: unknown[] = [];
  peer.listen(etherType, (payload, source, destination) => {
    heard.push([payload.slice(), source.slice(), destination.slice()]);
  });
  peer.onBatchEnd(() => heard.push("batch end"));
  const write = (destination: Uint8Array): void => {
    us.write(destination, etherType, 3, (into) => {
      into.set([1, 2]);
      return 2;
    });
  };
  await simulation.run(async () => {
    write(other.mac);
    write(broadcast);
    await simulation.clock.sleep(1);
  });
  expect(heard).toEqual([
    [Uint8Array.of(1, 2), us.mac, other.mac],
    [Uint8Array.of(1, 2), us.mac, broadcast],
    "batch end",
  ]);
});

test("write() tells a writer that takes it where the payload begins", async () => {
  const { simulation, us, other } = segment();
  const heard: Uint8Array[] = [];
  connect({ network: other }).listen(etherType, (payload) => heard.push(payload.slice()));
  await simulation.run(async () => {
    const fill = (into: Uint8Array, start = 0): number => {
      into.set([1, 2], start);
      return 2;
    };
    us.write(other.mac, etherType, 3, fill, undefined, true);
    us.write(other.mac, etherType, 3, fill);
    await simulation.clock.sleep(1);
  });
  expect(heard).toEqual([Uint8Array.of(1, 2), Uint8Array.of(1, 2)]);
});

test("frames that are not for us are counted by kind and dropped", async () => {
  const { simulation, us, other } = segment();
  let heardCount = 0;
  us.listen(etherType, () => (heardCount += 1));
  await simulation.run(async () => {
    send(other, Uint8Array.of(2, 9, 9, 9, 9, 9), etherType);
    send(other, us.mac, 0x8100);
    send(other, us.mac, 0x0003);
    send(other, us.mac, etherType, broadcast);
    send(other, Uint8Array.of(1, 0, 0x5e, 0, 0, 1), etherType);
    await simulation.clock.sleep(1);
  });
  expect(heardCount).toBe(1);
  expect(us.counters).toMatchObject({
    framesIn: 1,
    notForUs: 1,
    tagged: 1,
    unknownType: 1,
    malformed: 1,
  });
});

test("listen() has one receiver for a type, and undefined stops it", async () => {
  const { simulation, us, other } = segment();
  const heard: string[] = [];
  us.listen(etherType, () => heard.push("first"));
  us.listen(etherType, () => heard.push("second"));
  await simulation.run(async () => {
    send(other, us.mac, etherType);
    await simulation.clock.sleep(1);
    us.listen(etherType, undefined);
    send(other, us.mac, etherType);
    await simulation.clock.sleep(1);
  });
  expect(heard).toEqual(["second"]);
});

test("a disposed layer refuses, hears nothing and leaves the network alone", async () => {
  const { simulation, network, us, other } = segment();
  us.listen(etherType, () => expect.unreachable("it was disposed"));
  await us[Symbol.asyncDispose]();
  await us[Symbol.asyncDispose]();
  await simulation.run(async () => {
    send(other, us.mac, etherType);
    await simulation.clock.sleep(1);
  });
  expect(() => us.write(broadcast, etherType, 0, () => 0)).toThrow(NetworkError);
  expect(() => us.listen(etherType, () => {})).toThrow(NetworkError);
  us.listen(etherType, undefined);
  network.write(14, (into) => into.length);
});
