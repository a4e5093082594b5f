import { expect, test } from "vitest";
import {
  address,
  Link,
  prefix,
  unspecified,
  type Host,
  type Node,
} from "../../../test/ipv6-link.ts";
import { isIntact } from "../ipv6/icmp-message.ts";
import { solicitedNode } from "../ipv6/groups.ts";
import { decode, encode, mldType, type MldPacket } from "./packet.ts";

const group = address("ff05::7");
const reportReaders = address("ff02::16");

/** The messages that a node heard, behind the router alert that each must have. */
function messages(node: Node): readonly (MldPacket & { readonly to: Uint8Array })[] {
  return node.heard.flatMap(({ nextHeader, payload, hopLimit, source, destination }) => {
    if (nextHeader !== 0) return [];
    expect(hopLimit).toBe(1);
    expect(payload.subarray(0, 8)).toEqual(Uint8Array.of(58, 0, 5, 2, 0, 0, 1, 0));
    const message = payload.subarray(8);
    expect(isIntact(message, source, destination)).toBe(true);
    const packet = decode(message);
    return packet === undefined ? [] : [{ ...packet, to: destination }];
  });
}

/** What reports of version 2 said of a group. */
function kindsOf(node: Node, wanted: Uint8Array): readonly number[] {
  return messages(node).flatMap((message) =>
    message.type === mldType.report2
      ? message.records
          .filter((record) => record.group.join() === wanted.join())
          .map(({ kind }) => kind)
      : [],
  );
}

function query(router: Node, host: Host, version: 1 | 2, about = unspecified): void {
  const room = new Uint8Array(28);
  const message = { type: 130, version, maxResponseCode: 1000, group: about } as const;
  const packet = { destination: address("ff02::1"), hopLimit: 1 };
  const bytes = room.subarray(0, encode(message, room));
  router.sendMessage(bytes, packet, host.network.mac);
}

test("joining and leaving a group is reported twice each", async () => {
  const link = new Link();
  const router = link.node();
  const { ip } = link.host();
  await link.pass(5000);
  const leave = ip.join(group);
  const leaveAgain = ip.join(group);
  await link.pass(2000);
  expect(kindsOf(router, group)).toEqual([4, 4]);
  leave();
  leave();
  await link.pass(2000);
  expect(kindsOf(router, group)).toHaveLength(2);
  leaveAgain();
  await link.pass(2000);
  expect(kindsOf(router, group)).toEqual([4, 4, 3, 3]);
  expect(messages(router).every(({ to }) => to.join() === reportReaders.join())).toBe(true);
});

test("groups that are joined one after the other are all reported again later", async () => {
  const link = new Link();
  const router = link.node();
  const { ip } = link.host();
  await link.pass(5000);
  const groups = [1, 2, 3].map((index) => address(`ff05::${index}`));
  for (const each of groups) ip.join(each);
  await link.pass(0.1);
  router.heard.length = 0;
  await link.pass(2000);
  expect(messages(router)).toMatchObject([
    { records: groups.map((each) => ({ kind: 4, group: each })) },
  ]);
});

test("groups of solicited nodes are reported before duplicates are looked for", async () => {
  const link = new Link();
  const router = link.node();
  link.host({ addresses: [prefix("2001:db8::1")] });
  await link.pass(1);
  expect(kindsOf(router, solicitedNode(address("2001:db8::1")))[0]).toBe(4);
  const first = router.heard.findIndex(({ nextHeader }) => nextHeader === 0);
  const probe = router.heard.findIndex(({ payload }) => payload[0] === 135);
  expect(first).toBeLessThan(probe);
});

test("a general query is answered for all groups, one for a group for that group", async () => {
  const link = new Link();
  const router = link.node();
  const host = link.host({ addresses: [prefix("2001:db8::1")] });
  host.ip.join(group);
  host.ip.join(address("ff01::5"));
  await link.pass(5000);
  router.heard.length = 0;
  query(router, host, 2, group);
  await link.pass(1100);
  expect(messages(router)).toMatchObject([{ records: [{ kind: 2, group }] }]);
  router.heard.length = 0;
  query(router, host, 2);
  query(router, host, 2);
  await link.pass(1100);
  const [report, ...others] = messages(router);
  expect(others).toEqual([]);
  // Those of two addresses, and the one that was joined; of the others no router needs to know.
  expect(report?.type === mldType.report2 && report.records).toHaveLength(3);
});

test("a router of version 1 is answered in version 1, until it is gone", async () => {
  const link = new Link();
  const router = link.node();
  const host = link.host();
  await link.pass(5000);
  router.heard.length = 0;
  query(router, host, 1);
  await link.pass(1100);
  expect(messages(router)).toMatchObject([{ type: 131 }]);
  const leave = host.ip.join(group);
  leave();
  await link.pass(2000);
  expect(messages(router).slice(1, 3)).toMatchObject([
    { type: 131, group, to: group },
    { type: 132, group, to: address("ff02::2") },
  ]);
  await link.pass(300_000);
  router.heard.length = 0;
  query(router, host, 2);
  await link.pass(1100);
  expect(messages(router)).toMatchObject([{ type: 143 }]);
});

test("a query that did not start on the link, or came through a router, is not answered", async () => {
  const link = new Link();
  const router = link.node();
  const host = link.host();
  await link.pass(5000);
  router.heard.length = 0;
  const room = new Uint8Array(28);
  const message = { type: 130, version: 2, maxResponseCode: 10, group: unspecified } as const;
  encode(message, room);
  const packet = { destination: address("ff02::1") };
  router.sendMessage(room, { ...packet, hopLimit: 2 }, host.network.mac);
  router.sendMessage(room, { ...packet, hopLimit: 1, source: group }, host.network.mac);
  const source = address("2001:db8::9");
  router.sendMessage(room, { ...packet, hopLimit: 1, source }, host.network.mac);
  router.sendMessage(room.subarray(0, 26), { ...packet, hopLimit: 1 }, host.network.mac);
  await link.pass(1000);
  expect(messages(router)).toEqual([]);
  expect(host.ip.counters.badDiscovery).toBe(3);
});
