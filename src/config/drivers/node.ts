/** The drivers of the `node` target. */

import { connect as connectBlock } from "../../platform-node/block-file.ts";
import { connect as connectClock } from "../../platform-node/clock.ts";
import { connect as connectRandom } from "../../platform-node/random.ts";
import { NetworkError } from "../../devices/errors.ts";
import type { Block, Clock, Network, Random } from "../../devices/index.ts";
import type { Driver } from "../device.ts";

export const clock: Driver<Clock> = () => connectClock();

export const random: Driver<Random> = () => connectRandom();

export const block: Driver<Block> = ({ args }) =>
  connectBlock({
    path: imagePath(String(args["disk"])),
    sectorBytes: Number(args["sectorBytes"]),
    sectorCount: Number(args["sectorCount"]),
  });

export const network: Driver<Network> = ({ unikernel }) => {
  throw new NetworkError(
    "unreachable",
    `Cannot connect "${unikernel}" to a network: the node target has none; use browser or simulated`,
  );
};

/** A disk's name is a file here: `lottery` is `lottery.img`, and a path is itself. */
function imagePath(disk: string): string {
  return /[./\\]/.test(disk) ? disk : `${disk}.img`;
}
