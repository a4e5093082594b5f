import fc from "fast-check";
import { expect, test } from "vitest";
import type { ReceivedPacket } from "../../devices/index.ts";
import { Simulation } from "../../simulated/index.ts";
import type { Undeliverable } from "../internet.ts";
import { timersOf } from "../timers.ts";
import { parse } from "./address.ts";
import { ipv4Counters } from "./counters.ts";
import { Groups } from "./groups.ts";
import { Input } from "./input.ts";
import * as packets from "./packet.ts";
import { Routes } from "./routes.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const protocol = 253;

function address(text: string): Uint8Array {
  return parse(text) ?? expect.unreachable(`${text} is no address`);
}

/** The input of a host with the address 10.0.0.2/24. */
class World {
  readonly simulation = new Simulation({ seed: 1, turn });
  readonly timers = timersOf(this.simulation.clock);
  readonly counters = ipv4Counters();
  readonly heard: ReceivedPacket[] = [];
  readonly undeliverable: Undeliverable[] = [];
  readonly input: Input;

  constructor() {
    const { timers, counters } = this;
    const routes = new Routes();
    routes.addAddress(address("10.0.0.2"), 24, undefined);
    const random = this.simulation.random("input");
    const groups = new Groups({ timers, random, send: () => {} });
    const undeliverable = (each: Undeliverable): void => void this.undeliverable.push(each);
    this.input = new Input({ timers, routes, groups, counters, undeliverable });
    this.input.listen(protocol, (packet) => {
      this.heard.push({ ...packet, payload: packet.payload.slice(), bytes: packet.bytes.slice() });
    });
  }

  hear(fields: Partial<packets.Ipv4Header>, payload: readonly number[] = [1]): void {
    this.input.receive(forge(fields, payload), undefined, "unicast");
  }

  /** Hears a fragment of the packet with an identification. */
  hearPart(identification: number, start: number, length: number, moreFragments: boolean): void {
    const payload = Array.from({ length }, (_, index) => (start + index) & 0xff);
    this.hear({ identification, fragmentOffset: start, moreFragments }, payload);
  }
}

function forge(fields: Partial<packets.Ipv4Header>, payload: readonly number[]): Uint8Array {
  const header = {
    ...packets.emptyHeader(),
    timeToLive: 64,
    protocol,
    source: address("10.0.0.1"),
    destination: address("10.0.0.2"),
    ...fields,
  };
  header.totalBytes = packets.headerBytes + header.options.length + payload.length;
  const bytes = new Uint8Array(header.totalBytes);
  bytes.set(payload, packets.encode(header, bytes));
  return bytes;
}

test("receive() leaves out padding and options, and hands on what the frame left undone", () => {
  const world = new World();
  const packet = forge({ options: Uint8Array.of(7, 3, 4, 0), trafficClass: 3 }, [5, 6]);
  const padded = new Uint8Array(60);
  padded.set(packet);
  const offload = { checksumOmitted: true, segmentBytes: 0 };
  world.input.receive(padded, offload, "unicast");
  const payload = Uint8Array.of(5, 6);
  expect(world.heard).toMatchObject([{ payload, bytes: packet, trafficClass: 3, offload }]);
});

test("what cannot be right is counted by kind and dropped", () => {
  const world = new World();
  const corrupt = forge({}, [1]);
  corrupt[8] = 63;
  world.input.receive(corrupt, undefined, "unicast");
  world.input.receive(forge({}, [1]).subarray(0, 20), undefined, "unicast");
  world.input.receive(Uint8Array.of(0x60, 0, 0), undefined, "unicast");
  world.hear({ destination: address("10.0.0.7") });
  world.hear({ destination: address("127.0.0.1") });
  world.input.receive(forge({}, [1]), undefined, "group");
  const sources = ["127.0.0.1", "10.0.0.2", "10.0.0.255", "224.0.0.1", "240.0.0.1", "0.0.0.0"];
  for (const source of sources) world.hear({ source: address(source) });
  world.hear({ options: Uint8Array.of(131, 3, 4, 0) });
  world.hear({ protocol: 99 });
  expect(world.heard).toEqual([]);
  expect(world.counters).toMatchObject({
    badChecksum: 1,
    malformed: 2,
    notForUs: 3,
    badSource: sources.length,
    sourceRouted: 1,
    unknownProtocol: 1,
  });
  expect(world.undeliverable).toMatchObject([{ reason: "protocol", pointer: 9 }]);
});

test("fragments are put together, and quoted by the first of them", () => {
  const world = new World();
  world.hearPart(7, 16, 3, false);
  world.hearPart(7, 0, 16, true);
  const payload = new Uint8Array(19).map((_, index) => index);
  expect(world.heard).toMatchObject([{ payload, source: address("10.0.0.1") }]);
  expect(world.heard[0]?.bytes).toHaveLength(packets.headerBytes + 16);
  // Of other identifications and protocols they do not belong together.
  world.hearPart(8, 16, 3, false);
  world.hear({ identification: 8, protocol: 99, moreFragments: true }, [1, 2, 3, 4, 5, 6, 7, 8]);
  expect(world.heard).toHaveLength(1);
});

test("overlapping, oversized and endless fragments give nothing and cost little", async () => {
  const world = new World();
  await world.simulation.run(async () => {
    // Teardrop: the second fragment lies inside the first.
    world.hearPart(1, 0, 40, true);
    world.hearPart(1, 24, 4, false);
    // The ping of death reaches over the longest packet.
    world.hearPart(2, 65_528, 100, false);
    for (let id = 100; id < 1100; id += 1) world.hearPart(id, 8, 1400, true);
    expect(world.heard).toEqual([]);
    expect(world.counters).toMatchObject({ fragmentsOverlapped: 1, fragmentsMalformed: 1 });
    expect(world.counters.reassemblyOverflows).toBeGreaterThan(900);
    world.hearPart(9, 0, 8, true);
    await world.simulation.clock.sleep(60_001);
    expect(world.undeliverable).toMatchObject([{ reason: "reassembly-timeout" }]);
  });
  expect(world.timers.activeCount).toBe(0);
});

test("receive() never throws", () => {
  const world = new World();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(0xffff), (noise, flags) => {
      world.input.receive(noise, undefined, "unicast");
      // The same with a header that is right.
      const packet = forge({ moreFragments: (flags & 1) === 1, fragmentOffset: flags & 0xfff8 }, [
        ...noise,
      ]);
      world.input.receive(packet, undefined, "looped");
    }),
  );
  world.input.clear();
  expect(world.timers.activeCount).toBe(0);
});
