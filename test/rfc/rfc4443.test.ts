/** RFC 4443, ICMPv6. */

import { expect, test } from "vitest";
import { add, finish, pseudoHeaderSum } from "../../src/net/checksum.ts";
import { address, allNodes, ours, prefix, theirs, unspecified } from "../ipv6-link.ts";
import { fragment, quoted, udpTo, world6 } from "./world6.ts";

test("2-1 the host answers as every node does", async () => {
  const world = await world6();
  world.sendIcmp();
  await world.pass();
  expect(world.messages.map(({ type, code }) => [type, code])).toEqual([[129, 0]]);
});

test("2.2-1 an answer comes from the address that was spoken to", async () => {
  const world = await world6();
  const other = address("2001:db8::77");
  void world.host.ip.configure(prefix("2001:db8::77"));
  await world.pass(2000);
  await world.introduce();
  world.sendIcmp({}, { destination: other });
  world.sendUdp(9, { destination: other });
  await world.pass();
  expect(world.messages.map(({ packet }) => packet.source)).toEqual([other, other]);
});

test("2.2-2 an answer about a group comes from an address of ours", async () => {
  const world = await world6();
  // An unknown option that is reported to groups too.
  const header = Uint8Array.of(253, 0, 0x9e, 0, 1, 2, 0, 0);
  world.send(60, header, { destination: allNodes });
  await world.pass();
  expect(world.errors).toEqual([[4, 2, 42]]);
  expect(world.messages[0]?.packet.source).toEqual(ours);
});

test("2.3-1 a damaged message is dropped, and ours are right", async () => {
  const world = await world6();
  world.send(58, Uint8Array.of(128, 0, 1, 2, 0, 1, 0, 1));
  await world.pass();
  expect(world.messages).toEqual([]);
  expect(world.icmp.counters["badChecksum"]).toBe(1);
  world.sendUdp(9);
  await world.pass();
  const payload = world.messages[0]?.packet.payload ?? new Uint8Array();
  expect(finish(add(payload, pseudoHeaderSum(ours, theirs, 58, payload.length)))).toBe(0);
});

test.each([0, 5, 99, 100, 127])("2.4-a an error of type %d is passed up", async (type) => {
  const world = await world6();
  world.sendIcmp({ type, parameter: 0, body: quoted(theirs) });
  await world.pass();
  expect(world.told.map((report) => report.type)).toEqual([type]);
});

test.each([144, 200, 255])("2.4-b a message of type %d is ignored", async (type) => {
  const world = await world6();
  world.sendIcmp({ type, parameter: 0, body: quoted(theirs) });
  await world.pass();
  expect(world.told).toEqual([]);
  expect(world.messages).toEqual([]);
});

test("2.4-c an error has at most 1,280 bytes, and is filled", async () => {
  const world = await world6();
  world.send(200, new Uint8Array(1400).fill(5));
  world.send(200, new Uint8Array(20).fill(6));
  await world.pass();
  expect(world.messages.map(({ packet }) => 40 + packet.payload.length)).toEqual([1280, 108]);
  expect(world.messages[1]?.body.subarray(40)).toEqual(new Uint8Array(20).fill(6));
});

test("2.4-d an error about a datagram reaches its socket", async () => {
  const world = await world6();
  const socket = world.udp.bind(5000);
  socket.send(Uint8Array.of(1), { address: "2001:db8::2", port: 7 });
  await world.pass();
  const sent = world.node.heard.find(({ nextHeader }) => nextHeader === 17);
  const body = quoted(theirs, sent?.payload.length ?? 0, 17);
  body.set(sent?.payload ?? [], 40);
  const refused = socket.receive().catch((error: { code: string }) => error.code);
  world.sendIcmp({ type: 1, code: 4, parameter: 0, body });
  await world.pass();
  expect(await refused).toBe("refused");
});

test.each([1, 2, 3, 4, 100, 127])("2.4-e1 an error of type %d gets no error", async (type) => {
  const world = await world6();
  world.sendIcmp({ type, body: new Uint8Array(3) });
  const message = Uint8Array.of(type, 0, 0, 0, 0, 0, 0, 0);
  world.send(60, Uint8Array.of(58, 0, 0x9e, 0, 1, 2, 0, 0, ...message));
  world.send(44, fragment(1, 0, true, Uint8Array.of(...message, 0), 58));
  world.send(44, fragment(1, 65_528, false, new Uint8Array(8), 58));
  await world.pass();
  expect(world.errors).toEqual([]);
});

test("2.4-e2 a redirect gets no error", async () => {
  const world = await world6();
  const redirect = Uint8Array.of(137, 0, 0, 0, 0, 0, 0, 0);
  world.send(58, redirect);
  world.send(60, Uint8Array.of(58, 0, 0x9e, 0, 1, 2, 0, 0, ...redirect));
  await world.pass();
  expect(world.errors).toEqual([]);
});

test("2.4-e3 a packet to a group gets no error", async () => {
  const world = await world6();
  world.sendUdp(9, { destination: allNodes });
  world.send(200, new Uint8Array(8), { destination: allNodes });
  await world.pass();
  expect(world.errors).toEqual([]);
});

test("2.4-e4 what the link gave to a group gets no error", async () => {
  const world = await world6();
  const mac = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1);
  world.sendUdp(9, { mac });
  world.send(200, new Uint8Array(8), { mac });
  await world.pass();
  expect(world.errors).toEqual([]);
});

test("2.4-e5 what the link gave to all gets no error", async () => {
  const world = await world6();
  const mac = new Uint8Array(6).fill(0xff);
  world.sendUdp(9, { mac });
  world.send(200, new Uint8Array(8), { mac });
  await world.pass();
  expect(world.errors).toEqual([]);
});

test("2.4-e6 a packet from nobody, a group or ourselves gets no error", async () => {
  const world = await world6();
  for (const source of [unspecified, allNodes, address("::1"), ours]) {
    world.send(200, new Uint8Array(8), { source });
    world.sendUdp(9, { source });
  }
  await world.pass();
  expect(world.errors).toEqual([]);
});

test("2.4-f of many errors at once, some are sent", async () => {
  const world = await world6();
  for (let count = 0; count < 200; count += 1) world.send(200, new Uint8Array(8));
  await world.pass();
  expect(world.errors.length).toBeGreaterThan(10);
  expect(world.errors.length).toBeLessThan(100);
  expect(world.icmp.counters["reportsLimited"]).toBeGreaterThan(100);
});

test("3.1-1 a port where nobody is is reported", async () => {
  const world = await world6();
  world.sendUdp(9);
  await world.pass();
  expect(world.errors).toEqual([[1, 4, 0]]);
  expect(world.messages[0]?.body.subarray(40)).toEqual(udpTo(9));
});

/** Checks that an error of a type comes up as it was. */
async function expectPassedUp(type: number): Promise<void> {
  const world = await world6();
  const body = quoted(theirs);
  world.sendIcmp({ type, code: 0, parameter: 1400, body });
  await world.pass();
  expect(world.told).toMatchObject([{ type, code: 0, parameter: 1400, packet: body }]);
}

test("3.1-2 destination unreachable is passed up", () => expectPassedUp(1));
test("3.2-1 packet too big is passed up", () => expectPassedUp(2));
test("3.3-1 time exceeded is passed up", () => expectPassedUp(3));
test("3.4-1 parameter problem is passed up", () => expectPassedUp(4));

test("3.4-2 a field that makes no sense is reported, with where it stands", async () => {
  const world = await world6();
  world.send(43, Uint8Array.of(253, 0, 9, 1, 0, 0, 0, 0));
  await world.pass();
  expect(world.errors).toEqual([[4, 0, 42]]);
});

test("4.1-1 an echo request is answered", async () => {
  const world = await world6();
  world.sendIcmp({ parameter: 0x1234_5678 });
  await world.pass();
  expect(world.messages).toMatchObject([{ type: 129, parameter: 0x1234_5678 }]);
});

test("4.1-2 echo() sends a request", async () => {
  const world = await world6();
  const echo = world.icmp.echo("2001:db8::2").catch((error: { code: string }) => error.code);
  await world.pass(2000);
  expect(world.messages.map(({ type }) => type)).toEqual([128]);
  expect(await echo).toBe("timed-out");
});

test("4.2-1 a reply has what the request had", async () => {
  const world = await world6();
  const body = Uint8Array.from({ length: 1000 }, (_, index) => index & 0xff);
  world.sendIcmp({ body });
  await world.pass();
  expect(world.messages.map((message) => message.body)).toEqual([body]);
});

test("4.2-2 a request to all nodes is answered from our address", async () => {
  const world = await world6();
  world.sendIcmp({}, { destination: allNodes });
  await world.pass();
  expect(world.messages.map(({ packet }) => packet.source)).toEqual([ours]);
});

test("4.2-3 a reply reaches who asked", async () => {
  const world = await world6();
  const { simulation } = world.link;
  const reply = await simulation.run(async () => {
    const echo = world.icmp.echo("2001:db8::2");
    await simulation.clock.sleep(3);
    world.sendIcmp({ ...world.messages[0], type: 129 });
    return echo;
  });
  expect(reply).toMatchObject({ address: "2001:db8::2", payloadBytes: 56 });
});
