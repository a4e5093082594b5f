/** RFC 2131, DHCP: the client, then the server. */

import { expect, test } from "vitest";
import type { DhcpClient } from "../../src/net/dhcp/client.ts";
import { option } from "../../src/net/dhcp/packet.ts";
import { bytes, inWorld, subnet, type Said } from "../dhcp-server-world.ts";
import { dhcpWorld, type DhcpWorld } from "../dhcp-world.ts";

const address = Uint8Array.of(10, 0, 0, 50);
const none = new Uint8Array(4);

/** A client that has a lease of an hour from 10.0.0.1. */
async function bound(): Promise<DhcpWorld & { readonly client: DhcpClient }> {
  const world = dhcpWorld();
  const client = world.start();
  await world.pass(1);
  return { ...world, client };
}

test("2-1 an answer with 312 bytes of options is taken", async () => {
  const { server, start, pass } = dhcpWorld();
  server.options.set(200, new Uint8Array(250));
  server.options.set(201, new Uint8Array(100));
  const client = start();
  await pass(1);
  expect(client.state).toBe("bound");
});

test("3-1 messages have the magic number and their kind", async () => {
  const { internet, client } = await bound();
  await client[Symbol.asyncDispose]();
  const ours = internet.packets.filter(({ payload }) => payload[3] === 67 && payload[1] === 68);
  expect(ours).toHaveLength(3);
  for (const { payload } of ours) {
    expect([...payload.subarray(8 + 236, 8 + 242)]).toEqual([99, 130, 83, 99, 53, 1]);
  }
});

test("3.1-1 a request has the seconds of its discovery, also when it is repeated", async () => {
  const { server, internet, start, pass } = dhcpWorld();
  server.answers = {};
  start();
  await pass(10);
  server.answers = { discover: "offer" };
  await pass(30);
  const discoveries = server.heard.filter(({ kind }) => kind === "discover");
  const requests = server.heard.filter(({ kind }) => kind === "request");
  expect(requests.length).toBeGreaterThan(1);
  const secs = discoveries.at(-1)?.packet.secs;
  expect(secs).toBeGreaterThan(2);
  expect(new Set(requests.map(({ packet }) => packet.secs))).toEqual(new Set([secs]));
  expect(internet.packets.at(-1)?.to).toBe("255.255.255.255");
});

test("3.1-2 an address that somebody has is declined, and the next taken", async () => {
  const { server, ip, ipv4, start, pass } = dhcpWorld();
  ipv4.taken.add("10.0.0.50");
  server.addresses = [address, Uint8Array.of(10, 0, 0, 51)];
  start();
  await pass(20);
  expect(server.kinds).toEqual(["discover", "request", "decline", "discover", "request"]);
  expect(ip.addresses).toEqual(["10.0.0.51/24"]);
});

test("3.1-3 ten seconds pass between declining and the next discovery", async () => {
  const { server, ipv4, start, pass } = dhcpWorld();
  ipv4.taken.add("10.0.0.50");
  start();
  await pass(15);
  const [, , declined, next] = server.heard;
  expect(declined?.kind).toBe("decline");
  expect((next?.atMs ?? 0) - (declined?.atMs ?? 0)).toBeGreaterThanOrEqual(10_000);
});

test("3.1-4 after a refusal there is a new discovery", async () => {
  const { server, start, pass } = dhcpWorld();
  server.answers = { discover: "offer", request: "nak" };
  start();
  await pass(1);
  expect(server.kinds.slice(0, 3)).toEqual(["discover", "request", "discover"]);
});

test("3.1-6 a release names the address and the server", async () => {
  const { server, client, pass } = await bound();
  await client[Symbol.asyncDispose]();
  await pass(1);
  const release = server.heard.at(-1);
  expect(release?.kind).toBe("release");
  expect(release?.packet.ciaddr).toEqual(address);
  expect(release?.packet.options.get(option.serverId)).toEqual(server.identity);
  expect(release?.packet.options.has(option.requestedAddress)).toBe(false);
});

test("4.1-1 a client without an address broadcasts from none, to port 67", async () => {
  const { internet } = await bound();
  const ours = internet.packets.filter(({ payload }) => payload[3] === 67);
  expect(ours.map(({ from, to, payload }) => [from, to, payload[1]])).toEqual([
    ["0.0.0.0", "255.255.255.255", 68],
    ["0.0.0.0", "255.255.255.255", 68],
  ]);
});

test("4.1-3 each transaction has another number, which its request keeps", async () => {
  const { server, start, pass } = dhcpWorld();
  server.answers = { discover: "offer", request: "nak" };
  start();
  await pass(30);
  const discoveries = server.heard.filter(({ kind }) => kind === "discover");
  const numbers = new Set(discoveries.map(({ packet }) => packet.xid));
  expect(numbers.size).toBe(discoveries.length);
  for (const { packet, kind } of server.heard) {
    if (kind === "request") expect(numbers.has(packet.xid)).toBe(true);
  }
});

test("4.1-5 the client's identifier is the same in all messages", async () => {
  const { server, client, pass } = await bound();
  await pass(1800);
  await client[Symbol.asyncDispose]();
  await pass(1);
  expect(server.kinds).toEqual(["discover", "request", "request", "release"]);
  const identifiers = server.heard.map(({ packet }) => packet.options.get(option.clientId)?.join());
  expect(new Set(identifiers)).toEqual(new Set(["1,2,0,0,0,0,9"]));
});

test("4.1-6 the broadcast flag is set while there is no address", async () => {
  const { server, pass } = await bound();
  await pass(1800);
  expect(server.heard.map(({ packet }) => packet.flags)).toEqual([0x8000, 0x8000, 0]);
});

test("4.3.2-1 a request while selecting names server and address", async () => {
  const { server } = await bound();
  const request = server.heard[1]?.packet;
  expect(request?.options.get(option.serverId)).toEqual(server.identity);
  expect(request?.options.get(option.requestedAddress)).toEqual(address);
  expect(request?.ciaddr).toEqual(none);
});

test("4.3.2-2 a request while rebooting names the address alone", async () => {
  const { server, start, pass } = dhcpWorld();
  start({ previousAddress: address });
  await pass(1);
  const request = server.heard[0]?.packet;
  expect(request?.options.has(option.serverId)).toBe(false);
  expect(request?.options.get(option.requestedAddress)).toEqual(address);
  expect(request?.ciaddr).toEqual(none);
});

test("4.3.2-3 a request while renewing has our address, and goes to the server", async () => {
  const { server, internet, pass } = await bound();
  await pass(1800);
  const request = server.heard[2]?.packet;
  expect(request?.options.has(option.serverId)).toBe(false);
  expect(request?.options.has(option.requestedAddress)).toBe(false);
  expect(request?.ciaddr).toEqual(address);
  const renewals = internet.packets.filter(({ from }) => from === "10.0.0.50");
  expect(renewals.map(({ to }) => to)).toEqual(["10.0.0.1"]);
});

test("4.3.2-4 a request while rebinding is broadcast", async () => {
  const { server, internet, pass } = await bound();
  server.answers = {};
  await pass(3200);
  expect(server.heard.at(-1)?.packet.ciaddr).toEqual(address);
  expect(server.heard.at(-1)?.packet.options.has(option.serverId)).toBe(false);
  expect(internet.packets.at(-1)).toMatchObject({ from: "10.0.0.50", to: "255.255.255.255" });
});

test("4.3.6-1 discovery and request ask for the same parameters", async () => {
  const { server } = await bound();
  const lists = server.heard.map(({ packet }) => packet.options.get(option.parameterList));
  expect(lists[0]?.length).toBeGreaterThan(3);
  expect(lists[1]).toEqual(lists[0]);
});

test("4.4-1 decline and release have no seconds, no flags and no list", async () => {
  const { server, ipv4, client, start, pass } = await bound();
  await client[Symbol.asyncDispose]();
  ipv4.taken.add("10.0.0.50");
  start();
  await pass(5);
  const statements = server.heard.filter(({ kind }) => kind === "decline" || kind === "release");
  expect(statements.map(({ kind }) => kind)).toEqual(["release", "decline"]);
  for (const { packet } of statements) {
    expect(packet).toMatchObject({ secs: 0, flags: 0 });
    expect(packet.options.has(option.parameterList)).toBe(false);
  }
});

test("4.4.1-3 an address is used when IP has checked that nobody has it", async () => {
  const { ipv4, start, pass } = dhcpWorld();
  ipv4.taken.add("10.0.0.50");
  const client = start();
  await pass(5);
  expect(client.lease).toBeUndefined();
});

test("4.4.5-1 renewing begins at half the lease, rebinding at seven eighths", async () => {
  const { server, client, pass } = await bound();
  server.answers = {};
  await pass(1798);
  expect(client.state).toBe("bound");
  await pass(2);
  expect(client.state).toBe("renewing");
  await pass(3150 - 1802);
  expect(client.state).toBe("renewing");
  await pass(2);
  expect(client.state).toBe("rebinding");
});

test("4.4.5-2 renewals are repeated after half the time that is left, or a minute", async () => {
  const { server, pass } = await bound();
  server.answers = {};
  await pass(3100);
  const times = server.heard.slice(2).map(({ atMs }) => atMs / 1000);
  const gaps = times.slice(1).map((time, index) => Math.round(time - (times[index] ?? 0)));
  expect(gaps).toEqual([675, 338, 169, 84]);
});

test("4.4.5-3 an address is not used after its lease", async () => {
  const { server, ip, client, pass } = await bound();
  server.answers = {};
  await pass(3598);
  expect(ip.addresses).toEqual(["10.0.0.50/24"]);
  await pass(2);
  expect(ip.addresses).toEqual([]);
  expect(client.lease).toBeUndefined();
});

test("4.4.6-1 a release goes to its server", async () => {
  const { internet, client } = await bound();
  await client[Symbol.asyncDispose]();
  expect(internet.packets.at(-1)).toMatchObject({ from: "10.0.0.50", to: "10.0.0.1" });
});

const serverId = [option.serverId, bytes("10.0.0.1")] as const;
const asks = (address: Uint8Array): readonly [number, Uint8Array] => [
  option.requestedAddress,
  address,
];

/** An offer and a grant to a client that says more than it must, and a refusal. */
async function answers(): Promise<Readonly<Record<"offer" | "ack" | "nak", Said>>> {
  const heard: Said[] = [];
  await inWorld(async (world) => {
    await world.serve();
    const more = [
      [option.parameterList, Uint8Array.of(3, 1, 50, 55, 57)],
      [57, Uint8Array.of(2, 64)],
      [option.leaseTime, Uint8Array.of(0, 0, 1, 0)],
    ] as const;
    const saying = { flags: 0x8000, xid: 77 };
    heard.push(...(await world.say("discover", { ...saying, options: more })));
    const address = asks(heard[0]?.packet.yiaddr ?? none);
    heard.push(
      ...(await world.say("request", { ...saying, options: [serverId, address, ...more] })),
    );
    const wrong = asks(bytes("10.0.0.1"));
    heard.push(...(await world.say("request", { ...saying, options: [serverId, wrong, ...more] })));
  });
  const [offer, ack, nak] = heard;
  if (offer === undefined || ack === undefined || nak === undefined) throw new Error("Too few");
  return { offer, ack, nak };
}

test("server-4.1-2 a grant to a client that has its address goes there", () =>
  inWorld(async (world) => {
    const server = await world.serve({ isAuthoritative: true });
    const host = await world.stack({
      ipv4: { address: { address: bytes("10.0.0.100"), length: 24 } },
    });
    await host.configured();
    world.tell("request", { ciaddr: "10.0.0.100", flags: 0x8000 });
    await world.pass(1);
    expect(world.said.at(-1)).toMatchObject({ kind: "ack", address: "10.0.0.100", port: 68 });
    expect(server.counters["unsent"]).toBe(0);
  }));

test("server-4.1-5 a refusal goes to everyone, whatever its client asks", () =>
  inWorld(async (world) => {
    await world.serve();
    const [nak] = await world.say("request", { options: [asks(bytes("172.16.0.1"))] });
    expect(nak).toMatchObject({ kind: "nak", address: "255.255.255.255", port: 68 });
  }));

test("server-4.3.1-2 a lease is as long as the client wishes, and never longer than allowed", () =>
  inWorld(async (world) => {
    await world.serve({ subnets: [{ ...subnet, leaseSeconds: 600 }] });
    const given: (number | undefined)[] = [];
    for (const seconds of [300, 900, 0xffff_ffff]) {
      const wish = [option.leaseTime, new Uint8Array(4)] as const;
      new DataView(wish[1].buffer).setUint32(0, seconds);
      const [offer] = await world.say("discover", { options: [wish] });
      const time = offer?.packet.options.get(option.leaseTime);
      given.push(time === undefined ? undefined : ((time[2] ?? 0) << 8) | (time[3] ?? 0));
    }
    expect(given).toEqual([300, 600, 600]);
  }));

test("server-4.3.1-3 offers and grants say their kind, the server and the time; refusals no time", async () => {
  const { offer, ack, nak } = await answers();
  for (const { packet } of [offer, ack]) {
    expect([...packet.options.keys()].slice(0, 3)).toEqual([53, 54, 51]);
    expect(packet.options.get(option.serverId)).toEqual(bytes("10.0.0.1"));
  }
  expect([...nak.packet.options.keys()]).toEqual([53, 54, 56]);
});

test("server-4.3.1-4 answers have the transaction, the flags and the address of their client", async () => {
  const { offer, ack, nak } = await answers();
  for (const { packet } of [offer, ack, nak]) {
    const chaddr = Uint8Array.of(2, 0, 0, 0, 0, 9);
    expect(packet).toMatchObject({ op: 2, xid: 77, secs: 0, flags: 0x8000, ciaddr: none, chaddr });
  }
  expect(ack.packet.yiaddr).toEqual(offer.packet.yiaddr);
  expect(nak.packet.yiaddr).toEqual(none);
});

test("server-4.3.1-5 no answer has what only a client sends, though it is asked for", async () => {
  for (const { packet } of Object.values(await answers())) {
    for (const number of [50, 55, 57]) expect(packet.options.has(number)).toBe(false);
  }
});

test("server-4.3.1-7 a mask comes before routers, though it is asked for after them", async () => {
  const { offer } = await answers();
  const numbers = [...offer.packet.options.keys()];
  expect(numbers.indexOf(option.subnetMask)).toBeLessThan(numbers.indexOf(option.routers));
  expect(numbers.indexOf(option.subnetMask)).toBeGreaterThan(0);
});
