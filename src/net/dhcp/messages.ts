/** What a client sends, and how (RFC 2131, tables 4 and 5). */

import { unspecified } from "../ipv4/address.ts";
import { broadcastFlag, messageType, operation, option, type DhcpPacket } from "./packet.ts";

/** What a message holds, and where it goes. */
export interface Form {
  readonly type: number;
  /** Whether `ciaddr` holds our address, which we send from then. */
  readonly hasAddress?: true;
  /** Whether an option holds the address that it is about. */
  readonly namesAddress?: true;
  /** Whether an option holds the server that it is for. */
  readonly namesServer?: true;
  /** Whether it goes to that server alone. */
  readonly isUnicast?: true;
  /** Whether it asks for nothing. */
  readonly isStatement?: true;
}

/** What sends a message: a state, or one of the two ways to leave a lease. */
export type Occasion =
  | "selecting"
  | "requesting"
  | "rebooting"
  | "renewing"
  | "rebinding"
  | "declining"
  | "releasing";

/** What is sent on each occasion. */
export const forms: Readonly<Record<Occasion, Form>> = {
  selecting: { type: messageType.discover },
  requesting: { type: messageType.request, namesAddress: true, namesServer: true },
  rebooting: { type: messageType.request, namesAddress: true },
  renewing: { type: messageType.request, hasAddress: true, isUnicast: true },
  rebinding: { type: messageType.request, hasAddress: true },
  declining: {
    type: messageType.decline,
    namesAddress: true,
    namesServer: true,
    isStatement: true,
  },
  releasing: {
    type: messageType.release,
    hasAddress: true,
    namesServer: true,
    isUnicast: true,
    isStatement: true,
  },
};

/** What a message is about. */
export interface MessageSubject {
  readonly mac: Uint8Array;
  readonly hostName: string | undefined;
  readonly xid: number;
  /** Seconds since the client began to try. */
  readonly secs: number;
  readonly address: Uint8Array;
  readonly serverId: Uint8Array;
}

const parameters = Uint8Array.of(
  option.subnetMask,
  option.classlessRoutes,
  option.routers,
  option.dnsServers,
  option.domainName,
  option.mtu,
  option.renewalTime,
  option.rebindingTime,
  option.searchDomains,
);

/** Makes a message. */
export function messageOf(form: Form, subject: MessageSubject): DhcpPacket {
  const { mac, hostName, xid, secs, address, serverId } = subject;
  const options = new Map<number, Uint8Array>([
    [option.messageType, Uint8Array.of(form.type)],
    // The hardware's type, Ethernet, and its address (RFC 2132, 9.14).
    [option.clientId, Uint8Array.of(1, ...mac)],
  ]);
  if (form.namesAddress === true) options.set(option.requestedAddress, address);
  if (form.namesServer === true) options.set(option.serverId, serverId);
  if (form.isStatement !== true) {
    options.set(option.parameterList, parameters);
    if (hostName !== undefined) options.set(option.hostName, new TextEncoder().encode(hostName));
  }
  return {
    op: operation.request,
    xid,
    secs: form.isStatement === true ? 0 : Math.min(secs, 0xffff),
    // Who has no address cannot be sent to but by broadcast; a statement has no answer.
    flags: (form.hasAddress ?? form.isStatement) === true ? 0 : broadcastFlag,
    ciaddr: form.hasAddress === true ? address : unspecified,
    yiaddr: unspecified,
    giaddr: unspecified,
    chaddr: mac,
    options,
  };
}
