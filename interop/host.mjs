// Our side: a whole stack in this process, over the TAP device or any other `--net`.

import { parsePrefix } from "fata-morgana/net/address";
import { connect as connectStack } from "fata-morgana/net/stack";
import { connect as connectClock } from "fata-morgana/platform-node/clock";
import { connect as connectNetwork } from "fata-morgana/platform-node/network-socket";
import { parseSocketLink } from "fata-morgana/platform-node/network-socket-link";
import { connect as connectRandom } from "fata-morgana/platform-node/random";

/** @typedef {import("fata-morgana/devices").Network} Network */

/**
 * How a stack differs from one at {@link ours} on the TAP device.
 *
 * @typedef {Partial<import("fata-morgana/net/stack").StackOptions> & {
 *   net?: string,
 *   mac?: Uint8Array,
 * }} HostOptions `mac`: a random one by default, and the same for as long as there is the network
 */

/** Our addresses, beside the kernel's. */
export const ours = { ipv4: "10.9.0.2", ipv6: "fd00:9::2" };

/** The kernel's, which is the router, too. */
const kernel = {
  ipv4: Uint8Array.of(10, 9, 0, 1),
  ipv6: Uint8Array.of(0xfd, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
};

/** What stacks and services of ours stand on. */
export const clock = connectClock();
export const random = connectRandom();

/**
 * By their words; a descriptor can be opened only once, so that stacks use it one after the other.
 *
 * @type {Map<string, Promise<Network>>}
 */
const networks = new Map();

/**
 * Connects a stack. Disposing it leaves its network to the next one.
 *
 * @param {HostOptions} [options]
 * @returns {Promise<import("fata-morgana/devices").Stack>}
 */
export async function connectHost({ net = "fd:3", mac, ...options } = {}) {
  const address = mac === undefined ? {} : { mac };
  const connecting =
    networks.get(net) ?? connectNetwork({ link: parseSocketLink(net), ...address });
  networks.set(net, connecting);
  return connectStack({
    network: await connecting,
    clock,
    random,
    ipv4: { address: prefix(`${ours.ipv4}/24`), gateway: kernel.ipv4 },
    ipv6: { addresses: [prefix(`${ours.ipv6}/64`)], gateway: kernel.ipv6 },
    ...options,
  });
}

/**
 * @param {string} text such as `10.9.0.2/24`
 * @returns {import("fata-morgana/net/prefix").Prefix}
 */
export function prefix(text) {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new TypeError(`Cannot read ${text}: it is no prefix`);
  return parsed;
}
