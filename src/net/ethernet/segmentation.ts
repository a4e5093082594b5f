/**
 * Makes real frames of one that left work undone: fills in the checksum of TCP or UDP, over IPv4 or
 * IPv6, and cuts a large TCP segment into frames that say what the one said. For links that do not
 * offer what the frame's own link did, and for captures.
 *
 * Each frame gets its part of the payload and a copy of all headers, options included, in which
 *
 * - IPv4 has its own total length, identification (one more each time) and header checksum (RFC
 *   791, 3.1), and IPv6 its own payload length (RFC 8200, 3);
 * - TCP has its own sequence number and checksum; only the last keeps FIN and PSH, and only the
 *   first CWR (RFC 9293, 3.1; RFC 3168, 6.1.2).
 */

import type { FrameOffload, FrameWriter } from "../../devices/index.ts";
import { addRange, finish } from "../checksum.ts";
import { long, setLong, setWord, word } from "../words.ts";

const etherType = { offset: 12, ipv4: 0x0800, ipv6: 0x86dd, vlan: 0x8100, serviceVlan: 0x88a8 };
const vlanTagBytes = 4;
const maxVlanTags = 2;

const ipv4 = { totalLength: 2, identification: 4, fragment: 6, protocol: 9, checksum: 10 };
const ipv4Addresses = { start: 12, end: 20 };
/** More fragments, and the offset: both are 0 in a whole packet. */
const fragmentMask = 0x3fff;

const ipv6 = { payloadLength: 4, nextHeader: 6, headerBytes: 40 };
const ipv6Addresses = { start: 8, end: 40 };
const hopByHopOptions = 0;
const destinationOptions = 60;
const maxExtensionHeaders = 8;

const tcp = {
  protocol: 6,
  sequenceNumber: 4,
  dataOffset: 12,
  flags: 13,
  checksum: 16,
  minBytes: 20,
};
/** Smaller parts are refused: a stranger's one frame would become a storm. */
const minSegmentBytes = 48;
const finAndPsh = 0x09;
const cwr = 0x80;

const udp = { protocol: 17, checksum: 6, headerBytes: 8 };

/** Takes a frame of `sizeBytes` that `fill` writes; a network's `write` is one. */
export type FrameSink = (sizeBytes: number, fill: FrameWriter) => void;

/** Finishes frames, one at a time; it keeps what it knows of the present one. */
export class Segmenter {
  #frame: Uint8Array = new Uint8Array();
  #isIpv6 = false;
  #protocol = 0;
  /** Where the headers of IP and of the transport start, the payload starts, and the packet ends. */
  #ip = 0;
  #transport = 0;
  #payload = 0;
  #end = 0;
  /** The part of the payload that the next frame gets: its number, and where it starts and ends. */
  #index = 0;
  #from = 0;
  #to = 0;
  readonly #fill = (into: Uint8Array): number => this.#write(into);

  /**
   * Gives `sink` the frames that `frame` (*borrowed*) stands for, and returns whether that could be
   * done: not for what is malformed, a fragment, to be cut into less than 48 bytes each, or neither
   * TCP nor, uncut, UDP.
   */
  finish(frame: Uint8Array, { segmentBytes }: FrameOffload, sink: FrameSink): boolean {
    this.#frame = frame;
    if (!this.#findIp() || !this.#findTransport()) return false;
    const payloadBytes = this.#end - this.#payload;
    const isCut = segmentBytes > 0 && payloadBytes > segmentBytes;
    if (isCut && (this.#protocol !== tcp.protocol || segmentBytes < minSegmentBytes)) return false;
    const partBytes = isCut ? segmentBytes : payloadBytes;
    this.#index = 0;
    this.#from = this.#payload;
    do {
      this.#to = Math.min(this.#end, this.#from + partBytes);
      sink(this.#payload + this.#to - this.#from, this.#fill);
      this.#index += 1;
      this.#from = this.#to;
    } while (this.#from < this.#end);
    return true;
  }

  #findIp(): boolean {
    let at = etherType.offset;
    for (let tags = 0; tags < maxVlanTags && isVlanTag(this.#word(at)); tags += 1)
      at += vlanTagBytes;
    const type = this.#word(at);
    this.#ip = at + 2;
    this.#isIpv6 = type === etherType.ipv6;
    if (this.#isIpv6) return this.#byte(this.#ip) >> 4 === 6 && this.#findIpv6Payload();
    return type === etherType.ipv4 && this.#byte(this.#ip) >> 4 === 4 && this.#findIpv4Payload();
  }

  #findIpv4Payload(): boolean {
    const ip = this.#ip;
    this.#transport = ip + 4 * (this.#byte(ip) & 15);
    this.#end = ip + this.#word(ip + ipv4.totalLength);
    this.#protocol = this.#byte(ip + ipv4.protocol);
    const isFragment = (this.#word(ip + ipv4.fragment) & fragmentMask) !== 0;
    return this.#transport >= ip + ipv4Addresses.end && !isFragment;
  }

  /** Passes over the options; what else may stand before a transport is not for us to finish. */
  #findIpv6Payload(): boolean {
    const ip = this.#ip;
    this.#end = ip + ipv6.headerBytes + this.#word(ip + ipv6.payloadLength);
    let next = this.#byte(ip + ipv6.nextHeader);
    let at = ip + ipv6.headerBytes;
    for (let count = 0; count < maxExtensionHeaders; count += 1) {
      if (next !== hopByHopOptions && next !== destinationOptions) break;
      next = this.#byte(at);
      at += 8 * (this.#byte(at + 1) + 1);
    }
    this.#protocol = next;
    this.#transport = at;
    return true;
  }

  #findTransport(): boolean {
    const isTcp = this.#protocol === tcp.protocol;
    if (!isTcp && this.#protocol !== udp.protocol) return false;
    const minBytes = isTcp ? tcp.minBytes : udp.headerBytes;
    if (this.#end > this.#frame.length || this.#transport + minBytes > this.#end) return false;
    const dataOffset = isTcp ? 4 * (this.#byte(this.#transport + tcp.dataOffset) >> 4) : minBytes;
    this.#payload = this.#transport + dataOffset;
    return dataOffset >= minBytes && this.#payload <= this.#end;
  }

  #write(into: Uint8Array): number {
    const end = this.#payload + this.#to - this.#from;
    into.set(this.#frame.subarray(0, this.#payload));
    into.set(this.#frame.subarray(this.#from, this.#to), this.#payload);
    this.#finishIp(into, end);
    if (this.#protocol === tcp.protocol) this.#finishTcp(into);
    this.#finishChecksum(into, end);
    return end;
  }

  #finishIp(into: Uint8Array, end: number): void {
    const ip = this.#ip;
    if (this.#isIpv6) {
      setWord(into, ip + ipv6.payloadLength, end - ip - ipv6.headerBytes);
      return;
    }
    setWord(into, ip + ipv4.totalLength, end - ip);
    const identification = this.#word(ip + ipv4.identification) + this.#index;
    setWord(into, ip + ipv4.identification, identification);
    setWord(into, ip + ipv4.checksum, 0);
    setWord(into, ip + ipv4.checksum, finish(addRange(into, ip, this.#transport)));
  }

  #finishTcp(into: Uint8Array): void {
    const at = this.#transport + tcp.sequenceNumber;
    setLong(into, at, long(this.#frame, at) + this.#from - this.#payload);
    let flags = this.#byte(this.#transport + tcp.flags);
    if (this.#to < this.#end) flags &= ~finAndPsh;
    if (this.#index > 0) flags &= ~cwr;
    into[this.#transport + tcp.flags] = flags;
  }

  #finishChecksum(into: Uint8Array, end: number): void {
    const isTcp = this.#protocol === tcp.protocol;
    const at = this.#transport + (isTcp ? tcp.checksum : udp.checksum);
    setWord(into, at, 0);
    const addresses = this.#isIpv6 ? ipv6Addresses : ipv4Addresses;
    const pseudoHeader = this.#protocol + end - this.#transport;
    const sum = addRange(into, this.#ip + addresses.start, this.#ip + addresses.end, pseudoHeader);
    const checksum = finish(addRange(into, this.#transport, end, sum));
    // In UDP, 0 means that there is none (RFC 768).
    setWord(into, at, checksum === 0 && !isTcp ? 0xffff : checksum);
  }

  #byte(at: number): number {
    return this.#frame[at] ?? 0;
  }

  #word(at: number): number {
    return word(this.#frame, at);
  }
}

function isVlanTag(type: number): boolean {
  return type === etherType.vlan || type === etherType.serviceVlan;
}
