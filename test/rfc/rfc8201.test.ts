/** RFC 8201, path MTU discovery of IPv6. */

import { expect, test } from "vitest";
import { allNodes, ours, theirs } from "../ipv6-link.ts";
import { quoted, world6, type World6 } from "./world6.ts";

/** Somebody says that a packet of 1,500 bytes to the node was longer than `mtuBytes`. */
async function tooBig(world: World6, mtuBytes: number): Promise<void> {
  const body = quoted(theirs, 1460).subarray(0, 1232);
  world.sendIcmp({ type: 2, parameter: mtuBytes, body });
  await world.pass();
}

function mtuTo({ host }: World6, to = theirs): number {
  return host.ip.pathPayloadBytes(to) + 40;
}

test.each([0, 68, 1279])("4-1 a report of %d bytes changes nothing", async (mtuBytes) => {
  const world = await world6();
  await tooBig(world, mtuBytes);
  expect(mtuTo(world)).toBe(1500);
});

test("4-2 an estimate gets down to 1,280 bytes, and stays there", async () => {
  const world = await world6();
  await tooBig(world, 1280);
  await tooBig(world, 1000);
  expect(mtuTo(world)).toBe(1280);
});

test("4-3 a report does not increase the estimate", async () => {
  const world = await world6();
  await tooBig(world, 1300);
  await tooBig(world, 1400);
  await tooBig(world, 65_000);
  expect(mtuTo(world)).toBe(1300);
});

test("4-4 a report reduces the estimate", async () => {
  const world = await world6();
  await tooBig(world, 1400);
  expect(mtuTo(world)).toBe(1400);
});

test("4-5 after a report, packets and fragments fit", async () => {
  const world = await world6();
  await tooBig(world, 1300);
  world.node.heard.length = 0;
  world.host.ip.write(theirs, 253, 3000, (into) => into.fill(7).length);
  await world.pass();
  expect(world.node.heard).toHaveLength(3);
  for (const { payload } of world.node.heard) expect(payload.length).toBeLessThanOrEqual(1260);
});

test("4-7 nothing longer is tried in the first five minutes", async () => {
  const world = await world6();
  await tooBig(world, 1300);
  await world.pass(301_000);
  expect(mtuTo(world)).toBe(1300);
});

test("5.2-1 an estimate is of its destination alone", async () => {
  const world = await world6();
  await tooBig(world, 1300);
  expect(mtuTo(world, world.node.address)).toBe(1500);
});

test("5.2-2 whoever asks, or hears reports, learns of a decrease", async () => {
  const world = await world6();
  const heard: number[] = [];
  world.icmp.onReport(() => heard.push(mtuTo(world)));
  await tooBig(world, 1300);
  expect(heard).toEqual([1300]);
});

test("5.3-1 an estimate is forgotten after ten minutes", async () => {
  const world = await world6();
  await tooBig(world, 1300);
  await world.pass(599_000);
  expect(mtuTo(world)).toBe(1300);
  await world.pass(2000);
  expect(mtuTo(world)).toBe(1500);
});

test("5.4-1 there are estimates for ourselves and for groups", async () => {
  const world = await world6();
  expect(mtuTo(world, ours)).toBe(65_535);
  expect(mtuTo(world, allNodes)).toBe(1500);
});
