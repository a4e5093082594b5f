/** Segments and reports that somebody makes up, who may see the connection or guess about it. */

import { expect, test } from "vitest";
import { encode as encodeArp, etherType as arpType } from "../../src/net/arp/packet.ts";
import { add as addUp, finish } from "../../src/net/checksum.ts";
import { flag } from "../../src/net/tcp/packet.ts";
import { add } from "../../src/net/tcp/sequence.ts";
import { lose, pattern } from "../tcp-world.ts";
import { isTcp, nextOf, play, readBytes, type Scene, stillTalk } from "./attacker.ts";

test("a reset counts only with the very next sequence number", async () => {
  await play(async (scene) => {
    const { attacker, ends, simulation, server } = scene;
    const { sequence } = nextOf(scene);
    for (const offset of [-1, 1, 1000, 30_000, 65_534, 70_000, 1e9]) {
      attacker.forge(ends, { sequenceNumber: add(sequence, offset), flags: flag.rst });
    }
    await simulation.clock.sleep(100);
    expect(server.tcp.counters["challenges"]).toBe(4);
    expect(await stillTalk(scene)).toBe(true);
    const next = { sequenceNumber: nextOf(scene).sequence, flags: flag.rst };
    attacker.forge(ends, next);
    await expect(scene.served.read()).rejects.toMatchObject({ code: "reset" });
  });
});

test("a SYN in a connection is answered, not obeyed", async () => {
  await play(async (scene) => {
    const { attacker, ends, server, simulation } = scene;
    const { sequence } = nextOf(scene);
    for (const offset of [0, 5, 1e6]) {
      attacker.forge(ends, { sequenceNumber: add(sequence, offset), flags: flag.syn });
    }
    await simulation.clock.sleep(100);
    expect(server.tcp.counters["challenges"]).toBe(3);
    expect(await stillTalk(scene)).toBe(true);
  });
});

test("answers to what may be an attack are limited", async () => {
  await play(async (scene) => {
    const { attacker, ends, server, simulation } = scene;
    const { sequence } = nextOf(scene);
    for (let count = 0; count < 5000; count += 1) {
      attacker.forge(ends, { sequenceNumber: add(sequence, 1 + count), flags: flag.rst });
    }
    await simulation.clock.sleep(100);
    expect(server.tcp.counters["challenges"]).toBeLessThan(250);
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
    // Without ACK, and outside the window.
    attacker.forge(ends, { sequenceNumber: sequence, flags: 0 }, Uint8Array.of(9, 9, 9));
    for (const offset of [-3, 70_000, 1e9]) {
      attacker.forge(
        ends,
        { sequenceNumber: add(sequence, offset), acknowledgmentNumber: ack, flags: flag.ack },
        Uint8Array.of(9, 9, 9),
      );
    }
    await simulation.clock.sleep(100);
    expect(await stillTalk(scene)).toBe(true);
  });
});

test("timestamps from the future do not make what follows look old", async () => {
  await play(async (scene) => {
    const { attacker, client, ends, simulation } = scene;
    const { sequence, ack } = nextOf(scene);
    const { timestampValue } = attacker.lastOf(client);
    const stamp = { timestamps: true, timestampValue: add(timestampValue, 1e9), timestampEcho: 0 };
    const changes = { flags: flag.ack, ...stamp };
    // In the window, with an acknowledgment that cannot be; and beyond what was acknowledged last.
    for (const [offset, ackOffset] of [
      [0, 1e6],
      [0, -1e6],
      [-1, 1e6],
      [10, 0],
      [1000, 0],
    ] as const) {
      attacker.forge(
        ends,
        {
          ...changes,
          sequenceNumber: add(sequence, offset),
          acknowledgmentNumber: add(ack, ackOffset),
        },
        offset < 0 ? Uint8Array.of(9, 9, 9) : undefined,
      );
    }
    await simulation.clock.sleep(100);
    expect(await stillTalk(scene)).toBe(true);
    expect(simulation.clock.monotonicMs()).toBeLessThan(1000);
  });
});

test("blocks that acknowledge what was never sent, or never arrived, lose nothing", async () => {
  await play(async (scene) => {
    const { attacker, flow, served, server, backEnds, simulation } = scene;
    const bytes = pattern(10_000);
    let isMute = true;
    // None of it arrives; the server says nothing.
    lose(scene.client.network, (frame) => isMute && isTcp(frame));
    await flow.write(bytes.slice());
    const { sequence, ack } = nextOf(scene);
    for (const [left, right] of [
      [1e6, 2e6],
      [100, -100],
      [-1e9, 1e9],
      [0, 0],
      [-5000, 5000],
      [0, 10_000],
      [1448, 10_000],
      [5000, 5001],
    ] as const) {
      attacker.forge(backEnds, {
        sequenceNumber: ack,
        acknowledgmentNumber: sequence,
        flags: flag.ack,
        timestamps: true,
        timestampValue: attacker.lastOf(server).timestampValue,
        sackBlocks: [{ left: add(sequence, left), right: add(sequence, right) }],
      });
    }
    await simulation.clock.sleep(100);
    isMute = false;
    expect(await readBytes(served, 10_000)).toEqual(bytes);
    expect(simulation.clock.monotonicMs()).toBeLessThan(5000);
  });
});

/** Sends the client a report about the segment of its that has a sequence number. */
function report({ attacker, client, ends }: Scene, sequence: number, code: number, mtu = 0): void {
  const quoted = new Uint8Array(28);
  quoted.set([0x45, 0, 0x05, 0xdc, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
  quoted.set([ends.fromPort >> 8, ends.fromPort & 255, 0, 7], 20);
  new DataView(quoted.buffer).setUint32(24, sequence);
  const body = new Uint8Array(8 + quoted.length);
  body.set([3, code, 0, 0, 0, 0, mtu >> 8, mtu & 255]);
  body.set(quoted, 8);
  const checksum = finish(addUp(body));
  body.set([checksum >> 8, checksum & 255], 2);
  attacker.sendIpv4("10.0.0.99", client, 1, body);
}

test("reports that nobody is there do not end a connection, nor make its segments tiny", async () => {
  await play(async (scene) => {
    const { attacker, flow, served, client, simulation } = scene;
    await flow.write(new Uint8Array(5000));
    const { sequenceNumber } = attacker.lastOf(client);
    for (const [code, mtu] of [
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 0],
      [13, 0],
      [4, 68],
      [4, 0],
    ] as const) {
      report(scene, sequenceNumber, code, mtu);
    }
    await simulation.clock.sleep(1000);
    expect((await readBytes(served, 5000)).length).toBe(5000);
    attacker.heard.length = 0;
    await flow.write(new Uint8Array(100_000));
    await simulation.clock.sleep(100);
    const largest = Math.max(...attacker.heard.map(({ segment }) => segment.payload.length));
    expect(largest).toBeGreaterThan(400);
    expect((await readBytes(served, 100_000)).length).toBe(100_000);
    expect(await stillTalk(scene)).toBe(true);
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
          operation: 1 + (round % 2),
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
