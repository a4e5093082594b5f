/**
 * TCP segments as bytes. On purpose not the stack's own codec: what it encodes is decoded, and its
 * checksums are checked, by code that shares no mistake with it.
 */

import type { OptionSpec } from "./script.ts";

/** A segment with real numbers, or the same in a script's numbers. */
export interface Segment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  /** 0 without ACK. */
  readonly acknowledgment: number;
  /** Letters of the script, sorted. */
  readonly flags: string;
  readonly windowField: number;
  readonly urgentPointer: number;
  readonly options: readonly OptionSpec[];
  readonly payload: Uint8Array;
}

/** From the lowest bit on. @see RFC 9293, 3.1; RFC 3168, 6.1 (ECE, CWR) */
const flagLetters = "FSRP.UEW";

const optionKind = { end: 0, nop: 1, mss: 2, wscale: 3, sackOK: 4, sack: 5, timestamps: 8 };

/** Returns the segment's bytes, with the checksum for these addresses. */
export function encode(segment: Segment, source: Uint8Array, destination: Uint8Array): Uint8Array {
  const options = padded(segment.options.flatMap(optionBytes));
  const headerBytes = 20 + options.length;
  const bytes = new Uint8Array(headerBytes + segment.payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, segment.sourcePort);
  view.setUint16(2, segment.destinationPort);
  view.setUint32(4, segment.sequence);
  view.setUint32(8, segment.acknowledgment);
  view.setUint8(12, headerBytes << 2);
  view.setUint8(
    13,
    [...segment.flags].reduce((sum, flag) => sum | bitOf(flag), 0),
  );
  view.setUint16(14, segment.windowField);
  view.setUint16(18, segment.urgentPointer);
  bytes.set(options, 20);
  bytes.set(segment.payload, headerBytes);
  view.setUint16(16, ~checksum(bytes, source, destination) & 0xffff);
  return bytes;
}

/** @throws {Error} for a segment that is malformed or whose checksum is wrong */
export function decode(bytes: Uint8Array, source: Uint8Array, destination: Uint8Array): Segment {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const headerBytes = bytes.length < 20 ? 0 : (view.getUint8(12) >> 4) * 4;
  if (headerBytes < 20 || headerBytes > bytes.length) throw new Error("malformed TCP header");
  if (checksum(bytes, source, destination) !== 0xffff) throw new Error("wrong TCP checksum");
  const bits = view.getUint8(13);
  const flags = [...flagLetters].filter((flag) => bits & bitOf(flag)).sort();
  return {
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    sequence: view.getUint32(4),
    acknowledgment: flags.includes(".") ? view.getUint32(8) : 0,
    flags: flags.join(""),
    windowField: view.getUint16(14),
    urgentPointer: flags.includes("U") ? view.getUint16(18) : 0,
    options: decodeOptions(view, headerBytes),
    payload: bytes.slice(headerBytes),
  };
}

function bitOf(flag: string): number {
  return 1 << flagLetters.indexOf(flag);
}

function optionBytes(option: OptionSpec): readonly number[] {
  switch (option.kind) {
    case "mss":
      return [optionKind.mss, 4, option.value >> 8, option.value & 0xff];
    case "wscale":
      return [optionKind.wscale, 3, option.value];
    case "sackOK":
      return [optionKind.sackOK, 2];
    case "TS":
      return [optionKind.timestamps, 10, ...word(option.value), ...word(option.echo)];
    case "sack":
      return [optionKind.sack, 2 + 8 * option.blocks.length, ...option.blocks.flat().flatMap(word)];
    case "other":
      throw new TypeError(`Cannot encode the option ${option.name}`);
  }
}

function decodeOptions(view: DataView, end: number): readonly OptionSpec[] {
  const options: OptionSpec[] = [];
  for (let offset = 20; offset < end;) {
    const kind = view.getUint8(offset);
    if (kind === optionKind.end) break;
    const length = kind === optionKind.nop ? 1 : offset + 1 < end ? view.getUint8(offset + 1) : 0;
    if (offset + length > end || (kind !== optionKind.nop && length < 2)) {
      throw new Error("malformed TCP options");
    }
    if (kind !== optionKind.nop) options.push(decodeOption(view, kind, offset, length));
    offset += length;
  }
  return options;
}

function decodeOption(view: DataView, kind: number, offset: number, length: number): OptionSpec {
  if (kind === optionKind.mss && length === 4) {
    return { kind: "mss", value: view.getUint16(offset + 2) };
  }
  if (kind === optionKind.wscale && length === 3) {
    return { kind: "wscale", value: view.getUint8(offset + 2) };
  }
  if (kind === optionKind.sackOK && length === 2) return { kind: "sackOK" };
  if (kind === optionKind.timestamps && length === 10) {
    return { kind: "TS", value: view.getUint32(offset + 2), echo: view.getUint32(offset + 6) };
  }
  if (kind === optionKind.sack && length > 2 && length % 8 === 2) {
    const starts = Array.from({ length: (length - 2) / 8 }, (_, index) => offset + 2 + 8 * index);
    const blocks = starts.map((at) => [view.getUint32(at), view.getUint32(at + 4)] as const);
    return { kind: "sack", blocks };
  }
  return { kind: "other", name: `${kind}(${length})` };
}

function padded(options: readonly number[]): readonly number[] {
  const missing = -options.length & 3;
  return [...options, ...Array.from({ length: missing }, () => optionKind.end)];
}

function word(value: number): readonly number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

/** The ones' complement sum over pseudo-header and segment: 0xffff if its checksum is right. */
function checksum(bytes: Uint8Array, source: Uint8Array, destination: Uint8Array): number {
  let sum = 6 + bytes.length;
  for (const part of [source, destination, bytes]) {
    for (let index = 0; index < part.length; index += 2) {
      sum += ((part[index] ?? 0) << 8) | (part[index + 1] ?? 0);
    }
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return sum;
}
