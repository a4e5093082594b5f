/** Segments that belong to no connection: resets, and the answers that remember nothing. */

import { emptySegment, flag, type TcpHeader, type TcpSegment } from "./packet.ts";
import { add } from "./sequence.ts";

/**
 * The reset that answers a segment for which there is no connection, as RFC 9293, 3.10.7.1 makes
 * it; `undefined` for a reset, which is not answered.
 */
export function rejection(segment: TcpSegment): TcpHeader | undefined {
  const { flags, sequenceNumber, payload } = segment;
  if ((flags & flag.rst) !== 0) return undefined;
  const header = emptySegment(segment.destinationPort, segment.sourcePort);
  if ((flags & flag.ack) !== 0) {
    header.flags = flag.rst;
    header.sequenceNumber = segment.acknowledgmentNumber;
    return header;
  }
  const length = payload.length + (flags & flag.syn ? 1 : 0) + (flags & flag.fin ? 1 : 0);
  header.flags = flag.rst | flag.ack;
  header.acknowledgmentNumber = add(sequenceNumber, length);
  return header;
}
