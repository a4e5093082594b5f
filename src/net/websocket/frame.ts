/**
 * Headers of WebSocket frames (RFC 6455, section 5.2).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-------+-+-------------+-------------------------------+
 *     |F|R|R|R| opcode|M| Payload len |    Extended payload length    |
 *     |I|S|S|S|  (4)  |A|     (7)     |             (16/64)           |
 *     |N|V|V|V|       |S|             |   (if payload len==126/127)   |
 *     | |1|2|3|       |K|             |                               |
 *     +-+-+-+-+-------+-+-------------+ - - - - - - - - - - - - - - - +
 *     |     Extended payload length continued, if payload len == 127  |
 *     + - - - - - - - - - - - - - - - +-------------------------------+
 *     |                               |Masking-key, if MASK set to 1  |
 *     +-------------------------------+-------------------------------+
 *     | Masking-key (continued)       |          Payload Data         |
 *     +-------------------------------- - - - - - - - - - - - - - - - +
 */

import { setWord, word } from "../words.ts";

const offset = { flags: 0, length: 1, extended: 2 } as const;

const finBit = 0x80;
const maskBit = 0x80;

/** Payload lengths that say how long the extended one is (section 5.2). */
const extended16 = 126;
const extended64 = 127;

/** What a frame is; 3–7 and 11–15 are reserved. */
export const opcode = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** Whether frames of an opcode are control frames, the reserved ones too (section 5.5). */
export function isControl(code: number): boolean {
  return code >= 8;
}

/** The longest payload of a control frame, in bytes (section 5.5). */
export const maxControlBytes = 125;

/** The longest header, in bytes. */
export const maxHeaderBytes = 14;

/** Bits of {@link FrameHeader.reserved}. */
export const reservedBit = { rsv1: 4, rsv2: 2, rsv3: 1 } as const;

/** The header of a frame, also of one that must not be. */
export interface FrameHeader {
  /** Whether the frame is the last of its message. */
  readonly isFinal: boolean;
  /** RSV1, RSV2 and RSV3, see {@link reservedBit}. */
  readonly reserved: number;
  /** 0–15, see {@link opcode}. */
  readonly opcode: number;
  /** The four bytes of the key in network order, or `undefined` if the payload is not masked. */
  readonly maskingKey: number | undefined;
  /** Up to 2^64 - 1; not exact beyond 2^53. */
  readonly payloadBytes: number;
  /** Whether the length is written in as few bytes as it can be, as it must. */
  readonly isMinimal: boolean;
}

/** The bytes of a header, of which at least the first two are there. */
export function headerBytes(bytes: Uint8Array): number {
  const second = bytes[offset.length] ?? 0;
  const length = second & 0x7f;
  const extendedBytes = length === extended16 ? 2 : length === extended64 ? 8 : 0;
  return offset.extended + extendedBytes + ((second & maskBit) === 0 ? 0 : 4);
}

/** Reads a header, or `undefined` if it is cut short. */
export function decode(bytes: Uint8Array): FrameHeader | undefined {
  if (bytes.length < offset.extended) return undefined;
  const end = headerBytes(bytes);
  if (bytes.length < end) return undefined;
  const first = bytes[offset.flags] ?? 0;
  const second = bytes[offset.length] ?? 0;
  const length = second & 0x7f;
  const isMasked = (second & maskBit) !== 0;
  let payloadBytes = length;
  let isMinimal = true;
  if (length === extended16) {
    payloadBytes = word(bytes, offset.extended);
    isMinimal = payloadBytes >= extended16;
  } else if (length === extended64) {
    payloadBytes = uint32(bytes, offset.extended) * 2 ** 32 + uint32(bytes, offset.extended + 4);
    isMinimal = payloadBytes > 0xffff;
  }
  return {
    isFinal: (first & finBit) !== 0,
    reserved: (first >> 4) & 7,
    opcode: first & 15,
    maskingKey: isMasked ? uint32(bytes, end - 4) : undefined,
    payloadBytes,
    isMinimal,
  };
}

/**
 * Writes a header into `into` (*borrowed*) from `start` on, with the shortest length there is, and
 * returns its length in bytes: at most {@link maxHeaderBytes}.
 */
export function encode(
  header: Omit<FrameHeader, "isMinimal">,
  into: Uint8Array,
  start: number = 0,
): number {
  const { maskingKey, payloadBytes } = header;
  const mask = maskingKey === undefined ? 0 : maskBit;
  into[start] = (header.isFinal ? finBit : 0) | (header.reserved << 4) | header.opcode;
  let at = start + offset.extended;
  if (payloadBytes < extended16) {
    into[start + offset.length] = mask | payloadBytes;
  } else if (payloadBytes <= 0xffff) {
    into[start + offset.length] = mask | extended16;
    setWord(into, at, payloadBytes);
    at += 2;
  } else {
    into[start + offset.length] = mask | extended64;
    setUint32(into, at, Math.floor(payloadBytes / 2 ** 32));
    setUint32(into, at + 4, payloadBytes % 2 ** 32);
    at += 8;
  }
  if (maskingKey === undefined) return at - start;
  setUint32(into, at, maskingKey);
  return at + 4 - start;
}

function uint32(bytes: Uint8Array, at: number): number {
  return word(bytes, at) * 0x1_0000 + word(bytes, at + 2);
}

function setUint32(bytes: Uint8Array, at: number, value: number): void {
  setWord(bytes, at, value >>> 16);
  setWord(bytes, at + 2, value);
}
