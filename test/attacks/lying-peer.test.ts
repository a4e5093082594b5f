/** Peers that are connected and lie about what they have, what they want, or whether they read. */

import { expect, test } from "vitest";
import { flag } from "../../src/net/tcp/packet.ts";
import { add, difference } from "../../src/net/tcp/sequence.ts";
import type { TcpSettings } from "../../src/net/tcp/settings.ts";
import { lose, pattern, readAll } from "../tcp-world.ts";
import { isTcp, nextOf, play, readBytes, type Scene } from "./attacker.ts";

const algorithms: readonly TcpSettings["congestion"][] = ["cubic", "new-reno"];

/** Speaks for the server, which is mute: acknowledges up to `end`. */
function acknowledge({ attacker, backEnds }: Scene, ack: number, end: number): void {
  attacker.forge(backEnds, {
    sequenceNumber: ack,
    acknowledgmentNumber: end,
    flags: flag.ack,
  });
}

describeEach("acknowledgments one byte at a time open the window by no more than whole", 1448);
describeEach("an acknowledgment of ten segments at once opens the window by a few", 1);

/** Opens with a full window, acknowledges it in so many parts, and looks at how much it grew. */
function describeEach(name: string, parts: number): void {
  test.each(algorithms)(`${name} (%s)`, async (congestion) => {
    const settings = { congestion, timestamps: false, tailLossProbe: false };
    await play(async (scene) => {
      const { attacker, client, flow, server, simulation } = scene;
      lose(server.network, isTcp);
      const { sequence, ack } = nextOf(scene);
      void flow.write(new Uint8Array(1_000_000)).catch(() => {});
      await simulation.clock.sleep(10);
      const before = flow.counters["congestionWindowBytes"] ?? 0;
      expect(difference(attacker.nextAfter(client), sequence)).toBe(before);
      const ackedBytes = parts === 1 ? before : 1460;
      for (let part = 1; part <= parts; part += 1) {
        acknowledge(scene, ack, add(sequence, Math.ceil((ackedBytes * part) / parts)));
      }
      await simulation.clock.sleep(5);
      const grown = (flow.counters["congestionWindowBytes"] ?? 0) - before;
      expect(grown).toBeGreaterThan(0);
      // RFC 3465: two segments at most for one acknowledgment; RFC 9406 allows eight.
      const most = (congestion === "cubic" ? 8 : 2) * 1460;
      expect(grown).toBeLessThanOrEqual(parts === 1 ? most : ackedBytes);
    }, settings);
  });
}

test("an acknowledgment of what was not sent is answered, and opens nothing", async () => {
  await play(
    async (scene) => {
      const { client, flow, server, simulation } = scene;
      lose(server.network, isTcp);
      const { sequence, ack } = nextOf(scene);
      void flow.write(new Uint8Array(1_000_000)).catch(() => {});
      await simulation.clock.sleep(10);
      const before = flow.counters["congestionWindowBytes"] ?? 0;
      for (const beyond of [1, 1460, 65_535, 1e6, 1e9]) {
        acknowledge(scene, ack, add(sequence, before + beyond));
      }
      await simulation.clock.sleep(5);
      expect(flow.counters["congestionWindowBytes"]).toBe(before);
      expect(flow.counters["flightBytes"]).toBe(before);
      expect(client.tcp.counters["challenges"]).toBe(5);
    },
    { tailLossProbe: false },
  );
});

test("a window that shrinks stops what goes on, and loses nothing", async () => {
  await play(async (scene) => {
    const { attacker, client, flow, served, server, simulation, backEnds } = scene;
    let isMute = true;
    lose(server.network, (frame) => isMute && isTcp(frame));
    const { sequence, ack } = nextOf(scene);
    const bytes = pattern(100_000);
    const written = flow.write(bytes.slice());
    await simulation.clock.sleep(5);
    // Two segments, and room for half of what is under way.
    attacker.forge(backEnds, {
      sequenceNumber: ack,
      acknowledgmentNumber: add(sequence, 2 * 1448),
      flags: flag.ack,
      windowField: 3 * 1448,
    });
    await simulation.clock.sleep(5);
    attacker.heard.length = 0;
    await simulation.clock.sleep(10_000);
    const edge = add(sequence, 5 * 1448);
    const beyond = attacker.heard.filter(
      ({ segment }) =>
        segment.sourcePort === flow.local.port &&
        difference(add(segment.sequenceNumber, segment.payload.length), edge) > 0,
    );
    // What was under way may be sent again, once for each probe.
    expect(beyond.length).toBeLessThan(20);
    isMute = false;
    expect(await readBytes(served, 100_000)).toEqual(bytes);
    await written;
    expect(client.tcp.counters["segmentsOut"]).toBeLessThan(150);
  });
});

test("a peer whose window stays closed does not keep what the user has let go of", async () => {
  await play(async (scene) => {
    const { attacker, client, flow, server, simulation, backEnds } = scene;
    lose(server.network, isTcp);
    const { sequence, ack } = nextOf(scene);
    void flow.write(new Uint8Array(1_000_000)).catch(() => {});
    const close = (): void => {
      attacker.forge(backEnds, {
        sequenceNumber: ack,
        acknowledgmentNumber: sequence,
        flags: flag.ack,
        windowField: 0,
      });
    };
    close();
    attacker.overhears = ({ segment }) => {
      if (segment.sourcePort === flow.local.port && (segment.flags & flag.rst) === 0) close();
    };
    await simulation.clock.sleep(1_000_000);
    // As long as the user waits, it is kept (RFC 9293, 3.8.6.1).
    expect(flow.counters["flightBytes"]).toBeGreaterThan(0);
    await flow[Symbol.asyncDispose]();
    await simulation.clock.sleep(400_000);
    expect(flow.counters["flightBytes"]).toBe(0);
    expect(attacker.lastOf(client).flags & flag.rst).not.toBe(0);
  });
});

test("a peer that takes a byte in each segment is not obeyed to the letter", async () => {
  await play(async (scene) => {
    const { attacker, ghost, server, simulation } = scene;
    const ends = { from: ghost.address, fromPort: 999, to: server, toPort: 8 };
    server.tcp.listen(8, async (flow) => {
      await flow.write(new Uint8Array(100_000));
    });
    const [isn, syn] = [1000, { flags: flag.syn, timestamps: true, timestampValue: 1 }];
    attacker.forge(ends, { ...syn, sequenceNumber: isn, maximumSegmentSize: 1 });
    await simulation.clock.sleep(1000);
    const answer = attacker.lastOf(server);
    expect(answer.flags).toBe(flag.syn | flag.ack);
    attacker.forge(ends, {
      flags: flag.ack,
      sequenceNumber: isn + 1,
      acknowledgmentNumber: add(answer.sequenceNumber, 1),
      timestamps: true,
      timestampValue: 2,
      timestampEcho: answer.timestampValue,
    });
    attacker.heard.length = 0;
    await simulation.clock.sleep(100);
    const sizes = attacker.heard.map(({ segment }) => segment.payload.length).filter(Boolean);
    expect(Math.max(...sizes)).toBeGreaterThanOrEqual(32);
  });
});

test("a peer that resets, closes or falls silent leaves the user an error or an end", async () => {
  await play(async (scene) => {
    const { attacker, backEnds, flow, server, simulation } = scene;
    const { sequence, ack } = nextOf(scene);
    lose(server.network, isTcp);
    const read = readAll(flow);
    const end = { flags: flag.fin | flag.ack, sequenceNumber: ack, acknowledgmentNumber: sequence };
    attacker.forge(backEnds, end);
    expect((await read).length).toBe(0);
    const written = flow.write(new Uint8Array(1_000_000));
    await expect(written).rejects.toMatchObject({ code: "timed-out" });
    expect(simulation.clock.monotonicMs()).toBeLessThan(400_000);
  });
});
