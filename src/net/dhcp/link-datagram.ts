/** Datagrams to a client that does not answer for its address yet (RFC 2131, 4.1). */

import type { Ip } from "../../devices/index.ts";
import { encode, headerBytes, protocolNumber, setChecksum } from "../udp/packet.ts";

/** Where one comes from and goes to: addresses of 4 bytes, and a MAC address. */
export interface LinkRoute {
  readonly source: Uint8Array;
  readonly address: Uint8Array;
  readonly linkAddress: Uint8Array;
}

/**
 * Sends a message (*borrowed*) from port 67 to port 68, without asking who has the address.
 *
 * @throws {ProtocolError} as {@link Ip.write}
 */
export function sendToLink(ip: Ip, route: LinkRoute, message: Uint8Array): void {
  const { source, address, linkAddress } = route;
  const lengthBytes = headerBytes + message.length;
  const packet = { sourcePort: 67, destinationPort: 68, checksum: 0, payload: message };
  ip.write(
    address,
    protocolNumber,
    lengthBytes,
    (into) => {
      encode(packet, into);
      setChecksum(into, lengthBytes, source, address);
      return lengthBytes;
    },
    { source, linkAddress },
  );
}
