import { expect, test } from "vitest";
import { seconds } from "../../../test/fake-dhcp-server.ts";
import { readLease, type Lease } from "./lease.ts";
import { option } from "./packet.ts";

function lease(
  entries: readonly (readonly [number, readonly number[] | Uint8Array])[],
  yiaddr: Uint8Array = Uint8Array.of(10, 0, 0, 50),
): Lease | undefined {
  const options = new Map<number, Uint8Array>([
    [option.serverId, Uint8Array.of(10, 0, 0, 1)],
    [option.leaseTime, seconds(800)],
  ]);
  for (const [number, value] of entries) options.set(number, Uint8Array.from(value));
  const none = new Uint8Array(4);
  return readLease({
    op: 2,
    xid: 1,
    secs: 0,
    flags: 0,
    ciaddr: none,
    yiaddr,
    giaddr: none,
    chaddr: none,
    options,
  });
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

test("readLease() takes only the first of many name servers and domains", () => {
  const count = 40;
  const servers = Array.from({ length: count }, (_, index) => [10, 0, 0, index]).flat();
  const domains = Array.from({ length: count }, (_, index) => [1, 97 + (index % 26), 0]).flat();
  const read = lease([
    [option.dnsServers, servers],
    [option.searchDomains, domains],
  ]);
  expect(read?.dnsServers).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((index) => `10.0.0.${index}`));
  expect(read?.searchDomains).toEqual([..."abcdefgh"]);
});

test("readLease() reads what a server says of the network", () => {
  const read = lease([
    [option.subnetMask, [255, 255, 240, 0]],
    [option.routers, [10, 0, 0, 254, 10, 0, 0, 253]],
    [option.dnsServers, [10, 0, 0, 53, 10, 0, 0, 54, 9]],
    [option.domainName, text("example.com\0")],
    [option.mtu, [5, 220]],
    [option.renewalTime, seconds(100)],
    [option.rebindingTime, seconds(200)],
  ]);
  expect(read).toEqual({
    address: Uint8Array.of(10, 0, 0, 50),
    prefixLength: 20,
    serverId: Uint8Array.of(10, 0, 0, 1),
    routes: [
      {
        prefix: { address: new Uint8Array(4), length: 0 },
        gateway: Uint8Array.of(10, 0, 0, 254),
      },
      {
        prefix: { address: new Uint8Array(4), length: 0 },
        gateway: Uint8Array.of(10, 0, 0, 253),
      },
    ],
    dnsServers: ["10.0.0.53", "10.0.0.54"],
    domainName: "example.com",
    searchDomains: ["example.com"],
    mtuBytes: 1500,
    renewMs: 100_000,
    rebindMs: 200_000,
    expireMs: 800_000,
  });
});

test("readLease() is content with an address, a server and a time", () => {
  expect(lease([])).toMatchObject({
    prefixLength: 8,
    routes: [],
    dnsServers: [],
    searchDomains: [],
    renewMs: 400_000,
    rebindMs: 700_000,
  });
  expect(lease([], Uint8Array.of(172, 16, 0, 1))?.prefixLength).toBe(16);
  expect(lease([], Uint8Array.of(192, 168, 0, 1))?.prefixLength).toBe(24);
  expect(lease([[option.leaseTime, seconds(0xffff_ffff)]])).toMatchObject({ renewMs: Infinity });
});

test.each([
  ["no server", [[option.serverId, []]], [10, 0, 0, 50]],
  ["no time", [[option.leaseTime, []]], [10, 0, 0, 50]],
  ["a time of 0", [[option.leaseTime, [0, 0, 0, 0]]], [10, 0, 0, 50]],
  ["no address", [], [0, 0, 0, 0]],
  ["a group", [], [224, 0, 0, 1]],
  ["the broadcast address", [], [255, 255, 255, 255]],
  ["loopback", [], [127, 0, 0, 1]],
] as const)("readLease() makes nothing of %s", (_, entries, yiaddr) => {
  expect(lease(entries, Uint8Array.from(yiaddr))).toBeUndefined();
});

test.each([
  ["T1 after T2", 300, 200],
  ["T2 after the end", 300, 900],
  ["T1 of 0", 0, 700],
])("readLease() takes its own times for %s", (_, renew, rebind) => {
  const times = lease([
    [option.renewalTime, seconds(renew)],
    [option.rebindingTime, seconds(rebind)],
  ]);
  expect(times).toMatchObject({ renewMs: 400_000, rebindMs: 700_000 });
});

test("readLease() prefers classless routes to routers, up to the first that is malformed", () => {
  const read = lease([
    [option.routers, [10, 0, 0, 254]],
    [
      option.classlessRoutes,
      [0, 10, 0, 0, 1, 12, 172, 16, 10, 0, 0, 2, 24, 10, 1, 2, 0, 0, 0, 0, 33, 1, 2, 3, 4, 5, 6],
    ],
  ]);
  expect(
    read?.routes.map(({ prefix, gateway }) => [prefix.length, [...prefix.address], gateway]),
  ).toEqual([
    [0, [0, 0, 0, 0], Uint8Array.of(10, 0, 0, 1)],
    [12, [172, 16, 0, 0], Uint8Array.of(10, 0, 0, 2)],
    [24, [10, 1, 2, 0], undefined],
  ]);
  expect(lease([[option.classlessRoutes, [32, 1, 2]]])?.routes).toEqual([]);
});

test("readLease() reads domains to search, with pointers, and none that loops", () => {
  const value = [3, 0x65, 0x6e, 0x67, 1, 0x61, 0, 2, 0x71, 0x61, 0xc0, 4, 0xc0, 12];
  expect(lease([[option.searchDomains, value]])?.searchDomains).toEqual(["eng.a", "qa.a"]);
});

test("readLease() has no use for an MTU below 68", () => {
  expect(lease([[option.mtu, [0, 67]]])?.mtuBytes).toBeUndefined();
  expect(lease([[option.mtu, [0, 68]]])?.mtuBytes).toBe(68);
});
