/** The stock devices, each backed by what its target has. */

import * as drivers from "#drivers";
import type { Block, Clock, Console, Network, Random } from "../devices/index.ts";
import type { LooseValues } from "./arguments.ts";
import type { DeviceDescription } from "./device.ts";
import { device } from "./device.ts";

/** The console: xterm.js in a page, standard input and output on Node, a buffer in simulation. */
export const defaultConsole: DeviceDescription<Console> = /* @__PURE__ */ device({
  name: "console",
  signature: "Console",
  connect: ({ host }) => host.console(),
});

/** The clock: the host's, or a virtual one in simulation. */
export const defaultClock: DeviceDescription<Clock> = /* @__PURE__ */ device({
  name: "clock",
  signature: "Clock",
  connect: drivers.clock,
});

/** Random bytes: cryptographic, or seeded in simulation. */
export const defaultRandom: DeviceDescription<Random> = /* @__PURE__ */ device({
  name: "random",
  signature: "Random",
  connect: drivers.random,
});

/** What a disk is when it is made for the first time. */
export interface BlockOptions {
  /** Sectors on the disk. */
  readonly sectorCount: number;
  /** Bytes in a sector: a power of two, at least 512, which is the default. */
  readonly sectorBytes?: 512 | 1024 | 2048 | 4096;
}

/**
 * A disk: an IndexedDB database in a page, a file on Node, memory in simulation. `name` (in camel
 * case) names the device, and the disk unless `--<name>-disk` says otherwise; `--<name>-sectors`
 * sets another size. A disk that exists with another size is not opened.
 */
export function defaultBlock(name: string, options: BlockOptions): DeviceDescription<Block> {
  const diskArgument = `${name}Disk`;
  const sectorsArgument = `${name}Sectors`;
  return device({
    name,
    signature: "Block",
    args: {
      [diskArgument]: { type: "string", default: name, doc: "Disk to open; a file on Node" },
      [sectorsArgument]: {
        type: "int",
        default: options.sectorCount,
        min: 1,
        doc: "Size of the disk, in sectors",
      },
    },
    connect: (context) =>
      drivers.block({
        ...context,
        args: {
          disk: context.args[diskArgument],
          sectorCount: context.args[sectorsArgument],
          sectorBytes: options.sectorBytes ?? 512,
        },
      }),
  });
}

/** What every interface can be told. */
export const networkArguments = {
  mac: {
    type: "string",
    optional: true,
    doc: "MAC address, such as 02:00:00:00:00:01; by default one picked at random",
  },
  net: {
    type: "string",
    optional: true,
    doc: "What carries the frames on Node: udp:…, stream:…, listen:… or fd:3, or socket for none",
  },
} as const;

/**
 * An Ethernet interface: a port of the page's switch in a browser, a port of the wire in
 * simulation, and what `--net` names on Node, where there is none without it.
 */
export const defaultNetwork: DeviceDescription<Network> = /* @__PURE__ */ device({
  name: "network",
  signature: "Network",
  args: networkArguments,
  connect: drivers.network,
});

/**
 * The same, but as on a wire: every frame within the MTU, every checksum filled in. For protocols
 * of one's own, which know nothing of {@link Offloads}.
 */
export const plainNetwork: DeviceDescription<Network> = /* @__PURE__ */ device({
  name: "network",
  signature: "Network",
  args: networkArguments,
  connect: (context) => drivers.network({ ...context, args: { ...context.args, plain: true } }),
});

/**
 * One of several interfaces. `name` (in camel case) names the device, and the switch that it is on in
 * a page, the wire in simulation, unless `--<name>-net` says otherwise; on Node that says what
 * carries its frames. `--<name>-mac` is its address.
 */
export function networkNamed(name: string): DeviceDescription<Network> {
  const [macArgument, netArgument] = [`${name}Mac`, `${name}Net`];
  return device({
    name,
    signature: "Network",
    args: {
      [macArgument]: networkArguments.mac,
      [netArgument]: {
        type: "string",
        optional: true,
        doc: `What carries the frames of ${name}: on Node as --net, in a page the name of a switch`,
      },
    },
    connect: (context) => {
      const { [macArgument]: mac, [netArgument]: net } = context.args;
      return drivers.network({ ...context, args: { mac, net, name, link: net ?? name } });
    },
  });
}

/**
 * A device under another name, for configurations that have two of its kind: `named("lan", arp(…))`
 * is `lanArp`, and its arguments begin with the name, too: `--lan-ipv4` instead of `--ipv4`.
 */
export function named<D>(name: string, of: DeviceDescription<D>): DeviceDescription<D> {
  const long = (short: string): string => name + short.charAt(0).toUpperCase() + short.slice(1);
  const short = (values: LooseValues): LooseValues =>
    Object.fromEntries(Object.keys(of.args).map((each) => [each, values[long(each)]]));
  return {
    ...of,
    name: long(of.name),
    args: Object.fromEntries(Object.entries(of.args).map(([each, arg]) => [long(each), arg])),
    check: (values) => {
      const wrong = of.check?.(short(values));
      return wrong === undefined ? undefined : long(wrong);
    },
    connect: (context, needs) => of.connect({ ...context, args: short(context.args) }, needs),
  };
}
