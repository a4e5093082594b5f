/**
 * A 64-bit hash of bytes, to tell two runs or two contents apart. Not for secrets: it is two lanes
 * of multiplicative hashing (Knuth, The Art of Computer Programming 6.4) by different multipliers.
 */
export class Hash {
  #first = 0x811c9dc5;
  #second = 0x9e3779b9;

  add(bytes: Uint8Array): this {
    for (const byte of bytes) {
      this.#first = rotate(Math.imul(this.#first ^ byte, 0x9e3779b1));
      this.#second = rotate(Math.imul(this.#second ^ byte, 0x85ebca77));
    }
    return this;
  }

  /** Adds text, and where it ends. */
  addText(text: string): this {
    const bytes = new TextEncoder().encode(text);
    return this.add(bytes).add(Uint8Array.of(0xff));
  }

  /** The hash of all that was added so far: 8 *fresh* bytes. */
  digest(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, this.#first ^ rotate(this.#second));
    view.setUint32(4, this.#second ^ rotate(this.#first));
    return bytes;
  }

  /** The digest in hexadecimal. */
  toString(): string {
    return Array.from(this.digest(), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}

function rotate(value: number): number {
  return (value << 13) | (value >>> 19);
}
