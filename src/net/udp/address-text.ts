import { formatAddress, parseAddress } from "../address.ts";
import { isSameAddress } from "../prefix.ts";

/**
 * Turns addresses into text and back, and remembers the last of each: datagrams come in runs from
 * one peer, and an answer goes where the question came from.
 */
export class AddressText {
  #bytes: Uint8Array = new Uint8Array(0);
  #text: string | undefined;
  #parsedBytes: Uint8Array | undefined;
  #parsedText: string | undefined;

  /** Writes an address (*borrowed*). */
  format(bytes: Uint8Array): string {
    if (this.#text === undefined || !isSameAddress(bytes, this.#bytes)) {
      this.#bytes = bytes.slice();
      this.#text = formatAddress(bytes);
    }
    return this.#text;
  }

  /** Reads an address; not to be changed, since the next caller may get the same array. */
  parse(text: string): Uint8Array | undefined {
    if (text === this.#text) return this.#bytes;
    if (text !== this.#parsedText) {
      this.#parsedText = text;
      this.#parsedBytes = parseAddress(text);
    }
    return this.#parsedBytes;
  }
}
