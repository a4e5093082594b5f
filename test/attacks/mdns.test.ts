/** Hosts of the link that lie, or flood it. */

import { expect, test } from "vitest";
import type { Udp } from "../../src/devices/index.ts";
import { connect, type Mdns } from "../../src/net/mdns/mdns.ts";
import {
  encodeQuery,
  encodeResponse,
  groups,
  port,
  type MdnsRecord,
} from "../../src/net/mdns/packet.ts";
import { connect as connectUdp } from "../../src/net/udp/udp.ts";
import { Simulation } from "../../src/simulated/index.ts";
import { FakeInternet } from "../fake-ip.ts";

interface World {
  readonly simulation: Simulation;
  readonly internet: FakeInternet;
  readonly mdns: Mdns;
  readonly attacker: Udp;
}

/** A host at 10.0.0.1, `alpha.local`, and an attacker at 10.0.0.66. */
async function world(): Promise<World> {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const simulation = new Simulation({ seed: 1, turn });
  const internet = new FakeInternet(simulation.timeline);
  const udpAt = (address: string): Udp => {
    const v4 = internet.host(4, `${address}/24`);
    return connectUdp({ v4, random: simulation.random(address) });
  };
  const stack = {
    udp: udpAt("10.0.0.1"),
    addresses: ["10.0.0.1/24"],
    onAddressesChange: () => () => {},
  };
  const { clock } = simulation;
  const random = simulation.random("mdns");
  const mdns = connect({ stack, clock, random, hostName: "alpha" });
  await simulation.run(() => clock.sleep(5000));
  return { simulation, internet, mdns, attacker: udpAt("10.0.0.66") };
}

function lie(name: string): MdnsRecord {
  const data = Uint8Array.of(203, 0, 113, 66);
  return { name, type: 1, class: 1, ttlSeconds: 9999, data, isUnique: true };
}

const all = { address: groups.v4, port };

test("a response from another port is not believed", async () => {
  const { simulation, mdns, attacker } = await world();
  const socket = attacker.bind(0);
  for (const message of encodeResponse([lie("bank.local")], [])) {
    socket.send(message, all, { timeToLive: 255 });
  }
  const missing = simulation.run(() => mdns.resolve("bank.local"));
  await expect(missing).rejects.toThrow("nobody answers");
});

test("a flood of questions is answered once a second", async () => {
  const { simulation, internet, attacker } = await world();
  const socket = attacker.bind(port);
  const questions = [{ name: "alpha.local", type: 1, wantsUnicast: false }];
  const [query = new Uint8Array(0)] = encodeQuery({ questions });
  internet.packets.length = 0;
  await simulation.run(async () => {
    for (let count = 0; count < 1000; count += 1) {
      socket.send(query, all, { timeToLive: 255 });
      if (count % 100 === 0) await simulation.clock.sleep(300);
    }
  });
  const answers = internet.packets.filter(({ from }) => from === "10.0.0.1");
  expect(answers.length).toBeLessThanOrEqual(4);
});

test.each([
  ["10.0.0.77", 1],
  ["192.0.2.77", 0],
])("a question for us alone that says it is from %s is answered %i times", async (from, count) => {
  const { simulation, internet } = await world();
  const questions = [{ name: "alpha.local", type: 255, wantsUnicast: false }];
  const [query = new Uint8Array(0)] = encodeQuery({ questions });
  const length = 8 + query.length;
  const payload = new Uint8Array(length);
  payload.set([0x30, 0x39, port >> 8, port & 0xff, length >> 8, length & 0xff]);
  payload.set(query, 8);
  internet.packets.length = 0;
  const packet = { from, to: "10.0.0.1", protocol: 17, payload, timeToLive: 64 };
  internet.hostAt("10.0.0.1")?.hear({ ...packet, offload: undefined });
  await simulation.run(() => simulation.clock.sleep(1000));
  expect(internet.packets.filter(({ to }) => to === from)).toHaveLength(count);
});

test("a flood of records takes no more than a bounded memory, and names are still found", async () => {
  const { simulation, mdns, attacker, internet } = await world();
  const socket = attacker.bind(port);
  await simulation.run(async () => {
    for (let count = 0; count < 3000; count += 1) {
      for (const message of encodeResponse([lie(`${count}.local`)], [])) {
        socket.send(message, all, { timeToLive: 255 });
      }
      if (count % 100 === 0) await simulation.clock.sleep(10);
    }
  });
  expect(mdns.counters["recordsHeard"]).toBeGreaterThan(2900);
  expect(await simulation.run(() => mdns.resolve("alpha.local"))).toEqual(["10.0.0.1"]);
  expect(internet.packets.length).toBeGreaterThan(0);
});

test("who claims every name of ours makes us take others, but not without end", async () => {
  const { simulation, internet, mdns, attacker } = await world();
  const socket = attacker.bind(port);
  let count = 0;
  const leave = socket.join(groups.v4);
  socket.listen(() => {
    // Whatever is asked for, the attacker has it.
    for (let number = 1; number < 40; number += 1) {
      const name = number === 1 ? "alpha.local" : `alpha-${number}.local`;
      for (const message of encodeResponse([lie(name)], [])) {
        socket.send(message, all, { timeToLive: 255 });
      }
    }
    count += 1;
  });
  for (const message of encodeResponse([lie("alpha.local")], [])) {
    socket.send(message, all, { timeToLive: 255 });
  }
  internet.packets.length = 0;
  await simulation.run(() => simulation.clock.sleep(60_000));
  leave();
  expect(count).toBeLessThan(100);
  const ours = internet.packets.filter(({ from }) => from === "10.0.0.1");
  expect(ours.length).toBeLessThan(200);
  expect(mdns.hostName === undefined || /^alpha-\d+\.local$/.test(mdns.hostName)).toBe(true);
});
