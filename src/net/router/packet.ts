/**
 * A packet of either version of IP on its way through a router. Its bytes are the router's own copy:
 * stages read fields and change addresses and ports, and the checksums follow (RFC 1624).
 */

import type { FrameOffload } from "../../devices/index.ts";
import { update } from "../checksum.ts";
import { read } from "../icmp/quoted.ts";
import { setWord, word } from "../words.ts";

/** Protocol numbers that a middlebox knows. */
export const protocols = { icmp: 1, tcp: 6, udp: 17, icmp6: 58 } as const;

const ipv4Offset = { fragment: 6, timeToLive: 8, checksum: 10, source: 12, to: 16 };
const ipv6Offset = { hopLimit: 7, source: 8, to: 24 };

/** Bytes of a transport's header that must be there, by protocol. */
const leastBytes: Readonly<Record<number, number>> = { 1: 8, 6: 20, 17: 8, 58: 8 };

/** Where the checksum is in the header of a protocol. */
const checksumOffsets: Readonly<Record<number, number>> = { 6: 16, 17: 6, 58: 2 };

const none = new Uint8Array();

/** A packet, which one object can be for many. */
export class RoutedPacket {
  /** All of it, from its IP header on; the router's own memory. */
  bytes: Uint8Array = none;
  version: 4 | 6 = 4;
  /** 4 or 16 bytes, a view. */
  source: Uint8Array = none;
  /** 4 or 16 bytes, a view. */
  destination: Uint8Array = none;
  /** The protocol above IP, behind the extension headers of version 6. */
  protocol = 0;
  /** Where its header begins. */
  transportStart = 0;
  /** Whether the packet is a part of one. */
  isFragment = false;
  /** Whether the header of its protocol is there, as far as every such header goes. */
  hasTransport = false;
  /** What its frame left undone; checksums that were omitted need no update. */
  offload: FrameOffload | undefined = undefined;
  /** The longest of the fragments that it was put together from; 0 if it came whole. */
  fragmentBytes = 0;
  /** The name of the interface that it came in by; `undefined` if the router made it. */
  from: string | undefined = undefined;
  /** The name of the interface that it leaves by, once that is known. */
  to: string | undefined = undefined;

  /** Takes a packet's bytes, which are *given*; false if they are no whole packet. */
  take(bytes: Uint8Array, offload?: FrameOffload): boolean {
    const fields = read(bytes);
    if (fields === undefined || fields.totalBytes > bytes.length) return false;
    const { version, source, destination, protocol, payloadStart, isFirst, totalBytes } = fields;
    if (totalBytes < (version === 4 ? payloadStart : 40)) return false;
    this.bytes = bytes.length === totalBytes ? bytes : bytes.subarray(0, totalBytes);
    this.version = version;
    this.source = source;
    this.destination = destination;
    this.protocol = protocol;
    this.transportStart = payloadStart;
    this.isFragment =
      version === 4 ? (word(bytes, ipv4Offset.fragment) & 0x3fff) !== 0 : isPart6(bytes);
    this.hasTransport = isFirst && payloadStart + (leastBytes[protocol] ?? 0) <= totalBytes;
    this.offload = offload;
    this.fragmentBytes = 0;
    this.to = undefined;
    return true;
  }

  /** Whether its protocol has ports, and they are there. */
  get hasPorts(): boolean {
    const { protocol } = this;
    return this.hasTransport && (protocol === protocols.tcp || protocol === protocols.udp);
  }

  get sourcePort(): number {
    return word(this.bytes, this.transportStart);
  }

  get destinationPort(): number {
    return word(this.bytes, this.transportStart + 2);
  }

  /** The flags of a TCP segment. */
  get tcpFlags(): number {
    return this.bytes[this.transportStart + 13] ?? 0;
  }

  /** The type of an ICMP message. */
  get icmpType(): number {
    return this.bytes[this.transportStart] ?? 0;
  }

  /** The identifier of an ICMP query. */
  get icmpIdentifier(): number {
    return word(this.bytes, this.transportStart + 4);
  }

  /** Time to live or hop limit. */
  get timeToLive(): number {
    const at = this.version === 4 ? ipv4Offset.timeToLive : ipv6Offset.hopLimit;
    return this.bytes[at] ?? 0;
  }

  get dontFragment(): boolean {
    return this.version === 6 || (word(this.bytes, ipv4Offset.fragment) & 0x4000) !== 0;
  }

  /** Takes one off the time to live. */
  decrementTimeToLive(): void {
    const { bytes } = this;
    if (this.version === 6) {
      bytes[ipv6Offset.hopLimit] = (bytes[ipv6Offset.hopLimit] ?? 1) - 1;
      return;
    }
    const before = word(bytes, ipv4Offset.timeToLive);
    setWord(bytes, ipv4Offset.timeToLive, before - 0x100);
    const checksum = word(bytes, ipv4Offset.checksum);
    setWord(bytes, ipv4Offset.checksum, update(checksum, before, before - 0x100));
  }

  /** Makes it come from elsewhere; a port (or the identifier of a query) only where there is one. */
  setSource(address: Uint8Array, port: number | undefined): void {
    this.#setAddress(this.version === 4 ? ipv4Offset.source : ipv6Offset.source, address);
    if (port !== undefined) this.#setPort(0, port);
  }

  /** Makes it go elsewhere, as {@link RoutedPacket.setSource}. */
  setDestination(address: Uint8Array, port: number | undefined): void {
    this.#setAddress(this.version === 4 ? ipv4Offset.to : ipv6Offset.to, address);
    if (port !== undefined) this.#setPort(2, port);
  }

  /** Writes a word of the transport, `at` bytes into its header, and updates its checksum. */
  setTransportWord(at: number, value: number): void {
    const where = this.transportStart + at;
    this.#updateTransport(word(this.bytes, where), value);
    setWord(this.bytes, where, value);
  }

  #setAddress(at: number, address: Uint8Array): void {
    const { bytes } = this;
    for (let index = 0; index < address.length; index += 2) {
      const before = word(bytes, at + index);
      const after = word(address, index);
      if (before === after) continue;
      setWord(bytes, at + index, after);
      if (this.version === 4) {
        const checksum = word(bytes, ipv4Offset.checksum);
        setWord(bytes, ipv4Offset.checksum, update(checksum, before, after));
      }
      if (this.protocol !== protocols.icmp) this.#updateTransport(before, after);
    }
  }

  #setPort(at: number, port: number): void {
    const isIcmp = this.protocol === protocols.icmp || this.protocol === protocols.icmp6;
    this.setTransportWord(isIcmp ? 4 : at, port);
  }

  #updateTransport(before: number, after: number): void {
    const { bytes, protocol } = this;
    const offset = protocol === protocols.icmp ? 2 : checksumOffsets[protocol];
    if (offset === undefined || !this.hasTransport || this.offload?.checksumOmitted === true)
      return;
    const at = this.transportStart + offset;
    const checksum = word(bytes, at);
    const isUdp = protocol === protocols.udp;
    // In UDP, 0 means that there is none (RFC 768).
    if (isUdp && checksum === 0) return;
    const updated = update(checksum, before, after);
    setWord(bytes, at, updated === 0 && isUdp ? 0xffff : updated);
  }
}

/** Whether a packet of version 6 has a fragment header; extension headers may come before it. */
function isPart6(bytes: Uint8Array): boolean {
  let next = bytes[6] ?? 59;
  for (let at = 40; at + 8 <= bytes.length; at += 8 + 8 * (bytes[at + 1] ?? 0)) {
    if (next === 44) return true;
    if (next !== 0 && next !== 43 && next !== 60) return false;
    next = bytes[at] ?? 59;
  }
  return false;
}

/** How long a packet is that would be `bytes` when put on a link: of one to be cut, each part. */
export function sizeOnLink({ bytes, offload, transportStart }: RoutedPacket): number {
  if (offload === undefined || offload.segmentBytes === 0) return bytes.length;
  const headerBytes = transportStart + 4 * ((bytes[transportStart + 12] ?? 0) >> 4);
  return Math.min(bytes.length, headerBytes + offload.segmentBytes);
}
