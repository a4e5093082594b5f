import type { Random } from "../devices/index.ts";
import { seededGenerator, type Generator } from "./generator.ts";

/** A {@link Random} whose bytes follow from a seed and a name alone. Never for secrets. */
export class SimulatedRandom implements Random {
  readonly counters = { bytes: 0 };
  readonly #generator: Generator;

  /** The stream `name` of `seed`. The same two give the same bytes; others, independent ones. */
  constructor(seed: number, name: string) {
    this.#generator = seededGenerator(seed, name);
  }

  fill<Bytes extends Uint8Array>(into: Bytes): Bytes {
    for (let offset = 0; offset < into.length; offset += 4) {
      let word = this.#generator.uint32();
      const end = Math.min(offset + 4, into.length);
      for (let index = offset; index < end; index++) {
        into[index] = word & 0xff;
        word >>>= 8;
      }
    }
    this.counters.bytes += into.length;
    return into;
  }

  uint32(): number {
    this.counters.bytes += 4;
    return this.#generator.uint32();
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
