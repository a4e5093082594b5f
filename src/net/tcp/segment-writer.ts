/** Puts segments into the packets of one version of IP. */

import type { FrameOffload, Ip, PacketOptions } from "../../devices/index.ts";
import { add, finish, pseudoHeaderSum } from "../checksum.ts";
import type { ConnectionEnds } from "./connection-table.ts";
import { encode, headerBytes, type TcpHeader } from "./packet.ts";
import type { SendQueue } from "./send-queue.ts";

/** TCP's number among the protocols of IP. */
export const protocol = 6;

const checksumOffset = 16;

/** Bytes of a header without options. */
const leastHeaderBytes = 20;

/** Ethernet's header and IP's, in a packet that the link will cut. */
const largeHeaderBytes: Readonly<Record<number, number>> = { 4: 14 + 20, 16: 14 + 40 };

/** Data bytes that a segment to `remote` can carry: in one packet, and in one that is cut. */
export function segmentBytes(
  ip: Ip | undefined,
  remote: Uint8Array,
): { readonly plain: number; readonly large: number } {
  if (ip === undefined) return { plain: 0, large: 0 };
  const plain = ip.pathPayloadBytes(remote) - leastHeaderBytes;
  const otherBytes = (largeHeaderBytes[remote.length] ?? 0) + leastHeaderBytes;
  return { plain, large: Math.max(plain, ip.offloads.segmentationBytes - otherBytes) };
}

/** Writes segments over one `Ip`; one at a time, from fields that are set before. */
export class SegmentWriter {
  readonly #ip: Ip;
  readonly #plain: FrameOffload | undefined;
  #header: TcpHeader | undefined;
  #queue: SendQueue | undefined;
  #offset = 0;
  #length = 0;
  #ends: ConnectionEnds | undefined;
  #omitsChecksum = false;

  constructor(ip: Ip) {
    this.#ip = ip;
    const { checksum } = ip.offloads;
    this.#plain = checksum ? { checksumOmitted: true, segmentBytes: 0 } : undefined;
  }

  /**
   * Sends a header with `length` bytes of `queue` from `offset` on, to be cut into segments of
   * `segmentBytes` if they are more. All are *borrowed*.
   *
   * @throws {ProtocolError} as {@link Ip.write}
   */
  write(
    ends: ConnectionEnds,
    header: TcpHeader,
    queue: SendQueue | undefined,
    offset: number,
    length: number,
    segmentBytes: number,
  ): void {
    const offload = length > segmentBytes ? this.#large(segmentBytes) : this.#plain;
    this.#ends = ends;
    this.#header = header;
    this.#queue = queue;
    this.#offset = offset;
    this.#length = length;
    this.#omitsChecksum = offload?.checksumOmitted ?? false;
    const { timeToLive = 64, trafficClass = 0 } = ends.options ?? {};
    const plain = { source: ends.local, dontFragment: true, timeToLive, trafficClass };
    const options: PacketOptions = offload === undefined ? plain : { ...plain, offload };
    this.#ip.write(ends.remote, protocol, headerBytes(header) + length, this.#fill, options);
  }

  #large(segmentBytes: number): FrameOffload {
    return { checksumOmitted: this.#ip.offloads.checksum, segmentBytes };
  }

  readonly #fill = (into: Uint8Array): number => {
    const header = this.#header;
    const ends = this.#ends;
    if (header === undefined || ends === undefined) return 0;
    const start = encode(header, into);
    const end = start + this.#length;
    if (this.#length > 0) this.#queue?.copy(this.#offset, into.subarray(start, end));
    if (this.#omitsChecksum) return end;
    const segment = into.length === end ? into : into.subarray(0, end);
    const sum = finish(add(segment, pseudoHeaderSum(ends.local, ends.remote, protocol, end)));
    into[checksumOffset] = sum >> 8;
    into[checksumOffset + 1] = sum;
    return end;
  };
}
