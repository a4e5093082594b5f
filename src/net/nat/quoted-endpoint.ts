/** The packet that an ICMP error quotes, whose addresses a translator changes (RFC 5508, 4.2). */

import { addRange, finish, update } from "../checksum.ts";
import { toNumber } from "../ipv4/address.ts";
import { protocols, type RoutedPacket } from "../router/packet.ts";
import { setWord, word } from "../words.ts";

/** One end of the quoted packet: who sent it, or who it was for. */
export type End = "source" | "destination";

/** What is quoted, as far as a translator needs it. */
export interface Quoted {
  readonly protocol: number;
  readonly source: number;
  readonly destination: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Where it begins in the error's bytes, and where its transport does. */
  readonly at: number;
  readonly transportAt: number;
}

const addressOffset = { source: 12, destination: 16 } as const;

/**
 * Reads what an ICMP error of version 4 quotes; `undefined` if the error is damaged or quotes
 * nothing that could be of a session.
 */
export function quotedIn({ bytes, transportStart }: RoutedPacket): Quoted | undefined {
  const at = transportStart + 8;
  const transportAt = at + 4 * ((bytes[at] ?? 0) & 0x0f);
  const isWhole =
    (bytes[at] ?? 0) >> 4 === 4 && transportAt >= at + 20 && transportAt + 8 <= bytes.length;
  if (!isWhole || (word(bytes, at + 6) & 0x1fff) !== 0) return undefined;
  if (finish(addRange(bytes, transportStart, bytes.length)) !== 0) return undefined;
  if (finish(addRange(bytes, at, transportAt)) !== 0) return undefined;
  const protocol = bytes[at + 9] ?? 0;
  // A query has one identifier for both ends.
  const identifier = word(bytes, transportAt + 4);
  const isQuery = protocol === protocols.icmp;
  return {
    protocol,
    source: toNumber(bytes.subarray(at + 12, at + 16)),
    destination: toNumber(bytes.subarray(at + 16, at + 20)),
    sourcePort: isQuery ? identifier : word(bytes, transportAt),
    destinationPort: isQuery ? identifier : word(bytes, transportAt + 2),
    at,
    transportAt,
  };
}

/** Changes an end of the quoted packet, its checksums as far as they are quoted, and the error's. */
export function rewrite(
  { bytes, transportStart }: RoutedPacket,
  { protocol, at, transportAt }: Quoted,
  end: End,
  address: Uint8Array,
  port: number,
): void {
  const isQuery = protocol === protocols.icmp;
  const addressAt = at + addressOffset[end];
  const portAt = transportAt + (isQuery ? 4 : end === "source" ? 0 : 2);
  const checksumAt = transportAt + (isQuery ? 2 : protocol === protocols.udp ? 6 : 16);
  const isSummed =
    checksumAt + 2 <= bytes.length &&
    !(protocol === protocols.udp && word(bytes, checksumAt) === 0);
  const replace = (where: number, value: number, isOfIp: boolean): void => {
    const before = word(bytes, where);
    setWord(bytes, where, value);
    if (isOfIp) setWord(bytes, at + 10, update(word(bytes, at + 10), before, value));
    if (isSummed && !(isOfIp && isQuery)) {
      setWord(bytes, checksumAt, update(word(bytes, checksumAt), before, value));
    }
  };
  replace(addressAt, word(address, 0), true);
  replace(addressAt + 2, word(address, 2), true);
  replace(portAt, port, false);
  setWord(bytes, transportStart + 2, 0);
  setWord(bytes, transportStart + 2, finish(addRange(bytes, transportStart, bytes.length)));
}
