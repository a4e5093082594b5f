/** RFC 4861, neighbour discovery: hosts. */

import { expect, test } from "vitest";
import { formatAddress } from "../../src/net/address.ts";
import { connect as connectIcmp } from "../../src/net/icmp/icmp.ts";
import { connect as connectTcp } from "../../src/net/tcp/tcp.ts";
import { connect as connectUdp } from "../../src/net/udp/udp.ts";
import { optionType } from "../../src/net/ndp/options.ts";
import {
  address,
  advertise,
  allNodes,
  answer,
  farAway,
  Link,
  ours,
  payloads,
  send,
  settled,
  targets,
  theirs,
  unspecified,
  type Host,
  type Node,
} from "../ipv6-link.ts";

/** A prefix option: on the link, autonomous or both. */
function prefixOption(
  text: string,
  flags: number,
  validS = 1000,
): { readonly type: number; readonly body: Uint8Array } {
  const body = new Uint8Array(30);
  body.set([64, flags, ...[24, 16, 8, 0].map((shift) => (validS >>> shift) & 0xff)]);
  body.set(
    [24, 16, 8, 0].map((shift) => (validS >>> shift) & 0xff),
    6,
  );
  body.set(address(text), 14);
  return { type: optionType.prefix, body };
}

const onLink = 0x80;

/** Whether a packet to a far address has a way. */
function hasRoute(host: Host): boolean {
  try {
    send(host, farAway);
    return true;
  } catch {
    return false;
  }
}

/** What the node heard of messages of a type, as bytes. */
function messages(node: Node, type: number): Uint8Array[] {
  return node.heard
    .filter(({ nextHeader, payload }) => nextHeader === 58 && payload[0] === type)
    .map(({ payload }) => payload);
}

test("4.1-1 a solicitation for routers tells our MAC address only from an address of ours", async () => {
  const link = new Link();
  const node = link.node();
  link.host();
  await link.pass(10_000);
  const heard = node.heardNdp(133);
  expect(heard.length).toBeGreaterThan(0);
  for (const { packet, options } of heard) {
    if (packet.source.every((byte) => byte === 0)) expect(options).toEqual([]);
  }
});

test("4.6-1 an option of length 0 spoils its message", async () => {
  const { link, host, node } = await settled();
  const bytes = new Uint8Array(32);
  bytes[0] = 135;
  bytes.set(ours, 8);
  node.sendMessage(bytes, { source: theirs, destination: ours }, host.network.mac);
  await link.pass(5);
  expect(messages(node, 136)).toEqual([]);
  expect(host.ip.counters.badDiscovery).toBe(1);
});

test("4.6-2 an unknown option is passed over", async () => {
  const { link, host, node } = await settled();
  const options = [
    { type: 200, body: new Uint8Array(6) },
    { type: 1, body: node.mac },
  ];
  node.sendNdp(
    { type: 135, target: ours, options },
    { source: theirs, destination: ours },
    host.network.mac,
  );
  await link.pass(5);
  expect(messages(node, 136)).toHaveLength(1);
});

test("6.1.1-1 a solicitation for routers has no answer", async () => {
  const { link, host, node } = await settled();
  node.sendNdp({ type: 133, options: [] }, { destination: address("ff02::2") }, host.network.mac);
  node.sendNdp({ type: 133, options: [] }, { destination: allNodes }, host.network.mac);
  await link.pass(1000);
  expect(node.heard).toEqual([]);
});

const advertisement = {
  type: 134,
  hopLimit: 0,
  flags: 0,
  routerLifetimeS: 1800,
  reachableMs: 0,
  retransmitMs: 0,
  options: [],
} as const;

test("6.1.2-1 a router that speaks from a global address is not believed", async () => {
  const { link, host, node } = await settled();
  node.sendNdp(advertisement, { source: theirs, destination: allNodes }, host.network.mac);
  await link.pass(5);
  expect(hasRoute(host)).toBe(false);
});

test("6.1.2-2 a router from beyond another is not believed", async () => {
  const { link, host, node } = await settled();
  node.sendNdp(advertisement, { hopLimit: 254, destination: allNodes }, host.network.mac);
  await link.pass(5);
  expect(hasRoute(host)).toBe(false);
});

test("6.1.2-3 an advertisement that is damaged, of another code or cut off changes nothing", async () => {
  const { link, host, node } = await settled();
  const whole = new Uint8Array(16);
  whole.set([134, 0, 0, 0, 0, 0, 7, 8]);
  const to = { destination: allNodes };
  const otherCode = whole.slice();
  otherCode[1] = 1;
  node.sendMessage(otherCode, to, host.network.mac);
  node.sendMessage(whole.subarray(0, 12), to, host.network.mac);
  node.send({ ...to, payload: whole }, host.network.mac);
  await link.pass(5);
  expect(hasRoute(host)).toBe(false);
  node.sendMessage(whole, to, host.network.mac);
  await link.pass(5);
  expect(hasRoute(host)).toBe(true);
});

test("6.2-1 a host does not advertise itself as a router", async () => {
  const { link, host, node } = await settled();
  advertise(node, host);
  await link.pass(60_000);
  expect(messages(node, 134)).toEqual([]);
});

test("6.3.4-1 what two routers say holds together", async () => {
  const { link, host, node } = await settled();
  const other = link.node();
  advertise(node, host, { routerLifetimeS: 0 }, [prefixOption("2001:db8:1::", onLink)]);
  advertise(other, host, { routerLifetimeS: 0 }, [prefixOption("2001:db8:2::", onLink)]);
  await link.pass(5);
  send(host, address("2001:db8:1::9"));
  send(host, address("2001:db8:2::9"));
  await link.pass(5);
  expect(targets(node)).toEqual([address("2001:db8:1::9"), address("2001:db8:2::9")]);
});

test("6.3.4-2 a hop limit of 0 leaves the hop limit as it was", async () => {
  const { link, host, node } = await settled();
  advertise(node, host, { hopLimit: 77 });
  await link.pass(5);
  advertise(node, host, { hopLimit: 0 });
  await link.pass(5);
  send(host, farAway);
  await link.pass(5);
  expect(node.heard.find(({ nextHeader }) => nextHeader === 253)?.hopLimit).toBe(77);
});

test("6.3.4-8 UDP, TCP and echo send with the hop limit that a router says", async () => {
  const { link, host, node } = await settled();
  const { clock } = link.simulation;
  const random = link.simulation.random("layers");
  const below = { v6: host.ip, clock, random };
  advertise(node, host, { hopLimit: 77 });
  await link.pass(5);
  node.heard.length = 0;
  const to = { address: formatAddress(farAway), port: 9 };
  connectUdp(below).bind(500).send(Uint8Array.of(1), to);
  await Promise.allSettled([
    connectTcp(below).connect(to, { userTimeoutMs: 500 }),
    connectIcmp(below).echo(to.address, { timeoutMs: 500 }),
    link.pass(600),
  ]);
  const sent = node.heard.filter(
    ({ nextHeader, payload }) => nextHeader !== 58 || payload[0] === 128,
  );
  expect(sent.map(({ nextHeader }) => nextHeader).toSorted((a, b) => a - b)).toEqual([6, 17, 58]);
  expect(sent.map(({ hopLimit }) => hopLimit)).toEqual([77, 77, 77]);
});

test("6.3.4-3 a router that says that its time is over is not used", async () => {
  const { link, host, node } = await settled();
  advertise(node, host);
  await link.pass(5);
  expect(hasRoute(host)).toBe(true);
  advertise(node, host, { routerLifetimeS: 0 });
  await link.pass(5);
  expect(hasRoute(host)).toBe(false);
});

test("6.3.4-5 a prefix is on the link for its lifetime, and no longer", async () => {
  const { link, host, node } = await settled();
  advertise(node, host, { routerLifetimeS: 0 }, [prefixOption("2001:db8:ffff::", onLink, 10)]);
  await link.pass(9000);
  expect(hasRoute(host)).toBe(true);
  await link.pass(2000);
  expect(hasRoute(host)).toBe(false);
  advertise(node, host, { routerLifetimeS: 0 }, [prefixOption("2001:db8:ffff::", onLink)]);
  advertise(node, host, { routerLifetimeS: 0 }, [prefixOption("2001:db8:ffff::", onLink, 0)]);
  await link.pass(5);
  expect(hasRoute(host)).toBe(false);
});

test("6.3.4-6 a prefix without the flag takes nothing off the link", async () => {
  const { link, host, node } = await settled();
  const silent = { routerLifetimeS: 0 };
  advertise(node, host, silent, [prefixOption("2001:db8:ffff::", onLink)]);
  advertise(node, host, silent, [prefixOption("2001:db8:ffff::", 0, 0)]);
  await link.pass(5);
  expect(hasRoute(host)).toBe(true);
});

test("6.3.4-7 a lifetime of the link-local prefix is ignored", async () => {
  const { link, host, node } = await settled();
  advertise(node, host, { routerLifetimeS: 0 }, [prefixOption("fe80::", onLink, 1)]);
  await link.pass(5000);
  send(host, address("fe80::77"));
  await link.pass(5);
  expect(targets(node)).toEqual([address("fe80::77")]);
});

test("6.3.5-1 a router is not used when its lifetime is over", async () => {
  const { link, host, node } = await settled();
  advertise(node, host, { routerLifetimeS: 10 });
  await link.pass(9000);
  expect(hasRoute(host)).toBe(true);
  await link.pass(2000);
  expect(hasRoute(host)).toBe(false);
});

test("6.3.7-1 routers are asked for three times", async () => {
  const link = new Link();
  const node = link.node();
  link.host();
  const counts: number[] = [];
  for (let second = 0; second < 60; second += 1) {
    counts.push(node.heardNdp(133).length);
    await link.pass(1000);
  }
  expect(counts.at(-1)).toBe(3);
  expect([counts.indexOf(1), counts.indexOf(2), counts.indexOf(3)]).toEqual([1, 5, 9]);
});

test("7.1.2-1 an advertisement to all that says it was asked for is discarded", async () => {
  const { link, host, node } = await settled();
  send(host);
  await link.pass(5);
  const options = [{ type: 2, body: node.mac }];
  const flags = { isRouter: false, isSolicited: true, isOverride: true };
  node.sendNdp(
    { type: 136, ...flags, target: theirs, options },
    { source: theirs, destination: allNodes },
    host.network.mac,
  );
  await link.pass(5);
  expect(payloads(node)).toBe(0);
  expect(host.ip.counters.badDiscovery).toBe(1);
});

test("7.1.2-2 an advertisement that fails a check is discarded", async () => {
  const { link, host, node } = await settled();
  send(host);
  await link.pass(5);
  const good = new Uint8Array(32);
  good.set([136, 0, 0, 0, 0x60]);
  good.set(theirs, 8);
  good.set([2, 1, ...node.mac], 24);
  const to = { source: theirs, destination: ours };
  const otherCode = good.slice();
  otherCode[1] = 1;
  const ofGroup = good.slice();
  ofGroup[8] = 0xff;
  node.sendMessage(otherCode, to, host.network.mac);
  node.sendMessage(ofGroup, to, host.network.mac);
  node.sendMessage(good.subarray(0, 20), to, host.network.mac);
  node.sendMessage(good, { ...to, hopLimit: 64 }, host.network.mac);
  node.send({ ...to, payload: good }, host.network.mac);
  await link.pass(5);
  expect(payloads(node)).toBe(0);
  node.sendMessage(good, to, host.network.mac);
  await link.pass(5);
  expect(payloads(node)).toBe(1);
});

test("7.2.1-1 solicitations to the groups of our addresses are heard", async () => {
  const { link, host, node } = await settled();
  const group = address("ff02::1:ff00:1");
  node.sendNdp(
    { type: 135, target: ours, options: [{ type: 1, body: node.mac }] },
    { source: theirs, destination: group },
    host.network.mac,
  );
  await link.pass(5);
  expect(messages(node, 136)).toHaveLength(1);
});

test("7.2.2-1 a solicitation to a group tells our MAC address", async () => {
  const { link, host, node } = await settled();
  send(host);
  await link.pass(5);
  const [solicitation] = node.heardNdp(135);
  expect(solicitation?.packet).toMatchObject({
    source: ours,
    destination: address("ff02::1:ff00:2"),
    hopLimit: 255,
  });
  expect(solicitation?.options).toEqual([{ type: 1, body: host.network.mac }]);
});

test("7.2.2-2 packets wait for the answer, in their order", async () => {
  const { link, host, node } = await settled();
  for (let count = 0; count < 3; count += 1) send(host);
  await link.pass(500);
  expect(payloads(node)).toBe(0);
  answer(node, host);
  await link.pass(5);
  expect(payloads(node)).toBe(3);
});

test("7.2.2-3 solicitations are sent three times, a second apart", async () => {
  const { link, host, node } = await settled();
  send(host);
  const counts: number[] = [];
  for (let step = 0; step < 20; step += 1) {
    await link.pass(500);
    counts.push(node.heardNdp(135).length);
  }
  expect(counts.slice(0, 6)).toEqual([1, 1, 2, 2, 3, 3]);
  expect(counts.at(-1)).toBe(3);
});

test("7.2.2-4 what waited in vain is reported", async () => {
  const { link, host } = await settled();
  const { clock } = link.simulation;
  const icmp = connectIcmp({ v6: host.ip, clock, random: link.simulation.random("icmp") });
  const reports: unknown[] = [];
  icmp.onReport(({ type, code }) => reports.push([type, code]));
  send(host);
  await link.pass(4000);
  expect(reports).toEqual([[1, 3]]);
});

test("7.2.3-1 a solicitation for another's address has no answer", async () => {
  const { link, host, node } = await settled();
  node.sendNdp(
    { type: 135, target: address("2001:db8::99"), options: [{ type: 1, body: node.mac }] },
    { source: theirs, destination: ours },
    host.network.mac,
  );
  await link.pass(5);
  expect(node.heard).toEqual([]);
});

test("7.2.3-2 who solicits us is known, and asked once it is used", async () => {
  const { link, host, node } = await settled();
  node.sendNdp(
    { type: 135, target: ours, options: [{ type: 1, body: node.mac }] },
    { source: theirs, destination: ours },
    host.network.mac,
  );
  await link.pass(5);
  send(host);
  await link.pass(4000);
  expect(payloads(node)).toBe(1);
  expect(targets(node)).toEqual([]);
  await link.pass(2000);
  expect(targets(node).length).toBeGreaterThan(0);
});

test("7.2.4-1 an answer has our MAC address, and says that it was asked for", async () => {
  const { link, host, node } = await settled();
  node.sendNdp(
    { type: 135, target: ours, options: [{ type: 1, body: node.mac }] },
    { source: theirs, destination: address("ff02::1:ff00:1") },
    host.network.mac,
  );
  await link.pass(5);
  expect(node.heardNdp(136)).toMatchObject([
    {
      isSolicited: true,
      isOverride: true,
      target: ours,
      options: [{ type: 2, body: host.network.mac }],
    },
  ]);
  expect(node.heardNdp(136)[0]?.packet.destination).toEqual(theirs);
});

test("7.2.4-2 an answer to no address goes to all nodes", async () => {
  const { link, host, node } = await settled();
  node.sendNdp(
    { type: 135, target: ours, options: [] },
    { source: unspecified, destination: address("ff02::1:ff00:1") },
    host.network.mac,
  );
  await link.pass(5);
  const [advertised] = node.heardNdp(136);
  expect(advertised).toMatchObject({ isSolicited: false, target: ours });
  expect(advertised?.packet.destination).toEqual(allNodes);
});

test("7.2.4-3 an answer does not say that we are a router", async () => {
  const { link, host, node } = await settled();
  node.sendNdp(
    { type: 135, target: ours, options: [{ type: 1, body: node.mac }] },
    { source: theirs, destination: ours },
    host.network.mac,
  );
  await link.pass(5);
  expect(node.heardNdp(136).map(({ isRouter }) => isRouter)).toEqual([false]);
});

test("7.2.5-1 an advertisement that nobody asked for makes no entry", async () => {
  const { link, host, node } = await settled();
  answer(node, host, { isSolicited: false });
  await link.pass(5);
  send(host);
  await link.pass(5);
  expect(payloads(node)).toBe(0);
  expect(targets(node)).toEqual([theirs]);
});

test("7.2.5-2 an answer without a MAC address resolves nothing", async () => {
  const { link, host, node } = await settled();
  send(host);
  await link.pass(5);
  const flags = { isRouter: false, isSolicited: true, isOverride: true };
  node.sendNdp(
    { type: 136, ...flags, target: theirs, options: [] },
    { source: theirs, destination: ours },
    host.network.mac,
  );
  await link.pass(5);
  expect(payloads(node)).toBe(0);
});

test("7.2.5-4 who says that it is no router any more is not sent through", async () => {
  const { link, host, node } = await settled();
  advertise(node, host);
  await link.pass(5);
  expect(hasRoute(host)).toBe(true);
  answer(node, host, { target: node.address, isSolicited: false });
  await link.pass(5);
  expect(hasRoute(host)).toBe(false);
});

/** A redirect of `farAway` to another router, fe80::99. */
function redirect(node: Node, host: Host, change: (bytes: Uint8Array) => void, fields = {}): void {
  const bytes = new Uint8Array(40);
  bytes[0] = 137;
  bytes.set(address("fe80::99"), 8);
  bytes.set(farAway, 24);
  change(bytes);
  node.sendMessage(bytes, { destination: ours, ...fields }, host.network.mac);
}

test("8.1-1 a redirect that fails a check is discarded", async () => {
  const { link, host, node } = await settled();
  advertise(node, host);
  await link.pass(5);
  redirect(node, host, (bytes) => void (bytes[1] = 1));
  redirect(node, host, (bytes) => void (bytes[24] = 0xff));
  redirect(node, host, (bytes) => bytes.set(theirs, 8));
  redirect(node, host, () => {}, { hopLimit: 64 });
  redirect(node, host, () => {}, { source: theirs });
  await link.pass(5);
  expect(host.ip.counters.badDiscovery).toBe(5);
  send(host, farAway);
  await link.pass(5);
  expect(targets(node)).toEqual([]);
});

test("8.1-2 a redirect from who is not sent through is discarded", async () => {
  const { link, host, node } = await settled();
  const other = link.node();
  advertise(node, host);
  await link.pass(5);
  redirect(other, host, () => {});
  await link.pass(5);
  send(host, farAway);
  await link.pass(5);
  expect(targets(node)).toEqual([]);
  redirect(node, host, () => {});
  await link.pass(5);
  send(host, farAway);
  await link.pass(5);
  expect(targets(node)).toEqual([address("fe80::99")]);
});

test("8.3-2 a host sends no redirects", async () => {
  const { link, host, node } = await settled();
  node.send(
    { source: theirs, destination: farAway, nextHeader: 253, payload: new Uint8Array(8) },
    host.network.mac,
  );
  await link.pass(1000);
  expect(messages(node, 137)).toEqual([]);
});
