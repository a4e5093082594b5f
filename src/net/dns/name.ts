/**
 * Domain names in messages (RFC 1035, 3.1): labels, each after its length, up to an empty one; the
 * end of a name may be a pointer to where it was written before (4.1.4).
 *
 *     +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *     |0  0|  length   |        up to 63 bytes …
 *     +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *     |1  1|                 offset                   |
 *     +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 */

/** The longest name, with the lengths of its labels and the empty one. */
const maxNameBytes = 255;

const pointerBits = 0xc0;

/**
 * Whether text is a name that can be asked for: labels of letters, digits, `-` and `_`, at most 63
 * each and 253 together; a dot at the end may say that it is whole. Other writing systems have to
 * come in their ASCII form (`xn--…`).
 */
export function isName(text: string): boolean {
  const name = text.endsWith(".") ? text.slice(0, -1) : text;
  return name.length <= 253 && /^[\w-]{1,63}(?:\.[\w-]{1,63})*$/.test(name);
}

/** Bytes that {@link encodeName} writes. */
export function nameBytes(name: string): number {
  return name === "" ? 1 : name.length + 2;
}

/**
 * Writes a name without compression into `into` (*borrowed*) at `at`, and returns where it ends. It
 * is one that {@link isName} knows, without a dot at its end, or the empty one of the root.
 */
export function encodeName(name: string, into: Uint8Array, at: number): number {
  let end = at;
  for (const label of name === "" ? [] : name.split(".")) {
    into[end] = label.length;
    for (let index = 0; index < label.length; index += 1) {
      into[end + 1 + index] = label.charCodeAt(index);
    }
    end += 1 + label.length;
  }
  into[end] = 0;
  return end + 1;
}

/**
 * Reads the name at `at` of a message, in lower case, and where it ends; `undefined` if it is none.
 * Bytes that are no part of a host's name are written as `\` and three digits (RFC 1035, 5.1). A
 * pointer must lead further back than all before it, so that there are no loops. `texts` may have
 * other words for bytes.
 */
export function decodeName(
  message: Uint8Array,
  at: number,
  texts: readonly string[] = byteTexts,
): { readonly name: string; readonly end: number } | undefined {
  let name = "";
  let end: number | undefined;
  let bytes = 1;
  let earliest = at;
  for (let position = at; ;) {
    const length = message[position];
    if (length === undefined) return undefined;
    if (length === 0) return { name, end: end ?? position + 1 };
    if (length >= pointerBits) {
      const low = message[position + 1];
      if (low === undefined) return undefined;
      end ??= position + 2;
      position = ((length & ~pointerBits) << 8) | low;
      if (position >= earliest) return undefined;
      earliest = position;
      continue;
    }
    const next = position + 1 + length;
    bytes += 1 + length;
    if (length > 63 || next > message.length || bytes > maxNameBytes) return undefined;
    if (name !== "") name += ".";
    for (position += 1; position < next; position += 1) name += texts[message[position] ?? 0];
  }
}

/** Writes a byte of a label, a letter in lower case. */
function byteText(byte: number): string {
  const isUpper = byte >= 0x41 && byte <= 0x5a;
  const char = String.fromCharCode(isUpper ? byte + 0x20 : byte);
  return /[\w-]/.test(char) ? char : `\\${String(byte).padStart(3, "0")}`;
}

const byteTexts: readonly string[] = Array.from({ length: 256 }, (_, byte) => byteText(byte));
