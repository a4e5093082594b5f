/** RFC 826, ARP. */

import { expect, test } from "vitest";
import { broadcast } from "../../src/net/ethernet/packet.ts";
import { address, world, type World } from "./world.ts";

const nobody = new Uint8Array(6);
const other = Uint8Array.of(2, 0, 0, 0, 0, 9);

/** What the host knows of 10.0.0.1, without asking. */
function known({ host }: World): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  host.arp.query(address("10.0.0.1"), (mac) => (found ??= mac?.slice()));
  return found;
}

test("generation-1 a request is broadcast, with our addresses", async () => {
  const all = await world();
  known(all);
  await all.pass(0);
  expect(all.peer.arps).toMatchObject([
    {
      to: broadcast,
      operation: 1,
      senderMac: all.host.mac,
      senderAddress: address("10.0.0.2"),
      targetAddress: address("10.0.0.1"),
    },
  ]);
});

test("generation-2 a request begins with types and lengths", async () => {
  const all = await world();
  const frames: Uint8Array[] = [];
  all.peer.network.listen({ frame: (frame) => frames.push(frame.slice()) });
  known(all);
  await all.pass(0);
  const expected = Uint8Array.of(8, 6, 0, 1, 8, 0, 6, 4, 0, 1);
  expect(frames.map((frame) => frame.subarray(12, 22))).toEqual([expected]);
});

test.each([
  ["hardware type", 1],
  ["protocol type", 3],
  ["hardware length", 4],
  ["protocol length", 5],
])("reception-1 another %s is dropped", async (_what, at) => {
  const all = await world();
  const packet = Uint8Array.of(0, 1, 8, 0, 6, 4, 0, 1, ...all.peer.mac, 10, 0, 0, 1, ...nobody);
  const request = Uint8Array.of(...packet, 10, 0, 0, 2);
  request[at] = 9;
  all.peer.send(broadcast, 0x0806, request);
  await all.pass();
  expect(all.peer.arps).toEqual([]);
  expect(all.host.arp.counters["malformed"]).toBe(1);
});

test("reception-2 a known neighbour's new address is learned from any packet", async () => {
  const all = await world();
  known(all);
  await all.pass(5000);
  all.peer.sendArp({ senderMac: other, targetAddress: address("10.0.0.99") });
  await all.pass();
  expect(known(all)).toEqual(other);
});

test("reception-3 a request for another host has no answer, and adds nobody", async () => {
  const all = await world();
  all.peer.sendArp({ targetAddress: address("10.0.0.99") });
  await all.pass();
  expect(all.peer.arps).toEqual([]);
  expect(known(all)).toBeUndefined();
});

test("reception-4 who asks for us is known", async () => {
  const all = await world();
  all.peer.sendArp({});
  await all.pass();
  expect(known(all)).toEqual(all.peer.mac);
});

test("reception-5 a packet of an unknown opcode changes the table too", async () => {
  const all = await world();
  known(all);
  await all.pass(5000);
  all.peer.sendArp({ operation: 77, senderMac: other });
  await all.pass();
  expect(known(all)).toEqual(other);
});

test("reception-6 a request for us is answered to its sender alone", async () => {
  const all = await world();
  all.peer.sendArp({});
  await all.pass();
  expect(all.peer.arps).toMatchObject([
    {
      to: all.peer.mac,
      operation: 2,
      senderMac: all.host.mac,
      senderAddress: address("10.0.0.2"),
      targetMac: all.peer.mac,
      targetAddress: address("10.0.0.1"),
    },
  ]);
});

test("reception-7 a reply has no answer", async () => {
  const all = await world();
  all.peer.sendArp({ operation: 2 }, all.host.mac);
  await all.pass();
  expect(all.peer.arps).toEqual([]);
});
