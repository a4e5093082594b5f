/** The drivers of the `browser` target, in the unikernel's worker. */

import type { Block, Clock, Network, Random } from "../../devices/index.ts";
import { connect as connectBlock } from "../../platform-js/block-indexeddb.ts";
import { connect as connectClock } from "../../platform-js/clock.ts";
import {
  connect as connectNetwork,
  inPageOffloads,
} from "../../platform-js/network-message-port.ts";
import { connect as connectRandom } from "../../platform-js/random.ts";
import type { Driver } from "../device.ts";
import { macAddressFrom } from "../mac-address.ts";

export { connectStack as stack } from "../stack-arguments.ts";

export const clock: Driver<Clock> = () => connectClock();

export const random: Driver<Random> = () => connectRandom();

export const block: Driver<Block> = ({ args, signal }) =>
  connectBlock({
    name: String(args["disk"]),
    sectorBytes: Number(args["sectorBytes"]),
    sectorCount: Number(args["sectorCount"]),
    signal,
  });

export const network: Driver<Network> = async ({ host, args, unikernel }) => {
  if (host.target !== "browser") throw new TypeError(`A browser's driver needs a browser's host`);
  const random = connectRandom();
  const mac = macAddressFrom(args["mac"], random);
  await random[Symbol.asyncDispose]();
  const plain = String(args["plain"] ?? "");
  const link = String(args["link"] ?? "");
  const port = host.openPort("network", { unikernel, plain, link });
  return connectNetwork({ port, mac, ...(plain === "" && { offloads: inPageOffloads }) });
};
