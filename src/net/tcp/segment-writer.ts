/** Puts segments into the packets of one version of IP. */

import type { FrameOffload, Ip, PacketOptions } from "../../devices/index.ts";
import { addRange, finish, pseudoHeaderSum } from "../checksum.ts";
import { setWord } from "../words.ts";
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

/**
 * Data bytes that a segment can carry: in one packet, and in one that is cut. One with options of IP
 * is not: who cuts it need not know where it goes.
 */
export function segmentBytes(
  ip: Ip | undefined,
  { remote, options }: ConnectionEnds,
): { readonly plain: number; readonly large: number } {
  if (ip === undefined) return { plain: 0, large: 0 };
  const optionBytes = options?.ipOptions?.length ?? 0;
  const plain = ip.pathPayloadBytes(remote) - leastHeaderBytes - optionBytes;
  if (optionBytes > 0) return { plain, large: plain };
  const otherBytes = (largeHeaderBytes[remote.length] ?? 0) + leastHeaderBytes;
  return { plain, large: Math.max(plain, ip.offloads.segmentationBytes - otherBytes) };
}

/** Writes segments over one `Ip`; one at a time, from fields that are set before. */
export class SegmentWriter {
  readonly #ip: Ip;
  readonly #dontFragment: boolean;
  readonly #plain: FrameOffload | undefined;
  #large: FrameOffload = { checksumOmitted: false, segmentBytes: 0 };
  #header: TcpHeader | undefined;
  #queue: SendQueue | undefined;
  #offset = 0;
  #length = 0;
  /** Whose segment was written last, and what follows from that: segments come in rows. */
  #ends: ConnectionEnds | undefined;
  #offload: FrameOffload | undefined;
  #options: PacketOptions = {};
  #addressSum = 0;

  constructor(ip: Ip, dontFragment: boolean) {
    this.#ip = ip;
    this.#dontFragment = dontFragment;
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
    let offload = length > segmentBytes ? this.#largeOffload(segmentBytes) : this.#plain;
    if (ends.options?.ipOptions !== undefined) offload = undefined;
    if (ends !== this.#ends || offload !== this.#offload) this.#prepare(ends, offload);
    this.#header = header;
    this.#queue = queue;
    this.#offset = offset;
    this.#length = length;
    const sizeBytes = headerBytes(header) + length;
    this.#ip.write(ends.remote, protocol, sizeBytes, this.#fill, this.#options);
  }

  #prepare(ends: ConnectionEnds, offload: FrameOffload | undefined): void {
    const { timeToLive, trafficClass = 0, ipOptions } = ends.options ?? {};
    const source = ends.local;
    const others = { dontFragment: this.#dontFragment, takesStart: true };
    const plain = { source, timeToLive, trafficClass, ipOptions, ...others };
    this.#ends = ends;
    this.#offload = offload;
    this.#options = offload === undefined ? plain : { ...plain, offload };
    this.#addressSum = pseudoHeaderSum(source, ends.remote, protocol, 0);
  }

  #largeOffload(segmentBytes: number): FrameOffload {
    if (this.#large.segmentBytes !== segmentBytes) {
      this.#large = { checksumOmitted: this.#ip.offloads.checksum, segmentBytes };
    }
    return this.#large;
  }

  readonly #fill = (into: Uint8Array, start = 0): number => {
    const header = this.#header;
    if (header === undefined) return 0;
    const dataStart = start + encode(header, into, start);
    const end = dataStart + this.#length;
    if (this.#length > 0) this.#queue?.copy(this.#offset, into, dataStart, this.#length);
    if (this.#offload?.checksumOmitted === true) return end - start;
    const sum = finish(addRange(into, start, end, this.#addressSum + end - start));
    setWord(into, start + checksumOffset, sum);
    return end - start;
  };
}
