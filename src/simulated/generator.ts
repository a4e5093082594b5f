/**
 * A small, fast generator of pseudo-random numbers. Not for secrets: for runs that can be repeated.
 *
 * @see Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", ACM TOMS 47 (2021):
 *   xoshiro128**, seeded by SplitMix64 as its authors advise
 */
export class Generator {
  readonly #state: Uint32Array;

  /** `state` is four words, not all zero; {@link seededGenerator} makes one that is good. */
  constructor(state: readonly [number, number, number, number]) {
    this.#state = Uint32Array.from(state);
  }

  /** An unsigned 32-bit integer. */
  uint32(): number {
    const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = this.#state;
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const t2 = s2 ^ s0;
    const t3 = s3 ^ s1;
    this.#state[0] = s0 ^ t3;
    this.#state[1] = s1 ^ t2;
    this.#state[2] = t2 ^ (s1 << 9);
    this.#state[3] = rotateLeft(t3, 11);
    return result;
  }

  /** A number from 0, included, to 1, excluded. */
  fraction(): number {
    return this.uint32() / 2 ** 32;
  }

  /** An integer from 0 to `limit - 1`; `limit` is at most 2³². */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** `true` with this probability. Draws once, also for 0 and 1, so that no stream shifts. */
  chance(probability: number): boolean {
    return this.fraction() < probability;
  }
}

/** The generator of the stream `name` of `seed`: streams are independent of each other. */
export function seededGenerator(seed: number, name: string): Generator {
  const next = splitMix64(BigInt.asUintN(64, BigInt(seed)) ^ fnv1a64(name));
  const [low, high] = [next(), next()];
  return new Generator([word(low, 0), word(low, 1), word(high, 0), word(high, 1)]);
}

/**
 * Returns a generator of 64-bit integers from any state, zero included.
 *
 * @see Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014
 */
export function splitMix64(seed: bigint): () => bigint {
  let state = seed;
  return () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let mixed = state;
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n);
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
    return mixed ^ (mixed >> 31n);
  };
}

/** @see draft-eastlake-fnv: FNV-1a with its 64-bit offset basis and prime */
function fnv1a64(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash;
}

function word(value: bigint, index: number): number {
  return Number(BigInt.asUintN(32, value >> BigInt(32 * index)));
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
