import { expect, test } from "vitest";
import { connect as connectLayers, type StackOptions } from "./stack.ts";
import type { Stack } from "../devices/index.ts";
import { FakeDhcpServer } from "../../test/fake-dhcp-server.ts";
import { type SimulatedNetwork, Simulation, Wire } from "../simulated/index.ts";
import { parsePrefix } from "./address.ts";
import { option } from "./dhcp/packet.ts";
import { seal } from "./ipv6/icmp-message.ts";
import type { Prefix } from "./prefix.ts";
import { timersOf } from "./timers.ts";

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new TypeError(`Cannot read ${text}: it is no prefix`);
  return parsed;
}

/** A wire, and stacks on it. */
class World {
  readonly simulation: Simulation = new Simulation({
    seed: 1,
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  });
  readonly wire: Wire = new Wire(this.simulation, { delayMs: 1 });
  readonly networks: SimulatedNetwork[] = [];
  readonly stacks: Stack[] = [];

  async stack(options: Partial<StackOptions> = {}): Promise<Stack> {
    const network = this.wire.connect();
    this.networks.push(network);
    const random = this.simulation.random(`stack ${this.stacks.length}`);
    const stack = await connectLayers({
      network,
      clock: this.simulation.clock,
      random,
      ...options,
    });
    this.stacks.push(stack);
    return stack;
  }

  /** A stack with this IPv4 address and no IPv6. */
  plain(address: string): Promise<Stack> {
    return this.stack({ ipv4: { address: prefix(address) }, ipv6: "none" });
  }

  nowMs(): number {
    return this.simulation.clock.monotonicMs();
  }

  pass(ms: number): Promise<void> {
    return this.simulation.clock.sleep(ms);
  }

  run<T>(main: () => Promise<T>): Promise<T> {
    return this.simulation.run(main);
  }
}

async function dhcpServer(world: World): Promise<FakeDhcpServer> {
  const { udp } = await world.plain("10.0.0.1/24");
  return new FakeDhcpServer(world.simulation, udp);
}

async function echoOnce(server: Stack, client: Stack, host: string): Promise<string> {
  server.tcp.listen(7, async (flow) => {
    for (let chunk = await flow.read(); chunk !== undefined; chunk = await flow.read()) {
      await flow.write(chunk);
    }
    await flow.shutdown("write");
  });
  const flow = await client.connect(host, 7);
  await flow.write(new TextEncoder().encode("hello"));
  const bytes = await flow.read();
  await flow[Symbol.asyncDispose]();
  return new TextDecoder().decode(bytes);
}

test("connect() gives a chosen address at once, and nothing has to be waited for", async () => {
  const world = new World();
  await world.run(async () => {
    const stack = await world.stack({
      ipv4: { address: prefix("10.0.0.2/24") },
      ipv6: { addresses: [prefix("fd00::2/64")] },
    });
    const startMs = world.nowMs();
    await stack.configured();
    expect(world.nowMs() - startMs).toBeLessThan(0.1);
    expect(stack.addresses).toContain("10.0.0.2/24");
    expect(stack.addresses).toContain("fd00::2/64");
  });
});

test.each([
  ["IPv4", "10.0.0.1"],
  ["IPv6", "fd00::1"],
])("connect() makes stacks that talk TCP and UDP over %s", async (_version, host) => {
  const world = new World();
  await world.run(async () => {
    const [server, client] = await Promise.all(
      [1, 2].map((number) =>
        world.stack({
          ipv4: { address: prefix(`10.0.0.${number}/24`) },
          ipv6: { addresses: [prefix(`fd00::${number}/64`)] },
        }),
      ),
    );
    if (server === undefined || client === undefined) throw new Error("There are two");
    expect(await echoOnce(server, client, host)).toBe("hello");
    const ours = client.udp.bind(0);
    server.udp.bind(9).listen(({ from }) => server.udp.bind(0).send(Uint8Array.of(1), from));
    ours.send(new Uint8Array(3), { address: host, port: 9 });
    expect((await ours.receive())?.bytes).toEqual(Uint8Array.of(1));
    expect(await client.icmp?.echo(host)).toMatchObject({ address: host });
    expect(client.counters).toMatchObject({ tcpOpened: 1, udpDatagramsIn: 1 });
  });
});

test("configured() waits for a DHCP server's address, and connect() by its names", async () => {
  const world = new World();
  await world.run(async () => {
    const server = await dhcpServer(world);
    server.options.set(option.dnsServers, Uint8Array.of(10, 0, 0, 1));
    const stack = await world.stack({ ipv4: "dhcp", ipv6: "none", hostName: "tab" });
    expect(stack.addresses).toEqual([]);
    const seen: string[][] = [];
    stack.onAddressesChange((addresses) => seen.push([...addresses]));
    await stack.configured();
    expect(stack.addresses).toEqual(["10.0.0.50/24"]);
    expect(seen).toEqual([["10.0.0.50/24"]]);
    const asked = server.udp.bind(53);
    void stack.resolver.resolve("example.com").catch(() => {});
    expect((await asked.receive())?.from.address).toBe("10.0.0.50");
  });
});

test("connect() makes IPv6 addresses of what a router says, and asks the servers that it names", async () => {
  const world = new World();
  await world.run(async () => {
    const router = await world.stack({ ipv4: "none" });
    const stack = await world.stack({ ipv4: "none", ipv6: "auto" });
    const { v6 } = router.ip;
    const [own = ""] = router.addresses;
    const source = prefix(own).address;
    const week = [0, 9, 0x3a, 0x80];
    const advertisement = [134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    // To make addresses of, and on the link.
    const network = [3, 4, 64, 0xc0, ...week, ...week, 0, 0, 0, 0];
    const server = [25, 3, 0, 0, ...week];
    const message = Uint8Array.from(
      [advertisement, network, [...prefix("2001:db8::/64").address], server, [...source]].flat(),
    );
    const allNodes = prefix("ff02::1/128").address;
    seal(message, source, allNodes);
    v6?.write(allNodes, 58, message.length, (into) => (into.set(message), message.length), {
      source,
      timeToLive: 255,
    });
    await world.pass(2000);
    expect(stack.addresses.join()).toMatch(/2001:db8::?[0-9a-f:]+\/64/);
    const port = router.udp.bind(53);
    void stack.resolver.resolve("example.com").catch(() => {});
    expect((await port.receive())?.to).toBe(own.split("/")[0]);
  });
});

test("a spare gateway takes the place of one that does not answer", async () => {
  const world = new World();
  await world.run(async () => {
    const router = await world.plain("10.0.0.1/24");
    const ipv4 = {
      address: prefix("10.0.0.2/24"),
      gateway: Uint8Array.of(10, 0, 0, 254),
      spareGateways: [Uint8Array.of(10, 0, 0, 1)],
    };
    const socket = (await world.stack({ ipv4, ipv6: "none" })).udp.bind(0);
    const before = router.counters["ipv4NotForUs"] ?? 0;
    for (let second = 0; second < 5; second += 1) {
      socket.send(Uint8Array.of(1), { address: "192.0.2.1", port: 9 });
      await world.pass(1000);
    }
    expect(router.counters["ipv4NotForUs"]).toBeGreaterThan(before);
  });
});

test("a link that comes back has addresses probed for again, and the lease asked for", async () => {
  const world = new World();
  await world.run(async () => {
    const server = await dhcpServer(world);
    const stack = await world.stack();
    await stack.configured();
    await world.pass(2000);
    const before = stack.addresses;
    const network = world.networks.at(-1);
    const watcher = world.wire.connect();
    const frames: Uint8Array[] = [];
    watcher.listen({ frame: (frame) => frames.push(frame.slice()) });
    network?.setLink(false);
    await world.pass(1000);
    server.heard.length = 0;
    network?.setLink(true);
    await world.pass(2000);
    expect(server.kinds).toEqual(["request"]);
    expect(stack.addresses).toEqual(before);
    const types = frames.map((frame) => [frame[12], frame[13]].join());
    expect(types).toContain("8,6");
    // Routers and whoever has our address of the link are asked for, and all are told of it.
    const messages = frames.filter((frame) => frame[12] === 0x86 && frame[20] === 58);
    expect(new Set(messages.map((frame) => frame[54]))).toEqual(new Set([133, 135, 136]));
  });
});

test("configured() fails with `timed-out` where no DHCP server answers", async () => {
  const world = new World();
  await world.run(async () => {
    const stack = await world.stack({ ipv4: "dhcp", ipv6: "none" });
    await expect(stack.configured()).rejects.toMatchObject({
      code: "timed-out",
      message: "Cannot get an address: no DHCP server granted one in time",
    });
    expect(world.nowMs()).toBeLessThan(16_000);
  });
});

test("connect() takes an address of the link while no DHCP server answers, then the server's", async () => {
  const world = new World();
  await world.run(async () => {
    const [one, other] = [await world.stack({ ipv6: "none" }), await world.stack({ ipv6: "none" })];
    await Promise.all([one.configured(), other.configured()]);
    expect(world.nowMs()).toBeLessThan(1000);
    expect(one.addresses).toEqual([expect.stringMatching(/^169\.254\.\d+\.\d+\/16$/)]);
    expect(other.addresses).not.toEqual(one.addresses);
    const [address = ""] = (one.addresses[0] ?? "").split("/");
    expect(await echoOnce(one, other, address)).toBe("hello");
    await dhcpServer(world);
    await world.pass(20_000);
    expect([one, other].map((stack) => stack.addresses.length)).toEqual([1, 1]);
    expect(one.addresses).toEqual(["10.0.0.50/24"]);
  });
});

test("connect() tries another address of the link where one is taken", async () => {
  const world = new World();
  await world.run(async () => {
    const mac = Uint8Array.of(2, 0, 0, 0, 7, 9);
    const network = world.wire.connect(mac);
    await world.plain("169.254.8.9/16");
    const stack = await world.stack({ network, ipv6: "none" });
    await stack.configured();
    expect(stack.addresses).toEqual([expect.stringMatching(/^169\.254\./)]);
    expect(stack.addresses).not.toEqual(["169.254.8.9/16"]);
  });
});

test("configured() fails with `address-conflict` if another host has the address", async () => {
  const world = new World();
  await world.run(async () => {
    await world.plain("10.0.0.2/24");
    const stack = await world.plain("10.0.0.2/24");
    await world.pass(500);
    await expect(stack.configured()).rejects.toMatchObject({
      code: "address-conflict",
      message: "Cannot use 10.0.0.2: another host has it",
    });
    expect(stack.addresses).toEqual([]);
  });
});

test("configured() fails in time where another host claims each address of the link", async () => {
  const world = new World();
  await world.run(async () => {
    const greedy = world.wire.connect();
    greedy.listen({
      frame: (frame) => {
        if (frame[12] !== 8 || frame[13] !== 6) return;
        // The answer to an ARP request: whoever is asked for, it is us.
        const answer = Uint8Array.from([...frame.slice(6, 12), ...greedy.mac, ...frame.slice(12)]);
        answer[21] = 2;
        answer.set([...greedy.mac, ...frame.slice(38, 42), ...frame.slice(22, 32)], 22);
        greedy.write(answer.length, (into) => (into.set(answer), answer.length));
      },
    });
    const stack = await world.stack({ ipv6: "none" });
    await expect(stack.configured()).rejects.toMatchObject({ code: "address-conflict" });
    expect(world.nowMs()).toBeLessThan(16_000);
    const waiting = stack.configured();
    const disposed = stack[Symbol.asyncDispose]();
    await expect(waiting).rejects.toMatchObject({ code: "closed" });
    await disposed;
    expect(timersOf(world.simulation.clock).activeCount).toBe(0);
  });
});

test("configured() fails where another host has the address that IPv6 made of the link", async () => {
  const world = new World();
  await world.run(async () => {
    const other = await world.stack({ ipv4: "none" });
    const { v6 } = other.ip;
    const stack = await world.stack({ ipv4: "none" });
    // Says of each address that it looks for: somebody has it.
    const allNodes = prefix("ff02::1/128").address;
    const contest = (): void => {
      for (const text of stack.addresses) {
        const target = prefix(text).address;
        const source = prefix(other.addresses[0] ?? "").address;
        const message = Uint8Array.from([136, 0, 0, 0, 0x20, 0, 0, 0, ...target, 2, 1, ...mac]);
        seal(message, source, allNodes);
        v6?.write(allNodes, 58, message.length, (into) => (into.set(message), message.length), {
          source,
          timeToLive: 255,
        });
      }
    };
    const mac = [2, 0, 0, 0, 0, 9];
    await stack.configured();
    while (stack.addresses.length > 0 && world.nowMs() < 10_000) {
      contest();
      await world.pass(100);
    }
    await expect(stack.configured()).rejects.toMatchObject({
      code: "address-conflict",
      message: "Cannot use an address of the link: another host has it",
    });
  });
});

test("configured() fails when the stack is disposed, or the signal aborts", async () => {
  const world = new World();
  await world.run(async () => {
    const stack = await world.stack({ ipv4: "dhcp", ipv6: "none" });
    const controller = new AbortController();
    const aborted = stack.configured(controller.signal);
    controller.abort("enough");
    await expect(aborted).rejects.toBe("enough");
    const waiting = stack.configured();
    const disposed = stack[Symbol.asyncDispose]();
    await expect(waiting).rejects.toMatchObject({ code: "closed" });
    await disposed;
    await expect(stack.configured()).rejects.toMatchObject({ code: "closed" });
  });
});

test("connect() refuses an address that no host has, and leaves nothing behind", async () => {
  const world = new World();
  await world.run(async () => {
    await expect(world.plain("224.0.0.1/4")).rejects.toThrow(RangeError);
    expect(timersOf(world.simulation.clock).activeCount).toBe(0);
    await expect(world.stack({ dnsServers: ["nobody"] })).rejects.toThrow(TypeError);
    expect(timersOf(world.simulation.clock).activeCount).toBe(0);
  });
});

test("connect() finds names among its hosts, and asks the servers it was given", async () => {
  const world = new World();
  await world.run(async () => {
    const server = await world.plain("10.0.0.1/24");
    const client = await world.stack({
      ipv4: { address: prefix("10.0.0.2/24") },
      hosts: { echo: ["10.0.0.1"] },
      dnsServers: ["10.0.0.1"],
    });
    expect(await echoOnce(server, client, "echo")).toBe("hello");
    const asked = server.udp.bind(53);
    void client.resolver.resolve("example.com").catch(() => {});
    expect((await asked.receive())?.from.address).toBe("10.0.0.2");
  });
});

test("counters tell what every layer drops, those without a face too", async () => {
  const world = new World();
  await world.run(async () => {
    const stack = await world.stack();
    const other = world.wire.connect();
    const send = (frame: number[]): void =>
      other.write(frame.length, (into) => (into.set(frame), frame.length));
    const toAll = [255, 255, 255, 255, 255, 255, ...other.mac];
    send([...toAll, 0x81, 0, 0, 1]);
    send([...toAll, 8, 6, 1, 2, 3]);
    await world.pass(10);
    expect(stack.counters).toMatchObject({ ethernetTagged: 1, arpMalformed: 1, dhcpSent: 1 });
  });
});

test("dispose() leaves no timer behind, whatever was under way", async () => {
  const world = new World();
  await world.run(async () => {
    const server = await world.stack({ ipv4: { address: prefix("10.0.0.1/24") } });
    const client = await world.stack({ ipv4: { address: prefix("10.0.0.2/24") } });
    await world.stack();
    await echoOnce(server, client, "10.0.0.1");
    void client.connect("10.0.0.99", 1).catch(() => {});
    void client.icmp?.echo("10.0.0.98").catch(() => {});
    await world.pass(600);
    for (const stack of world.stacks) {
      await stack[Symbol.asyncDispose]();
      await stack[Symbol.asyncDispose]();
    }
    expect(timersOf(world.simulation.clock).activeCount).toBe(0);
  });
});
