/** Messages that are meant to cost a name server dear, to use it against others, or to lie to it. */

import { expect, test } from "vitest";
import { connect as connectForwarder } from "../../src/net/dns/forwarder.ts";
import { decode, type DnsPacket } from "../../src/net/dns/packet.ts";
import { readName } from "../../src/net/dns/domain.ts";
import { bytesOf, dnsWorld, emptyReply, record } from "../dns-world.ts";
import { nameServerWorld, queryOf, recordText } from "../name-server-world.ts";
import { connect as connectUdp } from "../../src/net/udp/udp.ts";
import { decodeMessage } from "../fuzz/names.ts";

/** A message with one question, whose name is these bytes. */
function queryWith(...name: readonly number[]): Uint8Array {
  return Uint8Array.of(0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...name, 0, 1, 0, 1);
}

test.each([
  ["to itself", queryWith(0xc0, 12)],
  ["round about", queryWith(1, 0x61, 0xc0, 12)],
  ["forwards", queryWith(0xc0, 14, 1, 0x61, 0)],
  ["into the header", queryWith(0xc0, 0)],
  ["behind the end", queryWith(0xff, 0xff)],
])("a pointer %s is a format error or a name, and costs nothing", async (_, query) => {
  const world = await nameServerWorld();
  expect([1, 5]).toContain((await world.ask(query))?.code);
  expect(await world.ask(queryOf("www.example", "A"))).toMatchObject({ code: 0 });
});

test("a bomb of pointers is read in time, and written as what it is at most", () => {
  // A name of 255 bytes once, and 5,000 records that are pointers to it.
  const name = [63, ...Array.from({ length: 63 }, () => 0x61)];
  const full = [...name, ...name, ...name, 59, ...Array.from({ length: 59 }, () => 0x62), 0];
  const counts = [0, 1, 5000 >> 8, 5000 & 255, 0, 0, 0, 0];
  const records = Array.from({ length: 5000 }, () => [
    0xc0, 12, 0, 2, 0, 1, 0, 0, 0, 9, 0, 2, 0xc0, 12,
  ]);
  const bomb = Uint8Array.from([0, 7, 0x80, 0, ...counts, ...full, 0, 1, 0, 1, ...records.flat()]);
  expect(decode(bomb)?.answers).toHaveLength(5000);
  decodeMessage(bomb);
});

test("counts that promise more than there is cost no memory", () => {
  const header = Uint8Array.of(0, 7, 0x80, 0, 255, 255, 255, 255, 255, 255, 255, 255);
  expect(decode(header)).toBeUndefined();
});

test("spoofed queries bring their victim fewer bytes than the attacker spends", async () => {
  const world = await nameServerWorld();
  const query = queryOf("large.example", "TXT", { edns: [4096] });
  const before = world.client.udp.counters["bytesIn"] ?? 0;
  await world.simulation.run(async () => {
    // Over UDP nobody can see that it is not the victim who asks.
    const socket = world.client.udp.bind(0);
    for (let count = 0; count < 500; count += 1) {
      socket.send(query, { address: "10.0.0.53", port: 53 });
      if (count % 100 === 99) await world.simulation.clock.sleep(20);
    }
    await world.simulation.clock.sleep(100);
  });
  const bytes = (world.client.udp.counters["bytesIn"] ?? 0) - before;
  expect(bytes).toBeLessThan(500 * query.length);
});

test("two servers do not answer each other for ever", async () => {
  const world = await nameServerWorld();
  await world.simulation.run(async () => {
    // The attacker makes the server believe that a server asked it: its port answers everything.
    const other = world.client.udp.bind(53);
    other.listen(({ bytes, from }) => other.send(bytes, from));
    other.send(queryOf("www.example", "A"), { address: "10.0.0.53", port: 53 });
    other.send(new Uint8Array(12), { address: "10.0.0.53", port: 53 });
    await world.simulation.clock.sleep(1000);
  });
  expect(world.server.counters.udpQueries).toBe(2);
  expect(world.server.counters.responses).toBe(2);
});

/** A forwarder, its server that is slow, and an attacker who may send in its name. */
function spoofed(forge: (query: Uint8Array) => readonly Uint8Array[], from = "10.0.0.53") {
  const { simulation, internet, udp } = dnsWorld();
  const v4 = internet.host(4, "10.0.0.53/24");
  const socket = connectUdp({ v4, random: simulation.random("server") }).bind(53);
  const other = internet.host(4, `${from}/24`);
  const attacker = connectUdp({ v4: other, random: simulation.random("attacker") });
  const forging = from === "10.0.0.53" ? socket : attacker.bind(53);
  socket.listen(({ bytes, from: client }) => {
    const query = bytes.slice();
    for (const lie of forge(query)) forging.send(lie, client);
    simulation.timeline.after(100, () => {
      socket.send(replyTo(query, { answers: [record(nameOf(query), "A", "192.0.2.1")] }), client);
    });
  });
  const forwarder = connectForwarder({
    udp,
    clock: simulation.clock,
    random: simulation.random("forwarder"),
    servers: ["10.0.0.53"],
  });
  const ask = (name: string): Promise<readonly string[]> =>
    simulation.run(async () => {
      const { answers } = await forwarder.ask({ name, type: 1, class: 1 });
      return answers.flat().map((each) => recordText(each, each.data));
    });
  return { ask, forwarder };
}

function nameOf(query: Uint8Array): string {
  return decode(query)?.questions[0]?.name ?? "";
}

/** A reply to a query, with its question letter by letter. */
function replyTo(query: Uint8Array, answer: Partial<DnsPacket>): Uint8Array {
  const packet = decode(query, readName);
  if (packet === undefined) throw new Error("That is no query");
  const reply = bytesOf({ ...emptyReply(packet), ...answer });
  return reply;
}

const lie = (query: Uint8Array): Partial<DnsPacket> => ({
  answers: [record(nameOf(query), "A", "203.0.113.66", 9999)],
});

const truth = ["host.with.a.long.name.example 60 A 192.0.2.1"];

test("a thousand guesses of the id do not pass", async () => {
  const { ask, forwarder } = spoofed((query) => {
    const forged = replyTo(query, lie(query));
    return Array.from({ length: 1000 }, (_, guess) => {
      const id = (((query[0] ?? 0) << 8) | (query[1] ?? 0)) + 1 + guess;
      return Uint8Array.from([id >> 8, id, ...forged.subarray(2)]);
    });
  });
  expect(await ask("host.with.a.long.name.example")).toEqual(truth);
  expect(forwarder.counters["strayMessages"]).toBe(1000);
});

test("the right id in other letters does not pass", async () => {
  const { ask } = spoofed((query) => {
    const forged = replyTo(query, lie(query));
    return [
      Uint8Array.from(forged, (byte, at) => (at > 12 && byte > 64 && byte < 91 ? byte + 32 : byte)),
    ];
  });
  expect(await ask("host.with.a.long.name.example")).toEqual(truth);
});

test("the right id from another address does not pass", async () => {
  const { ask } = spoofed((query) => [replyTo(query, lie(query))], "10.0.0.66");
  expect(await ask("host.with.a.long.name.example")).toEqual(truth);
});

test("what a server says of other names is not used, now or later", async () => {
  const { ask } = spoofed((query) => {
    const others = record("bank.example", "A", "203.0.113.66", 9999);
    const server = record("example", "NS", "ns.evil.test", 9999);
    const answers = [record(nameOf(query), "A", "192.0.2.1"), others];
    const isFirst = nameOf(query).startsWith("host.");
    const extra = { answers, authorities: [server], additionals: [others] };
    return isFirst ? [replyTo(query, extra)] : [];
  });
  expect(await ask("host.with.a.long.name.example")).toEqual(truth);
  expect(await ask("bank.example")).toEqual(["bank.example 60 A 192.0.2.1"]);
});
