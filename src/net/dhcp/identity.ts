/** Who a client is: what it calls itself, or else its MAC address (RFC 2131, 4.2). */

import { option, type DhcpPacket } from "./packet.ts";

/** A client as its message shows it. */
export interface Client {
  /** The same for all messages of a client. */
  readonly key: string;
  /** 6 bytes. */
  readonly mac: Uint8Array;
  /** As it was sent, if it was: 2–255 bytes. */
  readonly clientId: Uint8Array | undefined;
}

/** Reads who sent a message; `undefined` if nobody can be called so. */
export function clientOf({ chaddr, options }: DhcpPacket): Client | undefined {
  const clientId = options.get(option.clientId);
  // RFC 2132, 9.14; and a bound on what we remember.
  if (clientId !== undefined && (clientId.length < 2 || clientId.length > 255)) return undefined;
  const isNobody = chaddr.every((byte) => byte === 0) || ((chaddr[0] ?? 0) & 1) === 1;
  return isNobody ? undefined : { key: keyOf(clientId, chaddr), mac: chaddr, clientId };
}

/**
 * The key of a client: its identifier, or the one that it would make of its MAC address, so that
 * a boot loader that sends none and the system that it starts are one.
 */
export function keyOf(
  clientId: Uint8Array | undefined,
  mac: Uint8Array = new Uint8Array(),
): string {
  const bytes = clientId ?? Uint8Array.of(1, ...mac);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Writes a MAC address. */
export function macText(mac: Uint8Array): string {
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}
