/** RFC 1191, Path MTU Discovery. */

import { expect, test } from "vitest";
import { connect as connectTcp } from "../../src/net/tcp/tcp.ts";
import { address, ipv4Of, world, type World } from "./world.ts";

const far = "192.0.2.9";

function send({ host }: World, sizeBytes = 1480): void {
  const fill = (into: Uint8Array): number => into.fill(7).length;
  host.ip.write(address(far), 253, sizeBytes, fill);
}

/** A router says that a packet of 1,500 bytes to `destination` was longer than `mtuBytes`. */
async function tooBig(
  all: World,
  mtuBytes: number,
  destination = far,
  sizeBytes = 1500,
): Promise<void> {
  const quoted = ipv4Of({ source: "10.0.0.2", destination }, new Uint8Array(sizeBytes - 20));
  const body = quoted.subarray(0, 28);
  all.peer.sendIcmp({ type: 3, code: 4, parameter: mtuBytes, body }, { source: "10.0.0.254" });
  await all.pass();
}

function mtuTo({ host }: World, to = far): number {
  return host.ip.pathPayloadBytes(address(to)) + 20;
}

test("3-1 a report reduces the estimate", async () => {
  const all = await world();
  expect(mtuTo(all)).toBe(1500);
  await tooBig(all, 1400);
  expect(mtuTo(all)).toBe(1400);
});

test("3-2 after a report, nothing longer is sent there", async () => {
  const all = await world();
  await tooBig(all, 1000);
  for (let count = 0; count < 5; count += 1) {
    send(all);
    await all.pass(1000);
  }
  const longest = Math.max(...all.peer.packets.map(({ totalBytes }) => totalBytes));
  expect(longest).toBeLessThanOrEqual(1000);
  expect(longest).toBeGreaterThan(990);
});

test("3-3 an estimate is never below 68 bytes, nor below what is in use today", async () => {
  const all = await world();
  await tooBig(all, 67);
  expect(mtuTo(all)).toBe(552);
});

test("3-4 a report does not increase the estimate", async () => {
  const all = await world();
  await tooBig(all, 1000);
  await tooBig(all, 1400);
  await tooBig(all, 9000);
  expect(mtuTo(all)).toBe(1000);
});

test("3-5 nothing longer is tried in the first five minutes", async () => {
  const all = await world();
  await tooBig(all, 1000);
  await all.pass(301_000);
  expect(mtuTo(all)).toBe(1000);
});

test("3-6 the reported MTU is used as it is", async () => {
  const all = await world();
  await tooBig(all, 1337);
  expect(mtuTo(all)).toBe(1337);
});

test.each([
  [1500, 1492],
  [1492, 1006],
  [576, 552],
])("5-1 a report about %d bytes that says no MTU leads to a plateau", async (sent, expected) => {
  const all = await world();
  await tooBig(all, 0, far, sent);
  expect(mtuTo(all)).toBe(expected);
});

test("6.1-1 an estimate is of its destination alone", async () => {
  const all = await world();
  await tooBig(all, 1000);
  expect(mtuTo(all, "192.0.2.10")).toBe(1500);
});

test("6.1-2 whoever asks, or hears reports, learns of a decrease", async () => {
  const all = await world();
  const heard: unknown[] = [];
  all.host.icmp.onReport((report) => heard.push([report.type, report.code, mtuTo(all)]));
  await tooBig(all, 1000);
  expect(heard).toEqual([[3, 4, 1000]]);
});

test("6.3-1 an estimate is forgotten after ten minutes", async () => {
  const all = await world();
  await tooBig(all, 1000);
  await all.pass(599_000);
  expect(mtuTo(all)).toBe(1000);
  await all.pass(2000);
  expect(mtuTo(all)).toBe(1500);
});

test("6.6-1 a setting of TCP lets its segments be fragmented", async () => {
  for (const discoversPathMtu of [true, false]) {
    const { host, peer, pass, simulation } = await world();
    const { clock } = simulation;
    const random = simulation.random("tcp");
    const tcp = connectTcp({ v4: host.ip, clock, random, settings: { discoversPathMtu } });
    const attempt = tcp.connect({ address: "10.0.0.1", port: 7 }, { userTimeoutMs: 500 });
    await Promise.allSettled([attempt, pass(1000)]);
    expect(peer.packets.map(({ dontFragment }) => dontFragment)).toEqual([discoversPathMtu]);
  }
});
