/**
 * SHA-256, of bytes that come in pieces. The web's own is asynchronous and no device has one.
 *
 * @see FIPS 180-4, 5 and 6.2
 */
export class Sha256 {
  readonly #state = initialState.slice();
  readonly #block = new Uint8Array(blockBytes);
  readonly #view = new DataView(this.#block.buffer);
  #filledBytes = 0;
  #totalBytes = 0;

  /** Adds bytes, *borrowed*. */
  add(bytes: Uint8Array): this {
    this.#totalBytes += bytes.length;
    let at = 0;
    while (at < bytes.length) {
      const takenBytes = Math.min(blockBytes - this.#filledBytes, bytes.length - at);
      this.#block.set(bytes.subarray(at, at + takenBytes), this.#filledBytes);
      this.#filledBytes += takenBytes;
      at += takenBytes;
      if (this.#filledBytes === blockBytes) this.#compress();
    }
    return this;
  }

  /** The hash of all that was added: 32 *fresh* bytes. Nothing can be added afterwards. */
  digest(): Uint8Array<ArrayBuffer> {
    const bitCount = BigInt(this.#totalBytes) * 8n;
    this.add(Uint8Array.of(0x80));
    if (this.#filledBytes > blockBytes - 8) this.add(zeros.subarray(this.#filledBytes));
    this.#block.fill(0, this.#filledBytes);
    this.#view.setBigUint64(blockBytes - 8, bitCount);
    this.#compress();
    const digest = new Uint8Array(32);
    const view = new DataView(digest.buffer);
    this.#state.forEach((word, index) => view.setUint32(index * 4, word));
    return digest;
  }

  #compress(): void {
    this.#filledBytes = 0;
    expand(this.#view);
    const state = this.#state;
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
    for (let t = 0; t < 64; t += 1) {
      const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const chosen = (e & f) ^ (~e & g);
      const t1 = (h + sum1 + chosen + (constants[t] ?? 0) + (schedule[t] ?? 0)) | 0;
      const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const t2 = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    const changes = [a, b, c, d, e, f, g, h];
    for (let index = 0; index < 8; index += 1) {
      state[index] = (state[index] ?? 0) + (changes[index] ?? 0);
    }
  }
}

/** Makes the message schedule of a block. */
function expand(block: DataView): void {
  for (let t = 0; t < 16; t += 1) schedule[t] = block.getInt32(t * 4);
  for (let t = 16; t < 64; t += 1) {
    const w15 = schedule[t - 15] ?? 0;
    const w2 = schedule[t - 2] ?? 0;
    const sigma0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3);
    const sigma1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10);
    schedule[t] = sigma1 + (schedule[t - 7] ?? 0) + sigma0 + (schedule[t - 16] ?? 0);
  }
}

const blockBytes = 64;
const zeros = new Uint8Array(blockBytes);
/** Of the block that is being compressed: never read from one call to the next. */
const schedule = new Int32Array(64);

const primes: readonly number[] = firstPrimes(64);
/** The first 32 bits of the fractional parts of roots of primes (4.2.2, 5.3.3). */
const constants: Int32Array = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));
const initialState: Int32Array = Int32Array.from(primes.slice(0, 8), (prime) =>
  fraction(Math.sqrt(prime)),
);

function firstPrimes(count: number): number[] {
  const found: number[] = [];
  for (let candidate = 2; found.length < count; candidate += 1) {
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate);
  }
  return found;
}

function fraction(root: number): number {
  return Math.floor((root % 1) * 2 ** 32);
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}
