/** How a router refuses a TCP segment in the name of its destination (RFC 9293, 3.10.7.1). */

import { addRange, finish, pseudoHeaderSum } from "../checksum.ts";
import { flag } from "../tcp/packet.ts";
import { setWord, word } from "../words.ts";
import { packet4, packet6 } from "./icmp-errors.ts";
import { protocols, type RoutedPacket } from "./packet.ts";

const none = new Uint8Array();

/**
 * A reset that answers a segment, *fresh*: empty if nothing may answer it, and `undefined` if it is
 * no segment of TCP.
 */
export function refusalOf(packet: RoutedPacket): Uint8Array | undefined {
  const { bytes, protocol, transportStart: at, hasTransport, version } = packet;
  if (protocol !== protocols.tcp || !hasTransport) return undefined;
  const flags = packet.tcpFlags;
  if ((flags & flag.rst) !== 0) return none;
  const header = new Uint8Array(20);
  setWord(header, 0, packet.destinationPort);
  setWord(header, 2, packet.sourcePort);
  if ((flags & flag.ack) !== 0) {
    header.set(bytes.subarray(at + 8, at + 12), 4);
    header[13] = flag.rst;
  } else {
    const dataBytes = bytes.length - at - 4 * ((bytes[at + 12] ?? 0) >> 4);
    const length = dataBytes + ((flags & flag.syn) === 0 ? 0 : 1) + (flags & flag.fin);
    const next = (word(bytes, at + 4) * 0x1_0000 + word(bytes, at + 6) + length) >>> 0;
    setWord(header, 8, next >>> 16);
    setWord(header, 10, next);
    header[13] = flag.rst | flag.ack;
  }
  header[12] = 0x50;
  const { source, destination } = packet;
  const sum = pseudoHeaderSum(destination, source, protocols.tcp, header.length);
  setWord(header, 16, finish(addRange(header, 0, header.length, sum)));
  const make = version === 4 ? packet4 : packet6;
  return make(destination, source, protocols.tcp, header.length, (into) => into.set(header));
}
