/** The drivers of the `node` target. */

import { connect as connectBlock } from "../../platform-node/block-file.ts";
import { connect as connectClock } from "../../platform-node/clock.ts";
import { parseSocketLink } from "../../platform-node/network-socket-link.ts";
import { connect as connectNetwork } from "../../platform-node/network-socket.ts";
import { SocketNetwork } from "../../platform-node/network-socket-frames.ts";
import { connect as connectRandom } from "../../platform-node/random.ts";
import { connect as connectSockets } from "../../platform-node/stack-sockets.ts";
import { NetworkError } from "../../devices/errors.ts";
import type { Block, Clock, Network, Random } from "../../devices/index.ts";
import { flagOf } from "../arguments.ts";
import type { Driver } from "../device.ts";
import { macAddressFrom } from "../mac-address.ts";
import { connectStack, serversOf } from "../stack-arguments.ts";
import type { StackDriver } from "./table.ts";

export const clock: Driver<Clock> = () => connectClock();

export const random: Driver<Random> = () => connectRandom();

export const block: Driver<Block> = ({ args }) =>
  connectBlock({
    path: imagePath(String(args["disk"])),
    sectorBytes: Number(args["sectorBytes"]),
    sectorCount: Number(args["sectorCount"]),
  });

export const network: Driver<Network> = async ({ args, unikernel, signal }) => {
  const { net = args["stack"] === true ? "socket" : "none" } = args;
  if (net === "socket" && args["stack"] === true) return ofKernel();
  if (net === "none" || net === "socket") {
    const { name } = args;
    const flag = name === undefined ? "--net" : flagOf(`${name}Net`);
    throw new NetworkError(
      "unreachable",
      `Cannot connect "${unikernel}" to a network: the node target needs one, such as ` +
        `${flag}=udp:127.0.0.1:4000,127.0.0.1:4001`,
    );
  }
  const link = parseSocketLink(String(net));
  const random = connectRandom();
  const mac = macAddressFrom(args["mac"], random);
  await random[Symbol.asyncDispose]();
  return connectNetwork({ link, mac, signal });
};

/** Interfaces that stand for the kernel's own: nothing is ever attached to them. */
const kernelNetworks = new WeakSet<Network>();

function ofKernel(): Network {
  const network = new SocketNetwork(Uint8Array.of(2, 0, 0, 0, 0, 0), 1500);
  kernelNetworks.add(network);
  return network;
}

export const stack: StackDriver = (context, network, clock, random) => {
  if (!kernelNetworks.has(network)) return connectStack(context, network, clock, random);
  const servers = serversOf(context.args["dns"]);
  return connectSockets(servers === undefined ? {} : { servers });
};

/** A disk's name is a file here: `lottery` is `lottery.img`, and a path is itself. */
function imagePath(disk: string): string {
  return /[./\\]/.test(disk) ? disk : `${disk}.img`;
}
