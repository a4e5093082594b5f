/** What both sides of a handshake share (RFC 6455, section 4). */

import type { Random } from "../../devices/index.ts";
import { isToken } from "../http/head-writer.ts";
import { sha1 } from "./sha1.ts";

/** The version of the protocol that there is. */
export const version = "13";

const keyBytes = 16;

/** What every server adds to the key; it has no meaning but to be known. */
const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** A key for one handshake. */
export function makeKey(random: Random): string {
  return base64(random.fill(new Uint8Array(keyBytes)));
}

/** Whether a key is base64 of 16 bytes, as it must be (section 4.1). */
export function isKey(key: string): boolean {
  // Of the last digit before the padding, only two bits are used.
  return /^[A-Za-z0-9+/]{21}[AQgw]==$/.test(key);
}

/** What a server answers to a key (section 4.2.2). */
export function acceptKey(key: string): string {
  return base64(sha1(new TextEncoder().encode(key + guid)));
}

/** The elements of a list in a header, without the space around them and without empty ones. */
export function elementsOf(value: string | null | undefined): readonly string[] {
  return (value ?? "")
    .split(",")
    .map((element) => element.trim())
    .filter((element) => element !== "");
}

/** Whether a list in a header has an element, in lower or upper case. */
export function hasElement(value: string | null | undefined, element: string): boolean {
  return elementsOf(value).some((each) => each.toLowerCase() === element);
}

/** Whether subprotocols are different tokens, as they must be (section 4.1). */
export function areProtocols(protocols: readonly string[]): boolean {
  return protocols.every(isToken) && new Set(protocols).size === protocols.length;
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const three = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    for (let digit = 0; digit < 4; digit += 1) {
      const isThere = at + digit <= bytes.length;
      text += isThere ? alphabet.charAt((three >> (18 - 6 * digit)) & 63) : "=";
    }
  }
  return text;
}
