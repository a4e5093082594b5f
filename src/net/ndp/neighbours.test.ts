import { expect, test } from "vitest";
import {
  address,
  allNodes,
  answer,
  farAway,
  ours,
  payloads,
  send,
  settled,
  targets,
  theirs,
  unspecified,
} from "../../../test/ipv6-link.ts";
import type { Undeliverable } from "../internet.ts";
import { solicitedNode } from "../ipv6/groups.ts";

test("a first packet waits until its neighbour has answered", async () => {
  const { link, host, node } = await settled();
  send(host);
  send(host);
  await link.pass(1);
  const [solicitation, ...others] = node.heardNdp(135);
  expect(others).toEqual([]);
  expect(solicitation).toMatchObject({
    target: theirs,
    options: [{ type: 1, body: host.network.mac }],
    packet: { source: ours, destination: solicitedNode(theirs), hopLimit: 255 },
  });
  expect(payloads(node)).toBe(0);
  answer(node, host);
  await link.pass(1);
  expect(payloads(node)).toBe(2);
  send(host);
  await link.pass(1);
  expect(payloads(node)).toBe(3);
  expect(targets(node)).toHaveLength(1);
});

test("who does not answer is asked three times, and what waited is given back", async () => {
  const { link, host, node } = await settled();
  const given: Undeliverable[] = [];
  host.ip.onUndeliverable((undeliverable) => given.push(undeliverable));
  for (let count = 0; count < 100; count += 1) send(host);
  await link.pass(10_000);
  expect(targets(node)).toHaveLength(3);
  // Of these, 64 found room to wait.
  expect(given).toHaveLength(64);
  expect(given.at(-1)).toMatchObject({ reason: "neighbour", packet: { length: 48 } });
  expect(host.ip.counters.unresolved).toBe(100);
  // It is asked again for a later packet.
  send(host);
  await link.pass(1);
  expect(targets(node)).toHaveLength(4);
});

test("a neighbour that was not heard for long is asked only while it is used", async () => {
  const { link, host, node } = await settled();
  send(host);
  answer(node, host);
  await link.pass(60_000);
  expect(targets(node)).toHaveLength(1);
  // Stale: the packet goes at once, and five seconds later a question to it alone.
  send(host);
  await link.pass(4900);
  expect(payloads(node)).toBe(2);
  expect(targets(node)).toHaveLength(1);
  await link.pass(200);
  expect(node.heardNdp(135)[1]?.packet.destination).toEqual(theirs);
  answer(node, host);
  await link.pass(20_000);
  expect(targets(node)).toHaveLength(2);
});

test("a neighbour that went away is forgotten after three questions", async () => {
  const { link, host, node } = await settled();
  send(host);
  answer(node, host);
  await link.pass(60_000);
  send(host);
  await link.pass(20_000);
  expect(targets(node)).toHaveLength(4);
  expect(
    node
      .heardNdp(135)
      .slice(1)
      .map(({ packet }) => packet.destination),
  ).toEqual([theirs, theirs, theirs]);
  send(host);
  await link.pass(1);
  expect(node.heardNdp(135)[4]?.packet.destination).toEqual(solicitedNode(theirs));
});

test("advise() spares the questions where what is sent arrives", async () => {
  const { link, host, node } = await settled();
  send(host);
  answer(node, host);
  for (let count = 0; count < 10; count += 1) {
    await link.pass(10_000);
    send(host);
    host.ip.advise?.(theirs, true);
  }
  await link.pass(10_000);
  expect(targets(node)).toHaveLength(1);
  // It says nothing of who is not known.
  host.ip.advise?.(farAway, true);
  host.ip.advise?.(address("2001:db8::3"), true);
});

test("advise() has a neighbour asked where what is sent does not arrive", async () => {
  const { link, host, node } = await settled();
  send(host);
  answer(node, host);
  await link.pass(1);
  host.ip.advise?.(theirs, false);
  send(host);
  await link.pass(6000);
  expect(targets(node)).toHaveLength(2);
});

test("an advertisement without override makes doubt, one with it replaces", async () => {
  const { link, host, node } = await settled();
  const other = link.node();
  send(host);
  answer(node, host);
  await link.pass(1);
  answer(other, host, { isSolicited: false, isOverride: false });
  await link.pass(1);
  send(host);
  await link.pass(1);
  expect([payloads(node), payloads(other)]).toEqual([2, 0]);
  answer(other, host, { isSolicited: false, isOverride: true });
  await link.pass(1);
  send(host);
  await link.pass(1);
  expect([payloads(node), payloads(other)]).toEqual([2, 1]);
});

test("advertisements that nobody asked for make no neighbours", async () => {
  const { link, host, node } = await settled();
  answer(node, host, { isSolicited: false });
  await link.pass(1);
  send(host);
  await link.pass(1);
  expect(targets(node)).toEqual([theirs]);
});

test("a solicitation is answered, and tells where its sender is", async () => {
  const { link, host, node } = await settled();
  const packet = { source: theirs, destination: solicitedNode(ours) };
  const options = [{ type: 1, body: node.mac }];
  node.sendNdp({ type: 135, target: ours, options }, packet, host.network.mac);
  await link.pass(1);
  expect(node.heardNdp(136)).toMatchObject([
    {
      target: ours,
      isSolicited: true,
      isOverride: true,
      isRouter: false,
      options: [{ type: 2, body: host.network.mac }],
      packet: { source: ours, destination: theirs, hopLimit: 255 },
    },
  ]);
  send(host);
  await link.pass(1);
  expect(payloads(node)).toBe(1);
  expect(targets(node)).toEqual([]);
});

test("a node that probes for our address hears that it is taken", async () => {
  const { link, host, node } = await settled();
  const packet = { source: unspecified, destination: solicitedNode(ours) };
  node.sendNdp({ type: 135, target: ours, options: [] }, packet, host.network.mac);
  await link.pass(1);
  expect(node.heardNdp(136)).toMatchObject([
    { target: ours, isSolicited: false, packet: { destination: allNodes } },
  ]);
  expect(host.ip.addresses).toContain("2001:db8::1/64");
});

test.each([
  ["with a hop limit that is not 255", { hopLimit: 254 }, []],
  [
    "from no address, with a MAC address",
    { source: unspecified },
    [{ type: 1, body: Uint8Array.of(2, 0, 0, 0, 0, 9) }],
  ],
  ["from no address, to one", { source: unspecified, destination: ours }, []],
])("a solicitation %s is not answered", async (_, packet, options) => {
  const { link, host, node } = await settled();
  const destination = solicitedNode(ours);
  node.sendNdp({ type: 135, target: ours, options }, { destination, ...packet }, host.network.mac);
  await link.pass(1);
  expect(node.heardNdp(136)).toEqual([]);
  expect(host.ip.counters.badDiscovery).toBe(1);
});

test("a message with a wrong checksum changes nothing", async () => {
  const { link, host, node } = await settled();
  const message = new Uint8Array(24);
  message.set([135]);
  message.set(ours, 8);
  node.send({ destination: ours, payload: message }, host.network.mac);
  await link.pass(1);
  expect(host.ip.counters.badChecksum).toBe(1);
  expect(node.heardNdp(136)).toEqual([]);
});
