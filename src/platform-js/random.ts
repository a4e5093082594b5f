import type { Random } from "../devices/index.ts";

/** The most bytes that `getRandomValues` fills in one call. */
const maxFillBytes = 65_536;

/** Connects the browser's cryptographic generator. It works on after disposal: it holds nothing. */
export function connect(): Random {
  return new WebCryptoRandom();
}

class WebCryptoRandom implements Random {
  readonly counters = { bytes: 0 };
  /**
   * Integers made in advance: a call of the generator costs far more than the 4 bytes it is for.
   */
  readonly #pool = new Uint32Array(256);
  #poolIndex = this.#pool.length;

  fill<Bytes extends Uint8Array>(into: Bytes): Bytes {
    for (let offset = 0; offset < into.length; offset += maxFillBytes) {
      fillChunk(into.subarray(offset, offset + maxFillBytes));
    }
    this.counters.bytes += into.length;
    return into;
  }

  uint32(): number {
    if (this.#poolIndex === this.#pool.length) {
      crypto.getRandomValues(this.#pool);
      this.#poolIndex = 0;
    }
    this.counters.bytes += 4;
    return this.#pool[this.#poolIndex++] ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function fillChunk(chunk: Uint8Array): void {
  const { buffer, byteOffset, length } = chunk;
  if (buffer instanceof ArrayBuffer) {
    crypto.getRandomValues(new Uint8Array(buffer, byteOffset, length));
  } else {
    // The generator refuses shared memory.
    chunk.set(crypto.getRandomValues(new Uint8Array(length)));
  }
}
