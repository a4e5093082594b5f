/** What ICMP is in each version of IP: its numbers, and what they are for. */

import type { UndeliverableReason } from "../internet.ts";

/** The numbers of one version. */
export interface IcmpVersion {
  /** The protocol number. */
  readonly protocol: number;
  readonly echoRequest: number;
  readonly echoReply: number;
  readonly unreachable: number;
  /** How much of a packet an error quotes, its own headers included. */
  readonly maxErrorBytes: number;
  /** Whether a type is of an error, or a redirect: it must not be answered by an error. */
  readonly isError: (type: number) => boolean;
  /** Whether an error of a type is about a packet of ours that a listener should know of. */
  readonly isReport: (type: number) => boolean;
  /** Whether an error may answer what was sent to a group (RFC 4443, 2.4 (e)). */
  readonly mayAnswerGroup: (type: number, code: number) => boolean;
  /** Whether it says that a packet was too long; the parameter is then the MTU where it was. */
  readonly isTooBig: (type: number, code: number) => boolean;
  /** Type and code of a report about a packet that was given up. */
  readonly reports: Readonly<Record<UndeliverableReason, readonly [type: number, code: number]>>;
}

/**
 * @see RFC 792; RFC 1122, 3.2.2. Source quenches (4, RFC 6633) are not heard.
 */
export const icmp4: IcmpVersion = {
  protocol: 1,
  echoRequest: 8,
  echoReply: 0,
  unreachable: 3,
  // RFC 1812, 4.3.2.3.
  maxErrorBytes: 576,
  isError: (type) => type === 3 || type === 4 || type === 5 || type === 11 || type === 12,
  isReport: (type) => type === 3 || type === 5 || type === 11 || type === 12,
  mayAnswerGroup: () => false,
  isTooBig: (type, code) => type === 3 && code === 4,
  reports: {
    protocol: [3, 2],
    "first-fragment": [12, 0],
    header: [12, 0],
    option: [12, 0],
    "reassembly-timeout": [11, 1],
    neighbour: [3, 1],
  },
};

/** @see RFC 4443 */
export const icmp6: IcmpVersion = {
  protocol: 58,
  echoRequest: 128,
  echoReply: 129,
  unreachable: 1,
  maxErrorBytes: 1280,
  isError: (type) => type < 128 || type === 137,
  isReport: (type) => type < 128,
  mayAnswerGroup: (type, code) => type === 2 || (type === 4 && code === 2),
  isTooBig: (type) => type === 2,
  reports: {
    protocol: [4, 1],
    "first-fragment": [4, 3],
    header: [4, 0],
    option: [4, 2],
    "reassembly-timeout": [3, 1],
    neighbour: [1, 3],
  },
};

/** Where the MTUs of links lie, for a router that does not say its own (RFC 1191, 7.1). */
const plateaus: readonly number[] = [32_000, 17_914, 8166, 4352, 2002, 1492, 1006];

/** The next plateau below a packet that was too long. */
export function plateauBelow(packetBytes: number): number {
  return plateaus.find((plateau) => plateau < packetBytes) ?? 0;
}
