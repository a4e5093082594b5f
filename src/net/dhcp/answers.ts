/** The way out of a server's answers. */

import { ProtocolError, type Ip, type UdpSocket } from "../../devices/index.ts";
import { formatAddress } from "../address.ts";
import { encodeWithin } from "./fit.ts";
import { sendToLink } from "./link-datagram.ts";
import type { DhcpPacket } from "./packet.ts";
import { destinationOf, messageLimitOf, replyTo, type Answer } from "./replies.ts";

/** What answers are sent with. */
export interface AnswerSenderOptions {
  /** Where it is, a client without an address is answered alone, and else with everyone. */
  readonly ip: Ip | undefined;
  readonly socket: UdpSocket;
  /** Our address. */
  readonly source: Uint8Array;
  readonly counters: { optionsLeftOut: number; unsent: number };
}

/** Room for the longest message of ours. */
const maxMessageBytes = 1500;

export class AnswerSender {
  readonly #options: AnswerSenderOptions;

  constructor(options: AnswerSenderOptions) {
    this.#options = options;
  }

  /** Sends an answer to where the message says; one that no route leads to is counted. */
  send(request: DhcpPacket, answer: Answer): void {
    const { ip, socket, source, counters } = this.#options;
    const { address, port, linkAddress } = destinationOf(request, answer);
    const into = new Uint8Array(maxMessageBytes);
    const reply = replyTo(request, answer);
    const { lengthBytes, leftOutCount } = encodeWithin(reply, into, messageLimitOf(request));
    counters.optionsLeftOut += leftOutCount;
    const message = into.subarray(0, lengthBytes);
    try {
      if (linkAddress !== undefined && ip !== undefined) {
        sendToLink(ip, { source, address, linkAddress }, message);
        return;
      }
      // Where we cannot choose the MAC address, everyone hears it (RFC 2131, 4.1).
      const to = linkAddress === undefined ? formatAddress(address) : "255.255.255.255";
      socket.send(message, { address: to, port }, { source: formatAddress(source) });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      counters.unsent += 1;
    }
  }
}
