import { expect, test } from "vitest";
import { defaultNetwork, plainNetwork } from "../config/devices.ts";
import { network as connectNetwork } from "../config/drivers/browser.ts";
import type { LooseValues } from "../config/arguments.ts";
import type { FrameOffload, Network } from "../devices/index.ts";
import { attachToSwitch, pageSwitch } from "./page-network.ts";

let lastSwitch = 0;

async function settle(): Promise<void> {
  for (let turn = 0; turn < 9; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A page's switch, and how a worker's driver joins it. */
function makePage() {
  const name = `switch ${++lastSwitch}`;
  const leave: (() => void)[] = [];
  const join = async (args: LooseValues): Promise<Network> =>
    connectNetwork({
      host: {
        target: "browser",
        console: () => {
          throw new Error("no console");
        },
        openPort(service, options = {}) {
          expect(service).toBe("network");
          const { port1, port2 } = new MessageChannel();
          leave.push(attachToSwitch(name, port2, options["plain"] === "true"));
          return port1;
        },
      },
      unikernel: "one",
      args,
      signal: new AbortController().signal,
    });
  return { lan: pageSwitch(name), join, leave };
}

test("attachToSwitch() gives a unikernel the offloads of the page, and a plain one none", async () => {
  const { lan, join } = makePage();
  const [one, plain] = [await join({}), await join({ plain: true })];
  expect(one.offloads).toEqual({ checksum: true, segmentationBytes: 65_549 });
  expect(plain.offloads).toEqual({ checksum: false, segmentationBytes: 0 });
  expect(lan.ports.map(({ network }) => network.offloads)).toEqual([one.offloads, plain.offloads]);
});

test("a plain unikernel hears what is on a wire, of one that leaves work undone", async () => {
  const { join } = makePage();
  const [one, plain] = [await join({}), await join({ plain: true })];
  const heard: [number, FrameOffload | undefined][] = [];
  plain.listen({ frame: (frame, offload) => heard.push([frame.length, offload]) });
  const header = [
    [...new Uint8Array(6).fill(255), ...one.mac, 8, 0],
    [0x45, 0, 11, 0xb8, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2],
    [0, 7, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 1, 0, 0, 0, 0, 0],
  ].flat();
  const fill = (into: Uint8Array): number => (into.fill(0), into.set(header), 3014);
  one.write(3014, fill, { checksumOmitted: true, segmentBytes: 1460 });
  await settle();
  expect(heard).toEqual([
    [1514, undefined],
    [1514, undefined],
    [94, undefined],
  ]);
});

test("attachToSwitch() returns what takes the unikernel off", async () => {
  const { lan, join, leave } = makePage();
  const one = await join({});
  expect(lan.ports.length).toBe(1);
  leave[0]?.();
  await settle();
  expect(lan.ports.length).toBe(0);
  expect(one.linkUp).toBe(false);
});

test("plainNetwork is defaultNetwork, but for how its driver connects", () => {
  const { connect: _, ...described } = plainNetwork;
  expect(defaultNetwork).toMatchObject(described);
});
