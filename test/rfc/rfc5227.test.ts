/** RFC 5227, IPv4 Address Conflict Detection. */

import { expect, test } from "vitest";
import { ProtocolError } from "../../src/devices/index.ts";
import { broadcast } from "../../src/net/ethernet/packet.ts";
import { LinkLocal } from "../../src/net/ipv4/link-local.ts";
import { timersOf } from "../../src/net/timers.ts";
import { dhcpWorld } from "../dhcp-world.ts";
import { address, world, type World } from "./world.ts";

const ours = address("10.0.0.2");
const unspecified = new Uint8Array(4);

/** Begins to claim 10.0.0.2, and gives what came of it. */
function claim({ host }: World, isFixed = false): { outcome: string } {
  const claimed = { outcome: "pending" };
  const configuration = { address: ours, prefixLength: 24, isFixed };
  host.ip.configure(configuration).then(
    () => (claimed.outcome = "claimed"),
    (error: { code: string }) => (claimed.outcome = error.code),
  );
  return claimed;
}

/** A world whose host has claimed its address, and defends it or gives it up. */
async function claimed(isFixed: boolean): Promise<World & { readonly lost: string[] }> {
  const all = await world(false);
  const lost: string[] = [];
  all.host.ip.onConflict((address) => lost.push(address.join(".")));
  claim(all, isFixed);
  await all.pass(20_000);
  all.peer.forget();
  return { ...all, lost };
}

const conflict = { senderAddress: ours, targetAddress: ours };

test("1.1-1 an address is ours four to seven seconds after it was asked for", async () => {
  const all = await world(false);
  const outcome = claim(all);
  await all.pass(3900);
  expect(outcome.outcome).toBe("pending");
  await all.pass(3200);
  expect(outcome.outcome).toBe("claimed");
});

test("2.1-1 nothing is sent from an address, nor answered for it, before it was probed", async () => {
  const all = await world(false);
  claim(all);
  await all.pass(3000);
  all.peer.sendArp({});
  all.peer.sendIcmp({});
  await all.pass();
  expect(all.host.ip.addresses).toEqual([]);
  expect(all.peer.packets).toEqual([]);
  expect(all.peer.arps.every(({ senderAddress }) => senderAddress.join() === "0,0,0,0")).toBe(true);
});

test("2.1-3 there are no probes once an address is ours", async () => {
  const all = await claimed(false);
  await all.pass(86_400_000);
  expect(all.peer.arps).toEqual([]);
});

test("2.1.1-1 a probe is broadcast, from our station and no address", async () => {
  const all = await world(false);
  claim(all);
  await all.pass(3000);
  expect(all.peer.arps[0]).toMatchObject({
    to: broadcast,
    operation: 1,
    senderMac: all.host.mac,
    senderAddress: unspecified,
    targetAddress: ours,
  });
});

test("2.1.1-2 a probe leaves the target's hardware address empty", async () => {
  const all = await world(false);
  claim(all);
  await all.pass(3000);
  expect(all.peer.arps[0]?.targetMac).toEqual(new Uint8Array(6));
});

test("2.1.1-3 there are three probes, one to two seconds apart", async () => {
  const all = await world(false);
  claim(all);
  await all.pass(20_000);
  const probes = all.peer.arps.filter(({ senderAddress }) => senderAddress[0] === 0);
  const [first = 0, second = 0, third = 0] = probes.map(({ atMs }) => atMs);
  expect(probes).toHaveLength(3);
  expect(first).toBeLessThanOrEqual(1000);
  for (const between of [second - first, third - second]) {
    expect(between).toBeGreaterThan(999);
    expect(between).toBeLessThan(2001);
  }
});

test.each([
  ["request", { ...conflict, operation: 1, targetAddress: address("10.0.0.9") }],
  ["reply", { ...conflict, operation: 2 }],
])("2.1.1-4 a %s from the address is a conflict, also late", async (_what, packet) => {
  const all = await world(false);
  const outcome = claim(all);
  // After the last probe, before ANNOUNCE_WAIT is over.
  while (all.peer.arps.length < 3) await all.pass(10);
  await all.pass(1900);
  all.peer.sendArp(packet);
  await all.pass();
  expect(outcome.outcome).toBe("address-conflict");
});

test("2.1.1-5 another's probe for the address is a conflict", async () => {
  const all = await world(false);
  const outcome = claim(all);
  await all.pass(1500);
  all.peer.sendArp({ senderAddress: unspecified, targetAddress: ours });
  await all.pass();
  expect(outcome.outcome).toBe("address-conflict");
});

test("2.1.1-6 our own probe, reflected, is no conflict", async () => {
  const all = await world(false);
  const outcome = claim(all);
  await all.pass(1500);
  const senderMac = all.host.mac;
  all.peer.sendArp({ senderMac, senderAddress: unspecified, targetAddress: ours });
  await all.pass(20_000);
  expect(outcome.outcome).toBe("claimed");
});

test("2.1-4 an address is probed for again when the link is back, and lost to who has it", async () => {
  for (const isTaken of [false, true]) {
    const all = await claimed(false);
    all.host.arp.restart();
    await all.pass(500);
    expect(all.peer.arps[0]?.senderAddress).toEqual(unspecified);
    expect(all.host.ip.addresses).toEqual(["10.0.0.2/24"]);
    if (isTaken) all.peer.sendArp(conflict);
    await all.pass(20_000);
    expect(all.lost).toEqual(isTaken ? ["10.0.0.2"] : []);
    if (!isTaken)
      expect(all.peer.arps.map(({ senderAddress }) => senderAddress[0])).toEqual([0, 0, 0, 10, 10]);
  }
});

test("2.1.1-8 after ten conflicts, one address of a server is tried a minute", async () => {
  const { server, ipv4, start, pass } = dhcpWorld();
  ipv4.taken.add("10.0.0.50");
  start();
  await pass(400);
  const times = server.heard.filter(({ kind }) => kind === "decline").map(({ atMs }) => atMs);
  const gaps = times.slice(1).map((atMs, index) => Math.round((atMs - (times[index] ?? 0)) / 1000));
  expect(gaps).toEqual([10, 10, 10, 10, 10, 10, 10, 10, 10, 60, 60, 60, 60, 60]);
});

test("2.1.1-7 after ten conflicts, one address of the link is tried a minute", async () => {
  const { simulation, pass } = await world(false);
  const tries: number[] = [];
  const linkLocal = new LinkLocal({
    ipv4: {
      configure: async () => {
        tries.push(simulation.clock.monotonicMs());
        throw new ProtocolError("address-conflict", "Another host has it");
      },
      deconfigure: () => {},
      onConflict: () => () => {},
    },
    mac: Uint8Array.of(2, 0, 0, 0, 1, 2),
    random: simulation.random("link-local"),
    timers: timersOf(simulation.clock),
  });
  linkLocal.start(0);
  await pass(59_000);
  expect(tries).toHaveLength(10);
  await pass(120_000);
  expect(tries).toHaveLength(12);
});

test("2.3-1 there are two announcements, two seconds apart", async () => {
  const all = await world(false);
  claim(all);
  await all.pass(20_000);
  const announcements = all.peer.arps.filter(({ senderAddress }) => senderAddress[0] !== 0);
  expect(announcements).toHaveLength(2);
  for (const each of announcements) {
    expect(each).toMatchObject({ to: broadcast, operation: 1, targetAddress: ours });
    expect(each.senderAddress).toEqual(ours);
  }
  const [first = 0, second = 0] = announcements.map(({ atMs }) => atMs);
  expect(Math.round(second - first)).toBe(2000);
});

test("2.4-1 a conflict is noticed after a day", async () => {
  const all = await claimed(false);
  await all.pass(86_400_000);
  all.peer.sendArp(conflict);
  await all.pass();
  expect(all.host.arp.counters["conflicts"]).toBe(1);
});

test.each([true, false])("2.4-2 a conflict has an answer (fixed: %s)", async (isFixed) => {
  const all = await claimed(isFixed);
  all.peer.sendArp(conflict);
  await all.pass();
  expect(all.peer.arps).toMatchObject([{ senderAddress: ours, targetAddress: ours }]);
});

test("2.4-3 an address is defended once in ten seconds, then given up", async () => {
  const all = await claimed(false);
  all.peer.sendArp(conflict);
  await all.pass(10_500);
  all.peer.sendArp(conflict);
  await all.pass(9000);
  expect(all.lost).toEqual([]);
  all.peer.sendArp(conflict);
  await all.pass();
  expect(all.lost).toEqual(["10.0.0.2"]);
  expect(all.host.ip.addresses).toEqual([]);
  expect(all.peer.arps).toHaveLength(2);
});

test("2.4-4 a fixed address is kept, and defended once in ten seconds", async () => {
  const all = await claimed(true);
  for (let count = 0; count < 40; count += 1) {
    all.peer.sendArp(conflict);
    await all.pass(500);
  }
  expect(all.lost).toEqual([]);
  expect(all.peer.arps).toHaveLength(2);
});

test("2.5-1 requests are answered, and replies to others looked at", async () => {
  const all = await claimed(false);
  all.peer.sendArp({});
  await all.pass();
  expect(all.peer.arps).toMatchObject([{ operation: 2, senderAddress: ours }]);
  all.peer.sendArp({ ...conflict, operation: 2, targetAddress: address("10.0.0.9") });
  await all.pass();
  expect(all.host.arp.counters["conflicts"]).toBe(1);
});

test("2.6-1 a reply goes to who asked alone", async () => {
  const all = await claimed(false);
  all.peer.sendArp({});
  await all.pass();
  expect(all.peer.arps.map(({ to }) => to)).toEqual([all.peer.mac]);
});
