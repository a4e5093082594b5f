/** What a client means by a request, to be laid beside RFC 2131, table 4 and 4.3.2. */

import { isSameAddress } from "../prefix.ts";
import { toNumber, unspecified } from "../ipv4/address.ts";
import { addressesIn } from "./lease.ts";
import { option, type DhcpPacket } from "./packet.ts";

/** A request for an address, and in which state its client is. */
export interface LeaseRequest {
  /** `extending` is RENEWING or REBINDING. */
  readonly state: "selecting" | "rebooting" | "extending";
  readonly address: number;
  /** The server that the client chose. */
  readonly serverId: Uint8Array | undefined;
}

/** Reads a request; `undefined` if it is none that a client sends. */
export function leaseRequestOf(packet: DhcpPacket): LeaseRequest | undefined {
  const serverId = addressIn(packet, option.serverId);
  const requested = addressIn(packet, option.requestedAddress);
  const hasAddress = !isSameAddress(packet.ciaddr, unspecified);
  if (requested === undefined) {
    // Some name the server in a renewal; it is a renewal all the same.
    return hasAddress
      ? { state: "extending", address: toNumber(packet.ciaddr), serverId }
      : undefined;
  }
  const address = toNumber(requested);
  if (serverId !== undefined) return { state: "selecting", address, serverId };
  return hasAddress ? undefined : { state: "rebooting", address, serverId };
}

/** The address that an option holds. */
export function addressIn({ options }: DhcpPacket, number: number): Uint8Array | undefined {
  return addressesIn(options, number)[0];
}
