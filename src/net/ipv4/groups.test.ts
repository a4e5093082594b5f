import fc from "fast-check";
import { expect, test } from "vitest";
import { Simulation } from "../../simulated/index.ts";
import { add, finish } from "../checksum.ts";
import { timersOf } from "../timers.ts";
import { toNumber } from "./address.ts";
import { Groups } from "./groups.ts";
import { decodeQuery, encodeReport, recordType } from "./igmp.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const group = [239, 1, 2, 3];
const query2 = Uint8Array.of(0x11, 10, 0xee, 0xf5, 0, 0, 0, 0);
const query3 = Uint8Array.of(...query2, 0, 0, 0, 0);

class World {
  readonly simulation = new Simulation({ seed: 1, turn });
  readonly timers = timersOf(this.simulation.clock);
  readonly sent: { readonly to: string; readonly message: readonly number[] }[] = [];
  readonly groups = new Groups({
    timers: this.timers,
    random: this.simulation.random("groups"),
    send: (destination, sizeBytes, fill) => {
      const room = new Uint8Array(sizeBytes).fill(0xee);
      const message = room.subarray(0, fill(room));
      expect(finish(add(message))).toBe(0);
      // The checksum is right, and not to be compared.
      this.sent.push({ to: destination.join("."), message: [...message.fill(0, 2, 4)] });
    },
  });

  hear(payload: Uint8Array, timeToLive = 1): boolean {
    return this.groups.receive({
      payload,
      source: Uint8Array.of(10, 0, 0, 1),
      destination: Uint8Array.of(224, 0, 0, 1),
      timeToLive,
      trafficClass: 0,
      bytes: payload,
      offload: undefined,
    });
  }

  /** Waits for all reports, and takes them. */
  async reports(): Promise<World["sent"]> {
    await this.simulation.clock.sleep(2000);
    return this.sent.splice(0);
  }
}

function report3(record: number): World["sent"][number] {
  const message = [0x22, 0, 0, 0, 0, 0, 0, 1, record, 0, 0, 0, ...group];
  return { to: "224.0.0.22", message };
}

test("joining and leaving are reported twice, by the first and the last member", async () => {
  const world = new World();
  const { groups } = world;
  await world.simulation.run(async () => {
    const leave = groups.join(Uint8Array.from(group));
    const leaveAlso = groups.join(Uint8Array.from(group));
    expect(await world.reports()).toEqual([report3(4), report3(4)]);
    leave();
    leave();
    expect(groups.has(toNumber(Uint8Array.from(group)))).toBe(true);
    expect(await world.reports()).toEqual([]);
    leaveAlso();
    expect(groups.has(toNumber(Uint8Array.from(group)))).toBe(false);
    expect(await world.reports()).toEqual([report3(3), report3(3)]);
  });
  expect(world.timers.activeCount).toBe(0);
});

test("a query is answered in the version that it has", async () => {
  const world = new World();
  await world.simulation.run(async () => {
    const leave = world.groups.join(Uint8Array.from(group));
    await world.reports();
    world.hear(query3);
    expect(await world.reports()).toEqual([report3(2)]);
    world.hear(query2);
    const report = { to: "239.1.2.3", message: [0x16, 0, 0, 0, ...group] };
    expect(await world.reports()).toEqual([report]);
    leave();
    const left = { to: "224.0.0.2", message: [0x17, 0, 0, 0, ...group] };
    expect(await world.reports()).toEqual([left, left]);
  });
});

test("nobody is told of the group of all hosts, nor answered from far or wrongly", async () => {
  const world = new World();
  await world.simulation.run(async () => {
    world.groups.join(Uint8Array.of(224, 0, 0, 1));
    expect(await world.reports()).toEqual([]);
    world.groups.join(Uint8Array.from(group));
    await world.reports();
    expect(world.hear(query3, 2)).toBe(false);
    expect(world.hear(query3.with(3, 0))).toBe(false);
    expect(world.hear(query3.subarray(0, 7))).toBe(false);
    // About another group, and what another member says.
    expect(world.hear(query3.with(7, 1).with(3, 0xf4))).toBe(true);
    const report = new Uint8Array(16);
    encodeReport(3, recordType.join, Uint8Array.from(group), report);
    expect(world.hear(report)).toBe(true);
    expect(world.hear(report.with(2, 0))).toBe(false);
    expect(await world.reports()).toEqual([]);
    world.hear(query3);
    world.groups.clear();
    expect(await world.reports()).toEqual([]);
  });
  expect(world.timers.activeCount).toBe(0);
});

test("decodeQuery() never throws, and takes no report for a query", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (noise) => {
      expect(() => decodeQuery(noise)).not.toThrow();
    }),
  );
  for (const version of [2, 3] as const) {
    const into = new Uint8Array(16);
    const length = encodeReport(version, recordType.join, Uint8Array.from(group), into);
    expect(decodeQuery(into.subarray(0, length))).toBeUndefined();
  }
});

test("decodeQuery() reads long times as the floating-point numbers that they are", () => {
  const timeOf = (code: number): number | undefined => {
    const query = query3.with(1, code).fill(0, 2, 4);
    const checksum = finish(add(query));
    query.set([checksum >>> 8, checksum & 0xff], 2);
    return decodeQuery(query)?.maxResponseMs;
  };
  expect([timeOf(100), timeOf(128), timeOf(255)]).toEqual([10_000, 12_800, 3_174_400]);
});
