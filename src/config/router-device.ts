/** A router between interfaces, with its arguments. */

import type { Clock, Network, Random } from "../devices/index.ts";
import { parseAddress, parsePrefix } from "../net/address.ts";
import { sharePrefix } from "../net/prefix.ts";
import type { Prefix } from "../net/prefix.ts";
import type { Route } from "../net/router/route-table.ts";
import { connect, type Router } from "../net/router/router.ts";
import type { Argument, LooseValues } from "./arguments.ts";
import type { DeviceDescription } from "./device.ts";
import { defaultClock, defaultRandom } from "./devices.ts";

/** An interface of a router. */
export interface RouterInterfaceSettings {
  readonly network: DeviceDescription<Network>;
  /** Its addresses by default, such as `10.0.0.1/24,fd00:1::1/64`. */
  readonly addresses: string;
}

const routesArgument: Argument = {
  type: "string",
  optional: true,
  doc: "Networks behind other routers, such as 0.0.0.0/0=192.0.2.1,::/0=fd00::1",
  expects: "networks with routers that are on networks of ours, such as 0.0.0.0/0=192.0.2.1",
};

/**
 * A router between the `interfaces`, which are called as their keys (in camel case). Each has its
 * addresses by `--<name>-addresses`; `--routes` leads to what is further away.
 */
export function router(
  interfaces: Readonly<Record<string, RouterInterfaceSettings>>,
): DeviceDescription<Router> {
  const entries = Object.entries(interfaces);
  const prefixesOf = (values: LooseValues, name: string): readonly Prefix[] | undefined =>
    readPrefixes(String(values[`${name}Addresses`]));
  const routesOf = (values: LooseValues): readonly Route[] | undefined =>
    readRoutes(
      String(values["routes"] ?? ""),
      entries.map(([name]) => ({ name, prefixes: prefixesOf(values, name) ?? [] })),
    );
  return {
    name: "router",
    signature: "Router",
    needs: [...entries.map(([, { network }]) => network), defaultClock, defaultRandom],
    args: {
      ...Object.fromEntries(
        entries.map(([name, { addresses }]) => [
          `${name}Addresses`,
          addressesArgument(name, addresses),
        ]),
      ),
      routes: routesArgument,
    },
    check: (values) =>
      entries
        .map(([name]) => name)
        .find((name) => prefixesOf(values, name) === undefined)
        ?.concat("Addresses") ?? (routesOf(values) === undefined ? "routes" : undefined),
    connect: ({ args }, needs) => {
      const networks = needs as readonly Network[];
      const [clock, random] = needs.slice(-2) as unknown as readonly [Clock, Random];
      return connect({
        clock,
        random,
        interfaces: entries.flatMap(([name], index) => {
          const network = networks[index];
          return network === undefined
            ? []
            : { name, network, addresses: prefixesOf(args, name) ?? [] };
        }),
        routes: routesOf(args) ?? [],
      });
    },
  };
}

function addressesArgument(name: string, addresses: string): Argument {
  return {
    type: "string",
    default: addresses,
    doc: `Addresses of the router on ${name}, with prefix lengths`,
    expects: "addresses of hosts with prefix lengths, such as 10.0.0.1/24,fd00:1::1/64",
  };
}

function readPrefixes(text: string): readonly Prefix[] | undefined {
  const parts = text.split(",");
  const prefixes = parts.flatMap((part) => parsePrefix(part) ?? []);
  return prefixes.length === parts.length && prefixes.every(isHost) ? prefixes : undefined;
}

function isHost({ address }: Prefix): boolean {
  const first = address[0] ?? 0;
  const isOne = address.length === 4 ? first !== 0 && first !== 127 && first < 224 : first !== 0xff;
  return isOne && address.some((byte) => byte !== 0);
}

/** Each route leaves by the interface whose network its router is in. */
function readRoutes(
  text: string,
  interfaces: readonly { readonly name: string; readonly prefixes: readonly Prefix[] }[],
): readonly Route[] | undefined {
  if (text === "") return [];
  const parts = text.split(",");
  const routes = parts.flatMap((part): Route[] => {
    const [, prefixText = "", hopText = ""] = /^([^=]+)=([^=]+)$/.exec(part) ?? [];
    const prefix = parsePrefix(prefixText);
    const nextHop = parseAddress(hopText);
    if (prefix === undefined || nextHop?.length !== prefix.address.length) return [];
    const to = interfaces.find(({ prefixes }) =>
      prefixes.some(
        ({ address, length }) =>
          address.length === nextHop.length && sharePrefix(address, nextHop, length),
      ),
    );
    if (to === undefined) return [];
    return [{ prefix: prefix.address, length: prefix.length, nextHop, to: to.name }];
  });
  return routes.length === parts.length ? routes : undefined;
}
