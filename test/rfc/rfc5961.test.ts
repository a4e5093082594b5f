import { expect, test } from "vitest";
import { flag } from "../../src/net/tcp/packet.ts";
import { add } from "../../src/net/tcp/sequence.ts";
import { play, stillTalk } from "../attacks/attacker.ts";

test("7 challenges are limited for the whole layer", async () => {
  await play(async (scene) => {
    const { attacker, client, ends, server, simulation } = scene;
    await simulation.clock.sleep(50);
    const next = attacker.lastOf(client).sequenceNumber;
    for (let count = 0; count < 1000; count += 1) {
      attacker.forge(ends, { sequenceNumber: add(next, 100), flags: flag.rst });
    }
    await simulation.clock.sleep(50);
    const challenges = server.tcp.counters["challenges"] ?? 0;
    expect(challenges).toBeGreaterThan(50);
    expect(challenges).toBeLessThan(300);
    expect(await stillTalk(scene)).toBe(true);
  });
});
