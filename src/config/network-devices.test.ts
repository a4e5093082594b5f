import { describe, expect, test } from "vitest";
import type { Icmp, Ip, Stack } from "../devices/index.ts";
import { Simulation } from "../simulated/index.ts";
import { SimulatedConsole } from "../simulated/console.ts";
import { parseArguments } from "./arguments.ts";
import { checkUnikernel } from "./check.ts";
import type { DeviceDescription, DriverContext, SimulatedHost } from "./device.ts";
import { defaultNetwork } from "./devices.ts";
import * as node from "./drivers/node.ts";
import { argumentsOf, describe as describeUnikernel, devicesInOrder } from "./graph.ts";
import {
  arp,
  ethernet,
  genericStack,
  icmp,
  ipv4,
  ipv6,
  resolver,
  stackOf,
  tcp,
  udp,
} from "./network-devices.ts";
import { unikernel, type Unikernel } from "./unikernel.ts";
import { usage } from "./usage.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function simulated(): { simulation: Simulation; host: SimulatedHost } {
  const simulation = new Simulation({ seed: 1, turn });
  const console = new SimulatedConsole(simulation, { name: "console" });
  return { simulation, host: { target: "simulated", simulation, console: () => console } };
}

function unikernelOf(...devices: readonly DeviceDescription[]): Unikernel {
  return unikernel("any", () => Promise.resolve({ start: () => {} }), devices);
}

/** Connects a device and what it needs, as a run does; gives it and its disposal. */
async function connect<D>(
  host: SimulatedHost,
  description: DeviceDescription<D>,
  ...argv: readonly string[]
): Promise<D> {
  const found = unikernelOf(description);
  checkUnikernel(found);
  macs = (macs + 1) % 10;
  const parsed = parseArguments(argumentsOf(found), [`--mac=02:00:00:00:00:0${macs}`, ...argv]);
  if (parsed.kind !== "values") throw new Error("These arguments are right");
  const connected = new Map<DeviceDescription, unknown>();
  for (const each of devicesInOrder([description])) {
    const context = { host, unikernel: `u${argv.join()}`, args: parsed.values, signal };
    const needs = each.needs.map((need) => connected.get(need));
    connected.set(each, await each.connect(context, needs));
  }
  return connected.get(description) as D;
}

let macs = 0;
const { signal } = new AbortController();

/** What is said of a stack's arguments, or `undefined` if they are right. */
function complaint(...argv: readonly string[]): string | undefined {
  const found = unikernelOf(genericStack());
  const [stack] = found.devices;
  const parsed = parseArguments(argumentsOf(found), argv, (values) => stack?.check?.(values));
  if (parsed.kind !== "invalid") return undefined;
  return usage(describeUnikernel(found), parsed.misuse).split("\n")[0];
}

async function answers(server: Stack, client: Stack, host: string, port = 7): Promise<string> {
  const { local } = server.tcp.listen(port, async (flow) => {
    await flow.write(new TextEncoder().encode(flow.local.address));
    await flow.shutdown("write");
  });
  const flow = await client.connect(host, local.port);
  return new TextDecoder().decode(await flow.read());
}

describe("genericStack()", () => {
  test("is configured by its arguments", async () => {
    const { simulation, host } = simulated();
    await simulation.run(async () => {
      const server = await connect(host, genericStack(), "--ipv4=10.0.0.1/24", "--ipv6=none");
      const args = ["--ipv4=10.0.0.2/24", "--ipv4-gateway=10.0.0.1", "--ipv6=auto,fd00::2/64"];
      const client = await connect(host, genericStack(), ...args, "--dns=10.0.0.1");
      expect(server.addresses).toEqual(["10.0.0.1/24"]);
      expect(client.addresses).toEqual(
        expect.arrayContaining(["10.0.0.2/24", "fd00::2/64", expect.stringMatching(/^fe80::/)]),
      );
      expect(await answers(server, client, "10.0.0.1")).toBe("10.0.0.1");
      const asked = server.udp.bind(53);
      void client.resolver.resolve("example.com").catch(() => {});
      expect((await asked.receive())?.from.address).toBe("10.0.0.2");
    });
  });

  test("finds an address by itself without arguments", async () => {
    const { simulation, host } = simulated();
    await simulation.run(async () => {
      const stack = await connect(host, genericStack());
      await stack.configured();
      expect(stack.addresses.join()).toMatch(/^169\.254\.\d+\.\d+\/16,fe80::/);
    });
  });

  test.each([
    ["--ipv4=10.0.0.2/24", "--ipv4-gateway=10.0.0.1"],
    ["--ipv4=10.0.0.0/31", "--ipv4-gateway=10.0.0.1"],
    ["--ipv4=10.0.0.255/23"],
    ["--ipv4=dhcp", "--ipv6=none", "--hostname=tab-1.example"],
    ["--ipv4=none", "--ipv6=auto", "--ipv6-gateway=fe80::1"],
    ["--ipv6=fd00::2/64,2001:db8::2/64,auto", "--dns=10.0.0.1,fd00::1"],
  ])("takes %s and the like", (...argv) => {
    expect(complaint(...argv)).toBeUndefined();
  });

  const ipv4Words = "an address of a host with its prefix length, such as 10.0.0.2/24";
  const gatewayWords = "an IPv4 address in the network of an address that --ipv4 gives";
  test.each([
    [`--ipv4 must be ${ipv4Words}, or auto, dhcp or none, not "10.0.0.2"`, "--ipv4=10.0.0.2"],
    ["--ipv4 must be", "--ipv4=10.0.0.2/33"],
    ["--ipv4 must be", "--ipv4=224.0.0.1/24"],
    ["--ipv4 must be", "--ipv4=127.0.0.1/8"],
    ["--ipv4 must be", "--ipv4=10.0.0.0/24"],
    ["--ipv4 must be", "--ipv4=10.0.1.255/23"],
    ["--ipv4 must be", "--ipv4=fd00::2/64"],
    ["--ipv4 must be", "--ipv4="],
    [`--ipv4-gateway must be ${gatewayWords}, not "10.0.0.1"`, "--ipv4-gateway=10.0.0.1"],
    ["--ipv4-gateway must be", "--ipv4=10.0.0.2/24", "--ipv4-gateway=10.0.1.1"],
    ["--ipv4-gateway must be", "--ipv4=10.0.0.2/24", "--ipv4-gateway=fe80::1"],
    ["--ipv6 must be", "--ipv6=fd00::2"],
    ["--ipv6 must be", "--ipv6=ff02::1/64"],
    ["--ipv6 must be", "--ipv6=::1/128"],
    ["--ipv6 must be", "--ipv6=10.0.0.2/24"],
    ["--ipv6 must be", "--ipv6=fd00::2/64,none"],
    ["--ipv6-gateway must be an IPv6 address of a host", "--ipv6-gateway=ff02::2"],
    ["--dns must be addresses with commas between them", "--dns=10.0.0.1,,fd00::1"],
    ["--dns must be", "--dns=example.com"],
    ["--hostname must be a name", "--hostname=not a name"],
  ])("refuses with `%s` what is wrong in %j", (expected, ...argv) => {
    expect(complaint(...argv)).toContain(expected);
  });
});

describe("layers that are put together by hand", () => {
  test("hold no more than they name: ICMP over IPv6", async () => {
    const { simulation, host } = simulated();
    const link = ethernet(defaultNetwork);
    const internet = ipv6(link);
    const ping = icmp({ v6: internet });
    expect(devicesInOrder([ping]).map(({ name }) => name)).toEqual([
      "network",
      "ethernet",
      "clock",
      "random",
      "ipv6",
      "icmp",
    ]);
    await simulation.run(async () => {
      const one: Ip = await connect(host, internet, "--ipv6=fd00::1/64");
      const other: Icmp = await connect(host, ping, "--ipv6=fd00::2/64");
      expect(one.addresses).toContain("fd00::1/64");
      await expect(other.echo("fd00::1", { timeoutMs: 100 })).rejects.toThrow("no reply");
      await connect(host, ping, "--ipv6=fd00::3/64");
      expect(await other.echo("fd00::3")).toMatchObject({ address: "fd00::3" });
    });
  });

  test("make a stack of IPv4 alone, with an address of their own", async () => {
    const { simulation, host } = simulated();
    const byHand = (address?: string): DeviceDescription<Stack> => {
      const link = ethernet(defaultNetwork);
      const v4 = ipv4(link, arp(link), address);
      const reports = icmp({ v4 });
      const datagrams = udp({ v4, icmp: reports });
      const streams = tcp({ v4, icmp: reports });
      const names = resolver({ udp: datagrams, tcp: streams });
      return stackOf({ v4, icmp: reports, udp: datagrams, tcp: streams, resolver: names });
    };
    await simulation.run(async () => {
      const server = await connect(host, byHand("10.0.0.1/24"));
      const client = await connect(host, byHand(), "--ipv4=10.0.0.2/24");
      await client.configured();
      expect(client.ip.v6).toBeUndefined();
      expect(await answers(server, client, "10.0.0.1")).toBe("10.0.0.1");
      const none = await connect(host, byHand());
      expect(none.addresses).toEqual([]);
    });
  });
});

test("ipv4() refuses a default that is no address of a host", () => {
  const link = ethernet(defaultNetwork);
  expect(() => checkUnikernel(unikernelOf(ipv4(link, arp(link), "10.0.0.300/24")))).toThrow(
    new TypeError('Cannot configure "any": "ipv4" cannot be 10.0.0.300/24 by default'),
  );
});

describe("genericStack() on Node", () => {
  const context = (args: DriverContext["args"]): DriverContext => ({
    host: { target: "node", console: () => new SimulatedConsole(simulated().simulation) },
    unikernel: "any",
    args,
    signal,
  });

  test.each([{ stack: true }, { stack: true, net: "socket" }])(
    "is the system's own sockets with %j",
    async (args) => {
      const network = await node.network(context(args));
      const clock = await node.clock(context({}));
      const random = await node.random(context({}));
      const stack = await node.stack(context({}), network, clock, random);
      expect(stack.icmp).toBeUndefined();
      expect(network.linkUp).toBe(false);
      expect(await answers(stack, stack, "127.0.0.1", 0)).toBe("127.0.0.1");
      for (const device of [stack, random, clock, network]) await device[Symbol.asyncDispose]();
    },
  );

  test("fails with `unreachable` for a network that no --net names, or the sockets' own", async () => {
    for (const args of [{}, { net: "socket" }, { net: "none", stack: true }]) {
      await expect(Promise.resolve(node.network(context(args)))).rejects.toMatchObject({
        code: "unreachable",
      });
    }
  });
});
