/** What a server answers, and where that goes (RFC 2131, 4.1 and table 3). */

import { isSameAddress } from "../prefix.ts";
import { broadcast, unspecified } from "../ipv4/address.ts";
import { numberIn } from "./lease.ts";
import { broadcastFlag, messageType, operation, option, type DhcpPacket } from "./packet.ts";
import { serverOption } from "./server-options.ts";
import { secondsOf, type Subnet } from "./subnet.ts";

/** What is answered to a message. */
export interface Answer {
  readonly type: number;
  /** Our address. */
  readonly serverId: Uint8Array;
  /** What is told of the network; `undefined` tells nothing. */
  readonly subnet?: Subnet;
  /** The address that the client gets, 4 bytes, and for how long. */
  readonly address?: Uint8Array;
  readonly leaseSeconds?: number;
  /** What the client is to call itself. */
  readonly hostName?: string | undefined;
  /** Why it is refused. */
  readonly message?: string;
}

/** Where an answer goes. */
export interface Destination {
  readonly address: Uint8Array;
  readonly port: number;
  /** The MAC address of a client that does not answer for its address yet. */
  readonly linkAddress?: Uint8Array;
}

/** Given to clients that ask for nothing in particular. */
const defaultParameters: readonly number[] = [
  option.subnetMask,
  option.routers,
  option.dnsServers,
  option.hostName,
  option.domainName,
];

/** The shortest that every client takes; and the longest that a link takes (RFC 2131, 2). */
const minMessageBytes = 576;
const maxMessageBytes = 1500;

/** Headers of IP and UDP, which count (RFC 2132, 9.10, as clients take it). */
const headerBytes = 28;

/** Makes the answer to a message. */
export function replyTo(request: DhcpPacket, answer: Answer): DhcpPacket {
  const { type, address = unspecified } = answer;
  const isRefusal = type === messageType.nak;
  const isRelayed = !isSameAddress(request.giaddr, unspecified);
  return {
    op: operation.reply,
    xid: request.xid,
    secs: 0,
    // The relay agent cannot know that the client's address is none of its link (4.3.2).
    flags: isRefusal && isRelayed ? request.flags | broadcastFlag : request.flags,
    ciaddr: type === messageType.ack ? request.ciaddr : unspecified,
    yiaddr: isRefusal ? unspecified : address,
    giaddr: request.giaddr,
    chaddr: request.chaddr,
    options: optionsOf(request, answer),
  };
}

/** Options in this order: what must be there, then what the client asks for, as it asks. */
function optionsOf(request: DhcpPacket, answer: Answer): Map<number, Uint8Array> {
  const { type, serverId, subnet, leaseSeconds, hostName, message } = answer;
  const options = new Map<number, Uint8Array>([
    [option.messageType, Uint8Array.of(type)],
    [option.serverId, serverId],
  ]);
  if (leaseSeconds !== undefined) options.set(option.leaseTime, secondsOf(leaseSeconds));
  // Unchanged in every answer (RFC 6842, 3).
  const clientId = request.options.get(option.clientId);
  if (clientId !== undefined) options.set(option.clientId, clientId);
  if (message !== undefined) options.set(serverOption.message, new TextEncoder().encode(message));
  if (subnet !== undefined) {
    const known = new Map(subnet.options);
    if (hostName !== undefined) known.set(option.hostName, new TextEncoder().encode(hostName));
    for (const [number, value] of timesOf(subnet, leaseSeconds)) known.set(number, value);
    for (const number of parametersOf(request)) {
      const value = known.get(number);
      if (value !== undefined && !options.has(number)) options.set(number, value);
    }
  }
  const relayed = request.options.get(serverOption.relayAgent);
  // One in several pieces is no relay agent's, and would leave no room.
  if (relayed !== undefined && relayed.length <= 255) options.set(serverOption.relayAgent, relayed);
  return options;
}

/** What is asked for; the mask comes before routers (RFC 2132, 3.3), times whether or not. */
function parametersOf({ options }: DhcpPacket): readonly number[] {
  const asked = [...(options.get(option.parameterList) ?? defaultParameters)];
  const isSorted = asked.indexOf(option.subnetMask) <= asked.indexOf(option.routers);
  const times = [option.renewalTime, option.rebindingTime];
  return [...times, ...(isSorted ? [] : [option.subnetMask]), ...asked];
}

/** T1 and T2, where the configured ones make sense for this lease, else half and seven eighths. */
function timesOf(
  { renewSeconds, rebindSeconds }: Subnet,
  leaseSeconds: number | undefined,
): readonly (readonly [number: number, value: Uint8Array])[] {
  if (leaseSeconds === undefined || leaseSeconds === Infinity) return [];
  const renew = renewSeconds ?? leaseSeconds / 2;
  const rebind = rebindSeconds ?? (leaseSeconds * 7) / 8;
  const areSound = renew > 0 && renew < rebind && rebind < leaseSeconds;
  return [
    [option.renewalTime, secondsOf(areSound ? renew : leaseSeconds / 2)],
    [option.rebindingTime, secondsOf(areSound ? rebind : (leaseSeconds * 7) / 8)],
  ];
}

/** Where an answer goes, by what the message says of its sender. */
export function destinationOf(request: DhcpPacket, answer: Answer): Destination {
  const { giaddr, ciaddr, flags, chaddr } = request;
  if (!isSameAddress(giaddr, unspecified)) return { address: giaddr, port: 67 };
  if (answer.type === messageType.nak) return { address: broadcast, port: 68 };
  if (!isSameAddress(ciaddr, unspecified)) return { address: ciaddr, port: 68 };
  const isUnicast = (flags & broadcastFlag) === 0 && answer.address !== undefined;
  if (!isUnicast) return { address: broadcast, port: 68 };
  return { address: answer.address, port: 68, linkAddress: chaddr };
}

/** The longest message that the sender of this one takes, without headers. */
export function messageLimitOf({ options }: DhcpPacket): number {
  const asked = numberIn(options, serverOption.maxMessageBytes, 2) ?? 0;
  return Math.min(Math.max(asked, minMessageBytes), maxMessageBytes) - headerBytes;
}

/** How long a client gets an address for: as it wishes, up to what the network allows. */
export function leaseSecondsFor({ options }: DhcpPacket, { leaseSeconds }: Subnet): number {
  const asked = numberIn(options, option.leaseTime, 4);
  if (asked === undefined || asked === 0xffff_ffff) return leaseSeconds;
  // Whoever wants it for a moment would write to the disk all the time.
  return Math.min(Math.max(asked, 60), leaseSeconds);
}
