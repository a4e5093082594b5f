/** Cuts packets of version 4 that are too long for a link (RFC 791, 3.2), and joined ones again. */

import { finish, addRange } from "../checksum.ts";
import { setWord, word } from "../words.ts";
import type { RoutedPacket } from "./packet.ts";

const headerOffset = { length: 2, fragment: 6, checksum: 10, options: 20 } as const;
const moreFragments = 0x2000;
const offsetMask = 0x1fff;

/**
 * Hands fragments of `packet`, each of at most `mtuBytes`, to `send`, *borrowed*. Of a fragment it
 * makes smaller ones. Options that say so are in each of them, others in the first.
 */
export function fragment(
  { bytes }: RoutedPacket,
  mtuBytes: number,
  send: (bytes: Uint8Array) => void,
): void {
  const headerBytes = 4 * ((bytes[0] ?? 0) & 0x0f);
  const field = word(bytes, headerOffset.fragment);
  const first = bytes.subarray(0, headerBytes);
  const later = laterHeader(first);
  let header = first;
  for (let at = headerBytes; at < bytes.length;) {
    const most = (mtuBytes - header.length) & ~7;
    const end = Math.min(bytes.length, at + most);
    const part = new Uint8Array(header.length + end - at);
    part.set(header);
    part.set(bytes.subarray(at, end), header.length);
    const hasMore = end < bytes.length ? moreFragments : field & moreFragments;
    const offset = (field & offsetMask) + (at - headerBytes) / 8;
    setWord(part, headerOffset.length, part.length);
    setWord(part, headerOffset.fragment, hasMore | offset);
    setWord(part, headerOffset.checksum, 0);
    setWord(part, headerOffset.checksum, finish(addRange(part, 0, header.length)));
    send(part);
    at = end;
    header = later;
  }
}

/** The header with those options that are copied into every fragment. */
function laterHeader(header: Uint8Array): Uint8Array {
  const kept: number[] = [];
  for (let at: number = headerOffset.options; at < header.length;) {
    const type = header[at] ?? 0;
    if (type === 0) break;
    const length = type === 1 ? 1 : Math.max(2, header[at + 1] ?? 2);
    if (type >= 0x80) kept.push(...header.subarray(at, at + length));
    at += length;
  }
  while (kept.length % 4 !== 0) kept.push(0);
  const later = Uint8Array.of(...header.subarray(0, headerOffset.options), ...kept);
  later[0] = 0x40 | (later.length / 4);
  return later;
}

/**
 * Hands fragments of a packet of version 6 that was put together, each of at most `mostBytes`, to
 * `send`. Routers cut no others (RFC 8200, 5).
 */
export function fragment6(
  { bytes, transportStart, protocol }: RoutedPacket,
  mostBytes: number,
  identification: number,
  send: (bytes: Uint8Array) => void,
): void {
  // The packet that was put together begins with headers that know of no fragments.
  const partBytes = (mostBytes - transportStart - 8) & ~7;
  const headers = bytes.slice(0, transportStart);
  const nextAt = nextHeaderAt(headers);
  for (let at = transportStart; at < bytes.length; at += partBytes) {
    const end = Math.min(bytes.length, at + partBytes);
    const part = new Uint8Array(transportStart + 8 + end - at);
    part.set(headers);
    part[nextAt] = 44;
    setWord(part, 4, part.length - 40);
    part[transportStart] = protocol;
    setWord(part, transportStart + 2, (at - transportStart) | (end < bytes.length ? 1 : 0));
    setWord(part, transportStart + 4, identification >>> 16);
    setWord(part, transportStart + 6, identification & 0xffff);
    part.set(bytes.subarray(at, end), transportStart + 8);
    send(part);
  }
}

/** Where in headers of version 6 the number of what follows them stands. */
function nextHeaderAt(headers: Uint8Array): number {
  let nextAt = 6;
  for (let at = 40; at < headers.length;) {
    nextAt = at;
    at += 8 + 8 * (headers[at + 1] ?? 0);
  }
  return nextAt;
}
