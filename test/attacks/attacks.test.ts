import { expect, test } from "vitest";
import { encode as encodeArp, etherType as arpType } from "../../src/net/arp/packet.ts";
import { add as addUp, finish } from "../../src/net/checksum.ts";
import { flag } from "../../src/net/tcp/packet.ts";
import { add } from "../../src/net/tcp/sequence.ts";
import { type Ends, play, type Scene, stillTalk } from "./attacker.ts";

/** All of the flood only where there is time: it takes seconds. */
const floodCount = process.env["MORGANA_LONG"] === undefined ? 5000 : 100_000;

/** What the client's next segment to the server would have. */
function nextOf({ attacker, client, server }: Scene): { sequence: number; ack: number } {
  const own = attacker.lastOf(client);
  const other = attacker.lastOf(server);
  const length = own.payload.length + (own.flags & flag.syn ? 1 : 0);
  const otherLength = other.payload.length + (other.flags & flag.syn ? 1 : 0);
  return {
    sequence: add(own.sequenceNumber, length),
    ack: add(other.sequenceNumber, otherLength),
  };
}

test("a flood of SYNs leaves established flows and honest clients alone", async () => {
  await play(async (scene) => {
    const { attacker, client, server, simulation } = scene;
    const before = process.memoryUsage().heapUsed;
    for (let number = 0; number < floodCount; number += 1) {
      const from = `10.0.0.${3 + (number % 250)}`;
      const ends: Ends = { from, fromPort: 1024 + (number % 60_000), to: server, toPort: 7 };
      attacker.forge(ends, { sequenceNumber: number * 7919, flags: flag.syn });
      if (number % 500 === 499) {
        await simulation.clock.sleep(2);
        attacker.heard.length = 0;
      }
    }
    expect(await stillTalk(scene)).toBe(true);
    expect(server.tcp.counters["backlogFull"]).toBeGreaterThan(0.9 * floodCount);
    // Nobody is remembered any more: a cookie makes the connection.
    const flow = await client.tcp.connect({ address: server.address, port: 7 });
    await flow.write(Uint8Array.of(1));
    await simulation.clock.sleep(100);
    expect(server.tcp.counters["synCookies"]).toBe(1);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(150e6);
  });
});

test("a reset counts only with the very next sequence number", async () => {
  await play(async (scene) => {
    const { attacker, ends, simulation, server } = scene;
    const { sequence } = nextOf(scene);
    for (const offset of [-1, 1, 1000, 30_000, 65_534, 70_000, 1e9]) {
      attacker.forge(ends, { sequenceNumber: add(sequence, offset), flags: flag.rst });
    }
    await simulation.clock.sleep(100);
    expect(server.tcp.counters["challenges"]).toBeGreaterThan(0);
    expect(await stillTalk(scene)).toBe(true);
  });
});

test("a SYN in a connection is answered, not obeyed", async () => {
  await play(async (scene) => {
    const { attacker, ends, simulation } = scene;
    const { sequence } = nextOf(scene);
    for (const offset of [0, 5, 1e6]) {
      attacker.forge(ends, { sequenceNumber: add(sequence, offset), flags: flag.syn });
    }
    await simulation.clock.sleep(100);
    expect(await stillTalk(scene)).toBe(true);
  });
});

test("data with an acknowledgment that cannot be is not taken", async () => {
  await play(async (scene) => {
    const { attacker, ends, simulation } = scene;
    const { sequence, ack } = nextOf(scene);
    // Of what was not sent yet, and of what was sent long ago (RFC 5961, 5.2).
    for (const offset of [1, 1000, -70_000, 1e9]) {
      attacker.forge(
        ends,
        { sequenceNumber: sequence, acknowledgmentNumber: add(ack, offset), flags: flag.ack },
        Uint8Array.of(9, 9, 9),
      );
    }
    await simulation.clock.sleep(100);
    expect(await stillTalk(scene)).toBe(true);
  });
});

test("acknowledgments of parts and of what was not sent do not open the window", async () => {
  await play(async (scene) => {
    const { attacker, flow, served, simulation, client, ends } = scene;
    const towardsClient: Ends = {
      from: ends.to.address,
      fromPort: 7,
      to: client,
      toPort: ends.fromPort,
    };
    void served;
    const before = flow.counters["congestionWindowBytes"] ?? 0;
    await flow.write(new Uint8Array(1448));
    const { sequenceNumber, acknowledgmentNumber } = attacker.lastOf(client);
    // One byte at a time: together they may open it by what was acknowledged, no more.
    for (let byte = 1; byte <= 1448; byte += 1) {
      attacker.forge(towardsClient, {
        sequenceNumber: acknowledgmentNumber,
        acknowledgmentNumber: add(sequenceNumber, byte),
        flags: flag.ack,
      });
    }
    attacker.forge(towardsClient, {
      sequenceNumber: acknowledgmentNumber,
      acknowledgmentNumber: add(sequenceNumber, 1e6),
      flags: flag.ack,
    });
    await simulation.clock.sleep(100);
    expect((flow.counters["congestionWindowBytes"] ?? 0) - before).toBeLessThanOrEqual(2 * 1448);
  });
});

test("a window that shrinks, and one that stays closed, lose nothing", async () => {
  await play(async (scene) => {
    const { attacker, flow, served, simulation, client, ends } = scene;
    const towardsClient: Ends = {
      from: ends.to.address,
      fromPort: 7,
      to: client,
      toPort: ends.fromPort,
    };
    await flow.write(new Uint8Array(4000).fill(1));
    const { sequence, ack } = nextOf(scene);
    void sequence;
    attacker.forge(towardsClient, {
      sequenceNumber: ack,
      acknowledgmentNumber: attacker.lastOf(client).sequenceNumber,
      flags: flag.ack,
      windowField: 0,
    });
    void flow.write(new Uint8Array(100_000).fill(2));
    let count = 0;
    while (count < 104_000) count += (await served.read())?.length ?? Infinity;
    expect(count).toBe(104_000);
    await simulation.clock.sleep(1);
  });
});

test("reports that nobody is there do not end a connection, nor make its segments tiny", async () => {
  await play(async (scene) => {
    const { attacker, flow, served, client, simulation } = scene;
    await flow.write(new Uint8Array(5000));
    const own = attacker.lastOf(client);
    const quoted = new Uint8Array(28);
    quoted.set([0x45, 0, 0x05, 0xdc, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    quoted.set([own.sourcePort >> 8, own.sourcePort & 255, 0, 7], 20);
    new DataView(quoted.buffer).setUint32(24, own.sequenceNumber);
    for (const [code, mtu] of [
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 68],
      [4, 0],
    ] as const) {
      const body = new Uint8Array(8 + quoted.length);
      body.set([3, code, 0, 0, 0, 0, mtu >> 8, mtu & 255]);
      body.set(quoted, 8);
      const checksum = finish(addUp(body));
      body.set([checksum >> 8, checksum & 255], 2);
      attacker.sendIpv4("10.0.0.99", client, 1, body);
    }
    await simulation.clock.sleep(1000);
    let count = 0;
    while (count < 5000) count += (await served.read())?.length ?? Infinity;
    attacker.heard.length = 0;
    await flow.write(new Uint8Array(100_000));
    await simulation.clock.sleep(100);
    const largest = Math.max(...attacker.heard.map(({ segment }) => segment.payload.length));
    expect(largest).toBeGreaterThan(400);
  });
});

test("whoever claims our address is answered, and the connection goes on", async () => {
  await play(async (scene) => {
    const { attacker, server, simulation } = scene;
    // Until then the address is being probed, and another host might still have it.
    await simulation.clock.sleep(10_000);
    const broadcast = new Uint8Array(6).fill(255);
    for (let round = 0; round < 50; round += 1) {
      const claim = new Uint8Array(28);
      encodeArp(
        {
          operation: 2,
          senderMac: Uint8Array.of(2, 9, 9, 9, 9, 9),
          senderAddress: Uint8Array.of(10, 0, 0, 2),
          targetMac: broadcast,
          targetAddress: Uint8Array.of(10, 0, 0, 2),
        },
        claim,
      );
      attacker.sendFrame(server.network.mac, arpType, claim);
      await simulation.clock.sleep(10);
    }
    expect(server.ip.addresses).toEqual(["10.0.0.2/24"]);
    expect(await stillTalk(scene)).toBe(true);
  });
});

test("segments of one byte beyond a gap are kept only up to a bound", async () => {
  await play(async (scene) => {
    const { attacker, ends, simulation } = scene;
    const { sequence, ack } = nextOf(scene);
    for (let offset = 2; offset < 20_000; offset += 2) {
      attacker.forge(
        ends,
        { sequenceNumber: add(sequence, offset), acknowledgmentNumber: ack, flags: flag.ack },
        Uint8Array.of(offset & 255),
      );
      if (offset % 1000 === 0) await simulation.clock.sleep(1);
    }
    const last = attacker.lastOf(scene.server);
    expect(last.acknowledgmentNumber).toBe(sequence);
    await simulation.clock.sleep(100);
  });
});

test("blocks that acknowledge what was never sent do no harm", async () => {
  await play(async (scene) => {
    const { attacker, flow, served, client, ends } = scene;
    const towardsClient: Ends = {
      from: ends.to.address,
      fromPort: 7,
      to: client,
      toPort: ends.fromPort,
    };
    await flow.write(new Uint8Array(10_000).fill(5));
    const { sequenceNumber, acknowledgmentNumber } = attacker.lastOf(client);
    for (const [left, right] of [
      [1e6, 2e6],
      [100, -100],
      [-1e9, 1e9],
      [0, 0],
      [-5000, 5000],
    ] as const) {
      attacker.forge(towardsClient, {
        sequenceNumber: acknowledgmentNumber,
        acknowledgmentNumber: sequenceNumber,
        flags: flag.ack,
        sackBlocks: [{ left: add(sequenceNumber, left), right: add(sequenceNumber, right) }],
      });
    }
    let count = 0;
    while (count < 10_000) count += (await served.read())?.length ?? Infinity;
    expect(count).toBe(10_000);
  });
});

test("fragments that overlap give no datagram, and cost little", async () => {
  await play(async (scene) => {
    const { attacker, server, simulation } = scene;
    for (let identification = 0; identification < 2000; identification += 1) {
      const send = (fragmentOffset: number, length: number, moreFragments: boolean): void =>
        attacker.sendIpv4("10.0.0.77", server, 6, new Uint8Array(length), {
          identification,
          moreFragments,
          fragmentOffset,
        });
      send(0, 400, true);
      send(200, 400, true);
      send(65_528, 1000, false);
      if (identification % 50 === 0) await simulation.clock.sleep(1);
    }
    await simulation.clock.sleep(10);
    expect(await stillTalk(scene)).toBe(true);
  });
});
