import { describe, expect, test } from "vitest";
import type { ArgumentTable } from "./arguments.ts";
import { checkUnikernel } from "./check.ts";
import type { DeviceDescription } from "./device.ts";
import { device } from "./device.ts";
import { defaultBlock, defaultConsole, defaultNetwork } from "./devices.ts";
import type { Unikernel } from "./unikernel.ts";

function make(changes: Partial<Unikernel>): Unikernel {
  return {
    kind: "morgana-unikernel",
    name: "web",
    description: "",
    version: "0.0.0",
    devices: [],
    args: {},
    load: () => Promise.reject(new Error("not loaded")),
    ...changes,
  };
}

function disk(name: string, args: ArgumentTable = {}): DeviceDescription {
  return device({ name, signature: "Block", args, connect: () => 1 });
}

const port = { type: "int", default: 80, doc: "Where" } as const;

describe("checkUnikernel()", () => {
  test.each(["web", "a", "7", "disk-lottery", "x2-y-3"])("takes the name %s", (name) => {
    expect(() => checkUnikernel(make({ name }))).not.toThrow();
  });

  test.each(["", "Web", "-web", "web-", "a--b", "a b", "a/b", "../a", "é", "web\n"])(
    "refuses the name %j",
    (name) => {
      expect(() => checkUnikernel(make({ name }))).toThrow(
        new TypeError(`Cannot name a unikernel "${name}": use a-z, 0-9 and single hyphens`),
      );
    },
  );

  test("takes one description used twice, and two disks of different names", () => {
    const network = defaultNetwork;
    const stack = device({ name: "stack", signature: "Stack", needs: [network], connect: () => 1 });
    const disks = [
      defaultBlock("one", { sectorCount: 64 }),
      defaultBlock("two", { sectorCount: 1 }),
    ];
    const devices = [defaultConsole, network, stack, ...disks];
    expect(() => checkUnikernel(make({ devices, args: { port } }))).not.toThrow();
  });

  test.each<[string, Partial<Unikernel>, string]>([
    ["two devices of one name", { devices: [disk("a"), disk("a")] }, 'two devices are named "a"'],
    [
      "a device of the name of another's need",
      {
        devices: [
          disk("a"),
          device({ name: "b", signature: "B", needs: [disk("a")], connect: () => 1 }),
        ],
      },
      'two devices are named "a"',
    ],
    [
      "an argument of a device and the unikernel",
      { args: { port }, devices: [disk("a", { port })] },
      'device "a" and the unikernel both declare "port"',
    ],
    [
      "an argument of two devices",
      { devices: [disk("a", { port }), disk("b", { port })] },
      'device "b" and device "a" both declare "port"',
    ],
    ["help", { args: { help: port } }, 'the unikernel and Morgana both declare "help"'],
    [
      "logs",
      { devices: [disk("a", { logs: port })] },
      'device "a" and Morgana both declare "logs"',
    ],
    [
      "two spellings of one flag",
      { args: { maxHops: port, "max-hops": port } },
      '"max-hops" cannot name an argument: use camel case, as in maxHops',
    ],
    [
      "the name of every object's prototype",
      { args: { ["__proto__"]: port } },
      '"__proto__" cannot name an argument: use camel case, as in maxHops',
    ],
    [
      "a default out of range",
      { args: { port: { ...port, max: 79 } } },
      '"port" cannot be 80 by default',
    ],
    [
      "a default that is no choice",
      { args: { mode: { type: "choice", choices: ["a"], default: "b", doc: "" } } },
      '"mode" cannot be b by default',
    ],
    [
      "a disk without sectors",
      { devices: [defaultBlock("a", { sectorCount: 0 })] },
      '"aSectors" cannot be 0 by default',
    ],
  ])("refuses %s", (_what, changes, why) => {
    expect(() => checkUnikernel(make(changes))).toThrow(
      new TypeError(`Cannot configure "web": ${why}`),
    );
  });
});
