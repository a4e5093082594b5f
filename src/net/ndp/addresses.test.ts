import { expect, test } from "vitest";
import {
  address,
  advertise,
  allNodes,
  Link,
  prefix,
  unspecified,
  type Host,
  type Node,
} from "../../../test/ipv6-link.ts";
import { solicitedNode } from "../ipv6/groups.ts";
import { encodePrefix, type NdpOption, type PrefixInformation } from "./options.ts";

const day = 86_400;

function prefixOption(changes: Partial<PrefixInformation> = {}): NdpOption {
  return encodePrefix({
    length: 64,
    isOnLink: true,
    isAutonomous: true,
    validLifetimeS: day,
    preferredLifetimeS: day / 2,
    prefix: address("2001:db8::"),
    ...changes,
  });
}

test("connect() makes an address for the link and asks for routers, all at once", async () => {
  const link = new Link();
  const node = link.node();
  const { ip } = link.host();
  expect(ip.addresses).toEqual([expect.stringMatching(/^fe80::.*\/64$/)]);
  await link.pass(1);
  const [probe] = node.heardNdp(135);
  expect(probe?.packet.source).toEqual(unspecified);
  expect(probe?.options).toEqual([]);
  expect(probe?.target).toEqual(address(ip.addresses.join().replace("/64", "")));
  // Without its MAC address, as the address may be another's (RFC 4429, 3.2).
  expect(node.heardNdp(133)).toMatchObject([{ options: [] }]);
  await link.pass(20_000);
  expect(node.heardNdp(133).map(({ options }) => options.length)).toEqual([0, 1, 1]);
  expect(node.heardNdp(136)).toMatchObject([{ isOverride: true, isSolicited: false }]);
});

test("a prefix of a router gives an address, and a route to what has it", async () => {
  const link = new Link();
  const router = link.node();
  const host = link.host();
  const seen: (readonly string[])[] = [];
  host.ip.onAddressesChange((addresses) => seen.push(addresses));
  await link.pass(1);
  advertise(router, host, {}, [prefixOption()]);
  await link.pass(10);
  expect(host.ip.addresses[1]).toMatch(/^2001:db8::.*\/64$/);
  expect(seen).toEqual([host.ip.addresses]);
  expect(host.ip.sourceFor(address("2001:db8::77"))?.subarray(0, 8)).toEqual(
    address("2001:db8::").subarray(0, 8),
  );
  await link.pass(10_000);
  // It was answered: no more is asked.
  expect(router.heardNdp(133)).toHaveLength(1);
});

test.each([
  ["is not autonomous", { isAutonomous: false }],
  ["is of another length", { length: 60 }],
  ["is for the link", { prefix: address("fe80::") }],
  ["is of groups", { prefix: address("ff0e::") }],
  ["is preferred longer than valid", { validLifetimeS: 10, preferredLifetimeS: 11 }],
  ["is over", { validLifetimeS: 0, preferredLifetimeS: 0 }],
])("a prefix that %s gives no address", async (_, changes) => {
  const link = new Link();
  const router = link.node();
  const host = link.host();
  advertise(router, host, {}, [prefixOption(changes)]);
  await link.pass(10);
  expect(host.ip.addresses).toHaveLength(1);
});

test("an address is deprecated, then removed, when its lifetimes are over", async () => {
  const link = new Link();
  const router = link.node();
  const host = link.host();
  advertise(router, host, {}, [prefixOption({ validLifetimeS: 200, preferredLifetimeS: 100 })]);
  await link.pass(50_000);
  advertise(router, host, {}, [prefixOption({ prefix: address("2001:db8:1::") })]);
  await link.pass(2000);
  const [, first = "", second = ""] = host.ip.addresses;
  const target = address("2001:db8::1");
  expect(host.ip.sourceFor(target)).toEqual(address(first.replace("/64", "")));
  await link.pass(60_000);
  expect(host.ip.sourceFor(target)).toEqual(address(second.replace("/64", "")));
  expect(host.ip.addresses).toContain(first);
  await link.pass(100_000);
  expect(host.ip.addresses).not.toContain(first);
  expect(host.ip.addresses).toContain(second);
});

test("a lifetime cannot be cut below two hours", async () => {
  const link = new Link();
  const router = link.node();
  const host = link.host();
  advertise(router, host, {}, [prefixOption()]);
  await link.pass(1000);
  advertise(router, host, {}, [prefixOption({ validLifetimeS: 0, preferredLifetimeS: 0 })]);
  await link.pass(7_000_000);
  expect(host.ip.addresses).toHaveLength(2);
  await link.pass(300_000);
  expect(host.ip.addresses).toHaveLength(1);
});

test("routers cannot make a host have more than a few addresses", async () => {
  const link = new Link();
  const router = link.node();
  const host = link.host();
  for (let index = 0; index < 100; index += 1) {
    advertise(router, host, {}, [prefixOption({ prefix: address(`2001:db8:${index}::`) })]);
  }
  await link.pass(10);
  expect(host.ip.addresses).toHaveLength(16);
});

test("configure() resolves when nobody else has the address, which is used meanwhile", async () => {
  const link = new Link();
  const node = link.node();
  const { ip } = link.host();
  const startMs = link.simulation.clock.monotonicMs();
  const configured = ip.configure(prefix("2001:db8::5"));
  expect(ip.addresses).toContain("2001:db8::5/64");
  await link.simulation.run(() => configured);
  expect(link.simulation.clock.monotonicMs() - startMs).toBeCloseTo(1000, 0);
  expect(node.heardNdp(135).map(({ target }) => target)).toContainEqual(address("2001:db8::5"));
});

test.each([
  [
    "has it",
    (node: Node, host: Host): void =>
      node.sendNdp(
        {
          type: 136,
          isRouter: false,
          isSolicited: false,
          isOverride: true,
          target: address("2001:db8::5"),
          options: [{ type: 2, body: node.mac }],
        },
        { source: address("2001:db8::5"), destination: allNodes, mac: host.network.mac },
        host.network.mac,
      ),
  ],
  [
    "wants it at the same time",
    (node: Node, host: Host): void =>
      node.sendNdp(
        { type: 135, target: address("2001:db8::5"), options: [] },
        { source: unspecified, destination: solicitedNode(address("2001:db8::5")) },
        host.network.mac,
      ),
  ],
])("configure() rejects when another node %s", async (_, object) => {
  const link = new Link();
  const node = link.node();
  const host = link.host();
  const conflicts: Uint8Array[] = [];
  host.ip.onConflict((conflict) => conflicts.push(conflict));
  const configured = host.ip.configure(prefix("2001:db8::5"));
  object(node, host);
  await expect(link.simulation.run(() => configured)).rejects.toMatchObject({
    cause: { code: "address-conflict" },
  });
  expect(host.ip.addresses).not.toContain("2001:db8::5/64");
  expect(conflicts).toEqual([address("2001:db8::5")]);
  expect(host.ip.counters.conflicts).toBe(1);
});

test("two hosts with one address: the first keeps it", async () => {
  const link = new Link();
  const first = link.host({ addresses: [prefix("2001:db8::5")] });
  await link.pass(2000);
  const second = link.host({ addresses: [prefix("2001:db8::5")] });
  await link.pass(2000);
  expect(first.ip.addresses).toContain("2001:db8::5/64");
  expect(second.ip.addresses).not.toContain("2001:db8::5/64");
  expect(first.ip.counters.conflicts).toBe(0);
});

test("another address is made in place of one that somebody has, a few times", async () => {
  const link = new Link();
  const node = link.node();
  const host = link.host();
  const conflicts: Uint8Array[] = [];
  host.ip.onConflict((conflict) => conflicts.push(conflict));
  const seen = new Set<string>();
  for (let round = 0; round < 5; round += 1) {
    await link.pass(10);
    const [text = ""] = host.ip.addresses;
    if (text === "") break;
    seen.add(text);
    const target = address(text.replace("/64", ""));
    node.sendNdp(
      { type: 135, target, options: [] },
      { source: unspecified, destination: solicitedNode(target) },
      host.network.mac,
    );
  }
  expect(seen.size).toBe(3);
  expect(host.ip.addresses).toEqual([]);
  expect(conflicts).toHaveLength(1);
});

test("an address that was ours for long is kept, and the conflict told", async () => {
  const link = new Link();
  const node = link.node();
  const host = link.host({ addresses: [prefix("2001:db8::5")] });
  const conflicts: Uint8Array[] = [];
  host.ip.onConflict((conflict) => conflicts.push(conflict));
  await link.pass(2000);
  const target = address("2001:db8::5");
  node.sendNdp(
    { type: 136, isRouter: false, isSolicited: false, isOverride: true, target, options: [] },
    { destination: allNodes },
    host.network.mac,
  );
  await link.pass(10);
  expect(host.ip.addresses).toContain("2001:db8::5/64");
  expect(conflicts).toEqual([target]);
});

test("deconfigure() gives an address up, and rejects who waits for it", async () => {
  const link = new Link();
  const { ip } = link.host();
  const configured = ip.configure(prefix("2001:db8::5"));
  ip.deconfigure(address("2001:db8::5"));
  await expect(configured).rejects.toMatchObject({ code: "closed" });
  expect(ip.addresses).toHaveLength(1);
});

test("configure() refuses what no node can have, and has nothing to do for what is ours", async () => {
  const link = new Link();
  const { ip } = link.host({ addresses: [prefix("2001:db8::5")] });
  for (const text of ["ff02::5", "::", "::1", "10.0.0.1"]) {
    await expect(ip.configure(prefix(text))).rejects.toThrow(RangeError);
  }
  await ip.configure(prefix("2001:db8::5"));
  expect(ip.addresses).toHaveLength(2);
});

test("connect() without autoconfiguration asks no router and believes none", async () => {
  const link = new Link();
  const router = link.node();
  const host = link.host({ autoconfigure: false, addresses: [prefix("fe80::5")] });
  advertise(router, host, {}, [prefixOption()]);
  await link.pass(10_000);
  expect(host.ip.addresses).toEqual(["fe80::5/64"]);
  expect(router.heardNdp(133)).toEqual([]);
});
