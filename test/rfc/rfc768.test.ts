/** RFC 768, UDP. */

import { expect, test } from "vitest";
import type { Datagram } from "../../src/devices/index.ts";
import { udpOf, world, type World } from "./world.ts";

function datagramsAt({ host }: World, port: number): Datagram[] {
  const datagrams: Datagram[] = [];
  host.udp
    .bind(port)
    .listen((datagram) => datagrams.push({ ...datagram, bytes: datagram.bytes.slice() }));
  return datagrams;
}

const ends = ["10.0.0.1", "10.0.0.2"] as const;

test("fields-1 a datagram says which port answers go to", async () => {
  const all = await world();
  const heard = datagramsAt(all, 7);
  all.peer.sendUdp(7);
  all.host.udp.bind(5000).send(Uint8Array.of(1), { address: "10.0.0.1", port: 9 });
  await all.pass();
  expect(heard).toMatchObject([{ from: { port: 1000 } }]);
  expect([...(all.peer.packets[0]?.payload.subarray(0, 4) ?? [])]).toEqual([0x13, 0x88, 0, 9]);
});

test("fields-2 lengths are right, and less than 8 or more than there is are none", async () => {
  const all = await world();
  const heard = datagramsAt(all, 7);
  all.host.udp.bind(5000).send(Uint8Array.of(1, 2, 3), { address: "10.0.0.1", port: 9 });
  for (const length of [0, 7, 10, 100]) {
    const datagram = udpOf(ends, [1000, 7], Uint8Array.of(1), 0);
    datagram[5] = length;
    all.peer.sendIpv4({ protocol: 17 }, datagram);
  }
  const padded = new Uint8Array(20);
  padded.set(udpOf(ends, [1000, 7], Uint8Array.of(5)));
  all.peer.sendIpv4({ protocol: 17 }, padded);
  all.peer.sendIpv4({ protocol: 17 }, udpOf(ends, [1000, 7], new Uint8Array()));
  await all.pass();
  expect([...(all.peer.packets[0]?.payload.subarray(4, 6) ?? [])]).toEqual([0, 11]);
  expect(heard.map(({ bytes }) => Array.from(bytes))).toEqual([[5], []]);
  expect(all.host.udp.counters["malformed"]).toBe(4);
});

test("fields-3 a datagram with another address, protocol field or byte is damaged", async () => {
  const all = await world();
  const heard = datagramsAt(all, 7);
  const datagram = udpOf(ends, [1000, 7], Uint8Array.of(1, 2, 3));
  all.peer.sendIpv4({ protocol: 17, source: "10.0.0.3" }, datagram);
  for (const at of [0, 1, 6, 7, 8, 9, 10]) {
    const damaged = datagram.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    all.peer.sendIpv4({ protocol: 17 }, damaged);
  }
  all.peer.sendIpv4({ protocol: 17 }, datagram);
  await all.pass();
  expect(heard).toHaveLength(1);
  expect(all.host.udp.counters["badChecksum"]).toBe(8);
});

test("fields-4 a checksum that would be zero is all ones", async () => {
  const all = await world();
  const socket = all.host.udp.bind(5000);
  const probe = udpOf(["10.0.0.2", "10.0.0.1"], [5000, 9], Uint8Array.of(0, 0));
  // These two bytes make the sum all ones.
  const data = probe.slice(6, 8);
  socket.send(data, { address: "10.0.0.1", port: 9 });
  await all.pass();
  expect([...(all.peer.packets[0]?.payload.subarray(6, 8) ?? [])]).toEqual([0xff, 0xff]);
});

test("fields-5 a datagram without a checksum is taken", async () => {
  const all = await world();
  const heard = datagramsAt(all, 7);
  all.peer.sendUdp(7, Uint8Array.of(4), {}, 0);
  await all.pass();
  expect(heard.map(({ bytes }) => Array.from(bytes))).toEqual([[4]]);
});

test("interface-1 bind() makes a port, receive() tells who sent", async () => {
  const all = await world();
  const socket = all.host.udp.bind(7);
  all.peer.sendUdp(7, Uint8Array.of(1));
  await all.pass();
  expect(await socket.receive()).toMatchObject({
    bytes: Uint8Array.of(1),
    from: { address: "10.0.0.1", port: 1000 },
  });
});

test("interface-2 send() goes from and to the ports and addresses that are named", async () => {
  const all = await world();
  const to = { address: "10.0.0.1", port: 9 };
  all.host.udp.bind(5000).send(Uint8Array.of(1), to, { source: "10.0.0.2" });
  await all.pass();
  const expected = udpOf(["10.0.0.2", "10.0.0.1"], [5000, 9], Uint8Array.of(1));
  expect(all.peer.packets.map(({ payload }) => payload)).toEqual([expected]);
});

test("ip-1 a datagram has the protocol number 17, and is heard by no other", async () => {
  const all = await world();
  const heard = datagramsAt(all, 7);
  all.host.udp.bind(5000).send(Uint8Array.of(1), { address: "10.0.0.1", port: 9 });
  all.peer.sendIpv4({ protocol: 18 }, udpOf(ends, [1000, 7], Uint8Array.of(1)));
  await all.pass();
  expect(all.peer.packets[0]?.protocol).toBe(17);
  expect(heard).toEqual([]);
});
