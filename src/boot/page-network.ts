/** The switches of a page: unikernels that name the same one are on one Ethernet. */

import type { Network } from "../devices/index.ts";
import {
  checkConditions,
  ConditionedLink,
  type LinkConditions,
  noConditions,
} from "../net/ethernet/conditioned-link.ts";
import { Switch, type SwitchPort } from "../net/ethernet/switch.ts";
import { connect as connectClock } from "../platform-js/clock.ts";
import { connect, inPageOffloads } from "../platform-js/network-message-port.ts";
import { offerOnRequest } from "../platform-js/network-ring-request.ts";
import { connect as connectRandom } from "../platform-js/random.ts";

const clock = connectClock();
const random = connectRandom();

/** A switch and what is on it: with conditions, each port's link goes through them. */
class PageNetwork {
  readonly lan = new Switch({ nowMs: () => performance.now() });
  readonly #members = new Set<Member>();
  #conditions: LinkConditions | undefined;

  join(network: Network): () => void {
    const member = new Member(network, this.lan, this.#conditions);
    this.#members.add(member);
    return () => {
      this.#members.delete(member);
      member.leave();
    };
  }

  change(conditions: Partial<LinkConditions>): LinkConditions {
    checkConditions(conditions);
    this.#conditions = { ...noConditions, ...this.#conditions, ...conditions };
    for (const member of this.#members) member.change(this.#conditions);
    return this.#conditions;
  }
}

/** The page's end of a unikernel's cable. */
class Member {
  readonly #network: Network;
  readonly #switch: Switch;
  #link: ConditionedLink | undefined;
  #port: SwitchPort;

  constructor(network: Network, on: Switch, conditions: LinkConditions | undefined) {
    this.#network = network;
    this.#switch = on;
    this.#port = on.attach(network);
    if (conditions !== undefined) this.change(conditions);
  }

  change(conditions: LinkConditions): void {
    if (this.#link !== undefined) {
      this.#link.change(conditions);
      return;
    }
    // The link comes between the switch and the cable.
    this.#port.detach();
    this.#link = new ConditionedLink(this.#network, conditions, { clock, random });
    this.#port = this.#switch.attach(this.#link);
  }

  leave(): void {
    this.#port.detach();
    void this.#link?.[Symbol.asyncDispose]();
  }
}

const networks = new Map<string, PageNetwork>();

/** The switch of that name, made on first use. */
export function pageSwitch(name: string): Switch {
  return networkOf(name).lan;
}

function networkOf(name: string): PageNetwork {
  const known = networks.get(name) ?? new PageNetwork();
  networks.set(name, known);
  return known;
}

/**
 * Attaches a unikernel's port, which is *given*, to a switch of the page: with the offloads of links
 * within a page, unless its end is `plain`. Returns the function that takes it off.
 */
export function attachToSwitch(name: string, port: MessagePort, plain = false): () => void {
  // The page's end of the cable sends nothing of its own, and so its address is nobody's.
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 0);
  const network = connect({ port, mac, ...(!plain && { offloads: inPageOffloads }) });
  const leave = networkOf(name).join(network);
  offerOnRequest(network);
  return () => {
    leave();
    void network[Symbol.asyncDispose]();
  };
}

/**
 * Changes some of the conditions of a network's links, and gives all that hold now.
 *
 * @throws {RangeError} as {@link ConditionedLink.change}
 */
export function changeConditions(
  name: string,
  conditions: Partial<LinkConditions>,
): LinkConditions {
  return networkOf(name).change(conditions);
}
