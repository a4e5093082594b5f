import type { Datagram, Endpoint, Stack, UdpSocket } from "../../devices/index.ts";
import { parseAddress, parsePrefix } from "../address.ts";
import { sharePrefix } from "../prefix.ts";
import { decode, groups, port, type MdnsMessage } from "./packet.ts";

/** Hears a message; `from` is `undefined` for our own. */
export type Hears = (message: MdnsMessage, from: Endpoint | undefined) => void;

/** All hosts of the link, over the versions of IP that there are. */
export class Link {
  readonly counters = {
    messagesIn: 0,
    messagesOut: 0,
    malformed: 0,
    /** Messages that a router may have passed on. */
    notOfLink: 0,
    /** Messages that could not be sent. */
    unsendable: 0,
  };
  readonly #socket: UdpSocket;
  readonly #groups: readonly string[];
  readonly #hears: Hears;
  readonly #stack: Pick<Stack, "udp" | "addresses">;
  #isClosed = false;

  /** @throws {ProtocolError} `address-in-use`, `closed` */
  constructor(stack: Pick<Stack, "udp" | "addresses">, hears: Hears) {
    this.#hears = hears;
    this.#stack = stack;
    this.#socket = stack.udp.bind(port);
    this.#groups = [groups.v4, groups.v6].filter((group) => {
      try {
        this.#socket.join(group);
        return true;
      } catch {
        // There is no IP of its version.
        return false;
      }
    });
    this.#socket.listen(this.#receive);
  }

  /** Sends a message to all on the link, ourselves included. */
  send(message: Uint8Array): void {
    for (const address of this.#groups) this.sendTo(message, { address, port });
    const decoded = decode(message);
    if (decoded !== undefined) void this.#hearOurselves(decoded);
  }

  /** Sends a message to one host, or to a group. */
  sendTo(message: Uint8Array, to: Endpoint): void {
    try {
      this.#socket.send(message, to, { timeToLive: 255 });
      this.counters.messagesOut += 1;
    } catch {
      // There is no address of this version yet, or no way to that host.
      this.counters.unsendable += 1;
    }
  }

  async dispose(): Promise<void> {
    this.#isClosed = true;
    await this.#socket[Symbol.asyncDispose]();
  }

  /** Not before whoever sent it is done. */
  async #hearOurselves(message: MdnsMessage): Promise<void> {
    await Promise.resolve();
    if (!this.#isClosed) this.#hears(message, undefined);
  }

  readonly #receive = ({ bytes, from, to, timeToLive }: Datagram): void => {
    const message = decode(bytes);
    if (message === undefined) {
      this.counters.malformed += 1;
      return;
    }
    // Nobody far away can send such (RFC 6762, 11); the system's own sockets do not tell, and say 0.
    if (message.isResponse && ![0, 255].includes(timeToLive)) {
      this.counters.notOfLink += 1;
      return;
    }
    // A question for us alone must not come from far away, where its answer, many times as long,
    // would go to whoever it says it is from (RFC 6762, 5.5).
    const isForAll = this.#groups.includes(to);
    if (!message.isResponse && !isForAll && !isOnLink(from.address, this.#stack.addresses)) {
      this.counters.notOfLink += 1;
      return;
    }
    // An answer to another port would be to a plain resolver (RFC 6762, 6).
    if (message.isResponse && from.port !== port) return;
    this.counters.messagesIn += 1;
    this.#hears(message, from);
  };
}

/** Whether an address is of a network that one of ours is of. */
function isOnLink(text: string, ours: readonly string[]): boolean {
  const address = parseAddress(text) ?? new Uint8Array(0);
  return ours.some((each) => {
    const prefix = parsePrefix(each);
    const isOfVersion = prefix?.address.length === address.length;
    return isOfVersion && sharePrefix(prefix.address, address, prefix.length);
  });
}
