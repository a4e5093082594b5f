/** What clients were granted stays theirs, whatever they say, and through cuts of the power. */

import { expect, test } from "vitest";
import { bytes, DhcpServerWorld, subnet, type Said } from "../../../test/dhcp-server-world.ts";
import { SimulatedDisk } from "../../simulated/index.ts";
import { connect as connectStore } from "../../storage/key-value-log.ts";
import { option } from "./packet.ts";
import type { DhcpServer } from "./server.ts";

const runs = process.env["MORGANA_LONG"] === undefined ? 1 : 100;
const steps = 150;

interface Granted {
  readonly client: number;
  readonly untilMs: number;
}

/** Plays clients that say anything, and checks every grant. */
async function play(world: DhcpServerWorld, seed: number): Promise<void> {
  const { simulation } = world;
  const random = simulation.random("clients");
  const pick = (count: number): number => random.uint32() % count;
  // It goes on through the cuts: a store never uses a number twice.
  const storage = simulation.random("storage");
  const disk = new SimulatedDisk(simulation, { sectorCount: 64, latencyMs: 4, jitterMs: 12 });
  const granted = new Map<string, Granted>();
  const offered = new Map<number, string>();
  let heard = 0;

  const serve = async (): Promise<DhcpServer> =>
    world.serve({
      store: await connectStore({
        block: disk.connect(),
        clock: simulation.clock,
        random: storage,
      }),
      subnets: [{ ...subnet, leaseSeconds: 100 }],
      isAuthoritative: seed % 2 === 0,
      maxLeases: 8,
    });

  const heed = ({ kind, packet, atMs }: Said): void => {
    const client = packet.chaddr[5] ?? 0;
    const address = packet.yiaddr.join(".");
    if (kind === "offer") offered.set(client, address);
    if (kind !== "ack" || address === "0.0.0.0") return;
    const before = granted.get(address);
    const isFree = before === undefined || before.client === client || before.untilMs <= atMs;
    expect(isFree, `${address} is client ${before?.client}'s`).toBe(true);
    granted.set(address, { client, untilMs: atMs + 99_000 });
  };

  const heedAll = (): void => {
    for (const said of world.said.slice(heard)) heed(said);
    heard = world.said.length;
  };

  /** The address that a client believes to have. */
  const held = (client: number): string =>
    [...granted].find(([, each]) => each.client === client)?.[0] ?? "10.0.0.100";

  let server = await serve();
  for (let step = 0; step < steps; step += 1) {
    const client = 1 + pick(7);
    const any = `10.0.0.${99 + pick(6)}`;
    const address = [held(client), offered.get(client) ?? any, any][pick(3)] ?? any;
    const serverId = [option.serverId, bytes("10.0.0.1")] as const;
    const requested = [option.requestedAddress, bytes(address)] as const;
    const what = pick(10);
    if (what < 3) world.tell("discover", { client });
    else if (what < 6) world.tell("request", { client, options: [serverId, requested] });
    else if (what === 6) world.tell("request", { client, options: [requested] });
    else if (what === 7) world.tell("request", { client, ciaddr: address, to: "10.0.0.1" });
    else {
      // What is under way to the client has to arrive before: whatever comes of it, then, the
      // client has the address no more.
      await world.pass(0.1);
      heedAll();
      const own = held(client);
      if (granted.get(own)?.client === client) granted.delete(own);
      const ending = pick(2) === 0 ? ("release" as const) : ("decline" as const);
      const about = [option.requestedAddress, bytes(own)] as const;
      const options = ending === "decline" ? [serverId, about] : [serverId];
      world.tell(ending, { client, ciaddr: ending === "release" ? own : "0.0.0.0", options });
    }
    await world.pass(pick(4) === 0 ? pick(40) : pick(20) / 1000);
    if (pick(20) === 0) {
      disk.crash();
      await server[Symbol.asyncDispose]();
      await world.pass(1);
      server = await serve();
    }
    heedAll();
  }
  expect(world.said.filter(({ kind }) => kind === "ack").length).toBeGreaterThan(steps / 20);
  await server[Symbol.asyncDispose]();
}

test(`no address has two clients, whatever is said to a server, and lived through (${runs})`, async () => {
  for (let seed = 1; seed <= runs; seed += 1) {
    const world = new DhcpServerWorld(seed);
    await world.simulation.run(() => play(world, seed));
  }
});
