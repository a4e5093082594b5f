import { expect, test } from "vitest";
import { ManualClock } from "../../../test/fuzz/manual-clock.ts";
import { timersOf } from "../timers.ts";
import { Claim } from "./claim.ts";
import type { MdnsRecord } from "./packet.ts";

function record(name: string, last: number): MdnsRecord {
  const data = Uint8Array.of(10, 0, 0, last);
  return { name, type: 1, class: 1, ttlSeconds: 120, data, isUnique: true };
}

/** A claim for `a0`, then `a1` and so on, and what it did. */
function world(): { claim: Claim; clock: ManualClock; probes: string[]; held: string[] } {
  const clock = new ManualClock();
  const probes: string[] = [];
  const held: string[] = [];
  const claim = new Claim({
    name: "a0",
    holding: (name) => ({ unique: [record(name, 5)], shared: [] }),
    rename: (name) => `a${Number(name.slice(1)) + 1}`,
    probe: (name) => probes.push(name),
    announce: () => {},
    onHeld: (name) => held.push(name),
    timers: timersOf(clock),
    random: {
      counters: {},
      fill: (into) => into,
      uint32: () => 0,
      async [Symbol.asyncDispose]() {},
    },
  });
  return { claim, clock, probes, held };
}

function pass(clock: ManualClock, ms: number): void {
  for (let passed = 0; passed < ms; passed += 10) clock.advance(10);
}

test("start() waits longer for each try after 15 conflicts within 10 s", () => {
  const { claim, clock, probes, held } = world();
  claim.start();
  for (let count = 0; count < 20; count += 1) {
    pass(clock, 100);
    claim.hear(record(claim.name, 99));
  }
  const before = probes.length;
  expect(claim.name).toBe("a20");
  pass(clock, 4900);
  expect(probes).toHaveLength(before);
  pass(clock, 1000);
  expect([held, probes.slice(before)]).toEqual([["a20"], ["a20", "a20", "a20"]]);
});

test("hear() takes no notice of what is ours, of other names and of goodbyes", () => {
  const { claim, clock, held } = world();
  claim.start();
  pass(clock, 100);
  claim.hear(record("a0", 5));
  claim.hear(record("b0", 99));
  claim.hear({ ...record("a0", 99), ttlSeconds: 0 });
  pass(clock, 1000);
  expect([claim.name, claim.isHeld, held]).toEqual(["a0", true, ["a0"]]);
  // Nor of other types, once it is held.
  claim.hear({ ...record("a0", 99), type: 16 });
  expect(claim.isHeld).toBe(true);
  claim.hear(record("a0", 99));
  expect(claim.isHeld).toBe(false);
});

test("hearProbe() gives way for a second to what is greater, and only to that", () => {
  const { claim, clock, probes } = world();
  claim.start();
  pass(clock, 100);
  for (const records of [[record("a0", 5)], [record("a0", 4)], [record("b0", 99)], []]) {
    claim.hearProbe(records);
  }
  pass(clock, 300);
  expect(probes).toHaveLength(2);
  claim.hearProbe([record("a0", 6), record("a0", 5)]);
  pass(clock, 900);
  expect(probes).toHaveLength(2);
  pass(clock, 1000);
  expect([probes.length, claim.name, claim.isHeld]).toEqual([5, "a0", true]);
});

test("end() gives what to say goodbye with, if it was ours", () => {
  const { claim, clock } = world();
  claim.start();
  expect(claim.end()).toEqual([]);
  claim.start();
  pass(clock, 3000);
  expect(claim.end()).toEqual([record("a0", 5)]);
  claim.announceAgain();
  pass(clock, 3000);
  expect(claim.isHeld).toBe(false);
});
