import { expect, test } from "vitest";
import { defaultNetwork, plainNetwork } from "../config/devices.ts";
import { network as connectNetwork } from "../config/drivers/browser.ts";
import type { LooseValues } from "../config/arguments.ts";
import type { FrameOffload, Network } from "../devices/index.ts";
import { noConditions } from "../net/ethernet/conditioned-link.ts";
import { attachToSwitch, changeConditions, pageSwitch } from "./page-network.ts";

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
  return { lan: pageSwitch(name), name, join, leave };
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

test("changeConditions() is for who is on the network, and for who joins it later", async () => {
  const { lan, name, join } = makePage();
  const first = await join({});
  expect(changeConditions(name, { loss: 1 }).loss).toBe(1);
  const second = await join({});
  const heard: number[] = [];
  for (const network of [first, second]) {
    network.listen({ frame: (frame) => heard.push(frame.length) });
  }
  const say = async (from: Network, sizeBytes: number): Promise<void> => {
    from.write(sizeBytes, (into) => into.fill(255, 0, 6).fill(2, 6).length);
    await settle();
  };
  await say(first, 60);
  await say(second, 61);
  expect(heard).toEqual([]);
  expect(changeConditions(name, { loss: 0 })).toEqual(noConditions);
  await say(first, 62);
  await say(second, 63);
  expect(heard).toEqual([62, 63]);
  expect(lan.ports.length).toBe(2);
});

test("changeConditions() cuts large segments for a link that may lose one of them", async () => {
  const { lan, name, join } = makePage();
  changeConditions(name, {});
  await join({});
  expect(lan.ports[0]?.network.offloads).toEqual({ checksum: false, segmentationBytes: 0 });
});

test("changeConditions() keeps nothing of what it refuses", async () => {
  const { lan, name, join } = makePage();
  expect(() => changeConditions(name, { loss: 5 })).toThrow("Cannot set loss of a link to 5");
  await join({});
  expect(lan.ports.length).toBe(1);
  expect(changeConditions(name, {})).toEqual(noConditions);
});

test("who leaves a network with conditions is off its switch", async () => {
  const { lan, name, join, leave } = makePage();
  await join({});
  changeConditions(name, { delayMs: 5 });
  leave[0]?.();
  expect(lan.ports).toEqual([]);
});
