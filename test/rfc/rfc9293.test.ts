/** Requirements of RFC 9293 that no script can put: those of addresses, ports and checksums. */

import { expect, test } from "vitest";
import type { Tcp, TcpFlow } from "../../src/devices/index.ts";
import { add as sum, finish, pseudoHeaderSum } from "../../src/net/checksum.ts";
import { encode as encodeIcmp } from "../../src/net/icmp/packet.ts";
import { emptyHeader, encode as encodeIpv4 } from "../../src/net/ipv4/packet.ts";
import { headerOptions, sourceRoute } from "../../src/net/ipv4/header-options.ts";
import { connect as connectTcp } from "../../src/net/tcp/tcp.ts";
import { emptySegment, encode, flag } from "../../src/net/tcp/packet.ts";
import { add, isBefore } from "../../src/net/tcp/sequence.ts";
import { Attacker, isTcp, play, stillTalk, type Ends, type Scene } from "../attacks/attacker.ts";
import { address, world, type World } from "./world.ts";
import { lose, pattern, readAll, tcpWorld, writeAll } from "../tcp-world.ts";

const syn = { sequenceNumber: 1000, flags: flag.syn };

test("MUST-3 a segment with a wrong checksum is dropped and counted", async () => {
  await play(async (scene) => {
    const { attacker, client, server, simulation } = scene;
    const segment = new Uint8Array(20);
    segment.set([0x30, 0x39, 0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, flag.syn, 0xff, 0xff]);
    await simulation.clock.sleep(50);
    const before = attacker.heard.length;
    attacker.sendIpv4(client.address, server, 6, segment);
    await simulation.clock.sleep(100);
    expect(server.tcp.counters["badChecksum"]).toBe(1);
    expect(attacker.heard.length).toBe(before);
    expect(await stillTalk(scene)).toBe(true);
  });
});

test("MUST-20 IP is told after three retransmissions in vain, and of progress; R2 closes", async () => {
  await play(async ({ client, flow, served, simulation }) => {
    const told: boolean[] = [];
    client.ip.advise = (_destination, isReached) => told.push(isReached);
    let isLost = true;
    lose(client.network, () => isLost);
    void flow.write(Uint8Array.of(1));
    await simulation.clock.sleep(1500);
    expect(flow.counters["timeouts"]).toBe(2);
    expect(told).toEqual([]);
    await simulation.clock.sleep(3000);
    expect(told).toEqual([false]);
    isLost = false;
    expect(await served.read()).toEqual(Uint8Array.of(1));
    await simulation.clock.sleep(100);
    expect(told).toEqual([false, true]);
    isLost = true;
    void flow.write(Uint8Array.of(2));
    await expect(flow.read()).rejects.toMatchObject({ code: "timed-out" });
    expect(told).toEqual([false, true, false]);
  });
});

/** A connection from the client to port 9 of the server, and what both are told of it. */
async function toldOf({ client, server }: Scene): Promise<{
  readonly flow: TcpFlow;
  readonly served: TcpFlow;
  readonly told: unknown[];
  readonly toldServer: unknown[];
  readonly ends: Ends;
}> {
  const told: unknown[] = [];
  const toldServer: unknown[] = [];
  const accepted = new Promise<TcpFlow>((resolve) => {
    const onReport = (...report: unknown[]): unknown => toldServer.push(report);
    server.tcp.listen(9, (flow) => resolve(flow), { onReport });
  });
  const onReport = (report: string): unknown => told.push(report);
  const flow = await client.tcp.connect({ address: server.address, port: 9 }, { onReport });
  const fromPort = flow.local.port;
  const ends = { from: client.address, fromPort, to: server, toPort: 9 };
  return { flow, served: await accepted, told, toldServer, ends };
}

test("MUST-30 what is urgent is marked so and read in its place", async () => {
  await play(async (scene) => {
    const { flow, served, toldServer } = await toldOf(scene);
    const read = readAll(served);
    await flow.write(pattern(5));
    await flow.writeUrgent?.(pattern(100_000, 5));
    await writeAll(flow, pattern(100, 100_005));
    expect(Buffer.compare(await read, pattern(100_105))).toBe(0);
    const remote = { address: scene.client.address, port: flow.local.port };
    expect(toldServer.length).toBeGreaterThan(0);
    expect(new Set(toldServer.map((each) => JSON.stringify(each)))).toEqual(
      new Set([JSON.stringify(["urgent", remote])]),
    );
  });
});

test("MUST-32 the user is told once of what is urgent, and again if it becomes more", async () => {
  await play(async (scene) => {
    const { attacker, simulation } = scene;
    const { served, toldServer, ends } = await toldOf(scene);
    const acknowledged = { sequenceNumber: attacker.nextAfter(scene.client) };
    const next = { ...acknowledged, acknowledgmentNumber: attacker.nextAfter(scene.server) };
    const urge = async (urgentPointer: number): Promise<void> => {
      attacker.forge(ends, { ...next, flags: flag.ack | flag.urg, urgentPointer });
      await simulation.clock.sleep(5);
    };
    await urge(10);
    await urge(10);
    await urge(9);
    expect(toldServer).toHaveLength(1);
    expect(served.counters["urgentBytes"]).toBe(10);
    await urge(11);
    expect(toldServer).toHaveLength(2);
    expect(served.counters["urgentBytes"]).toBe(11);
  });
});

test("MUST-33 a counter says how much is urgent and was not read", async () => {
  await play(async (scene) => {
    const { attacker, simulation } = scene;
    const { served, ends, toldServer } = await toldOf(scene);
    const next = {
      sequenceNumber: attacker.nextAfter(scene.client),
      acknowledgmentNumber: attacker.nextAfter(scene.server),
      flags: flag.ack | flag.urg,
    };
    attacker.forge(ends, { ...next, urgentPointer: 150 }, pattern(100));
    await simulation.clock.sleep(5);
    expect(served.counters["urgentBytes"]).toBe(150);
    await served.read();
    expect(served.counters["urgentBytes"]).toBe(50);
    next.sequenceNumber = add(next.sequenceNumber, 100);
    attacker.forge(ends, { ...next, urgentPointer: 50 }, pattern(100));
    await simulation.clock.sleep(5);
    await served.read();
    expect(served.counters["urgentBytes"]).toBe(0);
    expect(toldServer).toHaveLength(1);
    // What was read is not urgent any more.
    attacker.forge(ends, { ...next, urgentPointer: 50 }, pattern(100));
    await simulation.clock.sleep(5);
    expect(toldServer).toHaveLength(1);
  });
});

test("MUST-62 the urgent pointer points behind what is urgent", async () => {
  await play(async (scene) => {
    const { attacker, simulation } = scene;
    const { flow, served } = await toldOf(scene);
    await flow.writeUrgent?.(pattern(70));
    await served.read();
    await simulation.clock.sleep(1);
    expect(attacker.lastOf(scene.client)).toMatchObject({ urgentPointer: 70 });
    await flow.write(pattern(30));
    await served.read();
    await simulation.clock.sleep(1);
    const { flags, urgentPointer } = attacker.lastOf(scene.client);
    expect([flags & flag.urg, urgentPointer]).toEqual([0, 0]);
  });
});

test("MUST-47 the user is told of an error that may pass", async () => {
  await play(async (scene) => {
    const { attacker, client, simulation } = scene;
    const { flow, told } = await toldOf(scene);
    lose(client.network, isTcp);
    void flow.write(pattern(10));
    await simulation.clock.sleep(2);
    const quote = Object.assign(emptyHeader(), { protocol: 6, totalBytes: 60, timeToLive: 60 });
    quote.source.set([10, 0, 0, 1]);
    quote.destination.set([10, 0, 0, 2]);
    const body = new Uint8Array(28);
    const segment = { ...emptySegment(flow.local.port, 9), sequenceNumber: 0 };
    segment.sequenceNumber = attacker.nextAfter(client);
    const whole = new Uint8Array(60);
    encode(segment, whole);
    encodeIpv4(quote, body);
    body.set(whole.subarray(0, 8), 20);
    const message = new Uint8Array(36);
    encodeIcmp({ type: 3, code: 0, parameter: 0, body }, message);
    attacker.sendIpv4("10.0.0.9", client, 1, message);
    await simulation.clock.sleep(5);
    expect(told).toEqual(["unreachable"]);
  });
});

test("SHLD-9 the user is told that nobody answers", async () => {
  await play(async (scene) => {
    const { flow, told } = await toldOf(scene);
    lose(scene.client.network, isTcp);
    void flow.write(pattern(10));
    await scene.simulation.clock.sleep(1000);
    expect(told).toEqual([]);
    await scene.simulation.clock.sleep(3000);
    expect(told).toEqual(["unanswered"]);
  });
});

test("MUST-41 a passive open that fails, or follows another, leaves connections alone", async () => {
  await play(async (scene) => {
    const { server } = scene;
    expect(() => server.tcp.listen(7, () => {})).toThrow("Cannot listen on port 7: it is taken");
    server.tcp.listen(8, () => {});
    expect(await stillTalk(scene)).toBe(true);
  });
});

test("MUST-42 listen() takes a port whose connections are being opened, or are open", async () => {
  const world = await tcpWorld({ wire: { delayMs: 5 } });
  const { client, server, simulation } = world;
  const attacker = new Attacker(world.wire.connect());
  await simulation.run(async () => {
    const first = server.tcp.listen(7, () => {});
    attacker.forge({ from: "10.0.0.77", fromPort: 5000, to: server, toPort: 7 }, syn);
    await simulation.clock.sleep(20);
    expect(first.counters["halfOpen"]).toBe(1);
    await first[Symbol.asyncDispose]();
    const accepted = new Promise<TcpFlow>((resolve) => {
      server.tcp.listen(7, (flow) => resolve(flow));
    });
    await client.tcp.connect({ address: server.address, port: 7 });
    expect((await accepted).local.port).toBe(7);
  });
});

test("MUST-43 connect() takes an address of ours, and no other", async () => {
  await play(async ({ client, server }) => {
    const to = { address: server.address, port: 7 };
    const flow = await client.tcp.connect(to, { address: client.address });
    expect(flow.local.address).toBe(client.address);
    const foreign = client.tcp.connect(to, { address: "10.0.0.99" });
    await expect(foreign).rejects.toMatchObject({ code: "no-route" });
    const otherVersion = client.tcp.connect(to, { address: "fe80::1" });
    await expect(otherVersion).rejects.toMatchObject({ code: "no-route" });
  });
});

test("MUST-44 connect() sends from the address that the route prefers", async () => {
  await play(async ({ client, flow, served }) => {
    expect(flow.local.address).toBe(client.address);
    expect(served.remote.address).toBe(client.address);
  });
});

test("MUST-45 all segments of a connection come from its local address", async () => {
  await play(async (scene) => {
    const { attacker } = scene;
    await stillTalk(scene);
    const sources = new Set(attacker.heard.map(({ source }) => source.join(".")));
    expect([...sources].toSorted()).toEqual(["10.0.0.1", "10.0.0.2"]);
  });
});

test("MUST-46 connect() has no route to groups and broadcasts", async () => {
  await play(async ({ attacker, client, simulation }) => {
    await simulation.clock.sleep(50);
    attacker.heard.length = 0;
    for (const address of ["224.0.0.1", "239.1.2.3", "255.255.255.255", "10.0.0.255", "ff02::1"]) {
      const attempt = client.tcp.connect({ address, port: 7 });
      await expect(attempt, address).rejects.toMatchObject({ code: "no-route" });
    }
    expect(attacker.heard).toEqual([]);
  });
});

test("MAY-2 a connection from TIME-WAIT begins beyond all numbers of the last one", async () => {
  await play(async (scene) => {
    const { attacker, client, ends, flow, served, server, simulation } = scene;
    const read = readAll(flow);
    await writeAll(served, pattern(1_000_000));
    await read;
    await flow.shutdown("write");
    await simulation.clock.sleep(100);
    const { sequenceNumber: last } = attacker.lastOf(server);
    const { sequenceNumber } = attacker.lastOf(client);
    attacker.forge(ends, { sequenceNumber: add(sequenceNumber, 1000), flags: flag.syn });
    await simulation.clock.sleep(3);
    const answer = attacker.lastOf(server);
    expect(answer.flags).toBe(flag.syn | flag.ack);
    expect(isBefore(last, answer.sequenceNumber)).toBe(true);
  });
});

const farAway = "192.0.2.9";

/** A host that heeds source routes, and a peer that makes each packet. */
async function routed(): Promise<{ readonly all: World; readonly tcp: Tcp }> {
  const all = await world(true, { headerOptions });
  const { host, simulation } = all;
  const random = simulation.random("tcp");
  const tcp = connectTcp({ v4: host.ip, icmp: host.icmp, clock: simulation.clock, random });
  return { all, tcp };
}

/** Sends a SYN from far away to port 7 that came through 198.51.100.1 and the gateway. */
function sendRouted({ peer }: World): void {
  const segment = new Uint8Array(20);
  encode({ ...emptySegment(5000, 7), ...syn, windowField: 1000 }, segment);
  const ends = [address(farAway), address("10.0.0.2")] as const;
  const checksum = finish(sum(segment, pseudoHeaderSum(...ends, 6, 20)));
  segment.set([checksum >> 8, checksum & 0xff], 16);
  const options = Uint8Array.of(131, 11, 12, 198, 51, 100, 1, 10, 0, 0, 254, 0);
  peer.sendIpv4({ source: farAway, protocol: 6, options }, segment);
}

/** Where the packets went that the peer heard, their options, and whether their checksum is right. */
function heardFrom({ peer }: World): unknown[] {
  return peer.packets.map(({ destination, options, payload }) => {
    const pseudoHeader = pseudoHeaderSum(address("10.0.0.2"), address(farAway), 6, payload.length);
    return [destination, options.join(), finish(sum(payload, pseudoHeader))];
  });
}

test("MUST-51 connect() takes a source route, which all segments follow", async () => {
  const { all, tcp } = await routed();
  const ipOptions = sourceRoute([address("10.0.0.1")]);
  const attempt = tcp.connect({ address: farAway, port: 7 }, { ipOptions, userTimeoutMs: 1500 });
  await Promise.allSettled([attempt, all.pass(2000)]);
  const expected = ["10.0.0.1", "131,7,4,192,0,2,9,0", 0];
  expect(heardFrom(all)).toEqual([expected, expected]);
});

test("MUST-52 the source route of a listener overrides what came", async () => {
  const { all, tcp } = await routed();
  tcp.listen(7, () => {}, { ipOptions: sourceRoute([address("10.0.0.1")]) });
  sendRouted(all);
  await all.pass();
  expect(heardFrom(all)).toEqual([["10.0.0.1", "131,7,4,192,0,2,9,0", 0]]);
});

test("MUST-53 a SYN that came by a source route is answered the same way", async () => {
  const { all, tcp } = await routed();
  tcp.listen(7, () => {});
  sendRouted(all);
  await all.pass();
  expect(heardFrom(all)).toEqual([["10.0.0.254", "131,11,4,198,51,100,1,192,0,2,9,0", 0]]);
});

test("MAY-10 MAY-11 each packet can record its route and times", async () => {
  const { all, tcp } = await routed();
  const ipOptions = Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 68, 8, 5, 0, 0, 0, 0, 0, 0);
  const attempt = tcp.connect({ address: farAway, port: 7 }, { ipOptions, userTimeoutMs: 500 });
  await Promise.allSettled([attempt, all.pass(1000)]);
  expect(heardFrom(all)).toEqual([[farAway, ipOptions.join(), 0]]);
  // Full segments leave room for them.
  const [syn] = all.peer.packets;
  expect(((syn?.payload[22] ?? 0) << 8) | (syn?.payload[23] ?? 0)).toBe(1460 - 16);
});

test("MUST-57 a SYN to a group or a broadcast gets no answer", async () => {
  await play(async (scene) => {
    const { attacker, server, simulation } = scene;
    await simulation.clock.sleep(50);
    for (const address of ["10.0.0.255", "255.255.255.255", "224.0.0.1"]) {
      attacker.heard.length = 0;
      const to = { ...server, address };
      attacker.forge({ from: "10.0.0.77", fromPort: 5000, to, toPort: 7 }, syn);
      attacker.forge({ from: "10.0.0.77", fromPort: 5000, to, toPort: 9 }, syn);
      await simulation.clock.sleep(50);
      expect(attacker.heard, address).toEqual([]);
    }
  });
});

test("MUST-63 a SYN from an address that nobody can have gets no answer", async () => {
  await play(async (scene) => {
    const { attacker, server, simulation } = scene;
    await simulation.clock.sleep(50);
    for (const from of ["224.0.0.1", "255.255.255.255", "10.0.0.255", "127.0.0.1", "0.0.0.0"]) {
      attacker.heard.length = 0;
      attacker.forge({ from, fromPort: 5000, to: server, toPort: 7 }, syn);
      await simulation.clock.sleep(50);
      expect(attacker.heard, from).toEqual([]);
    }
  });
});
