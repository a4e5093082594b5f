/** A peer that can do what RFC 6455 forbids: it writes frames byte by byte, and reads them so. */

import { constants, inflateRawSync } from "node:zlib";
import { decode, encode, headerBytes, maxHeaderBytes } from "../../src/net/websocket/frame.ts";
import { applyMask } from "../../src/net/websocket/mask.ts";

/** How a frame differs from a whole, masked one. */
export interface FrameOptions {
  readonly isFinal?: boolean;
  readonly reserved?: number;
  readonly isMasked?: boolean;
}

const key = 0x37fa_213d;

const names: Readonly<Record<number, string>> = {
  0: "continuation",
  1: "text",
  2: "binary",
  8: "close",
  9: "ping",
  10: "pong",
};

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A frame, as a client sends it if nothing else is said. */
export function frame(
  code: number,
  payload: Uint8Array | string = "",
  { isFinal = true, reserved = 0, isMasked = true }: FrameOptions = {},
): Uint8Array {
  const bytes = typeof payload === "string" ? bytesOf(payload) : payload;
  const maskingKey = isMasked ? key : undefined;
  const header = { isFinal, reserved, opcode: code, maskingKey, payloadBytes: bytes.length };
  const into = new Uint8Array(maxHeaderBytes + bytes.length);
  const at = encode(header, into);
  into.set(bytes, at);
  if (isMasked) applyMask(into.subarray(at, at + bytes.length), key);
  return into.subarray(0, at + bytes.length);
}

/** The payload of a Close frame. */
export function closing(code: number, reason: string | Uint8Array = ""): Uint8Array {
  const text = typeof reason === "string" ? bytesOf(reason) : reason;
  return Uint8Array.of(code >> 8, code & 0xff, ...text);
}

/** A frame that was received. */
export interface ReceivedFrame {
  readonly name: string;
  readonly isFinal: boolean;
  readonly reserved: number;
  readonly isMasked: boolean;
  readonly payload: Uint8Array;
}

/** Takes bytes apart into frames. */
export function framesOf(bytes: Uint8Array): readonly ReceivedFrame[] {
  const frames: ReceivedFrame[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const header = decode(rest);
    if (header === undefined) throw new Error("Cut short inside a header");
    const start = headerBytes(rest);
    const payload = rest.slice(start, start + header.payloadBytes);
    if (payload.length < header.payloadBytes) throw new Error("Cut short inside a payload");
    const { isFinal, maskingKey, reserved } = header;
    if (maskingKey !== undefined) applyMask(payload, maskingKey);
    const name = names[header.opcode] ?? `opcode ${header.opcode}`;
    frames.push({ name, isFinal, reserved, isMasked: maskingKey !== undefined, payload });
    rest = rest.subarray(start + payload.length);
  }
  return frames;
}

/**
 * What frames say, in words: `text Hello`, `pong `, `close 1000`. Fragments are put together;
 * control frames keep their place before the end of the message that they came in.
 */
export function sayingsOf(frames: readonly ReceivedFrame[]): readonly string[] {
  const sayings: string[] = [];
  let message: ReceivedFrame[] = [];
  for (const each of frames) {
    if (each.name === "close") {
      const [high = 0, low = 0] = each.payload;
      sayings.push(each.payload.length === 0 ? "close" : `close ${(high << 8) | low}`);
    } else if (each.name === "ping" || each.name === "pong") {
      sayings.push(`${each.name} ${latin1(each.payload)}`);
    } else {
      message.push(each);
      if (!each.isFinal) continue;
      const bytes = Buffer.concat(message.map(({ payload }) => payload));
      const payload = message[0]?.reserved === 0 ? bytes : inflated(bytes);
      sayings.push(`${message[0]?.name} ${latin1(payload)}`);
      message = [];
    }
  }
  return sayings;
}

/** A compressed message, with what RFC 7692, 7.2.1 takes off its end. */
function inflated(bytes: Uint8Array): Uint8Array {
  return inflateRawSync(Uint8Array.of(...bytes, 0, 0, 0xff, 0xff), {
    finishFlush: constants.Z_SYNC_FLUSH,
  });
}

/** Each byte as a character, so that any payload is a string. */
export function latin1(payload: Uint8Array | string): string {
  return Buffer.from(payload).toString("latin1");
}
