/** UTF-8 that comes in pieces (RFC 3629), refused at the first byte that cannot be. */

/** The bytes that may follow after a first one: how many, and the range of the next. */
interface Lead {
  readonly followers: number;
  readonly low: number;
  readonly high: number;
}

/** After each first byte from 0x80 on; what is not there begins no character. */
const leads: readonly (Lead | undefined)[] = Array.from({ length: 128 }, (_, index) =>
  leadOf(0x80 + index),
);

/** Checks text piece by piece; a character may lie across pieces. */
export class Utf8Checker {
  /** Bytes that are missing of the last character. */
  #missing = 0;
  #low = 0x80;
  #high = 0xbf;

  /** Whether the text may end here. */
  get isComplete(): boolean {
    return this.#missing === 0;
  }

  /** Begins a new text. */
  reset(): void {
    this.#missing = 0;
    this.#low = 0x80;
    this.#high = 0xbf;
  }

  /** Goes on with `bytes` (*borrowed*); false if no text can go on so. */
  push(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length;) {
      if (this.#missing === 0) {
        at = endOfAscii(bytes, at);
        if (at === bytes.length) break;
        const lead = leads[(bytes[at] ?? 0) - 0x80];
        if (lead === undefined) return false;
        this.#missing = lead.followers;
        this.#low = lead.low;
        this.#high = lead.high;
      } else {
        const byte = bytes[at] ?? 0;
        if (byte < this.#low || byte > this.#high) return false;
        this.#missing -= 1;
        this.#low = 0x80;
        this.#high = 0xbf;
      }
      at += 1;
    }
    return true;
  }
}

/** Whether bytes (*borrowed*) are a whole text. */
export function isUtf8(bytes: Uint8Array): boolean {
  const checker = new Utf8Checker();
  return checker.push(bytes) && checker.isComplete;
}

/** Where the characters of one byte end that begin at `from`. */
function endOfAscii(bytes: Uint8Array, from: number): number {
  let at = from;
  const last = bytes.length - 4;
  while (at <= last) {
    const four =
      (bytes[at] ?? 0) | (bytes[at + 1] ?? 0) | (bytes[at + 2] ?? 0) | (bytes[at + 3] ?? 0);
    if (four >= 0x80) break;
    at += 4;
  }
  while (at < bytes.length && (bytes[at] ?? 0) < 0x80) at += 1;
  return at;
}

/** Overlong forms, surrogates and what is beyond U+10FFFF show in the second byte (RFC 3629, 4). */
function leadOf(byte: number): Lead | undefined {
  if (byte < 0xc2 || byte > 0xf4) return undefined;
  if (byte < 0xe0) return { followers: 1, low: 0x80, high: 0xbf };
  if (byte < 0xf0) {
    return { followers: 2, low: byte === 0xe0 ? 0xa0 : 0x80, high: byte === 0xed ? 0x9f : 0xbf };
  }
  return { followers: 3, low: byte === 0xf0 ? 0x90 : 0x80, high: byte === 0xf4 ? 0x8f : 0xbf };
}
