/** The device graph: its order, and its description as text, JSON and DOT. */

import type { ArgumentTable } from "./arguments.ts";
import type { DeviceDescription } from "./device.ts";
import type { Unikernel } from "./unikernel.ts";

/** A unikernel as plain data: what `morgana describe --format json` prints. */
export interface Description {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  /** Devices in the order they are connected. */
  readonly devices: readonly DeviceSummary[];
  /** Names of the devices that `start` takes, in its order. */
  readonly start: readonly string[];
  /** Every argument by name, the devices' included. */
  readonly args: ArgumentTable;
}

/** A device of a {@link Description}. */
export interface DeviceSummary {
  readonly name: string;
  readonly signature: string;
  readonly needs: readonly string[];
}

/** Every device that `devices` reach, each once, what it needs before it. */
export function devicesInOrder(
  devices: readonly DeviceDescription[],
): readonly DeviceDescription[] {
  const order = new Set<DeviceDescription>();
  const visit = (each: DeviceDescription): void => {
    if (order.has(each)) return;
    each.needs.forEach(visit);
    order.add(each);
  };
  devices.forEach(visit);
  return [...order];
}

/** Every argument of a unikernel: its own, its devices', and the log levels that all have. */
export function argumentsOf({ args, devices }: Unikernel): ArgumentTable {
  const tables = devicesInOrder(devices).map((each) => each.args);
  return Object.assign({}, args, ...tables, {
    logs: {
      type: "string",
      default: "info",
      doc: "Log levels, for all or by source, such as debug,tcp:info",
      expects: "log levels such as debug,tcp:info",
    },
  }) as ArgumentTable;
}

/** Describes a unikernel as plain data. */
export function describe(unikernel: Unikernel): Description {
  const devices = devicesInOrder(unikernel.devices);
  return {
    name: unikernel.name,
    description: unikernel.description,
    version: unikernel.version,
    devices: devices.map(({ name, signature, needs }) => ({
      name,
      signature,
      needs: needs.map((need) => need.name),
    })),
    start: unikernel.devices.map((each) => each.name),
    args: argumentsOf(unikernel),
  };
}

/** The graph as an indented tree, from the unikernel down to what its devices need. */
export function describeAsText(description: Description): string {
  const byName = new Map(description.devices.map((each) => [each.name, each]));
  const lines = [description.name];
  const visit = (name: string, prefix: string, last: boolean): void => {
    const each = byName.get(name);
    if (each === undefined) return;
    lines.push(`${prefix}${last ? "└─ " : "├─ "}${name} (${each.signature})`);
    const below = `${prefix}${last ? "   " : "│  "}`;
    each.needs.forEach((need, index) => visit(need, below, index === each.needs.length - 1));
  };
  description.start.forEach((name, index) =>
    visit(name, "", index === description.start.length - 1),
  );
  return lines.join("\n");
}

/** The graph in Graphviz's language. */
export function describeAsDot(description: Description): string {
  const quote = (text: string): string => JSON.stringify(text);
  const nodes = description.devices.map(
    ({ name, signature }) =>
      `  ${quote(`device ${name}`)} [label=${quote(`${name}\n${signature}`)}];`,
  );
  const edges = description.devices.flatMap(({ name, needs }) =>
    needs.map((need) => `  ${quote(`device ${name}`)} -> ${quote(`device ${need}`)};`),
  );
  const roots = description.start.map(
    (name) => `  ${quote(description.name)} -> ${quote(`device ${name}`)};`,
  );
  return [
    `digraph ${quote(description.name)} {`,
    `  ${quote(description.name)} [shape=box];`,
    ...nodes,
    ...roots,
    ...edges,
    "}",
  ].join("\n");
}
