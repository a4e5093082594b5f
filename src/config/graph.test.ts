import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DeviceDescription } from "./device.ts";
import { device } from "./device.ts";
import { argumentsOf, describe as describeUnikernel } from "./graph.ts";
import { describeAsDot, describeAsText, devicesInOrder } from "./graph.ts";
import { unikernel } from "./unikernel.ts";

function make(name: string, ...needs: readonly DeviceDescription[]): DeviceDescription {
  return device({ name, signature: "Thing", needs, connect: () => name });
}

/** Two stacks on one interface, and a server on both. */
function diamond(): Readonly<Record<"network" | "ipv4" | "ipv6" | "server", DeviceDescription>> {
  const network = make("network");
  const ipv4 = make("ipv4", network);
  const ipv6 = make("ipv6", network);
  return { network, ipv4, ipv6, server: make("server", ipv4, ipv6) };
}

function names(devices: readonly DeviceDescription[]): readonly string[] {
  return devices.map(({ name }) => name);
}

const description = describeUnikernel(
  unikernel("web", () => Promise.resolve({ start() {} }), [diamond().server, make("clock")], {
    description: "Serves",
    version: "1.2.3",
    args: { port: { type: "int", default: 80, doc: "Where" } },
  }),
);

describe("devicesInOrder()", () => {
  test("gives none for none", () => {
    expect(devicesInOrder([])).toEqual([]);
  });

  test("gives what a device needs before it, and each once, in a diamond", () => {
    const { network, ipv4, ipv6, server } = diamond();
    expect(names(devicesInOrder([server]))).toEqual(["network", "ipv4", "ipv6", "server"]);
    expect(devicesInOrder([ipv6, server, network, ipv4])).toEqual([network, ipv6, ipv4, server]);
  });

  test("gives two devices for two descriptions that look the same", () => {
    expect(devicesInOrder([make("clock"), make("clock")])).toHaveLength(2);
  });

  test("gives every device once and after its needs, in any graph", () => {
    const needs = fc.array(fc.array(fc.nat(20), { maxLength: 4 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(needs, (table) => {
        // A device can only need those that were described before it: there is no cycle.
        const all: DeviceDescription[] = [];
        for (const row of table) {
          const below = row.flatMap((index) => all[index] ?? []);
          all.push(make(`device${all.length}`, ...below));
        }
        const order = devicesInOrder(all.toReversed());
        expect(new Set(order)).toEqual(new Set(all));
        expect(order).toHaveLength(all.length);
        for (const [index, { needs: below }] of order.entries()) {
          for (const need of below) expect(order.indexOf(need)).toBeLessThan(index);
        }
      }),
    );
  });
});

describe("argumentsOf()", () => {
  test("gives the unikernel's, its devices' at any depth, and the log levels", () => {
    const network = device({
      name: "network",
      signature: "Network",
      args: { mac: { type: "string", optional: true, doc: "Address" } },
      connect: () => 1,
    });
    const web = unikernel("web", () => Promise.resolve({ start() {} }), [make("tcp", network)], {
      args: { port: { type: "int", default: 80, doc: "Where" } },
    });
    expect(Object.keys(argumentsOf(web))).toEqual(["port", "mac", "logs"]);
  });
});

describe("describe()", () => {
  test("gives plain data, in the order of connecting and of start", () => {
    expect(description).toMatchObject({
      name: "web",
      description: "Serves",
      version: "1.2.3",
      devices: [
        { name: "network", signature: "Thing", needs: [] },
        { name: "ipv4", signature: "Thing", needs: ["network"] },
        { name: "ipv6", signature: "Thing", needs: ["network"] },
        { name: "server", signature: "Thing", needs: ["ipv4", "ipv6"] },
        { name: "clock", signature: "Thing", needs: [] },
      ],
      start: ["server", "clock"],
      args: { port: { default: 80 }, logs: { default: "info" } },
    });
    expect(structuredClone(description)).toEqual(description);
  });
});

describe("describeAsText()", () => {
  test("draws a tree, with what is shared below each that needs it", () => {
    expect(describeAsText(description)).toBe(
      [
        "web",
        "├─ server (Thing)",
        "│  ├─ ipv4 (Thing)",
        "│  │  └─ network (Thing)",
        "│  └─ ipv6 (Thing)",
        "│     └─ network (Thing)",
        "└─ clock (Thing)",
      ].join("\n"),
    );
  });

  test("gives the name alone, without devices", () => {
    const alone = unikernel("noop", () => Promise.resolve({ start() {} }), []);
    expect(describeAsText(describeUnikernel(alone))).toBe("noop");
  });
});

describe("describeAsDot()", () => {
  test("gives each device once, and an arrow for each need", () => {
    expect(describeAsDot(description)).toBe(
      [
        'digraph "web" {',
        '  "web" [shape=box];',
        String.raw`  "device network" [label="network\nThing"];`,
        String.raw`  "device ipv4" [label="ipv4\nThing"];`,
        String.raw`  "device ipv6" [label="ipv6\nThing"];`,
        String.raw`  "device server" [label="server\nThing"];`,
        String.raw`  "device clock" [label="clock\nThing"];`,
        '  "web" -> "device server";',
        '  "web" -> "device clock";',
        '  "device ipv4" -> "device network";',
        '  "device ipv6" -> "device network";',
        '  "device server" -> "device ipv4";',
        '  "device server" -> "device ipv6";',
        "}",
      ].join("\n"),
    );
  });

  test("keeps a unikernel and a device of one name apart, and quotes names", () => {
    const odd = unikernel("clock", () => Promise.resolve({ start() {} }), [
      make("clock"),
      make('"'),
    ]);
    expect(describeAsDot(describeUnikernel(odd))).toContain('  "clock" -> "device clock";');
    expect(describeAsDot(describeUnikernel(odd))).toContain(String.raw`"device \""`);
  });
});
