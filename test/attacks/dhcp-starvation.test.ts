/** Clients that do not exist ask a DHCP server for all it has. */

import { expect, test } from "vitest";
import { option } from "../../src/net/dhcp/packet.ts";
import { bytes, inWorld, subnet, type DhcpServerWorld } from "../dhcp-server-world.ts";
import { usedBytes } from "../used-bytes.ts";

const count = process.env["MORGANA_LONG"] === undefined ? 1000 : 100_000;

const serverId = [option.serverId, bytes("10.0.0.1")] as const;

/** Says what an honest client says, and gives its address. */
async function lease(world: DhcpServerWorld, client: number): Promise<string> {
  world.tell("discover", { client });
  // A probe takes a moment.
  await world.pass(0.5);
  const offer = world.said.findLast(({ packet }) => packet.chaddr[5] === client);
  const requested = [option.requestedAddress, offer?.packet.yiaddr ?? new Uint8Array(4)] as const;
  world.tell("request", { client, options: [serverId, requested] });
  await world.pass(0.01);
  const ack = world.said.findLast(({ packet }) => packet.chaddr[5] === client);
  return ack?.kind === "ack" ? ack.packet.yiaddr.join(".") : "";
}

test(`${count} discoveries of strangers take no memory, no lease, and no address for long`, () =>
  inWorld(async (world) => {
    const server = await world.serve({
      subnets: [{ ...subnet, ranges: [["10.0.0.100", "10.0.0.149"]] }],
      maxLeases: 40,
      probeMs: 300,
    });
    const address = await lease(world, 9);
    expect(server.leases.map((each) => each.address)).toEqual([address]);
    const before = usedBytes();
    for (let number = 0; number < count; number += 1) {
      const requested = [option.requestedAddress, bytes(address)] as const;
      world.tell("discover", { client: 1000 + number, options: [requested] });
      if (number % 20 !== 0) continue;
      await world.pass(0.05);
      world.said.length = 0;
    }
    expect(usedBytes() - before).toBeLessThan(2e6);
    expect(server.counters["limited"]).toBeGreaterThan(count / 2);
    expect(server.leases.map((each) => each.address)).toEqual([address]);
    // Who has a lease is answered while it goes on.
    world.tell("request", { client: 9, ciaddr: address, to: "10.0.0.1" });
    await world.pass(1);
    expect(server.counters["acks"]).toBe(2);
    // Nobody took what was offered: it is there for who comes next.
    await world.pass(5);
    expect(await lease(world, 10)).not.toBe("");
  }));

test("strangers that take all that there is get no lease that has not ended, nor what is reserved", () =>
  inWorld(async (world) => {
    const reservations = [{ client: "02:00:00:00:00:07", address: "10.0.0.103" }];
    const server = await world.serve({ subnets: [{ ...subnet, reservations }] });
    const address = await lease(world, 9);
    for (let number = 0; number < 200; number += 1) {
      const client = 1000 + number;
      const [offer] = await world.say("discover", { client });
      const requested = [option.requestedAddress, offer?.packet.yiaddr ?? bytes(address)] as const;
      const [ack] = await world.say("request", { client, options: [serverId, requested] });
      if (ack?.kind === "ack") expect(ack.packet.yiaddr).not.toEqual(bytes(address));
      // Nor does it help to say that they are in use, or to give back what others have.
      await world.say("decline", { client, options: [serverId, requested] });
      await world.say("release", { client, ciaddr: address, options: [serverId] });
    }
    expect(server.leases.map((each) => each.address)).toContain(address);
    await world.pass(5);
    expect(await lease(world, 7)).toBe("10.0.0.103");
    await world.pass(3700);
    expect(await lease(world, 10)).not.toBe("");
  }));
