/** The payload of a Close frame (RFC 6455, section 5.5.1): nothing, or a code and a reason. */

import { setWord, word } from "../words.ts";
import { maxControlBytes } from "./frame.ts";
import { isUtf8 } from "./utf8.ts";

/** Status codes by name (section 7.4.1, and the registry of IANA). */
export const closeCode = {
  normal: 1000,
  /** A server goes down, or a person leaves the page. */
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  /** Never sent: the Close frame held no code. */
  none: 1005,
  /** Never sent: there was no Close frame. */
  abnormal: 1006,
  /** A text that is no UTF-8, or a message that could not be inflated. */
  invalidPayload: 1007,
  policyViolation: 1008,
  tooBig: 1009,
  internalError: 1011,
  /** The server is overloaded: come back later. */
  tryAgainLater: 1013,
} as const;

/** Whether a Close frame may hold this code (section 7.4.2). */
export function isCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  return (
    (code >= 1000 && code <= 1003) ||
    (code >= 1007 && code <= 1014) ||
    (code >= 3000 && code < 5000)
  );
}

/** The longest reason, in bytes of UTF-8. */
export const maxReasonBytes: number = maxControlBytes - 2;

/** What a Close frame says. */
export interface ClosePayload {
  /** {@link closeCode.none} if there is no code. */
  readonly code: number;
  /** May be empty. */
  readonly reason: string;
}

/**
 * Reads the payload of a Close frame. `malformed` is half a code or one that must not be there,
 * `invalid-text` a reason that is no UTF-8.
 */
export function decodeClose(payload: Uint8Array): ClosePayload | "malformed" | "invalid-text" {
  if (payload.length === 0) return { code: closeCode.none, reason: "" };
  const code = word(payload, 0);
  if (payload.length === 1 || !isCloseCode(code)) return "malformed";
  const text = payload.slice(2);
  if (!isUtf8(text)) return "invalid-text";
  return { code, reason: new TextDecoder("utf-8", { ignoreBOM: true }).decode(text) };
}

/**
 * The payload of a Close frame, *fresh*.
 *
 * @throws {RangeError} for a code that must not be sent, or a reason of over
 *   {@link maxReasonBytes}
 */
export function encodeClose(code: number, reason: string = ""): Uint8Array {
  if (!isCloseCode(code)) throw new RangeError(`Cannot close with code ${code}: it is never sent`);
  const text = new TextEncoder().encode(reason);
  if (text.length > maxReasonBytes) {
    throw new RangeError(`Cannot close with a reason of ${text.length} bytes: over 123`);
  }
  const payload = new Uint8Array(2 + text.length);
  setWord(payload, 0, code);
  payload.set(text, 2);
  return payload;
}

/** The payload that answers a Close frame: its code, or nothing if it had none (5.5.1). */
export function encodeCloseAnswer({ code }: ClosePayload): Uint8Array {
  return code === closeCode.none ? new Uint8Array(0) : encodeClose(code);
}
