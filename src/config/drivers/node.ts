/** The drivers of the `node` target. */

import { connect as connectBlock } from "../../platform-node/block-file.ts";
import { connect as connectClock } from "../../platform-node/clock.ts";
import { parseSocketLink } from "../../platform-node/network-socket-link.ts";
import { connect as connectNetwork } from "../../platform-node/network-socket.ts";
import { connect as connectRandom } from "../../platform-node/random.ts";
import { NetworkError } from "../../devices/errors.ts";
import type { Block, Clock, Network, Random } from "../../devices/index.ts";
import type { Driver } from "../device.ts";
import { macAddressFrom } from "../mac-address.ts";

export const clock: Driver<Clock> = () => connectClock();

export const random: Driver<Random> = () => connectRandom();

export const block: Driver<Block> = ({ args }) =>
  connectBlock({
    path: imagePath(String(args["disk"])),
    sectorBytes: Number(args["sectorBytes"]),
    sectorCount: Number(args["sectorCount"]),
  });

export const network: Driver<Network> = async ({ args, unikernel, signal }) => {
  const { net = "none" } = args;
  if (net === "none") {
    throw new NetworkError(
      "unreachable",
      `Cannot connect "${unikernel}" to a network: the node target needs one, such as ` +
        "--net=udp:127.0.0.1:4000,127.0.0.1:4001",
    );
  }
  const link = parseSocketLink(String(net));
  const random = connectRandom();
  const mac = macAddressFrom(args["mac"], random);
  await random[Symbol.asyncDispose]();
  return connectNetwork({ link, mac, signal });
};

/** A disk's name is a file here: `lottery` is `lottery.img`, and a path is itself. */
function imagePath(disk: string): string {
  return /[./\\]/.test(disk) ? disk : `${disk}.img`;
}
