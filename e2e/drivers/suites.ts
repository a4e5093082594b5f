/** The drivers that keep their laws in a browser's worker. A driver is a line of the table. */

import {
  blockLaws,
  clockLaws,
  consoleLaws,
  networkLaws,
  randomLaws,
  type Law,
} from "../../src/conformance/index.ts";
import type { Block } from "../../src/devices/index.ts";
import * as block from "../../src/platform-js/block-indexeddb.ts";
import * as clock from "../../src/platform-js/clock.ts";
import * as network from "../../src/platform-js/network-message-port.ts";
import { offerOnRequest, requestRing } from "../../src/platform-js/network-ring-request.ts";
import * as random from "../../src/platform-js/random.ts";
import { connectPage, turns } from "../../test/console-page.ts";

/** The laws of each driver, by its file's name. */
export const suites: Readonly<Record<string, readonly Law[]>> = {
  clock: clockLaws({ connect: async () => clock.connect() }),
  "clock, whole milliseconds": clockLaws({
    connect: async () => clock.connect({ now: () => Math.floor(performance.now()) }),
  }),
  random: randomLaws({ connect: async () => random.connect() }),
  "block-indexeddb": diskLaws({ growable: false }),
  "block-indexeddb, growable": diskLaws({ growable: true }),
  "console-port": consoleLaws({ connect: connectPage }),
  "network-message-port": linkLaws({}),
  "network-message-port, with offloads": linkLaws({ offloads: network.inPageOffloads }),
  "network-ring": ringLaws(),
};

function ringLaws(): readonly Law[] {
  return networkLaws({
    async connectPair() {
      if (!crossOriginIsolated) throw new Error("Threads of this page may not share memory");
      const [one, other] = connectLink({ offloads: network.inPageOffloads });
      offerOnRequest(other);
      requestRing(one);
      const { onMessage } = one;
      while (one.onMessage === onMessage) await turns();
      return [one, other];
    },
    settle: turns,
  });
}

function linkLaws(options: Partial<network.MessagePortOptions>): readonly Law[] {
  return networkLaws({ connectPair: async () => connectLink(options), settle: turns });
}

function connectLink(
  options: Partial<network.MessagePortOptions>,
): [ReturnType<typeof network.connect>, ReturnType<typeof network.connect>] {
  const macOf = (last: number): Uint8Array => Uint8Array.of(2, 0, 0, 0, 0, last);
  const { port1, port2 } = new MessageChannel();
  return [
    network.connect({ port: port1, mac: macOf(1), ...options }),
    network.connect({ port: port2, mac: macOf(2), ...options }),
  ];
}

function diskLaws({ growable }: { readonly growable: boolean }): readonly Law[] {
  let diskCount = 0;
  const names = new WeakMap<Block, string>();
  const connect = async (name: string, readOnly = false): Promise<Block> => {
    const disk = await block.connect({
      name,
      sectorBytes: 512,
      sectorCount: 256,
      readOnly,
      growable,
    });
    names.set(disk, name);
    return disk;
  };
  const freshName = (): string => `laws-${growable}-${++diskCount}`;
  return blockLaws({
    connect: () => connect(freshName()),
    reopen: (previous) => connect(names.get(previous) ?? ""),
    connectReadOnly: () => connect(freshName(), true),
  });
}
