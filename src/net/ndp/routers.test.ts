import { expect, test } from "vitest";
import {
  address,
  advertise,
  allNodes,
  answer,
  farAway,
  Link,
  ours,
  payloads,
  prefix,
  protocol,
  send,
  settled,
  targets,
  theirs,
  type Host,
  type Node,
} from "../../../test/ipv6-link.ts";
import { encodeDnsServers, encodePrefix, encodeSearchDomains, type NdpOption } from "./options.ts";
import type { RouterAdvertisement } from "./packet.ts";

test("a router is used, and its MAC address is known from what it advertised", async () => {
  const { link, host, node: router } = await settled();
  expect(() => send(host, farAway)).toThrow(expect.objectContaining({ code: "no-route" }));
  expect(host.ip.counters.noRoute).toBe(1);
  advertise(router, host, { hopLimit: 17 });
  await link.pass(1);
  send(host, farAway);
  await link.pass(1);
  expect(router.heard.find(({ nextHeader }) => nextHeader === protocol)).toMatchObject({
    destination: farAway,
    hopLimit: 17,
  });
  expect(targets(router)).toEqual([]);
});

test.each([
  [
    "whose lifetime is over",
    (router: Node, host: Host): void => {
      advertise(router, host, { routerLifetimeS: 10 });
    },
  ],
  [
    "that says so",
    (router: Node, host: Host): void => {
      advertise(router, host);
      advertise(router, host, { routerLifetimeS: 0 });
    },
  ],
  [
    "that advertises itself as a host",
    (router: Node, host: Host): void => {
      advertise(router, host);
      answer(router, host, { target: router.address, isSolicited: false });
    },
  ],
])("a router %s is not used any more", async (_, resign) => {
  const { link, host, node: router } = await settled();
  resign(router, host);
  await link.pass(11_000);
  expect(() => send(host, farAway)).toThrow(expect.objectContaining({ code: "no-route" }));
});

test("a router that does not answer is left for another", async () => {
  const { link, host, node: router } = await settled();
  const other = link.node();
  advertise(router, host, { flags: 0b01_000 });
  advertise(other, host, {}, []);
  await link.pass(1);
  send(host, farAway);
  await link.pass(1);
  expect([payloads(router), payloads(other)]).toEqual([1, 0]);
  // Stale, delay, three probes: then it is given up.
  await link.pass(9000);
  send(host, farAway);
  await link.pass(1);
  expect([payloads(router), payloads(other)]).toEqual([1, 1]);
  // It speaks again, and is preferred again.
  advertise(router, host, { flags: 0b01_000 });
  await link.pass(1);
  send(host, farAway);
  await link.pass(1);
  expect(payloads(router)).toBe(2);
});

test("a gateway that was configured is preferred to routers that advertise themselves", async () => {
  const link = new Link();
  const gateway = link.node();
  const router = link.node();
  const host = link.host({ addresses: [prefix("2001:db8::1")], gateway: gateway.address });
  await link.pass(2000);
  advertise(router, host);
  send(host, farAway);
  await link.pass(1);
  expect(targets(gateway)).toContainEqual(gateway.address);
});

test.each([
  ["with a hop limit that is not 255", { hopLimit: 64 }],
  ["from an address that is not of the link", { source: theirs }],
])("an advertisement %s is not believed", async (_, packet) => {
  const { link, host, node } = await settled();
  const message: RouterAdvertisement = {
    type: 134,
    hopLimit: 0,
    flags: 0,
    routerLifetimeS: 1800,
    reachableMs: 0,
    retransmitMs: 0,
    options: [],
  };
  node.sendNdp(message, { destination: allNodes, ...packet }, host.network.mac);
  await link.pass(1);
  expect(() => send(host, farAway)).toThrow(expect.objectContaining({ code: "no-route" }));
  expect(host.ip.counters.badDiscovery).toBe(1);
});

test("an advertisement sets the MTU, within what the link and the protocol allow", async () => {
  const { link, host, node: router } = await settled();
  const mtu = (bytes: number): NdpOption => ({
    type: 5,
    body: Uint8Array.of(0, 0, 0, 0, bytes >> 8, bytes & 0xff),
  });
  for (const [bytes, expected] of [
    [1279, 1460],
    [1501, 1460],
    [1400, 1360],
    [1500, 1460],
  ] as const) {
    advertise(router, host, {}, [mtu(bytes)]);
    await link.pass(1);
    expect(host.ip.pathPayloadBytes(theirs)).toBe(expected);
  }
});

test("an advertisement gives name servers and search domains, for a time", async () => {
  const { link, host, node: router } = await settled();
  let changes = 0;
  host.ip.onConfigurationChange(() => (changes += 1));
  advertise(router, host, {}, [
    encodeDnsServers({ lifetimeS: 100, items: [theirs, ours] }),
    encodeSearchDomains({ lifetimeS: 50, items: ["example.org", "lab"] }),
  ]);
  await link.pass(1);
  expect(host.ip.dnsServers).toEqual(["2001:db8::2", "2001:db8::1"]);
  expect(host.ip.searchDomains).toEqual(["example.org", "lab"]);
  await link.pass(60_000);
  expect(host.ip.searchDomains).toEqual([]);
  expect(host.ip.dnsServers).toHaveLength(2);
  advertise(router, host, {}, [encodeDnsServers({ lifetimeS: 0, items: [theirs] })]);
  await link.pass(1);
  expect(host.ip.dnsServers).toEqual(["2001:db8::1"]);
  expect(changes).toBeGreaterThanOrEqual(4);
});

test("tables that strangers fill stay small", async () => {
  const { link, host, node } = await settled();
  for (let count = 0; count < 2000; count += 1) {
    const stranger = address(`2001:db8::${(count + 16).toString(16)}`);
    const router = address(`fe80::${(count + 16).toString(16)}`);
    node.sendNdp(
      { type: 135, target: ours, options: [{ type: 1, body: node.mac }] },
      { source: stranger, destination: ours },
      host.network.mac,
    );
    const option = encodePrefix({
      length: 64,
      isOnLink: true,
      isAutonomous: true,
      validLifetimeS: 10_000,
      preferredLifetimeS: 10_000,
      prefix: address(`2001:db8:${count.toString(16)}::`),
    });
    node.sendNdp(
      {
        type: 134,
        hopLimit: 0,
        flags: 0,
        routerLifetimeS: 1800,
        reachableMs: 1,
        retransmitMs: 1,
        options: [option],
      },
      { source: router, destination: allNodes },
      host.network.mac,
    );
  }
  await link.pass(10);
  // One timer at most for each of 512 neighbours, 18 addresses and what there is of tables.
  expect(link.timers.activeCount).toBeLessThan(600);
  expect(host.ip.addresses.length).toBeLessThanOrEqual(17);
  expect(host.ip.sourceFor(farAway)).toBeDefined();
});

test("a redirect is followed, if it comes from the router that we send through", async () => {
  const { link, host, node: router } = await settled();
  const better = link.node();
  const attacker = link.node();
  advertise(router, host);
  await link.pass(1);
  const redirect = {
    type: 137,
    target: better.address,
    destination: farAway,
    options: [{ type: 2, body: better.mac }],
  } as const;
  const packet = { destination: ours };
  attacker.sendNdp(redirect, packet, host.network.mac);
  router.sendNdp(redirect, { ...packet, hopLimit: 254 }, host.network.mac);
  router.sendNdp({ ...redirect, target: theirs }, packet, host.network.mac);
  router.sendNdp({ ...redirect, destination: allNodes }, packet, host.network.mac);
  await link.pass(1);
  expect(host.ip.counters.badDiscovery).toBe(4);
  send(host, farAway);
  await link.pass(1);
  expect([payloads(router), payloads(better)]).toEqual([1, 0]);
  router.sendNdp(redirect, packet, host.network.mac);
  await link.pass(1);
  send(host, farAway);
  await link.pass(1);
  expect([payloads(router), payloads(better)]).toEqual([1, 1]);
  // Where it leads nobody answers any more: the router is asked again.
  await link.pass(60_000);
  send(host, farAway);
  await link.pass(10_000);
  send(host, farAway);
  await link.pass(1);
  expect(targets(router).at(-1)).toEqual(router.address);
});
