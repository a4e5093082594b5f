import { describe, expect, test } from "vitest";
import { bytes, inWorld, subnet, type DhcpServerWorld } from "../../../test/dhcp-server-world.ts";
import { SimulatedStore } from "../../simulated/index.ts";
import { option } from "./packet.ts";
import type { DhcpServer } from "./server.ts";
import { secondsOf } from "./subnet.ts";

const serverId = [option.serverId, bytes("10.0.0.1")] as const;
const asks = (address: string): readonly [number, Uint8Array] => [
  option.requestedAddress,
  bytes(address),
];

/** Gets a lease for a client, and gives its address. */
async function lease(world: DhcpServerWorld, client = 9): Promise<string> {
  const [offer] = await world.say("discover", { client });
  const address = offer?.packet.yiaddr.join(".") ?? "";
  const [ack] = await world.say("request", { client, options: [serverId, asks(address)] });
  return ack?.kind === "ack" ? address : "";
}

const held = (server: DhcpServer): string[] => server.leases.map(({ address }) => address);

describe("clients of ours", () => {
  test("three on a wire get addresses, keep them, and give them back", () =>
    inWorld(async (world) => {
      const changes: number[] = [];
      const server = await world.serve({
        probeMs: 300,
        subnets: [
          { ...subnet, dnsServers: ["10.0.0.1"], searchDomains: ["lab.test", "a.lab.test"] },
        ],
      });
      server.onChange((leases) => changes.push(leases.length));
      const stacks = await Promise.all(
        ["one", "two", "three"].map((hostName) => world.stack({ ipv4: "dhcp", hostName })),
      );
      await Promise.all(stacks.map((stack) => stack.configured()));
      const addresses = stacks.flatMap((stack) => stack.addresses);
      expect(new Set(addresses).size).toBe(3);
      expect(server.leases.map(({ address }) => `${address}/24`)).toEqual(addresses.toSorted());
      const names = new Set(server.leases.map(({ hostName }) => hostName));
      expect(names).toEqual(new Set(["one", "two", "three"]));
      // Past T1 and the first lease: renewed, and the same.
      await world.pass(4000);
      expect(stacks.flatMap((stack) => stack.addresses)).toEqual(addresses);
      expect(server.counters["acks"]).toBeGreaterThanOrEqual(6);
      for (const stack of stacks) await stack[Symbol.asyncDispose]();
      await world.pass(1);
      expect(server.leases).toEqual([]);
      expect(changes.at(-1)).toBe(0);
      expect(server.counters).toMatchObject({ naks: 0, malformed: 0, conflicts: 0, unsent: 0 });
    }));

  test("an address that answers is not offered, and another is", () =>
    inWorld(async (world) => {
      const server = await world.serve({
        probeMs: 300,
        subnets: [{ ...subnet, ranges: [["10.0.0.100", "10.0.0.101"]] }],
      });
      const prefix = { address: bytes("10.0.0.100"), length: 24 };
      const squatter = await world.stack({ ipv4: { address: prefix } });
      await squatter.configured();
      const stacks = [await world.stack({ ipv4: "dhcp" })];
      await stacks[0]?.configured();
      expect(stacks[0]?.addresses).toEqual(["10.0.0.101/24"]);
      expect(server.counters["declines"]).toBe(0);
    }));
});

describe("an offer", () => {
  test("goes to the client's MAC address, to all where it asks so, or to its relay agent", () =>
    inWorld(async (world) => {
      await world.serve({
        subnets: [subnet, { network: "10.1.0.0/24", ranges: [["10.1.0.5", "10.1.0.9"]] }],
      });
      const [alone] = await world.say("discover");
      expect(alone).toMatchObject({ kind: "offer", mac: "2,0,0,0,0,9", port: 68 });
      expect(alone?.address).toBe(alone?.packet.yiaddr.join("."));
      const [toAll] = await world.say("discover", { flags: 0x8000, client: 8 });
      expect(toAll).toMatchObject({ address: "255.255.255.255", mac: "255,255,255,255,255,255" });
      const relay = await world.stack({
        ipv4: { address: { address: bytes("10.0.0.7"), length: 24 } },
      });
      await relay.configured();
      // A relay agent of another network answers for its address on ours, here.
      const [missing] = await world.say("discover", { giaddr: "10.9.0.1", client: 7 });
      expect(missing).toBeUndefined();
      await world.say("discover", { giaddr: "10.0.0.7", client: 7 });
      await world.pass(2);
      expect(world.said.at(-1)).toMatchObject({ address: "10.0.0.7", port: 67 });
    }));

  test("holds its address for ten seconds, and then not", () =>
    inWorld(async (world) => {
      const server = await world.serve({
        subnets: [{ ...subnet, ranges: [["10.0.0.100", "10.0.0.101"]] }],
      });
      const [first] = await world.say("discover", { client: 1 });
      const [second] = await world.say("discover", { client: 2 });
      expect(second?.packet.yiaddr).not.toEqual(first?.packet.yiaddr);
      // There is no third, so that the first has to share; whoever asks first gets it.
      const [third] = await world.say("discover", { client: 3 });
      expect(third?.packet.yiaddr).toEqual(first?.packet.yiaddr);
      await world.pass(11);
      expect(await lease(world, 4)).not.toBe("");
      expect(await lease(world, 5)).not.toBe("");
      expect(await lease(world, 6)).toBe("");
      expect(server.counters["exhausted"]).toBe(1);
    }));

  test("is what is reserved, what one had, or what one asks for, in this order", () =>
    inWorld(async (world) => {
      const reservations = [
        { client: "02:00:00:00:00:01", address: "10.0.0.20", hostName: "printer" },
        { client: Uint8Array.of(0, 7, 7), address: "10.0.0.21" },
      ];
      await world.serve({ subnets: [{ ...subnet, reservations }] });
      const [one] = await world.say("discover", { client: 1, options: [asks("10.0.0.102")] });
      expect(one?.packet.yiaddr).toEqual(bytes("10.0.0.20"));
      expect(one?.packet.options.get(option.hostName)).toEqual(new TextEncoder().encode("printer"));
      const id = [option.clientId, Uint8Array.of(0, 7, 7)] as const;
      const [two] = await world.say("discover", { client: 2, options: [id] });
      expect(two?.packet.yiaddr).toEqual(bytes("10.0.0.21"));
      expect(two?.packet.options.get(option.clientId)).toEqual(id[1]);
      const [three] = await world.say("discover", { client: 3, options: [asks("10.0.0.102")] });
      expect(three?.packet.yiaddr).toEqual(bytes("10.0.0.102"));
      const [four] = await world.say("discover", { client: 4, options: [asks("10.0.0.20")] });
      expect(four?.packet.yiaddr.join(".")).toMatch(/^10\.0\.0\.10\d$/);
      const address = await lease(world, 5);
      const [five] = await world.say("discover", { client: 5, options: [asks("10.0.0.103")] });
      expect(five?.packet.yiaddr).toEqual(bytes(address));
    }));
});

describe("a request", () => {
  test.each([
    ["of another's address is refused", { options: [serverId, asks("10.0.0.1")] }, "nak"],
    [
      "for another server is not answered",
      { options: [[54, bytes("10.0.0.2")], asks("10.0.0.100")] },
      "",
    ],
    ["of a stranger that reboots is not answered", { options: [asks("10.0.0.100")] }, ""],
    ["of a wrong network is refused", { options: [asks("192.168.1.5")] }, "nak"],
    ["of a stranger that renews is not answered", { ciaddr: "10.0.0.100", to: "10.0.0.1" }, ""],
    ["without any address is malformed", {}, ""],
  ] as const)("%s", (_, saying, kind) =>
    inWorld(async (world) => {
      const server = await world.serve();
      const [answer] = await world.say("request", saying);
      expect(answer?.kind ?? "").toBe(kind);
      expect(server.leases).toEqual([]);
      if (kind !== "nak") return;
      expect(answer).toMatchObject({ address: "255.255.255.255", port: 68 });
      expect(answer?.packet.yiaddr).toEqual(new Uint8Array(4));
      expect(answer?.packet.options.has(option.leaseTime)).toBe(false);
    }),
  );

  test("of a stranger is granted or refused by who has authority", () =>
    inWorld(async (world) => {
      await world.serve({ isAuthoritative: true });
      expect((await world.say("request", { options: [asks("10.0.0.100")] }))[0]?.kind).toBe("ack");
      const other = { client: 8, options: [asks("10.0.0.100")] };
      expect((await world.say("request", other))[0]?.kind).toBe("nak");
    }));

  test("of a client that reboots is granted for its own address alone", () =>
    inWorld(async (world) => {
      await world.serve();
      const address = await lease(world);
      const [ack] = await world.say("request", { options: [asks(address)] });
      expect(ack).toMatchObject({ kind: "ack", address, mac: "2,0,0,0,0,9" });
      const other = address === "10.0.0.100" ? "10.0.0.101" : "10.0.0.100";
      const [nak] = await world.say("request", { options: [asks(other)] });
      expect(nak?.kind).toBe("nak");
    }));

  test("to renew makes the lease longer, and to rebind, too", () =>
    inWorld(async (world) => {
      const server = await world.serve();
      const ciaddr = await lease(world);
      const [{ endsAtMs: first } = { endsAtMs: 0 }] = server.leases;
      await world.pass(1800);
      world.tell("request", { ciaddr, to: "10.0.0.1" });
      await world.pass(1);
      const [{ endsAtMs: second } = { endsAtMs: 0 }] = server.leases;
      expect(second - first).toBeGreaterThan(1_799_000);
      await world.pass(3200);
      world.tell("request", { ciaddr });
      await world.pass(1);
      expect(server.leases[0]?.endsAtMs).toBeGreaterThan(second);
      await world.pass(3601);
      expect(server.leases).toEqual([]);
      // After its end it is still the client's, as long as nobody needs it.
      expect(await lease(world)).toBe(ciaddr);
    }));

  test("for another address than a client has is refused, so that it keeps that", () =>
    inWorld(async (world) => {
      const server = await world.serve();
      const address = await lease(world);
      const other = address === "10.0.0.100" ? "10.0.0.101" : "10.0.0.100";
      const [nak] = await world.say("request", { options: [serverId, asks(other)] });
      expect(nak?.kind).toBe("nak");
      expect(held(server)).toEqual([address]);
    }));

  test("that names another server frees the address that was offered", () =>
    inWorld(async (world) => {
      await world.serve({ subnets: [{ ...subnet, ranges: [["10.0.0.100", "10.0.0.100"]] }] });
      await world.say("discover", { client: 1 });
      await world.say("request", {
        client: 1,
        options: [[54, bytes("10.0.0.2")], asks("10.0.0.9")],
      });
      expect(await lease(world, 2)).toBe("10.0.0.100");
    }));

  test("by a relay agent is refused through it, with the broadcast flag", () =>
    inWorld(async (world) => {
      const relay = { address: { address: bytes("10.0.0.7"), length: 24 } };
      await world.serve();
      await (await world.stack({ ipv4: relay })).configured();
      const relayed = [82, Uint8Array.of(1, 2, 3, 4)] as const;
      world.tell("request", { giaddr: "10.0.0.7", options: [relayed, asks("172.16.0.1")] });
      await world.pass(2);
      const answer = world.said.at(-1);
      expect(answer).toMatchObject({ kind: "nak", address: "10.0.0.7", port: 67 });
      expect(answer?.packet.flags).toBe(0x8000);
      expect([...(answer?.packet.options ?? [])].at(-1)).toEqual([82, relayed[1]]);
    }));
});

describe("statements and questions", () => {
  test("a declined address is given to nobody for a while", () =>
    inWorld(async (world) => {
      const ranges = [["10.0.0.100", "10.0.0.101"]] as const;
      const server = await world.serve({ subnets: [{ ...subnet, ranges }] });
      const address = await lease(world);
      await world.say("decline", { client: 8, options: [serverId, asks(address)] });
      expect(held(server)).toEqual([address]);
      await world.say("decline", { options: [serverId, asks(address)] });
      expect(held(server)).toEqual([]);
      const other = await lease(world);
      expect(other).not.toBe(address);
      expect(await lease(world, 8)).toBe("");
      await world.pass(601);
      expect(await lease(world, 8)).toBe(address);
    }));

  test("a release ends the lease of its client alone", () =>
    inWorld(async (world) => {
      const server = await world.serve();
      const ciaddr = await lease(world);
      await world.say("release", { client: 8, ciaddr, options: [serverId] });
      await world.say("release", { ciaddr: "10.0.0.99", options: [serverId] });
      expect(held(server)).toEqual([ciaddr]);
      await world.say("release", { ciaddr, to: "10.0.0.1", options: [serverId] });
      expect(held(server)).toEqual([]);
      expect(await lease(world)).toBe(ciaddr);
    }));

  test("an inform is told of the network, and gets no lease", () =>
    inWorld(async (world) => {
      const host = { address: { address: bytes("10.0.0.50"), length: 24 } };
      const server = await world.serve();
      await (await world.stack({ ipv4: host })).configured();
      const list = [option.parameterList, Uint8Array.of(3, 1, 28, 51, 58)] as const;
      world.tell("inform", { ciaddr: "10.0.0.50", options: [list] });
      await world.pass(1);
      const answer = world.said.at(-1);
      expect(answer).toMatchObject({ kind: "ack", address: "10.0.0.50", port: 68 });
      expect(answer?.packet.yiaddr).toEqual(new Uint8Array(4));
      expect([...(answer?.packet.options.keys() ?? [])]).toEqual([53, 54, 1, 3, 28]);
      expect(await world.say("inform", { ciaddr: "172.16.0.1" })).toEqual([]);
      expect(server.leases).toEqual([]);
    }));

  test("what makes no sense is counted", () =>
    inWorld(async (world) => {
      const server = await world.serve();
      world.send(new Uint8Array(300));
      await world.say("offer");
      await world.say("discover", { options: [[option.clientId, Uint8Array.of(1)]] });
      await world.say("discover", { giaddr: "172.16.0.1" });
      expect(server.counters).toMatchObject({ malformed: 3, foreign: 1, offers: 0 });
    }));
});

describe("options", () => {
  test("come in the order in which the client asks, as long as it wants the lease", () =>
    inWorld(async (world) => {
      const more = {
        dnsServers: ["10.0.0.1", "10.0.0.2"],
        ntpServers: ["10.0.0.3"],
        domainName: "lab.test",
        mtuBytes: 1400,
        renewSeconds: 60,
        rebindSeconds: 90,
        options: new Map([[224, Uint8Array.of(9)]]),
      };
      await world.serve({ subnets: [{ ...subnet, ...more }] });
      const list = [option.parameterList, Uint8Array.of(224, 42, 26, 3, 1, 6, 15, 119)] as const;
      const time = [option.leaseTime, secondsOf(120)] as const;
      const [offer] = await world.say("discover", { options: [list, time] });
      const options = offer?.packet.options ?? new Map<number, Uint8Array>();
      expect([...options.keys()]).toEqual([53, 54, 51, 58, 59, 1, 224, 42, 26, 3, 6, 15]);
      expect(options.get(option.leaseTime)).toEqual(secondsOf(120));
      expect(options.get(option.renewalTime)).toEqual(secondsOf(60));
      expect(options.get(option.mtu)).toEqual(Uint8Array.of(5, 120));
    }));

  test("that have no room go on in the fields for names", () =>
    inWorld(async (world) => {
      const options = new Map([224, 225, 226, 227].map((each) => [each, new Uint8Array(100)]));
      const server = await world.serve({ subnets: [{ ...subnet, options }] });
      const list = [option.parameterList, Uint8Array.of(224, 225, 226, 227, 1)] as const;
      const [offer] = await world.say("discover", { options: [list] });
      expect(offer?.lengthBytes).toBeLessThanOrEqual(576 - 28);
      // Two in the options, one in the field for a file; the last would not fit the other.
      for (const each of [1, 224, 225, 226]) expect(offer?.packet.options.has(each)).toBe(true);
      expect(server.counters["optionsLeftOut"]).toBe(1);
      const longest = [57, Uint8Array.of(5, 220)] as const;
      const [whole] = await world.say("discover", { options: [list, longest] });
      expect(whole?.packet.options.has(227)).toBe(true);
      expect(whole?.packet.options.has(option.overload)).toBe(false);
    }));
});

describe("a store", () => {
  test("has each lease before it is granted, and gives them back", () =>
    inWorld(async (world) => {
      const kept = new SimulatedStore(world.simulation, { latencyMs: 20 });
      const store = kept.connect();
      const server = await world.serve({ store });
      const [offer] = await world.say("discover");
      const address = offer?.packet.yiaddr.join(".") ?? "";
      const name = [option.hostName, new TextEncoder().encode("tab")] as const;
      const request = { options: [serverId, asks(address), name] };
      expect(await world.say("request", request)).toEqual([]);
      await world.pass(0.1);
      expect(world.said.at(-1)?.kind).toBe("ack");
      await server[Symbol.asyncDispose]();
      await store.set(["10.0.0.102"], Uint8Array.of(1, 2, 3));
      await store.set(["nonsense"], Uint8Array.of(1));
      const again = await world.serve({ store });
      expect(again.leases).toMatchObject([{ address, hostName: "tab", mac: "02:00:00:00:00:09" }]);
      expect(again.counters["damagedEntries"]).toBe(2);
      const left = (again.leases[0]?.endsAtMs ?? 0) - world.simulation.clock.monotonicMs();
      expect(left).toBeLessThan(3_599_000);
      expect(left).toBeGreaterThan(3_590_000);
      await again[Symbol.asyncDispose]();
    }));

  test("holds no more than what is remembered", () =>
    inWorld(async (world) => {
      const store = new SimulatedStore(world.simulation, {}).connect();
      const ranges = [["10.0.0.20", "10.0.0.200"]] as const;
      const server = await world.serve({ store, maxLeases: 5, subnets: [{ ...subnet, ranges }] });
      for (let client = 1; client <= 20; client += 1) {
        const ciaddr = await lease(world, client);
        expect(ciaddr).not.toBe("");
        if (client > 4) await world.say("release", { client, ciaddr, options: [serverId] });
      }
      expect(server.leases).toHaveLength(4);
      expect(await store.list([])).toHaveLength(5);
      const last = (await store.list([]))?.map(({ name }) => name);
      expect(last).toEqual(expect.arrayContaining(held(server)));
    }));

  test("that fails grants nothing", () =>
    inWorld(async (world) => {
      const kept = new SimulatedStore(world.simulation, {});
      const store = kept.connect();
      const server = await world.serve({ store });
      await store[Symbol.asyncDispose]();
      expect(await lease(world)).toBe("");
      expect(server.counters).toMatchObject({ offers: 1, acks: 0, storeFailures: 1 });
      expect(server.leases).toEqual([]);
    }));
});
