/** RFC 792, ICMP. */

import { expect, test } from "vitest";
import { add, finish } from "../../src/net/checksum.ts";
import { icmpOf, ipv4Of, world } from "./world.ts";

test("format-1 messages are summed as a whole", async () => {
  const all = await world();
  const message = icmpOf({ body: Uint8Array.of(1, 2, 3, 4, 5) });
  for (let at = 0; at < message.length; at += 1) {
    const damaged = message.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    all.peer.sendIpv4({ protocol: 1 }, damaged);
  }
  await all.pass();
  expect(all.peer.packets).toEqual([]);
  expect(all.host.icmp.counters["badChecksum"]).toBe(message.length);
  all.peer.sendIpv4({ protocol: 1 }, message);
  all.peer.sendUdp(9);
  await all.pass();
  expect(all.peer.packets.map(({ payload }) => finish(add(payload)))).toEqual([0, 0]);
});

test("format-2 an error quotes the header, with options, and what fits of the rest", async () => {
  const all = await world();
  const fields = { options: Uint8Array.of(1, 1, 1, 0) };
  all.peer.sendIpv4(fields, new Uint8Array(1000));
  await all.pass();
  const quoted = all.peer.icmp[0]?.body ?? new Uint8Array();
  const sent = ipv4Of(fields, new Uint8Array(1000));
  expect(quoted.length).toBe(576 - 28);
  expect(quoted).toEqual(sent.subarray(0, quoted.length));
});

test.each([3, 4, 5, 11, 12])("intro-1 a message of type %d gets no error", async (type) => {
  const all = await world();
  const quoted = ipv4Of({ protocol: 1 }, icmpOf({ type }));
  all.host.icmp.report(quoted, 3, 2);
  await all.pass();
  expect(all.peer.packets).toEqual([]);
});

test("intro-2 errors are about the first fragment", async () => {
  const all = await world();
  const first = { identification: 3, moreFragments: true };
  all.peer.sendIpv4({ identification: 3, fragmentOffset: 8 }, new Uint8Array(8).fill(2));
  all.peer.sendIpv4(first, new Uint8Array(8).fill(1));
  await all.pass();
  expect(all.peer.icmp.map(({ body }) => body)).toEqual([ipv4Of(first, new Uint8Array(8).fill(1))]);
});

test("unreachable-1 a protocol that nobody listens to is reported, a port too", async () => {
  const all = await world();
  all.peer.sendIpv4({ protocol: 132 }, new Uint8Array(8));
  all.peer.sendUdp(1);
  await all.pass();
  expect(all.peer.reports).toEqual([
    [3, 2],
    [3, 3],
  ]);
});

test("time-1 fragments without their first are dropped in silence, others reported", async () => {
  const all = await world();
  all.peer.sendIpv4({ identification: 1, fragmentOffset: 8 }, new Uint8Array(8));
  await all.pass(61_000);
  expect(all.peer.reports).toEqual([]);
  all.peer.sendIpv4({ identification: 2, moreFragments: true }, new Uint8Array(8));
  await all.pass(61_000);
  expect(all.peer.reports).toEqual([[11, 1]]);
});

test("echo-1 a reply is the request, but for its type", async () => {
  const all = await world();
  const body = Uint8Array.of(9, 8, 7);
  all.peer.sendIcmp({ parameter: 0xabcd_0042, body });
  await all.pass();
  expect(all.peer.icmp).toMatchObject([{ type: 0, code: 0, parameter: 0xabcd_0042, body }]);
});

test("echo-2 a reply has the request's addresses, swapped", async () => {
  const all = await world();
  all.peer.sendIcmp({}, { source: "192.0.2.77" });
  await all.pass();
  expect(all.peer.packets).toMatchObject([{ source: "10.0.0.2", destination: "192.0.2.77" }]);
});
