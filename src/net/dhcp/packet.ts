/**
 * DHCP messages (RFC 2131, 2), which are those of BOOTP with options behind a magic number.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+---------------+---------------+
 *     |      op       |     htype     |     hlen      |     hops      |
 *     +---------------+---------------+---------------+---------------+
 *     |                              xid                              |
 *     +-------------------------------+-------------------------------+
 *     |             secs              |             flags             |
 *     +-------------------------------+-------------------------------+
 *     |                            ciaddr                             |
 *     +---------------------------------------------------------------+
 *     |                            yiaddr                             |
 *     +---------------------------------------------------------------+
 *     |                            siaddr                             |
 *     +---------------------------------------------------------------+
 *     |                            giaddr                             |
 *     +---------------------------------------------------------------+
 *     |                      chaddr (16 bytes) …                      |
 *     +---------------------------------------------------------------+
 *     |                      sname (64 bytes) …                       |
 *     +---------------------------------------------------------------+
 *     |                      file (128 bytes) …                       |
 *     +---------------------------------------------------------------+
 *     |        magic number           |          options …
 *     +-------------------------------+---------------
 */

import { long, setLong, setWord, word } from "../words.ts";

/** Where the fields are. */
export const offset = {
  op: 0,
  htype: 1,
  hlen: 2,
  xid: 4,
  secs: 8,
  flags: 10,
  ciaddr: 12,
  yiaddr: 16,
  giaddr: 24,
  chaddr: 28,
  sname: 44,
  file: 108,
  magic: 236,
  options: 240,
} as const;

const magic: readonly number[] = [99, 130, 83, 99];

/** Servers and relays may drop what is shorter (RFC 1542, 2.1). */
const minMessageBytes = 300;

/** Values of `op`. */
export const operation = { request: 1, reply: 2 } as const;

/** The flag that asks for answers by broadcast. */
export const broadcastFlag = 0x8000;

/** Values of the option that says what a message is (RFC 2132, 9.6). */
export const messageType = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;

/** Numbers of options (RFC 2132; RFC 3397; RFC 3442). */
export const option = {
  pad: 0,
  subnetMask: 1,
  routers: 3,
  dnsServers: 6,
  hostName: 12,
  domainName: 15,
  mtu: 26,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverId: 54,
  parameterList: 55,
  renewalTime: 58,
  rebindingTime: 59,
  clientId: 61,
  searchDomains: 119,
  classlessRoutes: 121,
  end: 255,
} as const;

/** Options by number, each in one piece. */
export type DhcpOptions = ReadonlyMap<number, Uint8Array>;

/** A message's fields, as far as anybody has a use for them. Arrays may be views of it. */
export interface DhcpPacket {
  readonly op: number;
  readonly xid: number;
  readonly secs: number;
  readonly flags: number;
  /** 4 bytes: the client's address, if it has one. */
  readonly ciaddr: Uint8Array;
  /** 4 bytes: the address that the client is given. */
  readonly yiaddr: Uint8Array;
  /** 4 bytes: the relay agent that the message came by, if it came by one. */
  readonly giaddr: Uint8Array;
  /** The client's MAC address: 6 bytes. */
  readonly chaddr: Uint8Array;
  readonly options: DhcpOptions;
}

/**
 * Reads a message without copying more than options that come in pieces; `undefined` if it is not
 * whole, is not for Ethernet, or an option reaches beyond its end.
 */
export function decode(bytes: Uint8Array): DhcpPacket | undefined {
  if (bytes.length < offset.options || bytes[offset.hlen] !== 6) return undefined;
  if (!magic.every((byte, index) => bytes[offset.magic + index] === byte)) return undefined;
  const options = new Map<number, Uint8Array>();
  if (!readOptions(bytes.subarray(offset.options), options)) return undefined;
  // What had no room goes on in fields that nobody uses for anything else (RFC 2132, 9.3).
  const overload = options.get(option.overload)?.[0] ?? 0;
  const inFile =
    (overload & 1) === 0 || readOptions(bytes.subarray(offset.file, offset.magic), options);
  const inName =
    (overload & 2) === 0 || readOptions(bytes.subarray(offset.sname, offset.file), options);
  if (!inFile || !inName) return undefined;
  return {
    op: bytes[offset.op] ?? 0,
    xid: long(bytes, offset.xid),
    secs: word(bytes, offset.secs),
    flags: word(bytes, offset.flags),
    ciaddr: bytes.subarray(offset.ciaddr, offset.ciaddr + 4),
    yiaddr: bytes.subarray(offset.yiaddr, offset.yiaddr + 4),
    giaddr: bytes.subarray(offset.giaddr, offset.giaddr + 4),
    chaddr: bytes.subarray(offset.chaddr, offset.chaddr + 6),
    options,
  };
}

/** Adds the options of an area; those that come again go on where they ended (RFC 3396, 7). */
function readOptions(area: Uint8Array, options: Map<number, Uint8Array>): boolean {
  for (let at = 0; at < area.length;) {
    const number = area[at] ?? option.end;
    if (number === option.end) return true;
    at += 1;
    if (number === option.pad) continue;
    const end = at + 1 + (area[at] ?? 0);
    if (end > area.length) return false;
    const piece = area.subarray(at + 1, end);
    const before = options.get(number);
    options.set(number, before === undefined ? piece : Uint8Array.of(...before, ...piece));
    at = end;
  }
  return true;
}

/** Writes a message into `into` (*borrowed*) and returns its length, at least 300 bytes. */
export function encode(packet: DhcpPacket, into: Uint8Array): number {
  into.fill(0);
  into.set([packet.op, 1, 6], offset.op);
  setLong(into, offset.xid, packet.xid);
  setWord(into, offset.secs, packet.secs);
  setWord(into, offset.flags, packet.flags);
  into.set(packet.ciaddr, offset.ciaddr);
  into.set(packet.yiaddr, offset.yiaddr);
  into.set(packet.giaddr, offset.giaddr);
  into.set(packet.chaddr, offset.chaddr);
  into.set(magic, offset.magic);
  let at: number = offset.options;
  for (const [number, value] of packet.options) {
    for (let from = 0; from === 0 || from < value.length; from += 255) {
      const piece = value.subarray(from, from + 255);
      into.set([number, piece.length], at);
      into.set(piece, at + 2);
      at += 2 + piece.length;
    }
  }
  into[at] = option.end;
  return Math.max(at + 1, minMessageBytes);
}
