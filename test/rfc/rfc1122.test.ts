/** RFC 1122, Requirements for Internet Hosts: links, IP, ICMP and UDP. */

import { expect, test } from "vitest";
import type { Datagram, IcmpReport, ReceivedPacket } from "../../src/devices/index.ts";
import { broadcast } from "../../src/net/ethernet/packet.ts";
import { headerOptions, sourceRoute } from "../../src/net/ipv4/header-options.ts";
import { address, icmpOf, ipv4Of, udpOf, world, type World } from "./world.ts";

const protocol = 253;
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** Sends `sizeBytes` sevens. */
function send(
  { host }: World,
  to: string,
  sizeBytes = 8,
  options: Parameters<World["host"]["ip"]["write"]>[4] = {},
): void {
  host.ip.write(address(to), protocol, sizeBytes, (into) => into.fill(7).length, options);
}

/** Everything of a protocol that the host receives, copied. */
function received({ host }: World, protocol: number): ReceivedPacket[] {
  const packets: ReceivedPacket[] = [];
  host.ip.listen(protocol, (packet) => {
    const { payload, source, destination } = packet;
    packets.push({
      ...packet,
      payload: payload.slice(),
      source: source.slice(),
      destination: destination.slice(),
    });
  });
  return packets;
}

function reportsTo({ host }: World): IcmpReport[] {
  const reports: IcmpReport[] = [];
  host.icmp.onReport((report) => reports.push({ ...report, packet: report.packet.slice() }));
  return reports;
}

/** Says that the frame of each hears nothing in answer, and what it counts. */
async function expectSilence(world: World): Promise<void> {
  await world.pass();
  expect(world.peer.packets).toEqual([]);
  expect(world.peer.arps).toEqual([]);
}

test("2.3.2.1-1 an ARP entry is asked for again, and forgotten without an answer", async () => {
  const all = await world();
  send(all, "10.0.0.1");
  await all.pass();
  all.peer.answersFor.clear();
  await all.pass(30_000);
  send(all, "10.0.0.1");
  await all.pass(40_000);
  all.peer.forget();
  send(all, "10.0.0.1");
  await all.pass(5000);
  expect(all.peer.packets).toEqual([]);
  expect(all.host.ip.counters["unresolved"]).toBe(1);
});

test("2.3.2.1-2 requests for one address are a second apart", async () => {
  const all = await world();
  all.peer.answersFor.clear();
  for (let count = 0; count < 100; count += 1) {
    send(all, "10.0.0.1");
    await all.pass(25);
  }
  const times = all.peer.arps.map(({ atMs }) => atMs);
  expect(times).toHaveLength(3);
  for (const [index, time] of times.slice(1).entries()) {
    expect(time - (times[index] ?? 0)).toBeGreaterThan(999);
  }
});

test("2.3.2.1-3 the times of the ARP cache are options", async () => {
  const { connect } = await import("../../src/net/arp/arp.ts");
  const { connect: connectEthernet } = await import("../../src/net/ethernet/ethernet.ts");
  const { simulation, peer, pass } = await world();
  const network = peer.network;
  const arp = connect({
    ethernet: connectEthernet({ network }),
    clock: simulation.clock,
    random: simulation.random("arp"),
    cache: { reachableMs: 1000, idleMs: 2000 },
  });
  const asked: unknown[] = [];
  arp.query(address("10.0.0.2"), (mac) => asked.push(mac?.length));
  await pass(3000);
  arp.query(address("10.0.0.2"), (mac) => asked.push(mac?.length));
  expect(asked).toEqual([6]);
  await pass();
  expect(arp.counters["packetsOut"]).toBe(2);
});

test("2.3.2.2-1 packets that wait for ARP are sent when it answers", async () => {
  const all = await world();
  send(all, "10.0.0.1", 8);
  send(all, "10.0.0.1", 16);
  await all.pass();
  expect(all.peer.packets.map(({ payload }) => payload.length)).toEqual([8, 16]);
});

test("2.3.3-1 IP is sent with the EtherType 0x0800 behind the addresses", async () => {
  const all = await world();
  send(all, "10.0.0.1");
  await all.pass();
  expect(all.peer.packets).toHaveLength(1);
  expect(all.peer.packets[0]?.to).toEqual(all.peer.mac);
});

test("2.4-1 a packet for one in a frame for all is not taken", async () => {
  const all = await world();
  const heard = received(all, protocol);
  all.peer.sendIpv4({ to: broadcast }, bytes(1));
  await all.pass();
  expect(heard).toEqual([]);
  expect(all.host.ip.counters["notForUs"]).toBe(1);
});

test("2.5-1 what has no ARP entry waits, and is not reported at once", async () => {
  const all = await world();
  const reports = reportsTo(all);
  all.peer.answersFor.clear();
  send(all, "10.0.0.1");
  await all.pass(2000);
  expect(reports).toEqual([]);
});

test("3.1-1 the host speaks IP and ICMP", async () => {
  const { peer, pass } = await world();
  peer.sendIcmp({});
  await pass();
  expect(peer.icmp.map(({ type }) => type)).toEqual([0]);
});

test("3.1-2 a stack tries all addresses of a name", async () => {
  const { connectByName } = await import("../../src/net/happy-eyeballs.ts");
  const { simulation, host } = await world();
  const tried: string[] = [];
  const attempt = connectByName(
    {
      clock: simulation.clock,
      resolver: {
        counters: {},
        resolve: async (_name, { family } = {}) => (family === 4 ? ["10.0.0.8", "10.0.0.9"] : []),
        records: async () => [],
        [Symbol.asyncDispose]: async () => {},
      },
      tcp: {
        counters: {},
        connect: async ({ address }) => {
          tried.push(address);
          throw new Error(address);
        },
        listen: () => expect.unreachable("it only connects"),
        [Symbol.asyncDispose]: async () => {},
      },
    },
    "host.example",
    7,
  );
  await expect(simulation.run(() => attempt)).rejects.toThrow("10.0.0.9");
  expect(tried).toEqual(["10.0.0.8", "10.0.0.9"]);
  expect(host.ip.addresses).toEqual(["10.0.0.2/24"]);
});

test("3.1-4 a packet for another host is not forwarded", async () => {
  const all = await world();
  all.peer.sendIpv4({ destination: "192.0.2.1" }, bytes(1));
  await expectSilence(all);
  expect(all.host.ip.counters["notForUs"]).toBe(1);
});

test("3.1-5 what is discarded is counted by kind", async () => {
  const { peer, host, pass } = await world();
  peer.sendIpv4({}, bytes(1), (packet) => void (packet[0] = 0x55));
  peer.sendIpv4({}, bytes(1), (packet) => void (packet[10] = 0));
  peer.sendIpv4({ destination: "10.0.0.3" }, bytes(1));
  peer.sendIpv4({ source: "127.0.0.1" }, bytes(1));
  await pass();
  const { malformed, badChecksum, notForUs, badSource } = host.ip.counters;
  expect([malformed, badChecksum, notForUs, badSource]).toEqual([1, 1, 1, 1]);
});

test("3.2.1.1-1 another version is discarded in silence", async () => {
  const all = await world();
  const heard = received(all, protocol);
  for (const version of [0, 5, 6, 15]) {
    all.peer.sendIpv4({}, bytes(1), (packet) => void (packet[0] = (version << 4) | 5));
  }
  await expectSilence(all);
  expect(heard).toEqual([]);
});

test("3.2.1.2-1 a wrong header checksum is discarded in silence", async () => {
  const all = await world();
  const heard = received(all, protocol);
  for (let at = 0; at < 20; at += 1) {
    all.peer.sendIpv4({}, bytes(1), (packet) => void (packet[at] = (packet[at] ?? 0) ^ 1));
  }
  await expectSilence(all);
  expect(heard).toEqual([]);
});

test("3.2.1.3-1 subnets of any length are told apart", async () => {
  const all = await world();
  const { ip } = all.host;
  const own = { address: address("172.16.5.130"), prefixLength: 25, isFixed: true };
  await ip.configure(own);
  expect(ip.sourceFor(address("172.16.5.200"))?.join(".")).toBe("172.16.5.130");
  expect(ip.sourceFor(address("172.16.5.100"))?.join(".")).toBe("10.0.0.2");
});

test("3.2.1.3-2 write() refuses an address that is another's", async () => {
  const all = await world();
  expect(() => send(all, "10.0.0.1", 8, { source: address("10.0.0.3") })).toThrow("no route");
  await expectSilence(all);
});

test("3.2.1.3-3 a packet to another host is discarded in silence", async () => {
  const all = await world();
  const heard = received(all, protocol);
  for (const destination of ["10.0.0.3", "10.0.1.2", "224.0.0.9", "127.0.0.1", "0.0.0.0"]) {
    all.peer.sendIpv4({ destination }, bytes(1));
  }
  await expectSilence(all);
  expect(heard).toEqual([]);
});

const impossibleSources = [
  "10.0.0.255",
  "255.255.255.255",
  "224.0.0.1",
  "127.0.0.1",
  "240.0.0.1",
  "0.0.0.1",
  "10.0.0.2",
];

test("3.2.1.3-4 a packet from no single host is discarded in silence", async () => {
  const all = await world();
  const heard = received(all, protocol);
  for (const source of impossibleSources) all.peer.sendIpv4({ source }, bytes(1));
  await expectSilence(all);
  expect(heard).toEqual([]);
  expect(all.host.ip.counters["badSource"]).toBe(impossibleSources.length);
});

test("3.2.1.3-5 write() does not send from a broadcast address", async () => {
  const all = await world();
  for (const source of ["10.0.0.255", "255.255.255.255", "224.0.0.1"]) {
    expect(() => send(all, "10.0.0.1", 8, { source: address(source) })).toThrow("no route");
  }
  await expectSilence(all);
});

test("3.2.1.4-1 fragments become one packet, in any order", async () => {
  const all = await world();
  const heard = received(all, protocol);
  const payload = Uint8Array.from({ length: 24 }, (_, index) => index);
  for (const start of [16, 0, 8]) {
    const fields = { identification: 9, fragmentOffset: start, moreFragments: start < 16 };
    all.peer.sendIpv4(fields, payload.subarray(start, start + 8));
  }
  await all.pass();
  expect(heard.map((packet) => packet.payload)).toEqual([payload]);
});

test("3.2.1.6-1 the transport sets the type of service", async () => {
  const all = await world();
  send(all, "10.0.0.1", 8, { trafficClass: 0xb9 });
  await all.pass();
  expect(all.peer.packets[0]?.trafficClass).toBe(0xb9);
});

test("3.2.1.6-2 the transport sees the type of service", async () => {
  const all = await world();
  const heard = received(all, protocol);
  all.peer.sendIpv4({ trafficClass: 0x2e }, bytes(1));
  await all.pass();
  expect(heard[0]?.trafficClass).toBe(0x2e);
});

test("3.2.1.6-3 the type of service changes nothing of the frame", async () => {
  const all = await world();
  send(all, "10.0.0.1", 8, { trafficClass: 0 });
  send(all, "10.0.0.1", 8, { trafficClass: 0xff });
  await all.pass();
  expect(all.peer.packets.map(({ to }) => to)).toEqual([all.peer.mac, all.peer.mac]);
});

test("3.2.1.7-1 write() refuses a time to live of 0", async () => {
  const all = await world();
  for (const timeToLive of [0, 256, -1]) {
    expect(() => send(all, "10.0.0.1", 8, { timeToLive })).toThrow(RangeError);
  }
  await expectSilence(all);
});

test("3.2.1.7-2 a packet with a time to live of 0 or 1 is taken", async () => {
  const all = await world();
  const heard = received(all, protocol);
  all.peer.sendIpv4({ timeToLive: 0 }, bytes(1));
  all.peer.sendIpv4({ timeToLive: 1 }, bytes(1));
  await all.pass();
  expect(heard.map(({ timeToLive }) => timeToLive)).toEqual([0, 1]);
});

test("3.2.1.7-3 the transport sets the time to live", async () => {
  const all = await world();
  send(all, "10.0.0.1", 8, { timeToLive: 3 });
  send(all, "10.0.0.1");
  await all.pass();
  expect(all.peer.packets.map(({ timeToLive }) => timeToLive)).toEqual([3, 64]);
});

test("3.2.1.7-4 the time to live of packets that say nothing else is an option", async () => {
  const all = await world(true, { timeToLive: 31 });
  send(all, "10.0.0.1", 8, { timeToLive: 3 });
  send(all, "10.0.0.1");
  all.host.udp.bind(500).send(bytes(1), { address: "10.0.0.1", port: 9 });
  await all.pass();
  expect(all.peer.packets.map(({ timeToLive }) => timeToLive)).toEqual([3, 31, 31]);
});

/** A host that does something with options. */
const withOptions = (): Promise<World> => world(true, { headerOptions });

const recordRoute = bytes(7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0);

test("3.2.1.8-1 the transport sends options, which are whole words", async () => {
  const all = await withOptions();
  send(all, "10.0.0.1", 8, { ipOptions: recordRoute });
  await all.pass();
  expect(all.peer.packets[0]).toMatchObject({ options: recordRoute, payload: { length: 8 } });
  for (const length of [3, 44]) {
    const ipOptions = new Uint8Array(length);
    expect(() => send(all, "10.0.0.1", 8, { ipOptions })).toThrow(RangeError);
  }
});

test("3.2.1.8-2 all options that were received are passed up", async () => {
  const all = await world();
  const heard: unknown[] = [];
  all.host.ip.listen(protocol, ({ ipOptions }) => heard.push(ipOptions?.slice()));
  const options = bytes(0x5e, 5, 1, 2, 3, 1, 0xde, 3, 9, 0, 0, 0);
  all.peer.sendIpv4({ options }, bytes(1));
  all.peer.sendIpv4({}, bytes(1));
  await all.pass();
  expect(heard).toEqual([options, undefined]);
});

test("3.2.1.8-3 unknown options are passed over", async () => {
  const all = await world();
  const heard = received(all, protocol);
  // An unknown option of 5 bytes, no operation, another, and the end.
  all.peer.sendIpv4({ options: bytes(0x5e, 5, 1, 2, 3, 1, 0xde, 3, 9, 0, 0, 0) }, bytes(1, 2));
  await all.pass();
  expect(heard.map(({ payload }) => payload)).toEqual([bytes(1, 2)]);
});

test("3.2.1.8b-1 the stream identifier is passed over", async () => {
  const all = await world();
  const heard = received(all, protocol);
  all.peer.sendIpv4({ options: bytes(136, 4, 0, 7) }, bytes(1));
  await all.pass();
  expect(heard).toHaveLength(1);
});

test("3.2.1.8b-2 packets have no options", async () => {
  const all = await world();
  send(all, "10.0.0.1");
  await all.pass();
  expect(all.peer.packets[0]?.headerBytes).toBe(20);
});

/** A source route, loose unless it is 137, at its end or not, through these hosts. */
function route(kind: number, isAtEnd: boolean, ...hosts: readonly string[]): Uint8Array {
  const length = 3 + 4 * hosts.length;
  const option = new Uint8Array(length + 1);
  option.set([kind, length, isAtEnd ? length + 1 : 4]);
  for (const [index, host] of hosts.entries()) option.set(address(host), 3 + 4 * index);
  return option;
}

test("3.2.1.8c-1 a packet with a source route goes to its first gateway", async () => {
  const all = await withOptions();
  const gateways = [address("10.0.0.1"), address("198.51.100.1")];
  send(all, "192.0.2.9", 8, { ipOptions: sourceRoute(gateways) });
  send(all, "192.0.2.9", 8, { ipOptions: sourceRoute(gateways, true) });
  await all.pass();
  expect(all.peer.packets.map(({ destination }) => destination)).toEqual(["10.0.0.1", "10.0.0.1"]);
  expect(asked(all)).toEqual(["10.0.0.1"]);
  expect(all.peer.packets.map(({ options }) => options)).toEqual([
    route(131, false, "198.51.100.1", "192.0.2.9"),
    route(137, false, "198.51.100.1", "192.0.2.9"),
  ]);
});

test("3.2.1.8c-2 a packet is passed up at the end of its source route, and not before", async () => {
  const all = await withOptions();
  const heard = received(all, protocol);
  all.peer.sendIpv4({ options: route(131, true, "198.51.100.1") }, bytes(1));
  all.peer.sendIpv4({ options: route(137, true, "198.51.100.1") }, bytes(2));
  all.peer.sendIpv4({ options: route(131, false, "198.51.100.1") }, bytes(3));
  const two = bytes(...route(131, true, "10.0.0.1"), ...route(137, true, "10.0.0.1"));
  two[7] = 1;
  all.peer.sendIpv4({ options: two }, bytes(4));
  await all.pass();
  expect(heard.map(({ payload }) => payload[0])).toEqual([1, 2]);
  expect(all.host.ip.counters["sourceRouted"]).toBe(2);
});

test("3.2.1.8c-2 a host that was not told to takes no source route", async () => {
  const all = await world();
  const heard = received(all, protocol);
  all.peer.sendIpv4({ options: route(131, true, "198.51.100.1") }, bytes(1));
  await all.pass();
  expect(heard).toEqual([]);
  expect(all.host.ip.counters["sourceRouted"]).toBe(1);
});

test("3.2.1.8c-3 the return route has its source once, whatever was recorded", async () => {
  const all = await withOptions();
  const options = route(131, true, "10.0.0.1", "198.51.100.1", "10.0.0.254");
  all.peer.sendIcmp({ type: 8 }, { options });
  await all.pass();
  expect(all.peer.packets[0]).toMatchObject({
    destination: "10.0.0.254",
    options: route(131, false, "198.51.100.1", "10.0.0.1"),
  });
});

test("3.2.1.8c-4 two source routes are not sent", async () => {
  const all = await withOptions();
  const ipOptions = bytes(...route(131, false, "10.0.0.1"), ...route(137, false, "10.0.0.1"));
  ipOptions[7] = 1;
  expect(() => send(all, "192.0.2.1", 8, { ipOptions })).toThrow(RangeError);
  await expectSilence(all);
});

test("3.2.2-1 an ICMP message of an unknown type is discarded in silence", async () => {
  const all = await world();
  const reports = reportsTo(all);
  for (const type of [1, 2, 7, 19, 44, 200, 255]) all.peer.sendIcmp({ type });
  await expectSilence(all);
  expect(reports).toEqual([]);
});

test("3.2.2-2 an error quotes what came, byte for byte", async () => {
  const all = await world();
  const fields = { identification: 0x1234, timeToLive: 9, trafficClass: 0x20, dontFragment: true };
  const packet = ipv4Of(fields, bytes(9, 8, 7, 6, 5, 4, 3, 2, 1));
  all.peer.send(all.host.mac, 0x0800, packet);
  await all.pass();
  expect(all.peer.icmp[0]).toMatchObject({ type: 3, code: 2 });
  expect(all.peer.icmp[0]?.body).toEqual(packet);
});

/** A datagram of ours from port 5000 to port 7 of a far host, as an error quotes it. */
function quotedDatagram(): Uint8Array {
  const ends = ["10.0.0.2", "192.0.2.9"] as const;
  return ipv4Of(
    { source: ends[0], destination: ends[1], protocol: 17 },
    udpOf(ends, [5000, 7], bytes(1)),
  );
}

test("3.2.2-3 an error reaches the socket that it is about", async () => {
  const { host, peer, pass } = await world();
  const socket = host.udp.bind(5000);
  const other = host.udp.bind(5001);
  socket.send(bytes(1), { address: "192.0.2.9", port: 7 });
  const receiving = socket.receive().catch((error: { code: string }) => error.code);
  peer.sendIcmp({ type: 3, code: 3, parameter: 0, body: quotedDatagram() });
  await pass();
  expect(await receiving).toBe("refused");
  expect(other.counters["datagramsIn"]).toBe(0);
});

test("3.2.2-4 errors have a type of service of 0", async () => {
  const { peer, pass } = await world();
  peer.sendUdp(9, bytes(1), { trafficClass: 0xff });
  await pass();
  expect(peer.icmp.map(({ packet }) => packet.trafficClass)).toEqual([0]);
});

test("3.2.2-5 an ICMP error about nothing of ours has no answer", async () => {
  const all = await world();
  const quoted = ipv4Of({ source: "10.0.0.2", destination: "10.0.0.1", protocol: 99 }, bytes(1));
  for (const type of [3, 4, 5, 11, 12]) all.peer.sendIcmp({ type, parameter: 0, body: quoted });
  all.host.icmp.report(ipv4Of({ protocol: 1 }, icmpOf({ type: 3 })), 3, 2);
  await expectSilence(all);
});

test("3.2.2-6 a datagram to many is not reported", async () => {
  const all = await world();
  for (const destination of ["255.255.255.255", "10.0.0.255", "224.0.0.1"]) {
    all.peer.sendUdp(9, bytes(1), { destination, to: broadcast });
    all.peer.sendIpv4({ destination, to: broadcast, protocol: 99 }, bytes(1));
  }
  await expectSilence(all);
  expect(all.host.ip.counters["packetsIn"]).toBe(6);
});

test("3.2.2-7 a datagram in a link-layer broadcast is not reported", async () => {
  const all = await world();
  all.peer.sendUdp(9, bytes(1), { to: broadcast });
  await expectSilence(all);
});

test("3.2.2-8 a later fragment is not reported", async () => {
  const all = await world();
  all.peer.sendIpv4({ fragmentOffset: 8, moreFragments: true }, new Uint8Array(8));
  await all.pass(130_000);
  all.host.icmp.report(ipv4Of({ fragmentOffset: 8 }, bytes(1)), 3, 2);
  await expectSilence(all);
});

test("3.2.2-9 a datagram from no single host is not reported", async () => {
  const all = await world();
  for (const source of [...impossibleSources, "0.0.0.0"]) {
    all.peer.sendUdp(9, bytes(1), { source });
  }
  for (const source of ["255.255.255.255", "224.0.0.1", "0.0.0.0", "240.0.0.1"]) {
    all.host.icmp.report(ipv4Of({ source }, bytes(1)), 3, 2);
  }
  await expectSilence(all);
});

test("3.2.2.1-1 protocols and ports where nobody is are reported", async () => {
  const { peer, pass } = await world();
  peer.sendIpv4({ protocol: 99 }, bytes(1));
  peer.sendUdp(9);
  await pass();
  expect(peer.reports).toEqual([
    [3, 2],
    [3, 3],
  ]);
});

test.each([0, 1, 2, 3, 4, 5, 6, 12, 13])(
  "3.2.2.1-2 destination unreachable with code %d is passed up",
  async (code) => {
    const all = await world();
    const reports = reportsTo(all);
    all.peer.sendIcmp({ type: 3, code, parameter: 0, body: quotedDatagram() });
    await all.pass();
    expect(reports.map((report) => [report.type, report.code])).toEqual([[3, code]]);
  },
);

test("3.2.2.1-3 after destination unreachable, packets are still sent", async () => {
  const all = await world();
  all.peer.sendIcmp({ type: 3, code: 1, parameter: 0, body: quotedDatagram() });
  await all.pass();
  send(all, "192.0.2.9");
  await all.pass();
  expect(all.peer.packets.map(({ destination }) => destination)).toEqual(["192.0.2.9"]);
});

test("3.2.2.2-1 no redirect is sent", async () => {
  const all = await world();
  all.peer.sendIpv4({ destination: "10.0.0.1", source: "10.0.0.7" }, bytes(1));
  await expectSilence(all);
});

const asked = ({ peer }: World): string[] =>
  peer.arps.map(({ targetAddress }) => targetAddress.join("."));

/** Says, as a gateway, that 10.0.0.66 or another is a better one for 192.0.2.9. */
function redirect({ peer }: World, source: string, code = 1, parameter = 0x0a00_0042): void {
  peer.answersFor.add("10.0.0.66");
  peer.sendIcmp({ type: 5, code, parameter, body: quotedDatagram() }, { source });
}

test("3.2.2.2-2 a redirect from the gateway changes the way to a host, and to no other", async () => {
  const all = await world();
  redirect(all, "10.0.0.254");
  await all.pass();
  send(all, "192.0.2.9");
  send(all, "192.0.2.8");
  await all.pass();
  expect(asked(all)).toEqual(["10.0.0.66", "10.0.0.254"]);
  expect(all.host.ip.counters["redirects"]).toBe(1);
});

test("3.2.2.2-2 the old way is taken again where the new gateway is silent, or of no use", async () => {
  const all = await world();
  redirect(all, "10.0.0.254");
  await all.pass();
  all.peer.answersFor.delete("10.0.0.66");
  send(all, "192.0.2.9");
  await all.pass(5000);
  all.peer.forget();
  send(all, "192.0.2.9");
  await all.pass();
  expect(asked(all)).toEqual(["10.0.0.254"]);
  redirect(all, "10.0.0.254");
  await all.pass();
  all.host.ip.advise?.(address("192.0.2.9"), false);
  all.peer.forget();
  send(all, "192.0.2.9");
  await all.pass();
  expect(asked(all)).toEqual([]);
  expect(all.peer.packets).toHaveLength(1);
});

test("3.2.2.2-3 redirects for a network count for the host", async () => {
  for (const code of [0, 1, 2, 3]) {
    const all = await world();
    redirect(all, "10.0.0.254", code);
    await all.pass();
    send(all, "192.0.2.9");
    await all.pass();
    expect(asked(all)).toEqual(["10.0.0.66"]);
  }
});

test("3.2.2.2-4 a redirect of another than the gateway, or off the link, changes nothing", async () => {
  const all = await world();
  redirect(all, "10.0.0.1");
  redirect(all, "10.0.0.66");
  // To another network, to a broadcast address, and to ourselves.
  for (const gateway of [0xc000_0201, 0x0a00_00ff, 0x0a00_0002]) {
    redirect(all, "10.0.0.254", 1, gateway);
  }
  await all.pass();
  send(all, "192.0.2.9");
  await all.pass();
  expect(asked(all)).toEqual(["10.0.0.254"]);
  expect(all.host.ip.counters["redirects"]).toBe(0);
});

test("3.2.2.4-1 time exceeded is passed up", async () => {
  const all = await world();
  const reports = reportsTo(all);
  all.peer.sendIcmp({ type: 11, code: 0, parameter: 0, body: quotedDatagram() });
  await all.pass();
  expect(reports.map(({ type }) => type)).toEqual([11]);
});

test("3.2.2.5-1 an option whose length cannot be is reported, with where it is", async () => {
  const all = await withOptions();
  const heard = received(all, protocol);
  for (const options of [
    [7, 3, 4, 1, 7, 40, 4, 0],
    [1, 1, 7, 0],
    [1, 1, 1, 7],
    [136, 4, 0, 1, 99, 1, 0, 0],
  ]) {
    all.peer.sendIpv4({ options: bytes(...options) }, bytes(1));
  }
  all.peer.sendIpv4({ options: bytes(1, 99, 3, 7, 0, 99, 1, 0) }, bytes(2));
  await all.pass();
  expect(heard.map(({ payload }) => payload[0])).toEqual([2]);
  const reports = all.peer.icmp.map(({ type, code, parameter }) => [type, code, parameter >>> 24]);
  expect(reports).toEqual([
    [12, 0, 24],
    [12, 0, 22],
    [12, 0, 23],
    [12, 0, 24],
  ]);
  expect(all.host.ip.counters["malformed"]).toBe(4);
});

test("3.2.2.5-2 parameter problem is passed up, with its pointer", async () => {
  const all = await world();
  const reports = reportsTo(all);
  all.peer.sendIcmp({ type: 12, code: 0, parameter: 0x1400_0000, body: quotedDatagram() });
  await all.pass();
  expect(reports.map(({ parameter }) => parameter)).toEqual([0x1400_0000]);
});

test("3.2.2.6-1 an echo request is answered", async () => {
  const { peer, pass } = await world();
  peer.sendIcmp({ parameter: 0x1234_5678 });
  await pass();
  expect(peer.icmp).toMatchObject([{ type: 0, code: 0, parameter: 0x1234_5678 }]);
});

test("3.2.2.6-2 echo() sends a request", async () => {
  const { host, peer, pass } = await world();
  const echo = host.icmp.echo("10.0.0.1").catch((error: { code: string }) => error.code);
  await pass(2000);
  expect(peer.icmp.map(({ type }) => type)).toEqual([8]);
  expect(await echo).toBe("timed-out");
});

test("3.2.2.6-3 an echo reply comes from the address that was asked", async () => {
  const { host, peer, pass } = await world();
  await host.ip.configure({ address: address("10.0.0.77"), prefixLength: 24, isFixed: true });
  peer.sendIcmp({}, { destination: "10.0.0.77" });
  await pass();
  expect(peer.icmp.map(({ packet }) => packet.source)).toEqual(["10.0.0.77"]);
});

test.each([0, 1, 1472, 20_000])(
  "3.2.2.6-4 an echo reply has all %d bytes of the request",
  async (length) => {
    const { host, peer, pass } = await world();
    const body = Uint8Array.from({ length }, (_, index) => index % 251);
    const message = icmpOf({ body });
    for (let start = 0; start < message.length; start += 1480) {
      const part = message.subarray(start, start + 1480);
      const moreFragments = start + part.length < message.length;
      const fields = { protocol: 1, identification: 7, fragmentOffset: start, moreFragments };
      peer.sendIpv4(fields, part);
    }
    await pass();
    const parts = peer.packets.toSorted((a, b) => a.fragmentOffset - b.fragmentOffset);
    const reply = Buffer.concat(parts.map(({ payload }) => payload));
    expect(reply.subarray(8).equals(body)).toBe(true);
    expect(host.icmp.counters["echoesAnswered"]).toBe(1);
  },
);

test("3.2.2.6-6 an echo reply goes on with what was recorded", async () => {
  const { simulation, peer, pass } = await withOptions();
  // A route with room, a time with our address, and the time that we were asked for.
  const option = bytes(7, 11, 8, 10, 0, 0, 1, 0, 0, 0, 0, 1);
  const prespecified = bytes(68, 12, 5, 3, 10, 0, 0, 2, 0, 0, 0, 0);
  peer.sendIcmp({}, { options: bytes(...option, ...prespecified) });
  peer.sendIcmp({}, { options: bytes(68, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0) });
  // No room: the route stays as it is, and that the time is left out is counted.
  peer.sendIcmp({}, { options: bytes(7, 7, 8, 10, 0, 0, 1, 68, 8, 9, 0, 1, 2, 3, 4, 0) });
  await pass();
  const [first = bytes(), second = bytes(), third] = peer.packets.map(({ options }) => options);
  expect([...first.subarray(0, 19)]).toEqual([
    7, 11, 12, 10, 0, 0, 1, 10, 0, 0, 2, 68, 12, 13, 3, 10, 0, 0, 2,
  ]);
  const timeOf = (options: Uint8Array, at: number): number =>
    new DataView(options.buffer, options.byteOffset).getUint32(at);
  const nowMs = Math.floor(simulation.clock.wallMs()) % 86_400_000;
  expect(nowMs - timeOf(first, 19)).toBeLessThan(20);
  expect([...second.subarray(0, 8)]).toEqual([68, 12, 13, 1, 10, 0, 0, 2]);
  expect(nowMs - timeOf(second, 8)).toBeLessThan(20);
  expect(third).toEqual(bytes(7, 7, 8, 10, 0, 0, 1, 68, 8, 9, 0x10, 1, 2, 3, 4, 0));
});

test("3.2.2.6-7 an echo reply goes back by the source route", async () => {
  const all = await withOptions();
  const options = route(131, true, "198.51.100.1", "10.0.0.254");
  all.peer.sendIcmp({}, { source: "192.0.2.9", options });
  await all.pass();
  expect(all.peer.packets[0]).toMatchObject({
    destination: "10.0.0.254",
    options: route(131, false, "198.51.100.1", "192.0.2.9"),
  });
});

test("3.2.2.6-5 an echo reply reaches who asked", async () => {
  const { simulation, host, peer } = await world();
  const reply = await simulation.run(async () => {
    const echo = host.icmp.echo("10.0.0.1");
    await simulation.clock.sleep(5);
    const [request] = peer.icmp;
    peer.sendIcmp({ ...request, type: 0 });
    return echo;
  });
  expect(reply).toMatchObject({ address: "10.0.0.1", payloadBytes: 56 });
});

test("3.2.2.7-1 information requests and replies are ignored", async () => {
  const all = await world();
  all.peer.sendIcmp({ type: 15 });
  all.peer.sendIcmp({ type: 16 });
  await expectSilence(all);
});

test("3.2.2.9-1 the mask comes with the address, from a person or from DHCP", async () => {
  const { host } = await world();
  expect(host.ip.addresses).toEqual(["10.0.0.2/24"]);
});

test("3.2.2.9-2 a mask that was configured decides", async () => {
  const all = await world();
  send(all, "10.0.0.9");
  await all.pass();
  expect(all.peer.arps.map(({ targetAddress }) => targetAddress.join("."))).toEqual(["10.0.0.9"]);
});

test("3.2.2.9-5 an address mask request is not answered", async () => {
  const all = await world();
  all.peer.sendIcmp({ type: 17 });
  all.peer.sendIcmp({ type: 18, parameter: 0xffff_0000 });
  await expectSilence(all);
  expect(all.host.ip.addresses).toEqual(["10.0.0.2/24"]);
});

test("3.3.1.1-1 what shares the prefix is a neighbour, all else is not", async () => {
  const all = await world();
  for (const to of ["10.0.0.130", "10.0.1.2", "11.0.0.1"]) send(all, to);
  await all.pass();
  expect(all.peer.arps.map(({ targetAddress }) => targetAddress.join("."))).toEqual([
    "10.0.0.130",
    "10.0.0.254",
  ]);
});

test("3.3.1.1-2 a host without a gateway reaches its neighbours", async () => {
  const all = await world(false);
  await all.host.ip.configure({ address: address("10.0.0.2"), prefixLength: 24, isFixed: true });
  send(all, "10.0.0.1");
  await all.pass();
  expect(all.peer.packets).toHaveLength(1);
  expect(() => send(all, "192.0.2.1")).toThrow("no route");
});

test("3.3.1.2-1 the next hop of a destination is looked for once", async () => {
  const all = await world();
  for (let count = 0; count < 5; count += 1) {
    send(all, "192.0.2.1");
    await all.pass();
  }
  expect(all.peer.arps).toHaveLength(1);
  expect(all.peer.packets).toHaveLength(5);
});

test("3.3.1.2-2 what has no other route goes to the default gateway", async () => {
  const all = await world();
  send(all, "198.51.100.7");
  await all.pass();
  expect(all.peer.arps.map(({ targetAddress }) => targetAddress.join("."))).toEqual(["10.0.0.254"]);
  expect(all.peer.packets[0]?.to).toEqual(all.peer.mac);
});

/** Adds a second gateway, 10.0.0.253. */
async function twoGateways(): Promise<World> {
  const all = await world();
  all.peer.answersFor.add("10.0.0.253");
  all.host.ip.addRoute(address("0.0.0.0"), 0, address("10.0.0.253"));
  return all;
}

test("3.3.1.2-3 of several default gateways the first is used, while it answers", async () => {
  const all = await twoGateways();
  for (let minute = 0; minute < 3; minute += 1) {
    send(all, "192.0.2.1");
    await all.pass(60_000);
  }
  expect(new Set(asked(all))).toEqual(new Set(["10.0.0.254"]));
});

test("3.3.1.4-1 a gateway that has gone is noticed while it is used, and reported", async () => {
  const all = await world();
  const reports = reportsTo(all);
  send(all, "192.0.2.1");
  await all.pass();
  all.peer.answersFor.clear();
  for (let second = 0; second < 70; second += 1) {
    send(all, "192.0.2.1");
    await all.pass(1000);
  }
  expect(reports.length).toBeGreaterThan(0);
  expect(reports[0]).toMatchObject({ type: 3, code: 1 });
});

test("3.3.1.4-2 a gateway that moved to another station is found again", async () => {
  const all = await world();
  send(all, "192.0.2.1");
  await all.pass(61_000);
  send(all, "192.0.2.1");
  await all.pass(61_000);
  expect(all.peer.arps.length).toBeGreaterThan(1);
});

test("3.3.1.4-3 nobody is asked while nothing is sent", async () => {
  const all = await world();
  send(all, "192.0.2.1");
  await all.pass();
  all.peer.forget();
  await all.pass(3_600_000);
  expect(all.peer.arps).toEqual([]);
  expect(all.peer.packets).toEqual([]);
});

test("3.3.1.4-4 a gateway in use is asked, by unicast", async () => {
  const all = await world();
  send(all, "192.0.2.1");
  await all.pass(30_000);
  send(all, "192.0.2.1");
  all.peer.forget();
  await all.pass(31_000);
  expect(all.peer.arps.map(({ to }) => to)).toEqual([all.peer.mac]);
});

test("3.3.1.4-5 a gateway is not asked while a transport knows that it is there", async () => {
  const all = await world();
  for (let second = 0; second < 200; second += 1) {
    send(all, "192.0.2.1");
    if (second < 100) all.host.ip.advise?.(address("192.0.2.1"), true);
    await all.pass(1000);
    if (second === 99) expect(asked(all)).toEqual(["10.0.0.254"]);
  }
  expect(asked(all).length).toBeGreaterThan(1);
});

test("3.3.1.4-5 a gateway is asked when a transport knows of none", async () => {
  const all = await world();
  send(all, "192.0.2.1");
  await all.pass();
  all.peer.forget();
  all.host.ip.advise?.(address("192.0.2.1"), false);
  await all.pass();
  expect(asked(all)).toEqual(["10.0.0.254"]);
  expect(all.peer.arps[0]?.to).toEqual(all.peer.mac);
});

test("3.3.1.5-1 another gateway takes over from one that has failed, and back", async () => {
  const all = await twoGateways();
  all.peer.answersFor.delete("10.0.0.254");
  const seconds = async (count: number): Promise<void> => {
    for (let second = 0; second < count; second += 1) {
      send(all, "192.0.2.1");
      await all.pass(1000);
    }
    all.peer.forget();
    send(all, "192.0.2.1");
    await all.pass();
  };
  await seconds(5);
  expect(all.peer.packets).toHaveLength(1);
  all.peer.answersFor.delete("10.0.0.253");
  all.peer.answersFor.add("10.0.0.254");
  await seconds(70);
  expect(all.peer.packets).toHaveLength(1);
});

test("3.3.1.6-1 configure() takes address, prefix and gateway", async () => {
  const all = await world(false);
  await all.host.ip.configure({
    address: address("10.0.0.2"),
    prefixLength: 24,
    gateway: address("10.0.0.254"),
    isFixed: true,
  });
  send(all, "192.0.2.1");
  await all.pass();
  expect(all.peer.packets.map(({ source }) => source)).toEqual(["10.0.0.2"]);
});

test.each([576, 65_535])("3.3.2-1 a datagram of %d bytes is put together", async (totalBytes) => {
  const all = await world();
  const heard = received(all, protocol);
  const payload = new Uint8Array(totalBytes - 20).fill(3);
  const partBytes = 1024;
  for (let start = 0; start < payload.length; start += partBytes) {
    const part = payload.subarray(start, start + partBytes);
    const moreFragments = start + partBytes < payload.length;
    all.peer.sendIpv4({ identification: 1, fragmentOffset: start, moreFragments }, part);
    await all.pass(1);
  }
  expect(heard.map((packet) => packet.payload.length)).toEqual([totalBytes - 20]);
});

test("3.3.2-2 the longest packet that there can be is put together", async () => {
  const all = await world();
  const heard = received(all, protocol);
  const payload = new Uint8Array(65_515);
  for (let start = 0; start < payload.length; start += 1480) {
    const part = payload.subarray(start, start + 1480);
    const moreFragments = start + 1480 < payload.length;
    all.peer.sendIpv4({ identification: 2, fragmentOffset: start, moreFragments }, part);
    await all.pass(1);
  }
  expect(heard[0]?.payload.length).toBe(65_515);
});

test("3.3.2-3 what is received has no limit but that of IP", async () => {
  const all = await world();
  const socket = all.host.udp.bind(7);
  const datagram = udpOf(["10.0.0.1", "10.0.0.2"], [1000, 7], new Uint8Array(65_507));
  for (let start = 0; start < datagram.length; start += 1480) {
    const part = datagram.subarray(start, start + 1480);
    const moreFragments = start + 1480 < datagram.length;
    const fields = { protocol: 17, identification: 3, fragmentOffset: start, moreFragments };
    all.peer.sendIpv4(fields, part);
    await all.pass(1);
  }
  expect(socket.counters["bytesIn"]).toBe(65_507);
});

test("3.3.2-4 a packet of which a fragment is missing is reported, if the first came", async () => {
  const { peer, pass } = await world();
  const first = ipv4Of({ identification: 4, moreFragments: true }, new Uint8Array(16).fill(5));
  peer.sendIpv4({ identification: 4, moreFragments: true }, new Uint8Array(16).fill(5));
  await pass(130_000);
  expect(peer.icmp.map(({ type, code, body }) => [type, code, body])).toEqual([[11, 1, first]]);
});

test("3.3.2-5 fragments are kept for 60 s, whatever else comes", async () => {
  const all = await world();
  const heard = received(all, protocol);
  const fragment = (start: number): void =>
    all.peer.sendIpv4(
      { identification: 5, fragmentOffset: start, moreFragments: start < 16, timeToLive: 1 },
      new Uint8Array(8),
    );
  fragment(0);
  await all.pass(30_000);
  fragment(8);
  await all.pass(29_000);
  fragment(16);
  await all.pass(0);
  expect(heard).toHaveLength(1);
  fragment(0);
  await all.pass(61_000);
  fragment(8);
  fragment(16);
  await all.pass();
  expect(heard).toHaveLength(1);
});

test("3.3.3-1 pathPayloadBytes() tells the largest message that is sent whole", async () => {
  const all = await world();
  expect(all.host.ip.pathPayloadBytes(address("10.0.0.1"))).toBe(1480);
  send(all, "10.0.0.1", 1480);
  await all.pass();
  expect(all.peer.packets.map((packet) => packet.totalBytes)).toEqual([1500]);
});

test("3.3.3-2 what is larger goes in fragments, or not at all", async () => {
  const all = await world();
  send(all, "10.0.0.1", 1481);
  expect(() => send(all, "10.0.0.1", 1481, { dontFragment: true })).toThrow("takes fewer");
  await all.pass();
  expect(all.peer.packets.map((packet) => packet.payload.length)).toEqual([1480, 1]);
});

test("3.3.4.2-2 write() sends from the address of ours that it is given", async () => {
  const all = await world();
  await all.host.ip.configure({ address: address("10.0.0.77"), prefixLength: 24, isFixed: true });
  send(all, "10.0.0.1", 8, { source: address("10.0.0.77") });
  await all.pass();
  expect(all.peer.packets.map(({ source }) => source)).toEqual(["10.0.0.77"]);
});

test("3.3.6-2 both broadcast addresses are ours, those of other networks are not", async () => {
  const all = await world();
  const heard = received(all, protocol);
  for (const destination of ["255.255.255.255", "10.0.0.255", "10.0.1.255", "10.255.255.255"]) {
    all.peer.sendIpv4({ destination, to: broadcast }, bytes(1));
  }
  await all.pass();
  expect(heard.map(({ destination }) => destination.join("."))).toEqual([
    "255.255.255.255",
    "10.0.0.255",
  ]);
});

test("3.3.6-3 broadcasts and groups go to the link's broadcast and groups", async () => {
  const all = await world();
  for (const to of ["255.255.255.255", "10.0.0.255", "239.129.2.3"]) send(all, to);
  await all.pass();
  expect(all.peer.packets.map(({ to }) => to)).toEqual([
    broadcast,
    broadcast,
    bytes(1, 0, 0x5e, 1, 2, 3),
  ]);
});

test("3.3.6-4 what only the link broadcast is discarded in silence", async () => {
  const all = await world();
  all.peer.sendIcmp({}, { to: broadcast });
  await expectSilence(all);
});

test("3.3.7-1 a group is heard while it is joined", async () => {
  const all = await world();
  const heard = received(all, protocol);
  const to = bytes(1, 0, 0x5e, 1, 2, 3);
  const fields = { destination: "239.1.2.3", to };
  all.peer.sendIpv4(fields, bytes(1));
  await all.pass();
  const leave = all.host.ip.join(address("239.1.2.3"));
  await all.pass();
  all.peer.sendIpv4(fields, bytes(2));
  await all.pass();
  leave();
  all.peer.sendIpv4(fields, bytes(3));
  await all.pass();
  expect(heard.map(({ payload }) => payload)).toEqual([bytes(2)]);
});

test("3.3.7-2 the group of all hosts is heard from the start", async () => {
  const all = await world();
  const heard = received(all, protocol);
  all.peer.sendIpv4({ destination: "224.0.0.1", to: bytes(1, 0, 0x5e, 0, 0, 1) }, bytes(1));
  await all.pass();
  expect(heard).toHaveLength(1);
});

test("3.4-1 the transport sets all that a header says of its packet, and sees it", async () => {
  const all = await withOptions();
  const options = {
    source: address("10.0.0.2"),
    timeToLive: 9,
    dontFragment: true,
    trafficClass: 0x28,
    ipOptions: recordRoute,
  };
  send(all, "10.0.0.1", 8, options);
  const heard: unknown[] = [];
  all.host.ip.listen(protocol, ({ timeToLive, trafficClass, ipOptions }) =>
    heard.push({ timeToLive, trafficClass, options: ipOptions?.slice() }),
  );
  const fields = { timeToLive: 9, trafficClass: 0x28, options: recordRoute };
  all.peer.sendIpv4(fields, bytes(1));
  await all.pass();
  const sent = { source: "10.0.0.2", destination: "10.0.0.1", protocol, dontFragment: true };
  expect(all.peer.packets[0]).toMatchObject({ ...sent, ...fields });
  expect(heard).toEqual([fields]);
});

test("3.4-3 report() sends an error about a packet", async () => {
  const { host, peer, pass } = await world();
  host.icmp.report(ipv4Of({ protocol: 6 }, bytes(1, 2, 3)), 3, 3);
  await pass();
  expect(peer.reports).toEqual([[3, 3]]);
});

test("3.4-4 an error that is passed up has all that was quoted", async () => {
  const all = await world();
  const reports = reportsTo(all);
  const body = quotedDatagram().subarray(0, 28);
  all.peer.sendIcmp({ type: 3, code: 1, parameter: 0, body });
  await all.pass();
  expect(reports.map(({ packet }) => packet)).toEqual([body]);
});

test("4.1.3.1-1 a port where nobody is is reported", async () => {
  const { host, peer, pass } = await world();
  peer.sendUdp(9);
  await pass();
  expect(peer.reports).toEqual([[3, 3]]);
  expect(host.udp.counters["noPort"]).toBe(1);
});

test("4.1.3.3-1 an application hears of every error about its datagrams", async () => {
  const all = await world();
  const reports = reportsTo(all);
  const socket = all.host.udp.bind(5000);
  socket.send(bytes(1), { address: "192.0.2.9", port: 7 });
  await all.pass();
  const [packet] = all.peer.packets;
  for (const [type, code] of [
    [3, 1],
    [11, 0],
    [12, 0],
  ] as const) {
    all.peer.sendIcmp({ type, code, parameter: 0, body: packet?.bytes ?? bytes() });
  }
  await all.pass();
  expect(reports.map(({ type }) => type)).toEqual([3, 11, 12]);
});

function datagramsAt({ host }: World, port: number, address?: string): Datagram[] {
  const datagrams: Datagram[] = [];
  host.udp
    .bind(port, address === undefined ? {} : { address })
    .listen((datagram) => datagrams.push({ ...datagram, bytes: datagram.bytes.slice() }));
  return datagrams;
}

test("4.1.3.2-1 a socket gives the options of a datagram, queued or listened to", async () => {
  const { host, peer, pass } = await world();
  const [queued, listening] = [host.udp.bind(500), host.udp.bind(501)];
  const heard: unknown[] = [];
  listening.listen(({ ipOptions }) => heard.push(ipOptions?.slice()));
  for (const port of [500, 501]) {
    peer.sendUdp(port, bytes(1), { options: recordRoute });
    peer.sendUdp(port);
  }
  await pass();
  for (const count of [1, 2]) {
    const datagram = await queued.receive();
    expect(datagram?.ipOptions).toEqual(count === 1 ? recordRoute : undefined);
  }
  expect(heard).toEqual([recordRoute, undefined]);
});

test("4.1.3.2-2 send() takes options", async () => {
  const { host, peer, pass } = await withOptions();
  const to = { address: "192.0.2.9", port: 9 };
  const socket = host.udp.bind(500);
  socket.send(bytes(1), to, { ipOptions: recordRoute });
  socket.send(bytes(1), to, { ipOptions: sourceRoute([address("10.0.0.1")]) });
  await pass();
  expect(peer.packets.map(({ destination, options }) => [destination, options])).toEqual([
    ["192.0.2.9", recordRoute],
    ["10.0.0.1", route(131, false, "192.0.2.9")],
  ]);
  // The checksum is of the address where it ends.
  const expected = udpOf(["10.0.0.2", "192.0.2.9"], [500, 9], bytes(1));
  expect(peer.packets.map(({ payload }) => payload)).toEqual([expected, expected]);
});

test("4.1.3.4-1 a datagram has its right checksum, and is taken only with it", async () => {
  const all = await world();
  const heard = datagramsAt(all, 7);
  const socket = all.host.udp.bind(5000);
  socket.send(bytes(1, 2, 3), { address: "10.0.0.1", port: 9 });
  all.peer.sendUdp(7, bytes(4));
  await all.pass();
  const expected = udpOf(["10.0.0.2", "10.0.0.1"], [5000, 9], bytes(1, 2, 3));
  expect(all.peer.packets[0]?.payload).toEqual(expected);
  expect(heard.map((datagram) => datagram.bytes)).toEqual([bytes(4)]);
});

test("4.1.3.4-2 a datagram with a wrong checksum is discarded in silence", async () => {
  const all = await world();
  const heard = datagramsAt(all, 7);
  all.peer.sendUdp(7, bytes(1), {}, 0x1234);
  all.peer.sendUdp(8, bytes(1), {}, 0x1234);
  await expectSilence(all);
  expect(heard).toEqual([]);
  expect(all.host.udp.counters["badChecksum"]).toBe(2);
});

test("4.1.3.4-3 a datagram is never sent without a checksum", async () => {
  const { host, peer, pass } = await world();
  const socket = host.udp.bind(5000);
  // One of these has the sum that would make the checksum 0.
  for (let value = 0; value < 65_536; value += 257) {
    socket.send(bytes(value >> 8, value & 0xff), { address: "10.0.0.1", port: 9 });
  }
  await pass();
  expect(peer.packets.some(({ payload }) => payload[6] === 0 && payload[7] === 0)).toBe(false);
});

test("4.1.3.5-1 a datagram says which address it was sent to", async () => {
  const all = await world();
  const heard = datagramsAt(all, 7);
  all.peer.sendUdp(7);
  all.peer.sendUdp(7, bytes(1), { destination: "10.0.0.255", to: broadcast });
  await all.pass();
  expect(heard.map(({ to }) => to)).toEqual(["10.0.0.2", "10.0.0.255"]);
});

test("4.1.3.5-2 a socket can be bound to one address", async () => {
  const all = await world();
  await all.host.ip.configure({ address: address("10.0.0.77"), prefixLength: 24, isFixed: true });
  const heard = datagramsAt(all, 7, "10.0.0.77");
  all.peer.sendUdp(7);
  all.peer.sendUdp(7, bytes(2), { destination: "10.0.0.77" });
  await all.pass();
  expect(heard.map(({ to }) => to)).toEqual(["10.0.0.77"]);
});

test("4.1.3.5-3 a socket can be bound to all addresses", async () => {
  const all = await world();
  await all.host.ip.configure({ address: address("10.0.0.77"), prefixLength: 24, isFixed: true });
  const heard = datagramsAt(all, 7);
  all.peer.sendUdp(7);
  all.peer.sendUdp(7, bytes(2), { destination: "10.0.0.77" });
  await all.pass();
  expect(heard.map(({ to }) => to)).toEqual(["10.0.0.2", "10.0.0.77"]);
});

test("4.1.3.5-4 sourceFor() tells which address is used", async () => {
  const all = await world();
  expect(all.host.ip.sourceFor(address("192.0.2.1"))?.join(".")).toBe("10.0.0.2");
  expect(all.host.udp.bind(7, { address: "10.0.0.2" }).local.address).toBe("10.0.0.2");
});

test("4.1.3.6-1 a datagram from an invalid address is discarded in silence", async () => {
  const all = await world();
  const heard = datagramsAt(all, 7);
  for (const source of impossibleSources) all.peer.sendUdp(7, bytes(1), { source });
  await expectSilence(all);
  expect(heard).toEqual([]);
});

test("4.1.3.6-2 send() refuses an address that is not ours", async () => {
  const all = await world();
  const socket = all.host.udp.bind(7);
  const to = { address: "10.0.0.1", port: 9 };
  for (const source of ["10.0.0.3", "10.0.0.255", "224.0.0.1", "0.0.0.0"]) {
    expect(() => socket.send(bytes(1), to, { source })).toThrow("no route");
  }
  await expectSilence(all);
});

test("4.1.4-2 options are of one datagram, as its user says", async () => {
  const { host, peer, pass } = await withOptions();
  const socket = host.udp.bind(500);
  for (const ipOptions of [recordRoute, bytes(), undefined]) {
    const options = ipOptions === undefined ? {} : { ipOptions };
    socket.send(bytes(1), { address: "10.0.0.1", port: 9 }, options);
  }
  await pass();
  expect(peer.packets.map(({ options }) => options.length)).toEqual([12, 0, 0]);
});

test("4.1.4-1 send() takes a time to live and a type of service", async () => {
  const { host, peer, pass } = await world();
  const socket = host.udp.bind(5000);
  socket.send(bytes(1), { address: "10.0.0.1", port: 9 }, { timeToLive: 5, trafficClass: 0x88 });
  await pass();
  expect(peer.packets).toMatchObject([{ timeToLive: 5, trafficClass: 0x88 }]);
});
