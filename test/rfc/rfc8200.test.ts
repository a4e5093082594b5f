/** RFC 8200, IPv6. */

import { expect, test } from "vitest";
import { add, finish, pseudoHeaderSum } from "../../src/net/checksum.ts";
import { address, allNodes, ours, theirs } from "../ipv6-link.ts";
import { fragment, quoted, udpTo, world6, type World6 } from "./world6.ts";

const protocol = 253;
const part = (length: number, value = 7): Uint8Array => new Uint8Array(length).fill(value);

function write({ host }: World6, sizeBytes: number, options = {}): void {
  host.ip.write(theirs, protocol, sizeBytes, (into) => into.fill(7).length, options);
}

/** Options of 8 bytes, padded, before the protocol for experiments. */
function options(nextHeader: number, ...bytes: readonly number[]): Uint8Array {
  const padding = 6 - bytes.length;
  const pad = padding === 0 ? [] : padding === 1 ? [0] : [1, padding - 2, ...part(padding - 2, 0)];
  return Uint8Array.of(nextHeader, 0, ...bytes, ...pad);
}

const join = (...parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((each) => Array.from(each)));

test("3-1 a packet with a hop limit of 0 is taken", async () => {
  const world = await world6();
  const heard = world.received(protocol);
  world.send(protocol, part(4), { hopLimit: 0 });
  await world.pass();
  expect(heard).toHaveLength(1);
});

test("4-1 an unknown next header is reported, where its number stands", async () => {
  const world = await world6();
  world.send(200, part(8));
  world.send(60, join(options(201), part(8)));
  await world.pass();
  expect(world.errors).toEqual([
    [4, 1, 6],
    [4, 1, 40],
  ]);
});

test("4-2 a hop-by-hop header behind another is an unknown next header", async () => {
  const world = await world6();
  const heard = world.received(protocol);
  world.send(60, join(options(0), options(protocol), part(8)));
  await world.pass();
  expect(world.errors).toEqual([[4, 1, 40]]);
  expect(heard).toEqual([]);
});

test("4.1-1 headers come in any order, and again", async () => {
  const world = await world6();
  const heard = world.received(protocol);
  const routing = Uint8Array.of(60, 0, 9, 0, 0, 0, 0, 0);
  world.send(60, join(options(43), routing, options(60), options(protocol), part(3)));
  await world.pass();
  expect(heard).toEqual([part(3)]);
});

test("4.1-2 all headers together lead to the payload", async () => {
  const world = await world6();
  const heard = world.received(protocol);
  const routing = Uint8Array.of(44, 0, 9, 0, 0, 0, 0, 0);
  const inner = join(options(protocol), part(3));
  world.send(0, join(options(60), options(43), routing, fragment(1, 0, false, inner, 60)));
  await world.pass();
  expect(heard).toEqual([part(3)]);
});

test("4.2-1 the first option that is not to be skipped decides", async () => {
  const world = await world6();
  world.send(60, join(options(protocol, 0x9e, 0, 0x5e, 0), part(8)));
  world.send(60, join(options(protocol, 0x5e, 0, 0x9e, 0), part(8)));
  await world.pass();
  expect(world.errors).toEqual([[4, 2, 42]]);
});

test.each([
  [0x1e, 1],
  [0x5e, 0],
  [0x9e, 0],
  [0xde, 0],
])("4.2-2 an option of type %d lets %d packets through", async (type, count) => {
  const world = await world6();
  const heard = world.received(protocol);
  world.send(60, join(options(protocol, type, 1, 0), part(8)));
  world.send(0, join(options(protocol, type, 1, 0), part(8)));
  await world.pass();
  expect(heard).toHaveLength(2 * count);
});

test.each([
  [0x1e, 0, 0],
  [0x5e, 0, 0],
  [0x9e, 1, 1],
  [0xde, 1, 0],
])(
  "4.2-3 an option of type %d is reported %d and, to a group, %d times",
  async (type, one, many) => {
    const world = await world6();
    world.received(protocol);
    world.send(60, join(options(protocol, 1, 0, type, 0), part(8)));
    await world.pass();
    expect(world.errors).toEqual(Array.from({ length: one }, () => [4, 2, 44]));
    world.node.heard.length = 0;
    world.send(60, join(options(protocol, 1, 0, type, 0), part(8)), { destination: allNodes });
    await world.pass();
    expect(world.errors).toEqual(Array.from({ length: many }, () => [4, 2, 44]));
  },
);

test("4.2-4 padding of any length is passed over", async () => {
  const world = await world6();
  const heard = world.received(protocol);
  const long = Uint8Array.of(protocol, 1, 1, 12, ...part(12, 0));
  world.send(60, join(options(60, 0, 0, 0, 0, 0, 0), options(60, 1, 4, 0, 0, 0, 0), long, part(2)));
  await world.pass();
  expect(heard).toEqual([part(2)]);
});

test("4.4-1 an unknown route that is at its end is passed over", async () => {
  const world = await world6();
  const heard = world.received(protocol);
  for (const type of [0, 2, 4, 99]) {
    world.send(43, Uint8Array.of(protocol, 0, type, 0, 0, 0, 0, 0, 1));
  }
  await world.pass();
  expect(heard).toHaveLength(4);
});

test("4.4-2 a route that is not at its end is reported, where its type stands", async () => {
  const world = await world6();
  const heard = world.received(protocol);
  world.send(43, Uint8Array.of(protocol, 0, 99, 1, 0, 0, 0, 0, 1));
  await world.pass();
  expect(world.errors).toEqual([[4, 0, 42]]);
  expect(heard).toEqual([]);
});

test("4.5-1 fragments of two packets, or of two senders, do not mix", async () => {
  const world = await world6();
  const heard = world.received(protocol);
  world.send(44, fragment(1, 0, true, part(8, 1)));
  world.send(44, fragment(2, 8, false, part(8, 2)));
  world.send(44, fragment(1, 8, false, part(8, 3)), { source: world.node.address });
  await world.pass();
  expect(heard).toEqual([]);
  world.send(44, fragment(2, 0, true, part(8, 2)));
  await world.pass();
  expect(heard).toEqual([part(16, 2)]);
});

/** The fragments that the node heard: identification, offset, whether there are more, bytes. */
function fragments(world: World6): readonly (readonly [number, number, boolean, number])[] {
  return world.node.heard
    .filter(({ nextHeader }) => nextHeader === 44)
    .map(({ payload }) => {
      const view = new DataView(payload.buffer, payload.byteOffset);
      const word = view.getUint16(2);
      return [view.getUint32(4), word & 0xfff8, (word & 1) === 1, payload.length - 8];
    });
}

test("4.5-2 packets in fragments have different identifications", async () => {
  const world = await world6();
  for (let count = 0; count < 50; count += 1) write(world, 1600);
  await world.pass();
  expect(new Set(fragments(world).map(([identification]) => identification)).size).toBe(50);
});

test("4.5-3 fragments are multiples of 8 bytes that fit the path", async () => {
  const world = await world6();
  write(world, 3000);
  await world.pass();
  expect(fragments(world).map(([, ...rest]) => rest)).toEqual([
    [0, true, 1448],
    [1448, true, 1448],
    [2896, false, 104],
  ]);
});

test("4.5-4 fragments wait 60 s for the others", async () => {
  const world = await world6();
  const heard = world.received(protocol);
  world.send(44, fragment(1, 0, true, part(8)));
  await world.pass(59_000);
  world.send(44, fragment(1, 8, false, part(8)));
  world.send(44, fragment(2, 0, true, part(8)));
  await world.pass(61_000);
  world.send(44, fragment(2, 8, false, part(8)));
  await world.pass();
  expect(heard).toHaveLength(1);
});

test("4.5-5 a packet that is not complete is reported, if its first fragment came", async () => {
  const world = await world6();
  world.send(44, fragment(1, 0, true, part(8)));
  world.send(44, fragment(2, 8, false, part(8)));
  await world.pass(59_000);
  await world.introduce();
  await world.pass(2000);
  expect(world.errors).toEqual([[3, 1, 0]]);
});

test("4.5-6 a fragment of 9 bytes that is not the last is reported", async () => {
  const world = await world6();
  world.send(44, fragment(1, 0, true, part(9)));
  await world.pass();
  expect(world.errors).toEqual([[4, 0, 4]]);
});

test("4.5-7 a fragment that reaches over 65,535 bytes is reported", async () => {
  const world = await world6();
  world.send(44, fragment(1, 65_528, false, part(8)));
  await world.pass();
  expect(world.errors).toEqual([[4, 0, 42]]);
});

test("4.5-8 a packet whose headers go on in its second fragment is reported", async () => {
  const world = await world6();
  const heard = world.received(protocol);
  // Destination options of 16 bytes, of which the first fragment has 8.
  const options = Uint8Array.of(protocol, 1, 1, 12, ...new Uint8Array(12));
  world.send(44, fragment(1, 0, true, options.subarray(0, 8), 60));
  world.send(44, fragment(1, 8, false, join(options.subarray(8), part(8)), 60));
  await world.pass();
  expect(heard).toEqual([]);
  expect(world.errors).toEqual([[4, 3, 0]]);
});

test("4.5-9 overlapping fragments, and what comes after them, give nothing", async () => {
  const world = await world6();
  const heard = world.received(protocol);
  world.send(44, fragment(1, 0, true, part(16)));
  world.send(44, fragment(1, 8, true, part(16, 9)));
  world.send(44, fragment(1, 24, false, part(8)));
  world.send(44, fragment(1, 16, true, part(8)));
  await world.pass(50);
  expect(heard).toEqual([]);
  expect(world.errors).toEqual([]);
});

test("4.5-10 an atomic fragment is taken, and leaves the others alone", async () => {
  const world = await world6();
  const heard = world.received(protocol);
  world.send(44, fragment(1, 0, true, part(8, 1)));
  world.send(44, fragment(1, 0, false, part(8, 2)));
  world.send(44, fragment(1, 8, false, part(8, 1)));
  await world.pass();
  expect(heard).toEqual([part(8, 2), part(16, 1)]);
});

test("4.5-11 the first fragment says of which protocol the packet is", async () => {
  const world = await world6();
  const heard = world.received(protocol);
  world.send(44, fragment(1, 8, false, part(8), 99));
  world.send(44, fragment(1, 0, true, part(8)));
  await world.pass();
  expect(heard).toEqual([part(16)]);
});

test("4.5-12 reserved bits of fragment headers are 0, and ignored", async () => {
  const world = await world6();
  const heard = world.received(protocol);
  const whole = fragment(1, 0, false, part(4));
  whole[1] = 0xff;
  whole[3] = 6;
  world.send(44, whole);
  write(world, 1600);
  await world.pass();
  expect(heard).toEqual([part(4)]);
  for (const { nextHeader, payload } of world.node.heard) {
    if (nextHeader === 44) expect([payload[1], (payload[3] ?? 0) & 6]).toEqual([0, 0]);
  }
  expect(fragments(world)).toHaveLength(2);
});

test("4.7-1 what follows no next header is ignored in silence", async () => {
  const world = await world6();
  world.send(59, part(8));
  await world.pass();
  expect(world.errors).toEqual([]);
});

test("5-2 after a report, packets fit the path", async () => {
  const world = await world6();
  const body = quoted(theirs, 1460);
  world.sendIcmp({ type: 2, parameter: 1280, body: body.subarray(0, 1232) });
  await world.pass();
  write(world, 1400);
  await world.pass();
  const sizes = world.node.heard.map(({ payload }) => 40 + payload.length);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1280);
  expect(fragments(world)).toHaveLength(2);
});

test("5-3 a packet of 1,500 bytes in fragments is put together", async () => {
  const world = await world6();
  const heard = world.received(protocol);
  world.send(44, fragment(1, 0, true, part(1232)));
  world.send(44, fragment(1, 1232, false, part(228)));
  await world.pass();
  expect(heard).toEqual([part(1460)]);
});

test("6-1 the flow label is 0", async () => {
  const world = await world6();
  write(world, 8);
  world.sendIcmp();
  await world.pass();
  expect(world.node.heard.map(({ flowLabel }) => flowLabel)).toEqual([0, 0]);
});

test("7-1 the traffic class goes down and comes up", async () => {
  const world = await world6();
  write(world, 8, { trafficClass: 0xb9 });
  await world.pass();
  expect(world.node.heard[0]?.trafficClass).toBe(0xb9);
  const classes: number[] = [];
  world.host.ip.listen(protocol, ({ trafficClass }) => classes.push(trafficClass));
  const packet = quoted(ours);
  packet.set(theirs, 8);
  packet[0] = 0x6a;
  packet[1] = 0xb0;
  world.node.sendRaw(packet, world.host.network.mac);
  await world.pass();
  expect(classes).toEqual([0xab]);
});

test("8.1-1 datagrams have checksums, and none is 0", async () => {
  const world = await world6();
  const socket = world.udp.bind(5000);
  const probe = new Uint8Array(10);
  probe.set([0x13, 0x88, 0, 9, 0, 10]);
  const sum = finish(add(probe, pseudoHeaderSum(ours, theirs, 17, 10)));
  const to = { address: "2001:db8::2", port: 9 };
  // These bytes make the checksum 0, which is sent as all ones.
  socket.send(Uint8Array.of(sum >> 8, sum & 0xff), to);
  socket.send(Uint8Array.of(1), to);
  await world.pass();
  const datagrams = world.node.heard.filter(({ nextHeader }) => nextHeader === 17);
  expect([...(datagrams[0]?.payload.subarray(6, 8) ?? [])]).toEqual([0xff, 0xff]);
  for (const { payload } of datagrams) {
    expect(finish(add(payload, pseudoHeaderSum(ours, theirs, 17, payload.length)))).toBe(0);
  }
  expect(datagrams).toHaveLength(2);
});

test("8.1-2 a datagram without a checksum is dropped", async () => {
  const world = await world6();
  const socket = world.udp.bind(7);
  world.sendUdp(7, {}, 0);
  await world.pass();
  expect(socket.counters["datagramsIn"]).toBe(0);
  expect(world.errors).toEqual([]);
  world.sendUdp(7);
  await world.pass();
  expect(socket.counters["datagramsIn"]).toBe(1);
});

test("8.1-3 messages of ICMPv6 are summed with their addresses", async () => {
  const world = await world6();
  const message = Uint8Array.of(128, 0, 0, 0, 0, 1, 0, 1);
  const checksum = finish(add(message));
  message.set([checksum >> 8, checksum & 0xff], 2);
  world.send(58, message);
  await world.pass();
  expect(world.messages).toEqual([]);
  world.sendIcmp();
  await world.pass();
  const [reply] = world.messages;
  const payload = reply?.packet.payload ?? new Uint8Array();
  expect(finish(add(payload, pseudoHeaderSum(ours, theirs, 58, payload.length)))).toBe(0);
});

test("8.4-1 an answer to a packet with a route has none", async () => {
  const world = await world6();
  const routing = Uint8Array.of(17, 2, 0, 0, 0, 0, 0, 0, ...address("2001:db8::9"));
  world.send(43, join(routing, udpTo(9)));
  await world.pass();
  expect(world.messages.map(({ packet }) => packet.nextHeader)).toEqual([58]);
  expect(world.errors).toEqual([[1, 4, 0]]);
});
