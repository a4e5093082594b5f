import { describe, expect, test } from "vitest";
import { Simulation, SimulatedConsole } from "../simulated/index.ts";
import { parseArguments } from "./arguments.ts";
import { checkUnikernel } from "./check.ts";
import type { DeviceDescription, SimulatedHost } from "./device.ts";
import { defaultClock, named, networkNamed } from "./devices.ts";
import * as node from "./drivers/node.ts";
import { argumentsOf, devicesInOrder } from "./graph.ts";
import { arp, ethernet, genericStack, ipv4, ipv6 } from "./network-devices.ts";
import { router } from "./router-device.ts";
import { unikernel, type Unikernel } from "./unikernel.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const { signal } = new AbortController();

function of(...devices: readonly DeviceDescription[]): Unikernel {
  return unikernel("any", () => Promise.resolve({ start: () => {} }), devices);
}

/** Connects devices in a simulation, and hands them over. */
async function connected(
  devices: readonly DeviceDescription[],
  argv: readonly string[],
  play: (get: <D>(description: DeviceDescription<D>) => D) => Promise<void>,
): Promise<void> {
  const found = of(...devices);
  checkUnikernel(found);
  const parsed = parseArguments(argumentsOf(found), argv);
  if (parsed.kind !== "values") throw new Error("These arguments are right");
  const simulation = new Simulation({ seed: 1, turn });
  const console = new SimulatedConsole(simulation, { name: "console" });
  const host: SimulatedHost = { target: "simulated", simulation, console: () => console };
  await simulation.run(async () => {
    const made = new Map<DeviceDescription, unknown>();
    for (const each of devicesInOrder(devices)) {
      const context = { host, unikernel: each.name, args: parsed.values, signal };
      made.set(
        each,
        await each.connect(
          context,
          each.needs.map((need) => made.get(need)),
        ),
      );
    }
    await play((description) => made.get(description) as never);
  });
}

const lan = networkNamed("lan");
const wan = networkNamed("wan");
const between = router({
  lan: { network: lan, addresses: "10.0.0.1/24,fd00:1::1/64" },
  wan: { network: wan, addresses: "203.0.113.1/24" },
});

describe("networkNamed()", () => {
  test("is on a wire of its name, or of the one that is given", async () => {
    const others = ["one", "two", "three"].map(networkNamed);
    await connected([...others, defaultClock], ["--two-net=one"], async (get) => {
      const [one, ...rest] = others.map(get);
      const heard: number[] = [];
      rest.forEach((each, index) => each.listen({ frame: () => heard.push(index) }));
      one?.write(60, (into) => into.fill(0xff).length);
      await get(defaultClock).sleep(10);
      expect(heard).toEqual([0]);
    });
  });

  test("on Node says which argument it misses", async () => {
    const host = { target: "node", console: () => ({}) } as never;
    const args = { mac: undefined, net: undefined, name: "lan", link: "lan" };
    await expect(node.network({ host, unikernel: "any", args, signal })).rejects.toThrow(
      "--lan-net=udp:",
    );
  });
});

describe("named()", () => {
  test("makes two of a kind, each with arguments of its own", () => {
    const layersOf = (name: string): readonly DeviceDescription[] => {
      const link = named(name, ethernet(networkNamed(name)));
      return [
        named(name, ipv4(link, named(name, arp(link)), "10.0.0.1/24")),
        named(name, ipv6(link)),
      ];
    };
    const all = of(...layersOf("lan"), ...layersOf("wan"));
    checkUnikernel(all);
    const names = devicesInOrder(all.devices).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["lanEthernet", "wanArp", "lanIpv4", "wanIpv6"]));
    expect(Object.keys(argumentsOf(all))).toEqual(
      expect.arrayContaining(["lanIpv4", "wanIpv4Gateway", "lanMac", "wanNet"]),
    );
  });

  test("checks its own arguments, and names them", () => {
    const stack = named("lan", genericStack(lan));
    expect(stack.check?.({ lanIpv4: "10.0.0.300/24", lanIpv6: "auto" })).toBe("lanIpv4");
    expect(stack.check?.({ lanIpv4: "10.0.0.3/24", lanIpv6: "auto" })).toBeUndefined();
  });

  test("connects with its own arguments", async () => {
    const stacks = [named("lan", genericStack(lan)), named("wan", genericStack(wan))];
    await connected(stacks, ["--lan-ipv4=10.0.0.7/24", "--wan-ipv4=none"], async (get) => {
      const [one, other] = stacks.map(get);
      expect(one?.addresses).toContain("10.0.0.7/24");
      expect(other?.addresses.join()).not.toContain(".");
    });
  });
});

describe("router()", () => {
  test("routes between interfaces, and to what is behind other routers", async () => {
    const client = named("client", genericStack(networkNamed("client")));
    const server = named("server", genericStack(networkNamed("server")));
    const argv = [
      "--routes=192.0.2.0/24=203.0.113.9",
      "--lan-addresses=10.0.5.1/24",
      "--client-net=lan",
      "--client-ipv4=10.0.5.2/24",
      "--client-ipv4-gateway=10.0.5.1",
      "--server-net=wan",
      "--server-ipv4=203.0.113.9/24",
      "--server-ipv4-gateway=203.0.113.1",
    ];
    await connected([between, client, server], argv, async (get) => {
      expect(get(between).routes.all.length).toBe(3);
      expect((await get(client).icmp?.echo("203.0.113.9"))?.timeToLive).toBe(63);
    });
  });

  test.each([
    ["lanAddresses", { lanAddresses: "10.0.0.1" }],
    ["wanAddresses", { wanAddresses: "224.0.0.1/24" }],
    ["routes", { routes: "0.0.0.0/0" }],
    ["routes", { routes: "0.0.0.0/0=198.51.100.1" }],
    ["routes", { routes: "::/0=203.0.113.9" }],
    [undefined, { routes: "0.0.0.0/0=203.0.113.9,::/0=fd00:1::9" }],
  ])("checks its arguments: %s", (wrong, values) => {
    const defaults = { lanAddresses: "10.0.0.1/24,fd00:1::1/64", wanAddresses: "203.0.113.1/24" };
    expect(between.check?.({ ...defaults, ...values })).toBe(wrong);
  });
});
